package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gofrs/flock"

	"tend/storage"
	"tend/storage/crashpoint"
)

// What is to be written whole or not at all is written beside its place, as .tend-beside-123,
// which then takes its name. By it lies .tend-beside-123.lock, made before and gone after, and
// locked by whoever is at work: one that nobody has locked was left by a command that died.
const besideName = ".tend-beside-*"

var besideLock = regexp.MustCompile(`^\.tend-beside-[0-9]+\.lock$`)

// replaced makes a file, mode 0600: write fills one beside it, which takes its name when its
// last byte is on disk, over one that is there. On an error all is as it was, and what others
// left there that died is gone.
func replaced(file string, write func(io.Writer) error) error {
	unwritable := func(err error) error {
		if storage.IsFull(err) {
			return fail(exitFailed, "fail.full_file", "place", file).behind(err)
		}
		return fail(exitFailed, "fail.unwritable", "file", file).because(err)
	}
	clearBeside(filepath.Dir(file))
	var f *os.File
	tmp, done, err := newBeside(filepath.Dir(file), func(name string) (err error) {
		f, err = os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		return err
	})
	if err != nil {
		return unwritable(err)
	}
	defer done()
	w := &heeded{w: f}
	if err := write(w); err != nil {
		var disk *os.PathError
		if errors.As(err, &disk) {
			err = unwritable(err)
		}
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(w.err, f.Sync(), f.Close()); err != nil {
		return unwritable(err)
	}
	if err := os.Rename(tmp, file); err != nil {
		return unwritable(err)
	}
	return nil
}

// heeded remembers the first error of a writer, for those who write sentences and heed none.
type heeded struct {
	w   io.Writer
	err error
}

func (h *heeded) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	if h.err == nil {
		h.err = err
	}
	return n, err
}

// besideOf makes a folder: write fills one beside it, which then takes its name. On
// an error there is nothing left, and what others left there that died is gone.
func besideOf(dir string, write func(tmp string) error) error {
	unwritable := func(err error) error {
		if storage.IsFull(err) {
			return fail(exitFailed, "fail.full_folder", "place", dir).behind(err)
		}
		return fail(exitFailed, "fail.unwritable", "file", dir).because(err)
	}
	clearBeside(filepath.Dir(dir))
	tmp, done, err := newBeside(filepath.Dir(dir), func(name string) error { return os.Mkdir(name, 0o700) })
	if err != nil {
		return unwritable(err)
	}
	defer done()
	if err := write(tmp); err != nil {
		var disk *os.PathError
		if errors.As(err, &disk) {
			return unwritable(err)
		}
		return err
	}
	crashpoint.At("export written")
	// A folder takes the name of an empty one, so that is looked at once more.
	if _, err := os.Lstat(dir); err == nil {
		return fail(exitFailed, "fail.export_there", "dir", dir)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return unwritable(err)
	}
	crashpoint.At("export renamed")
	return nil
}

// newBeside finds a name in a folder, locks it, and makes something there; done lets both go,
// as far as they are there still.
func newBeside(in string, begin func(name string) error) (tmp string, done func(), err error) {
	const tries = 100
	for range tries {
		f, err := os.CreateTemp(in, besideName+".lock") // mode 0600
		if err != nil {
			return "", nil, err
		}
		_ = f.Close() // nothing was written
		lock := flock.New(f.Name())
		locked, err := lock.TryLock()
		if err == nil && (!locked || !same(lock, f.Name())) {
			_ = lock.Close()
			continue // somebody took it for what is left
		}
		// A disk that knows no locks has none that others could take either.
		tmp = strings.TrimSuffix(f.Name(), ".lock")
		done = func() {
			_ = os.RemoveAll(tmp) // gone already when all went well
			_ = lock.Close()      // before its file goes, as in clearBeside
			_ = os.Remove(f.Name())
		}
		if err = begin(tmp); err == nil {
			return tmp, done, nil
		}
		_ = lock.Close()
		_ = os.Remove(f.Name())
		if !errors.Is(err, os.ErrExist) {
			return "", nil, err
		}
	}
	return "", nil, errors.New("no name is left beside it")
}

// same reports whether a lock is held on the file that has the name now.
func same(lock *flock.Flock, name string) bool {
	held, err := lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(name)
	return err == nil && os.SameFile(held, there)
}

// clearBeside lets go in a folder what commands left there that died. What somebody works
// on, and what has another name, stays; so does all where something cannot be done.
func clearBeside(in string) {
	entries, err := os.ReadDir(in)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !besideLock.MatchString(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		name := filepath.Join(in, e.Name())
		lock := flock.New(name, flock.SetFlag(os.O_RDWR)) // never made here
		locked, err := lock.TryLock()
		dead := err == nil && locked && same(lock, name)
		left := strings.TrimSuffix(name, ".lock")
		if info, err := os.Lstat(left); dead && err == nil && (info.IsDir() || info.Mode().IsRegular()) {
			_ = os.RemoveAll(left)
		}
		_ = lock.Close() // before its file goes, since Windows removes nothing that is open
		if dead {
			_ = os.Remove(name)
		}
	}
}
