package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"tend/crdt"
	"tend/storage/vault"
)

// cheap are Argon2id parameters for tests.
var cheap = vault.Params{Time: 1, KiB: 64, Threads: 1}

func create(t testing.TB) (*vault.Vault, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "home[1]*") // a pattern to some
	check(t, os.Mkdir(dir, 0o700))
	v, err := vault.Create(dir, vault.Options{})
	check(t, err)
	return v, dir
}

func open(t testing.TB, dir string, pass string) *vault.Vault {
	t.Helper()
	v, err := vault.Open(dir, options(pass))
	check(t, err)
	return v
}

func options(pass string) vault.Options {
	if pass == "" {
		return vault.Options{}
	}
	return vault.Options{Passphrase: func() ([]byte, error) { return []byte(pass), nil }}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func exists(name string) bool { _, err := os.Stat(name); return err == nil }

// full is a circle with something in every field.
func full() *vault.Circle {
	c := &vault.Circle{
		Identity: vault.Identity{Inception: []byte("inception"), Root: vault.Seed{1}, NextRoot: vault.Seed{2}, Device: vault.Seed{3},
			Boxes: []vault.Box{{Key: []byte("box key 1"), Made: 12}, {Key: []byte("box key 2"), Made: 34}}},
		LogKey: vault.Seed{4}, Name: "Ana",
		Invites: []vault.Invite{{Op: crdt.ID{9}, Seed: []byte("0123456789abcdef"), For: "Ben"}},
		Local:   map[string][]byte{"seen": []byte("7"), "page": []byte("x")},
	}
	for i := range 3000 { // more than an array of the decoder may have
		c.Secrets = append(c.Secrets, vault.Seed{5, byte(i), byte(i >> 8)})
	}
	return c
}

func TestContentsStay(t *testing.T) {
	v, dir := create(t)
	id := crdt.ID{7}
	joining := vault.Joining{ID: "ab12", Code: []byte("TEND:CODE"), Show: true, Name: "Ana", Identity: full().Identity, Since: 5, Last: "later", Over: "no"}
	check(t, v.Update(func(c *vault.Contents) error {
		c.Circles[id] = full()
		c.Circles[crdt.ID{3}] = &vault.Circle{}
		c.Joinings = []vault.Joining{joining}
		c.Local["lamp"] = []byte("on")
		return nil
	}))
	again := open(t, dir, "")
	for _, v := range []*vault.Vault{v, again} {
		if got, ok := v.Circle(id); !ok || !reflect.DeepEqual(got, *full()) {
			t.Errorf("Circle = %d boxes, %d secrets, %v; want what was put", len(got.Boxes), len(got.Secrets), ok)
		}
		if got := v.Circles(); len(got) != 2 || got[0] != (crdt.ID{3}) || got[1] != id {
			t.Errorf("Circles() = %v", got)
		}
		if got := v.Joinings(); len(got) != 1 || !reflect.DeepEqual(got[0], joining) {
			t.Errorf("Joinings() = %+v", got)
		}
		if got, ok := v.Local("lamp"); !ok || string(got) != "on" {
			t.Errorf("Local(lamp) = %q, %v", got, ok)
		}
		if _, ok := v.Circle(crdt.ID{8}); ok {
			t.Error("there are keys of a circle that nobody put")
		}
	}
	if v.Transport() != again.Transport() || v.Transport() == (vault.Seed{}) {
		t.Error("the transport key changed, or there is none")
	}
	if v.BadgerKey() != again.BadgerKey() || v.BadgerKey() == v.TestingKey() {
		t.Error("the store's key is not the same each time, or is the vault's own")
	}
	// What a getter returned is the caller's.
	c, _ := v.Circle(id)
	c.Secrets[0][0], c.Boxes[0].Key[0], c.Inception[0], c.Local["seen"][0] = 99, 99, 99, 99
	j := v.Joinings()
	j[0].Boxes[0].Key[0] = 99
	if got, _ := v.Circle(id); !reflect.DeepEqual(got, *full()) || v.Joinings()[0].Boxes[0].Key[0] == 99 {
		t.Error("changing what a getter returned changed the vault")
	}
}

func TestUpdate(t *testing.T) {
	v, dir := create(t)
	file := filepath.Join(dir, vault.FileName)
	before, err := os.ReadFile(file)
	check(t, err)
	mine := errors.New("mine")
	if err := v.Update(func(c *vault.Contents) error { c.Local["x"] = []byte("y"); return mine }); !errors.Is(err, mine) {
		t.Errorf("Update = %v, want the error of its function", err)
	}
	check(t, v.Update(func(*vault.Contents) error { return nil }))
	if err := v.Update(func(c *vault.Contents) error { c.Circles[crdt.ID{1}] = nil; return nil }); err == nil {
		t.Error("a circle without keys was kept")
	}
	if err := v.Update(func(c *vault.Contents) error { c.Local["\xff"] = nil; return nil }); err == nil {
		t.Error("contents that cannot be read again were kept")
	}
	if err := v.Update(func(c *vault.Contents) error { _, err := c.Circle(crdt.ID{1}); return err }); !errors.Is(err, vault.ErrNoCircle) {
		t.Errorf("Circle that is not there = %v, want %v", err, vault.ErrNoCircle)
	}
	after, err := os.ReadFile(file)
	check(t, err)
	if !bytes.Equal(before, after) {
		t.Error("updates that failed, or changed nothing, wrote the file")
	}
	if _, ok := v.Local("x"); ok {
		t.Error("an update that failed left something")
	}
}

func TestConcurrent(t *testing.T) {
	v, dir := create(t)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 5 {
				err := v.Update(func(c *vault.Contents) error {
					c.Local[fmt.Sprintf("%d.%d", i, n)] = []byte("x")
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				v.Circles()
				v.Transport()
			}
		})
	}
	all.Wait()
	v = open(t, dir, "")
	for i := range 4 {
		for n := range 5 {
			if _, ok := v.Local(fmt.Sprintf("%d.%d", i, n)); !ok {
				t.Fatalf("update %d of %d is lost", n, i)
			}
		}
	}
}

func TestFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such modes")
	}
	v, dir := create(t)
	check(t, v.Update(func(c *vault.Contents) error { c.Local["x"] = []byte("y"); return nil }))
	key := filepath.Join(dir, vault.KeyFileName)
	for _, name := range []string{filepath.Join(dir, vault.FileName), key} {
		info, err := os.Stat(name)
		check(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", filepath.Base(name), info.Mode())
		}
	}
	check(t, os.Chmod(key, 0o644))
	open(t, dir, "")
	if info, _ := os.Stat(key); info.Mode().Perm() != 0o600 {
		t.Errorf("a key file that others could read still has mode %v", info.Mode())
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := vault.Open(t.TempDir(), vault.Options{}); !errors.Is(err, vault.ErrNone) {
		t.Errorf("Open of nothing = %v, want %v", err, vault.ErrNone)
	}
	v, dir := create(t)
	if _, err := vault.Create(dir, vault.Options{}); !errors.Is(err, vault.ErrExists) {
		t.Errorf("Create over a vault = %v, want %v", err, vault.ErrExists)
	}
	file, key := filepath.Join(dir, vault.FileName), filepath.Join(dir, vault.KeyFileName)
	good, err := os.ReadFile(file)
	check(t, err)
	goodKey, err := os.ReadFile(key)
	check(t, err)
	other, _ := create(t)
	seal := func(change func(version *uint64, plain []byte) []byte) []byte {
		data, err := v.TestingSeal(change)
		check(t, err)
		return data
	}
	flip := func(at int) []byte { b := bytes.Clone(good); b[at] ^= 1; return b }
	for _, test := range []struct {
		name string
		file []byte
		key  []byte
		want error
	}{
		{"as written", good, goodKey, nil},
		{"empty", nil, goodKey, vault.ErrDamaged},
		{"another file", []byte("hello, this is a letter to a friend"), goodKey, vault.ErrDamaged},
		{"magic alone", good[:11], goodKey, vault.ErrDamaged},
		{"cut in the header", good[:20], goodKey, vault.ErrDamaged},
		{"cut in the contents", good[:len(good)-1], goodKey, vault.ErrDamaged},
		{"something behind", append(bytes.Clone(good), 0), goodKey, vault.ErrDamaged},
		{"a bit of the vault's id", flip(20), goodKey, vault.ErrDamaged},
		{"a bit of the nonce", flip(len(good) - 80), goodKey, vault.ErrDamaged},
		{"last bit", flip(len(good) - 1), goodKey, vault.ErrDamaged},
		{"key of another vault", good, fmt.Appendf(nil, "%x", other.TestingKey()), vault.ErrDamaged},
		{"no key", good, nil, vault.ErrLocked},
		{"key cut short", good, goodKey[:40], vault.ErrLocked},
		{"newer header", seal(func(v *uint64, p []byte) []byte { *v = 2; return p }), goodKey, vault.ErrNewer},
		{"newer contents", seal(func(_ *uint64, p []byte) []byte { p[1] = 2; return p }), goodKey, vault.ErrNewer},
		{"newer contents with more fields", seal(func(_ *uint64, p []byte) []byte { p[0]++; p[1] = 2; return append(p, 0) }), goodKey, vault.ErrNewer},
		{"contents that are none", seal(func(_ *uint64, p []byte) []byte { return []byte("x") }), goodKey, vault.ErrDamaged},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			check(t, os.WriteFile(filepath.Join(dir, vault.FileName), test.file, 0o600))
			if test.key != nil {
				check(t, os.WriteFile(filepath.Join(dir, vault.KeyFileName), test.key, 0o600))
			}
			_, err := vault.Open(dir, vault.Options{})
			if !errors.Is(err, test.want) {
				t.Fatalf("Open = %v, want %v", err, test.want)
			}
			if err != nil && cureOf(err) == "" {
				t.Errorf("no cure for %v", err)
			}
		})
	}
	for at := range good { // any bit anywhere
		dir := t.TempDir()
		check(t, os.WriteFile(filepath.Join(dir, vault.FileName), flip(at), 0o600))
		check(t, os.WriteFile(filepath.Join(dir, vault.KeyFileName), goodKey, 0o600))
		if _, err := vault.Open(dir, vault.Options{NoKeyring: true}); err == nil {
			t.Errorf("a vault with byte %d changed opens", at)
		}
	}
}

