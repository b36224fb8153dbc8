package api_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tend/node/api"
	"tend/node/client"
)

// serve runs the API of a home until the test ends, or stop is called.
func serve(t *testing.T, dir string) (s *api.Socket, stop func()) {
	t.Helper()
	s, err := api.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- api.Serve(ctx, s, handler(newHome(t)), quiet) }()
	stopped := false
	stop = func() {
		cancel()
		if stopped {
			return
		}
		stopped = true
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return s, stop
}

// shortDir is a folder whose path is short enough for a socket.
func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "tend")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestSocketIsItsOwnersAlone(t *testing.T) {
	dir := shortDir(t)
	s, _ := serve(t, dir)
	info, err := os.Stat(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode(); got.Perm() != 0o600 || got.Type() != fs.ModeSocket {
		t.Errorf("mode = %v, want a socket, 0600", got)
	}
	if s.Path() != filepath.Join(dir, "api.sock") {
		t.Errorf("Path() = %s, want api.sock in the home", s.Path())
	}
}

func TestOpenOverTheSocket(t *testing.T) {
	dir := shortDir(t)
	_, stop := serve(t, dir)
	c, err := client.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if v, err := c.Version(t.Context()); err != nil || v.Version != "test" {
		t.Errorf("Version = %+v, %v", v, err)
	}
	stop()
	if _, err := c.Version(t.Context()); !errors.Is(err, client.ErrNoNode) {
		t.Errorf("after the end: Version = %v, want ErrNoNode", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "api.sock")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the end the socket is %v, want gone", err)
	}
}

func TestLongHomeListensElsewhere(t *testing.T) {
	runtime := shortDir(t)
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	dir := filepath.Join(shortDir(t), strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s, stop := serve(t, dir)
	if !strings.HasPrefix(s.Path(), filepath.Join(runtime, "tend-")) || len(s.Path()) > 103 {
		t.Errorf("Path() = %s, want a short one in %s", s.Path(), runtime)
	}
	folder, err := os.Stat(filepath.Dir(s.Path()))
	if err != nil || folder.Mode().Perm() != 0o700 {
		t.Errorf("its folder is %v, %v, want 0700", folder.Mode(), err)
	}
	c, err := client.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Version(t.Context()); err != nil {
		t.Errorf("Version = %v", err)
	}
	stop()
	if _, err := os.Stat(filepath.Join(dir, "api.path")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the end api.path is %v, want gone", err)
	}
}

func TestListenTakesOverWhatWasLeft(t *testing.T) {
	dir := shortDir(t)
	for _, name := range []string{"api.sock", "api.path"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("/nowhere"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, dir)
	c, err := client.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Version(t.Context()); err != nil {
		t.Errorf("Version = %v", err)
	}
}

func TestListenRefusesATrap(t *testing.T) {
	runtime := shortDir(t)
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	dir := filepath.Join(shortDir(t), strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s, stop := serve(t, dir)
	folder := filepath.Dir(s.Path())
	stop()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(shortDir(t), folder); err != nil {
		t.Fatal(err)
	}
	if _, err := api.Listen(dir); err == nil {
		t.Error("Listen followed a link in a shared folder")
	}
}

func TestStreamsEndWithTheServer(t *testing.T) {
	dir := shortDir(t)
	_, stop := serve(t, dir)
	c, err := client.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	seen := 0
	for _, err := range c.Events(t.Context()) {
		if err != nil {
			break // the node is gone
		}
		if seen++; seen == 1 {
			stop()
		}
	}
	if seen != 1 {
		t.Errorf("saw %d events, want the first alone", seen)
	}
}
