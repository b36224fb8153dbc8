package main

import (
	"encoding/binary"
	"errors"
	"os"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/testscript"

	"tend/storage/badgerstore"
	"tend/storage/vault"
)

// cmdRows changes the store of a home behind its back: rows drop|flip HOME LETTER
// deletes, or flips one bit in the last byte of, every row of its first circle
// whose key has that letter (storage/badgerstore's doc.go); flip only the last such
// row. rows newer HOME writes the version of a later program, rows older HOME the
// layout of version 0.
func cmdRows(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: rows drop|flip HOME LETTER | rows newer HOME")
	}
	dir := homeDir(ts, args[1])
	v, err := vault.Open(dir, vault.Options{NoKeyring: true})
	ts.Check(err)
	key := v.BadgerKey()
	ts.Check(os.RemoveAll(home{dir: dir}.path("store/SEAL"))) // the rows change, not the files
	db, err := badger.Open(badger.DefaultOptions(home{dir: dir}.path("store")).WithLogger(nil).WithEncryptionKey(key[:]).
		WithBlockCacheSize(4 << 20).WithIndexCacheSize(8 << 20).WithMemTableSize(8 << 20).WithValueThreshold(128 << 10))
	ts.Check(err)
	changed := 0
	ts.Check(db.Update(func(txn *badger.Txn) error {
		if args[0] == "newer" {
			changed++
			return txn.Set(append(binary.BigEndian.AppendUint32(nil, 0), "vversion"...), []byte{badgerstore.Version + 1})
		}
		if args[0] == "older" {
			changed++
			return makeOlder(txn)
		}
		prefix := append(binary.BigEndian.AppendUint32(nil, 1), args[2]...)
		var keys, values [][]byte
		it := txn.NewIterator(badger.IteratorOptions{PrefetchValues: true, Prefix: prefix})
		for it.Rewind(); it.Valid(); it.Next() {
			value, err := it.Item().ValueCopy(nil)
			if err != nil {
				it.Close()
				return err
			}
			keys, values = append(keys, it.Item().KeyCopy(nil)), append(values, value)
		}
		it.Close()
		changed = len(keys)
		for i, key := range keys {
			var err error
			switch {
			case args[0] == "drop":
				err = txn.Delete(key)
			case i == len(keys)-1:
				values[i][len(values[i])-1] ^= 1
				err = txn.Set(key, values[i])
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
	ts.Check(db.Close())
	if changed == 0 {
		ts.Fatalf("rows %q: there is none", args)
	}
}

// makeOlder lists the circles of a store by number, as version 0 did.
func makeOlder(txn *badger.Txn) error {
	node := binary.BigEndian.AppendUint32(nil, 0)
	it := txn.NewIterator(badger.IteratorOptions{PrefetchValues: true, Prefix: append(node[:4:4], 'a')})
	var keys, values [][]byte
	for it.Rewind(); it.Valid(); it.Next() {
		value, err := it.Item().ValueCopy(nil)
		if err != nil {
			it.Close()
			return err
		}
		keys, values = append(keys, it.Item().KeyCopy(nil)), append(values, value)
	}
	it.Close()
	for i, key := range keys {
		if err := errors.Join(txn.Delete(key), txn.Set(append(append(node[:4:4], 'a'), values[i]...), key[5:])); err != nil {
			return err
		}
	}
	return txn.Set(append(node[:4:4], "vversion"...), []byte{0})
}

// cmdHoldLock takes a home as another process that never answers would, for as
// long as the script runs, or for a while: holdlock HOME [DURATION].
func cmdHoldLock(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 || neg {
		ts.Fatalf("usage: holdlock HOME [DURATION]")
	}
	l := flock.New(home{dir: homeDir(ts, args[0])}.path("lock"))
	ok, err := l.TryLock()
	ts.Check(err)
	if !ok {
		ts.Fatalf("the home %s is taken already", args[0])
	}
	if len(args) == 1 {
		ts.Defer(func() { ts.Check(l.Unlock()) })
		return
	}
	d, err := time.ParseDuration(args[1])
	ts.Check(err)
	time.AfterFunc(d, func() { _ = l.Unlock() }) // the test's end lets go of it as well
}
