package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	socketName = "api.sock"
	pathName   = "api.path"
	// maxSocketPath is the longest path that can be bound on every system, in bytes.
	maxSocketPath = 103

	headerTime  = 10 * time.Second
	idleTime    = 2 * time.Minute
	maxHeader   = 32 << 10
	endPatience = 2 * time.Second
)

// Socket is a home's listening unix socket.
type Socket struct {
	net.Listener
	path  string
	named string // the api.path that names it; "" if it is in the home
}

// Listen binds the socket of a home: api.sock in it, 0600. Where that path is too
// long it is tend-<hash16>/api.sock in $XDG_RUNTIME_DIR or the temp folder, and
// api.path in the home names it. The caller holds the home's lock: a socket that
// is there already is one left behind.
func Listen(home string) (*Socket, error) {
	home, err := filepath.Abs(home)
	if err != nil {
		return nil, fmt.Errorf("bind the api: %w", err)
	}
	s := &Socket{path: filepath.Join(home, socketName)}
	if len(s.path) > maxSocketPath {
		if s.path, err = elsewhere(home); err != nil {
			return nil, fmt.Errorf("bind the api: %w", err)
		}
		s.named = filepath.Join(home, pathName)
	}
	if err := s.bind(home); err != nil {
		return nil, fmt.Errorf("bind the api: %w", err)
	}
	return s, nil
}

func (s *Socket) bind(home string) error {
	if err := os.Remove(s.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.Listen("unix", s.path)
	if err != nil {
		return err
	}
	s.Listener = l
	// The folder is 0700 already, so nobody else came in between.
	if err := os.Chmod(s.path, 0o600); err != nil {
		return errors.Join(err, l.Close())
	}
	if s.named == "" {
		err = os.Remove(filepath.Join(home, pathName))
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	} else {
		err = writeFile(s.named, s.path+"\n")
	}
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return nil
}

// writeFile puts text at path whole or not at all.
func writeFile(path, text string) error {
	next := path + ".new"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// elsewhere returns a short path for the socket of home, in a folder of our own.
func elsewhere(home string) (string, error) {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if base == "" {
		base = os.TempDir()
	}
	sum := sha256.Sum256([]byte(home))
	dir := filepath.Join(base, "tend-"+hex.EncodeToString(sum[:8]))
	path := filepath.Join(dir, socketName)
	if len(path) > maxSocketPath {
		return "", fmt.Errorf("the home's path and %s are both too long for a socket", base)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is no folder", dir)
	}
	// In a shared temp folder it may be somebody else's trap: only an owner may
	// change its mode.
	if err := os.Chmod(dir, 0o700); err != nil {
		return "", fmt.Errorf("%s is not ours: %w", dir, err)
	}
	return path, nil
}

// Path is where the socket is.
func (s *Socket) Path() string { return s.path }

// Close stops listening and removes the socket and what names it.
func (s *Socket) Close() error {
	err := s.Listener.Close()
	if s.named != "" {
		err = errors.Join(err, os.Remove(s.named))
	}
	return err
}

// endingKey is where a request's context holds that of the server.
type endingKey struct{}

// untilEnding returns ctx cut short by the end of the server.
func untilEnding(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	server, ok := ctx.Value(endingKey{}).(context.Context)
	if !ok {
		return ctx, cancel
	}
	stop := context.AfterFunc(server, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// Serve answers on l until ctx ends; then it gives requests under way a moment,
// cuts the rest off, closes l, and returns nil.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		// A wish under way is carried out to its end; what only waits or streams
		// looks at ending.
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), endingKey{}, ctx)
		},
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve the api: %w", err)
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer cancel()
	if server.Shutdown(patience) != nil {
		_ = server.Close() // cuts off; its error says nothing anyone could act on
	}
	<-ended
	return nil
}
