package badgerstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"

	"tend/storage"
	"tend/storage/crashpoint"
)

// step turns one row of a version of the table of keys into rows of the next one.
type step func(key, value []byte) []pair

// steps are, by the version they start from, what a store of an older version goes
// through. A new version adds a step and changes none.
//
// Version 0 is the layout that tests begin from; no release wrote it. It listed the
// circles of a node by number, where version 1 lists them by id.
//
// Version 1 said in the index what the log says already: whole facts and ids, a tip of
// each device, the only head. It is not taken over but made again at the opening, as
// after a rebuild that was cut short.
var steps = map[byte]step{
	0: func(key, value []byte) []pair {
		if list := nodeRows.key('a'); len(key) == len(list)+4 && string(key[:len(list)]) == string(list) && len(value) == 32 {
			return []pair{{nodeRows.key('a', value), key[len(list):]}}
		}
		return []pair{{key, value}}
	},
	1: func(key, value []byte) []pair {
		if len(key) < 5 || prefix(key[:4]) == nodeRows || strings.IndexByte(derivedLetters, key[4]) < 0 {
			return []pair{{key, value}}
		}
		if p := prefix(key[:4]); key[4] == 'a' {
			return []pair{{p.key('v', []byte("rebuild")), nil}}
		}
		return nil
	},
}

// olderError says that a store is of an older version.
type olderError struct{ version byte }

func (e *olderError) Error() string { return fmt.Sprintf("store of version %d", e.version) }

// A store of an older version is copied, never changed: dir.new is filled row by
// row and synced, dir becomes dir.old-N, N being its version, and dir.new becomes
// dir. Whatever a crash leaves, the next opening has the old one or the new one.
func newName(dir string) string { return dir + ".new" }

func oldName(dir string, version byte) string { return fmt.Sprintf("%s.old-%d", dir, version) }

// OldCopies returns the folders of the copies that were kept when the store in dir
// was of an older version.
func OldCopies(dir string) ([]string, error) {
	return storage.FilesIn(filepath.Dir(dir), filepath.Base(dir)+".old-", "")
}

// finishMigration ends what a crash interrupted: between the two renames the new
// copy is whole, and before them it is thrown away.
func finishMigration(dir string) error {
	if _, err := os.Stat(newName(dir)); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	old, err := OldCopies(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && len(old) > 0 {
		return errors.Join(os.Rename(newName(dir), dir), storage.SyncFolder(filepath.Dir(dir)))
	}
	return os.RemoveAll(newName(dir))
}

// migrate brings the store in dir from an older version to [Version].
func migrate(dir string, key []byte, o Options, from byte) error {
	for v := from; v < Version; v++ {
		if steps[v] == nil {
			return fmt.Errorf("no way from version %d of the store to %d", v, v+1)
		}
	}
	size, err := folderSize(dir)
	if err != nil {
		return err
	}
	if err := o.Room(filepath.Dir(dir), size+storage.WriteReserve); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(newName(dir)), copyInto(newName(dir), dir, key, o, from)); err != nil {
		return errors.Join(err, os.RemoveAll(newName(dir)))
	}
	if err := atStep("copied"); err != nil {
		return err
	}
	crashpoint.At("store copied")
	old := oldName(dir, from)
	if err := errors.Join(os.RemoveAll(old), os.Rename(dir, old), storage.SyncFolder(filepath.Dir(dir))); err != nil {
		return err
	}
	if err := atStep("renamed"); err != nil {
		return err
	}
	crashpoint.At("old store renamed")
	return errors.Join(os.Rename(newName(dir), dir), storage.SyncFolder(filepath.Dir(dir)))
}

// atStep lets tests end a migration in its midst.
var atStep = func(string) error { return nil }

// copyInto fills a new database with the rows of another, each taken through the
// steps, and syncs it.
func copyInto(to, from string, key []byte, o Options, version byte) (err error) {
	source, err := badger.Open(settings(from, key, o))
	if err != nil {
		return reason(err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := badger.Open(settings(to, key, o))
	if err != nil {
		return reason(err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	txn := source.NewTransaction(false)
	defer txn.Discard()
	batch := target.NewWriteBatch()
	defer batch.Cancel()
	rows := 0
	for item, err := range walk(txn, nil) {
		if err != nil {
			return err
		}
		for _, row := range climb(pair{item.key, item.value}, version) {
			if err := batch.Set(row.key, row.value); err != nil {
				return err
			}
		}
		if rows++; rows%1024 == 1 {
			if err := atStep("copying"); err != nil {
				return err
			}
			crashpoint.At("store being copied")
		}
	}
	if err := batch.Set(versionKey, []byte{Version}); err != nil {
		return err
	}
	return errors.Join(batch.Flush(), target.Sync())
}

// climb takes a row from a version to the newest.
func climb(row pair, version byte) []pair {
	rows := []pair{row}
	for v := version; v < Version; v++ {
		var next []pair
		for _, r := range rows {
			next = append(next, steps[v](r.key, r.value)...)
		}
		rows = next
	}
	return slices.DeleteFunc(rows, func(r pair) bool { return string(r.key) == string(versionKey) })
}

func folderSize(dir string) (uint64, error) {
	size := uint64(0)
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += uint64(info.Size())
		}
		return err
	})
	return size, err
}

// forgetOld deletes the copies of older versions: what was let go lies in them.
func forgetOld(dir string) error {
	old, err := OldCopies(dir)
	for _, name := range old {
		err = errors.Join(err, os.RemoveAll(name))
	}
	return err
}
