package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/rogpeppe/go-internal/testscript"

	"tend/crdt"
	"tend/protocol"
	"tend/storage/badgerstore"
	"tend/storage/vault"
)

// cmdOpened looks for words in what stopped homes can open with all keys that they
// have: opened WORD HOME…, which wants them in each, and ! opened WORD HOME…, which
// wants them in none. It reads every row of the store in every version that Badger
// has not let go yet, and every body of the log under every secret of the vault; so
// it finds what no list and no search of the home shows any more.
func cmdOpened(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] opened WORD HOME…")
	}
	tellable(ts, args[0])
	word := bytes.ToLower([]byte(args[0]))
	for _, name := range args[1:] {
		h := homesOf(ts)
		h.mu.Lock()
		running := h.nodes[name] != nil
		h.mu.Unlock()
		if running {
			ts.Fatalf("the node of %s is running: stop it first", name)
		}
		where, err := openedIn(homeDir(ts, name), homeDir(ts, name+"-opened"), word)
		ts.Check(err)
		switch {
		case neg && where != "":
			ts.Fatalf("%s can open %q in %s", name, word, where)
		case !neg && where == "":
			ts.Fatalf("%s opens %q nowhere", name, word)
		}
	}
}

// openedIn says where a home can open a word, "" if nowhere. It looks at a copy,
// since opening a store writes.
func openedIn(dir, at string, word []byte) (where string, err error) {
	if err := os.CopyFS(at, regularFS{os.DirFS(dir)}); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(at)) }()
	v, err := vault.Open(at, vault.Options{NoKeyring: true})
	if err != nil {
		return "", err
	}
	key := v.BadgerKey()
	bodies, err := bodiesWith(keyring{v}, home{at}.path("store"), key[:], word)
	if err != nil || bodies != "" {
		return bodies, err
	}
	return rowsWith(home{at}.path("store"), key[:], word)
}

// bodiesWith looks through the bodies that the keys of a home open.
func bodiesWith(keys keyring, dir string, key, word []byte) (string, error) {
	s, err := badgerstore.Open(dir, key, badgerstore.Options{})
	if err != nil {
		return "", err
	}
	opened, where := 0, ""
	for _, id := range keys.Circles() {
		c, err := s.Circle(id)
		if err != nil {
			return "", errors.Join(err, s.Close())
		}
		mine, _ := keys.Circle(id)
		secrets := append([]protocol.Secret{mine.LogKey}, mine.Secrets...)
		for stored, err := range c.Arrivals(1) {
			if err != nil {
				return "", errors.Join(err, s.Close())
			}
			text, ok := openWith(secrets, mine.Packed, id, &stored.Op)
			if ok {
				opened++
			}
			if ok && bytes.Contains(bytes.ToLower(text), word) {
				where = "the body of op " + stored.Op.ID.Short()
			}
		}
	}
	if opened == 0 {
		return "", errors.Join(fmt.Errorf("no body of %s could be opened", dir), s.Close())
	}
	return where, s.Close()
}

// openWith opens a body with whichever key fits.
func openWith(secrets []protocol.Secret, packed []protocol.PackedKey, circle crdt.ID, op *crdt.Op) ([]byte, bool) {
	for _, s := range secrets {
		if o, err := protocol.OpenBody(s, op.Context(circle), op.Dev, op.Seq, op.Body); err == nil {
			return o.Payload, true
		}
	}
	for _, p := range packed {
		if o, err := protocol.OpenPacked(p.Key, p.Commit, circle, op.Dev, op.Seq, op.Body); err == nil && p.Op == op.ID {
			return o.Payload, true
		}
	}
	return nil, false
}

// rowsWith looks through all rows of a store, those of before included, past the
// store's own code.
func rowsWith(dir string, key, word []byte) (where string, err error) {
	opts := badger.DefaultOptions(dir).WithLogger(nil).WithEncryptionKey(key).
		WithBlockCacheSize(4 << 20).WithIndexCacheSize(8 << 20).WithMemTableSize(8 << 20).WithValueThreshold(128 << 10)
	db, err := badger.Open(opts)
	for range 50 { // a process that another script begins has the lock until it is another program
		if err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
		db, err = badger.Open(opts)
	}
	if err != nil {
		return "", err
	}
	rows := 0
	err = db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{PrefetchValues: true, AllVersions: true})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			rows++
			key := it.Item().Key()
			if err := it.Item().Value(func(value []byte) error {
				if bytes.Contains(bytes.ToLower(key), word) || bytes.Contains(bytes.ToLower(value), word) {
					where = fmt.Sprintf("a row %q of version %d", key[4:5], it.Item().Version())
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && rows < 10 {
		err = fmt.Errorf("only %d rows in %s", rows, dir)
	}
	return where, errors.Join(err, db.Close())
}
