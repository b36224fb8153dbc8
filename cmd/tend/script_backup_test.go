package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"

	"tend/storage/agefile"
)

// newIdentity puts an identity of age into the script's folder and its recipient
// into $RECIPIENT.
func newIdentity(env *testscript.Env) error {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return err
	}
	env.Setenv("RECIPIENT", id.Recipient().String())
	return os.WriteFile(filepath.Join(env.WorkDir, "identity"), []byte("# of a script\n"+id.String()+"\n"), 0o600)
}

// cmdMode wants a file to have these permissions: mode 600 FILE.
func cmdMode(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: mode OCTAL FILE")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := info.Mode().Perm(); got != os.FileMode(want) {
		ts.Fatalf("%s has mode %o, want %o", args[1], got, want)
	}
}

// cmdBend changes a file: cut FILE N takes N bytes off its end, flip FILE N turns
// a bit N bytes before its end, grow FILE N puts N bytes behind it.
func cmdBend(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: bend cut|flip|grow FILE N")
	}
	name := ts.MkAbs(args[1])
	data, err := os.ReadFile(name)
	ts.Check(err)
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	if n > len(data) {
		ts.Fatalf("%s has only %d bytes", args[1], len(data))
	}
	switch args[0] {
	case "cut":
		data = data[:len(data)-n]
	case "flip":
		data[len(data)-n] ^= 1
	case "grow":
		data = append(data, make([]byte, n)...)
	default:
		ts.Fatalf("bend %s: cut, flip or grow", args[0])
	}
	ts.Check(os.WriteFile(name, data, 0o600))
}

// cmdSealed writes an age file for the script's identity with something else in it
// than a backup of this version: sealed later|kind|other FILE.
func cmdSealed(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: sealed later|kind|other FILE")
	}
	plain, ok := map[string]string{
		"later": "tend-backup-2\nand what will be written one day",
		// A head of this version, and a record of a kind to come.
		"kind":  "tend-backup-1\n\x00\x00\x00\x05\x84\x01\x00\x60\x80" + "\x00\x00\x00\x02\x81\x06",
		"other": "Dear diary,",
	}[args[0]]
	if !ok {
		ts.Fatalf("sealed %s: later, kind or other", args[0])
	}
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	w, err := agefile.Seal(f, agefile.Lock{To: []string{ts.Getenv("RECIPIENT")}})
	ts.Check(err)
	_, err = w.Write([]byte(plain))
	ts.Check(errors.Join(err, w.Close(), f.Close()))
}
