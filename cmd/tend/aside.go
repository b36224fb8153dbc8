package main

import (
	"errors"
	"io"
	"os"

	"tend/storage"
)

// asidePart is how a file's name begins while it is put aside in the home, as it came: one
// that is read twice.
const asidePart = ".aside-"

// putAside copies what r has into a file in the home; done lets it go.
func (h home) putAside(r io.Reader) (f *os.File, size int64, done func() error, err error) {
	if f, err = os.CreateTemp(h.dir, asidePart+"*"); err != nil { // mode 0600
		return nil, 0, nil, err
	}
	done = func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
	if size, err = io.Copy(f, r); err != nil {
		return nil, 0, nil, errors.Join(err, done())
	}
	return f, size, done, nil
}

// clearAside lets go what a crash left put aside. The caller has the home to itself.
func (h home) clearAside() error {
	left, err := storage.FilesIn(h.dir, asidePart, "")
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}
