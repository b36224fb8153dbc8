package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
)

// maxSocketPath is the longest path, in bytes, that every system can bind.
const maxSocketPath = 103

// listen binds the home's socket, for this person alone. Where its path would be
// too long it lies in the run-time or temporary folder, and api.path names it.
// The home's lock is held, so a socket that is there already is a dead one.
func (h home) listen() (net.Listener, error) {
	path, named := h.path("api.sock"), h.path("api.path")
	var err error
	if len(path) <= maxSocketPath {
		err = os.Remove(named)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	} else if path, err = h.elsewhere(); err == nil {
		err = os.WriteFile(named, []byte(path+"\n"), 0o600)
	}
	if err != nil {
		return nil, h.unbound(err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, h.unbound(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, h.unbound(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, h.unbound(errors.Join(err, l.Close()))
	}
	return l, nil
}

// elsewhere returns a short path for the socket of a home with a long one.
func (h home) elsewhere() (string, error) {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if base == "" {
		base = os.TempDir()
	}
	sum := sha256.Sum256([]byte(h.dir))
	dir := filepath.Join(base, "tend-"+hex.EncodeToString(sum[:8]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	// In a shared folder somebody else may have made it first.
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if !info.IsDir() || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return "", errors.New(dir + " is not a folder of one's own")
	}
	return filepath.Join(dir, "api.sock"), nil
}

func (h home) unbound(err error) error {
	return &failure{code: exitFailed, say: "the socket of " + h.dir + " cannot be made", hint: reason(err), err: err}
}