func TestOrphanedKeyIsKept(t *testing.T) {
	v, dir := create(t)
	check(t, os.Remove(filepath.Join(dir, vault.FileName))) // a crash between the two files, or a vault still to be put back
	again, err := vault.Create(dir, vault.Options{})
	check(t, err)
	if again.TestingKey() != v.TestingKey() {
		t.Error("a vault key that was there was written over")
	}
	dir = t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, vault.KeyFileName), []byte("what is this"), 0o600))
	if _, err := vault.Create(dir, vault.Options{}); err == nil {
		t.Error("Create wrote over a key file it cannot read")
	}
}

func TestCrashBeforeRename(t *testing.T) {
	v, dir := create(t)
	check(t, v.Update(func(c *vault.Contents) error { c.Local["x"] = []byte("old"); return nil }))
	crash := errors.New("crash")
	v.TestingStop(func() error { return crash })
	if err := v.Update(func(c *vault.Contents) error { c.Local["x"] = []byte("new"); return nil }); !errors.Is(err, crash) {
		t.Fatalf("Update = %v, want %v", err, crash)
	}
	if got, _ := v.Local("x"); string(got) != "old" {
		t.Errorf("an update that is not on disk is seen: %q", got)
	}
	left, _ := fs.Glob(os.DirFS(dir), "*.new-*")
	if len(left) != 1 {
		t.Fatalf("%d temporary files after a crash, want 1", len(left))
	}
	v = open(t, dir, "")
	if got, _ := v.Local("x"); string(got) != "old" {
		t.Errorf("after a crash x = %q, want old", got)
	}
	if left, _ := fs.Glob(os.DirFS(dir), "*.new-*"); len(left) != 0 {
		t.Errorf("opening left %v", left)
	}
}

