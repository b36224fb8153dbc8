package badgerstore_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"tend/storage"
	"tend/storage/badgerstore"
	"tend/storage/storagetest"
)

// holds reports which files below dir hold needle.
func holds(t *testing.T, dir string, needle []byte) []string {
	t.Helper()
	var found []string
	check(t, filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(file)
		if err == nil && bytes.Contains(data, needle) {
			found = append(found, filepath.Base(file))
		}
		return err
	}))
	return found
}

// TestForgottenBytesAreInNoFile: bodies that went and rows that changed are gone
// from a store in plain text, whether it is large or small, and from its files as
// they are when a thief takes them after a stop.
func TestForgottenBytesAreInNoFile(t *testing.T) {
	for _, batches := range []int{1, 60} {
		dir := t.TempDir()
		s, err := badgerstore.Open(dir, nil, badgerstore.Options{})
		check(t, err)
		log, genesis := storagetest.NewLog(1)
		c := circle(t, s, log.Circle)
		check(t, c.Append(log.Batch(genesis)))
		secret := log.Content(0, 900)
		check(t, c.Append(log.Batch(secret)))
		body := bytes.Clone(secret.Op.Body)
		row := []byte("a sentence that is taken back, in a checkpoint row")
		check(t, c.Put(storage.Row{Key: []byte("c|x"), Value: row}))
		for i := range batches {
			big := make([]byte, 60<<10)
			for j := range big {
				big[j] = byte(i*j + j>>8)
			}
			check(t, c.Append(log.Batch(log.Content(i%3, 100), log.Control(i%4, 10), log.Content(1, 30))))
			check(t, c.Put(storage.Row{Key: []byte{'p', byte(i)}, Value: big}))
		}
		if batches > 1 { // some of it in older tables, as after a restart
			check(t, s.Close())
			s, err = badgerstore.Open(dir, nil, badgerstore.Options{})
			check(t, err)
			c = circle(t, s, log.Circle)
		}
		check(t, c.Append(storage.Batch{Bodies: []storage.BodyChange{{ID: secret.Op.ID}}, Sync: true,
			Rows: []storage.Row{{Key: []byte("c|x"), Value: []byte("a stub")}}}))
		if len(holds(t, dir, body)) == 0 || len(holds(t, dir, row)) == 0 {
			t.Fatal("the look through the files finds nothing even before")
		}
		check(t, s.Forget())
		for _, needle := range [][]byte{body, row} {
			if found := holds(t, dir, needle); len(found) > 0 {
				t.Errorf("%d batches: %q… is still in %v", batches, needle[:16], found)
			}
		}
		if v, ok, err := c.Get([]byte("c|x")); err != nil || !ok || string(v) != "a stub" {
			t.Errorf("the row reads %q, %v, %v", v, ok, err)
		}
		if findings := verify(t, c); len(findings) > 0 {
			t.Errorf("verify after forgetting: %v", findings)
		}
		check(t, c.Append(log.Batch(log.Content(2, 40))))
		check(t, s.Close())
		for _, needle := range [][]byte{body, row} {
			if found := holds(t, dir, needle); len(found) > 0 {
				t.Errorf("%d batches, stopped: %q… is still in %v", batches, needle[:16], found)
			}
		}
	}
}
