package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/adrg/xdg"
	"github.com/gofrs/flock"
)

// A command that finds the home taken by another process tries its socket this
// long, and looks this often.
const (
	takenWait = 10 * time.Second
	takenLook = 50 * time.Millisecond
)

// home is the folder of one member's node: vault, store, settings, socket, lock.
type home struct{ dir string }

func defaultHome() string { return filepath.Join(xdg.DataHome, "tend") }

func (h home) path(name string) string { return filepath.Join(h.dir, name) }

// make creates the folder, for this person alone.
func (h home) make() error {
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		return fail(exitFailed, "fail.home_unmade", "home", h.dir).behind(err)
	}
	return nil
}

// begun reports whether anything was ever kept here.
func (h home) begun() bool {
	_, err := os.Stat(h.path("vault"))
	return !errors.Is(err, fs.ErrNotExist)
}

// hasStore reports whether there is a store, which nothing opens but its vault.
func (h home) hasStore() bool {
	_, err := os.Stat(h.path("store/MANIFEST"))
	return err == nil
}

// lock takes the home for this process, so that two never open one store. It
// returns nil without an error when another process has it.
func (h home) lock() (*flock.Flock, error) {
	l := flock.New(h.path("lock"), flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fail(exitFailed, "fail.home_unlocked", "home", h.dir).behind(err)
	}
	if !ok {
		return nil, nil
	}
	return l, nil
}

// taken is the failure for a home whose holder does not answer.
func (h home) taken() *failure {
	return fail(exitFailed, "fail.home_taken", "home", h.dir)
}

// pause waits a little between two looks at a taken home.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