func TestPassphrase(t *testing.T) {
	v, dir := create(t)
	key := v.TestingKey()
	check(t, v.Update(func(c *vault.Contents) error { c.Circles[crdt.ID{7}] = full(); return nil }))
	if err := v.SetPassphrase([]byte("short"), cheap); err == nil {
		t.Error("a passphrase of 5 bytes was taken")
	}
	for _, p := range []vault.Params{{}, {Time: 1, KiB: 7, Threads: 1}, {Time: 1000, KiB: 64, Threads: 1}, {Time: 1, KiB: 1 << 30, Threads: 1}} {
		if err := v.SetPassphrase([]byte("long enough"), p); err == nil {
			t.Errorf("parameters %+v were taken", p)
		}
	}
	check(t, v.SetPassphrase([]byte("correct horse"), cheap))
	if v.Where() != vault.InPassphrase || exists(filepath.Join(dir, vault.KeyFileName)) {
		t.Error("the key file is there after a passphrase was set")
	}
	check(t, v.Update(func(c *vault.Contents) error { c.Local["x"] = []byte("y"); return nil }))
	if data, _ := os.ReadFile(filepath.Join(dir, vault.FileName)); bytes.Contains(data, key[:]) {
		t.Error("the vault key is in the vault in plain sight")
	}

	_, err := vault.Open(dir, vault.Options{})
	var locked *vault.LockedError
	if !errors.Is(err, vault.ErrLocked) || !errors.As(err, &locked) || locked.Where != vault.InPassphrase || locked.Cure == "" {
		t.Errorf("Open without passphrase = %v", err)
	}
	tty := errors.New("no terminal")
	if _, err := vault.Open(dir, vault.Options{Passphrase: func() ([]byte, error) { return nil, tty }}); !errors.Is(err, vault.ErrLocked) || !errors.Is(err, tty) {
		t.Errorf("Open where asking fails = %v", err)
	}
	if _, err := vault.Open(dir, options("wrong horse")); !errors.Is(err, vault.ErrWrongPassphrase) || errors.Is(err, vault.ErrDamaged) {
		t.Errorf("Open with a wrong passphrase = %v, want %v", err, vault.ErrWrongPassphrase)
	}
	v = open(t, dir, "correct horse")
	if got, ok := v.Circle(crdt.ID{7}); !ok || !reflect.DeepEqual(got, *full()) || v.TestingKey() != key {
		t.Error("a passphrase opens something else")
	}
	check(t, v.SetPassphrase([]byte("another horse"), cheap))
	if _, err := vault.Open(dir, options("correct horse")); !errors.Is(err, vault.ErrWrongPassphrase) {
		t.Errorf("Open with the passphrase before = %v, want %v", err, vault.ErrWrongPassphrase)
	}
	check(t, open(t, dir, "another horse").MoveToFile())
	if v := open(t, dir, ""); v.Where() != vault.InFile || v.TestingKey() != key {
		t.Error("the key did not come back to the file")
	}
}

func TestDefaultParams(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a second")
	}
	v, dir := create(t)
	check(t, v.SetPassphrase([]byte("correct horse"), vault.DefaultParams))
	open(t, dir, "correct horse")
}

func TestKeyring(t *testing.T) {
	keyring.MockInit()
	v, dir := create(t)
	key, file := v.TestingKey(), filepath.Join(dir, vault.KeyFileName)
	check(t, v.Update(func(c *vault.Contents) error { c.Local["x"] = []byte("y"); return nil }))
	text, err := os.ReadFile(file)
	check(t, err)
	check(t, v.MoveToKeyring())
	if v.Where() != vault.InKeyring || exists(file) {
		t.Error("the key file is there after the key was moved")
	}
	// A crash before the file went leaves it; the next start removes it. Another
	// vault's key is left alone.
	check(t, os.WriteFile(file, text, 0o600))
	v = open(t, dir, "")
	if v.TestingKey() != key || exists(file) {
		t.Error("after opening by the keyring, a copy of the key is still there")
	}
	strange := []byte(strings.Repeat("ab", 32))
	check(t, os.WriteFile(file, strange, 0o600))
	open(t, dir, "")
	if !exists(file) {
		t.Error("opening removed a key that is not its own")
	}
	check(t, os.Remove(file))

	if _, err := vault.Open(dir, vault.Options{NoKeyring: true}); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("Open with the keyring switched off = %v, want %v", err, vault.ErrLocked)
	}
	t.Setenv("TEND_KEYRING", "off")
	if _, err := vault.Open(dir, vault.Options{}); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("Open with TEND_KEYRING=off = %v, want %v", err, vault.ErrLocked)
	}
	t.Setenv("TEND_KEYRING", "")

	check(t, v.MoveToFile())
	if v := open(t, dir, ""); v.Where() != vault.InFile || v.TestingKey() != key {
		t.Error("the key did not come back to the file")
	}
	check(t, v.MoveToKeyring())
	keyring.MockInit() // another computer
	_, err = vault.Open(dir, vault.Options{})
	if !errors.Is(err, vault.ErrLocked) || cureOf(err) != vault.CureOwnKeyring {
		t.Errorf("Open without the keyring's entry = %v, cure %q", err, cureOf(err))
	}
}

func TestKeyringFails(t *testing.T) {
	v, dir := create(t)
	key := v.TestingKey()
	stays := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, vault.ErrLocked) || cureOf(err) == "" {
			t.Errorf("%s: %v, want %v", what, err, vault.ErrLocked)
		}
		if v := open(t, dir, ""); v.Where() != vault.InFile || v.TestingKey() != key {
			t.Errorf("%s: the key is not in its file any more", what)
		}
	}
	keyring.MockInitWithError(errors.New("no keyring on this computer"))
	stays("no keyring", v.MoveToKeyring())
	defer keyring.MockInit()

	defer vault.TestingKeyring(forgetful{})()
	stays("a keyring that gives back something else", v.MoveToKeyring())

	defer vault.TestingPatience(10 * time.Millisecond)()
	silent := make(silent)
	defer close(silent)
	defer vault.TestingKeyring(silent)()
	stays("a keyring that does not answer", v.MoveToKeyring())
}

// forgetful is a keyring that takes everything and keeps another thing.
type forgetful struct{}

func (forgetful) Set(_, _, _ string) error          { return nil }
func (forgetful) Get(_, _ string) (string, error)   { return strings.Repeat("00", 32), nil }
func (forgetful) Delete(service, user string) error { return nil }

// silent is a keyring that does not answer until it is closed.
type silent chan struct{}

func (s silent) Set(_, _, _ string) error        { <-s; return nil }
func (s silent) Get(_, _ string) (string, error) { <-s; return "", nil }
func (s silent) Delete(_, _ string) error        { <-s; return nil }

// TestNothingIsPrinted looks for secrets in all that can be printed.
func TestNothingIsPrinted(t *testing.T) {
	v, _ := create(t)
	secret := []byte("canary-canary-canary-canary-cana")
	c := &vault.Circle{Identity: vault.Identity{Root: vault.Seed(secret), Boxes: []vault.Box{{Key: secret}}},
		Secrets: []vault.Seed{vault.Seed(secret)}, Invites: []vault.Invite{{Seed: secret}}}
	j := vault.Joining{Code: secret}
	check(t, v.Update(func(contents *vault.Contents) error {
		contents.Circles[crdt.ID{1}] = c
		contents.Transport = vault.Seed(secret)
		return nil
	}))
	key := v.TestingKey()
	for _, value := range []any{v, c, *c, j, v.Transport()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
			out := fmt.Sprintf(verb, value)
			for _, s := range [][]byte{secret, key[:]} {
				for _, form := range []string{string(s), fmt.Sprintf("%x", s), strings.Trim(fmt.Sprint(s), "[]")} {
					if strings.Contains(out, form) {
						t.Errorf("%s of %T shows a secret: %.80s…", verb, value, out)
					}
				}
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	v, dir := create(f)
	good, err := os.ReadFile(filepath.Join(dir, vault.FileName))
	check(f, err)
	f.Add(good)
	f.Add(good[:30])
	check(f, v.SetPassphrase([]byte("correct horse"), cheap))
	wrapped, err := os.ReadFile(filepath.Join(dir, vault.FileName))
	check(f, err)
	f.Add(wrapped)
	dir = f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Equal(data, good) || bytes.Equal(data, wrapped) {
			return
		}
		check(t, os.WriteFile(filepath.Join(dir, vault.FileName), data, 0o600))
		if _, err := vault.Open(dir, vault.Options{NoKeyring: true}); err == nil {
			t.Error("something that was never written opens")
		}
	})
}

func TestPlaceOf(t *testing.T) {
	dir := t.TempDir()
	if _, err := vault.PlaceOf(dir); err == nil {
		t.Error("PlaceOf of no vault, no error")
	}
	v, err := vault.Create(dir, vault.Options{NoKeyring: true})
	if err != nil {
		t.Fatal(err)
	}
	if at, err := vault.PlaceOf(dir); err != nil || at != vault.InFile {
		t.Errorf("PlaceOf = %v, %v", at, err)
	}
	if err := v.SetPassphrase([]byte("correct horse"), vault.Params{Time: 1, KiB: 64, Threads: 1}); err != nil {
		t.Fatal(err)
	}
	if at, err := vault.PlaceOf(dir); err != nil || at != vault.InPassphrase {
		t.Errorf("PlaceOf = %v, %v after a passphrase was set", at, err)
	}
}

func cureOf(err error) vault.Cure {
	cure, _ := vault.CureOf(err)
	return cure
}
