// Package vault keeps a home's private keys and epoch secrets in one sealed
// file.
//
// The file is sealed with XChaCha20-Poly1305 under a random vault key. Where the
// vault key is, the file's header says: beside it in vault.key, so that a first
// start asks nothing; in the keyring of the operating system; or in the header
// itself, wrapped by a passphrase. With the first two, any program that runs as
// the same person can open the vault.
//
// Every change is written to another file, synced and renamed over the old one
// before [Vault.Update] returns, so a crash leaves the old vault or the new one.
// Nothing in this package prints a secret: the types that hold one show as
// "[secret]", and no error names one.
package vault

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"tend/crdt"
	"tend/storage"
)

// Names of the files in the home folder.
const (
	FileName    = "vault"
	KeyFileName = "vault.key"
)

// Errors that the wiring decides by. [LockedError] says more.
var (
	// ErrNone is wrapped by [Open] when there is no vault yet.
	ErrNone = errors.New("no vault here")
	// ErrExists is wrapped by [Create] when there is one already.
	ErrExists = errors.New("there is a vault already")
	// ErrLocked is wrapped when the vault key cannot be had; the error is a
	// [*LockedError].
	ErrLocked = errors.New("vault is locked")
	// ErrWrongPassphrase is wrapped when a passphrase does not open the vault.
	ErrWrongPassphrase = errors.New("wrong passphrase")
	// ErrNewer is wrapped when a newer program wrote the vault.
	ErrNewer = errors.New("vault was written by a newer version")
	// ErrDamaged is wrapped when the file is not what was written.
	ErrDamaged = errors.New("vault is damaged")
)

// LockedError says where the vault key should be and what to do about it.
type LockedError struct {
	Where Place
	Cure  Cure
	What  string // the file or the entry of the keyring that the cure is about; or empty
	Err   error  // what went wrong there; may be nil
}

// Error names the place and the reason.
func (e *LockedError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%v: its key is with the %v", ErrLocked, e.Where)
	}
	return fmt.Sprintf("%v: its key is with the %v: %v", ErrLocked, e.Where, e.Err)
}

// Unwrap makes the error one of [ErrLocked], and of its reason.
func (e *LockedError) Unwrap() []error { return []error{ErrLocked, e.Err} }

// Cure names what a person can do about an error of this package. The words are its
// caller's.
type Cure string

// The cures.
const (
	CureKeyBack       Cure = "key_back"       // put the key back to its file, from a backup
	CureAsk           Cure = "ask"            // start where the passphrase can be asked for, or give it
	CureGive          Cure = "give"           // give the passphrase
	CureUnlockKeyring Cure = "unlock_keyring" // unlock the keyring and start again
	CureOwnKeyring    Cure = "own_keyring"    // start as the person, and on the computer, that made the entry
	CureElsewhere     Cure = "elsewhere"      // leave the key in its file, or set a passphrase
	CureTryAgain      Cure = "try_again"      // try the passphrase again, or restore a backup
	CureNewest        Cure = "newest"         // install the newest version
	CureRestore       Cure = "restore"        // restore the vault and its key, together
)

// CureOf returns what can be done about an error of this package, and the file or the
// entry that it is about; empty if there is nothing to say beyond the error itself.
func CureOf(err error) (cure Cure, what string) {
	var locked *LockedError
	switch {
	case errors.As(err, &locked):
		return locked.Cure, locked.What
	case errors.Is(err, ErrWrongPassphrase):
		return CureTryAgain, ""
	case errors.Is(err, ErrNewer):
		return CureNewest, ""
	case errors.Is(err, ErrDamaged):
		return CureRestore, ""
	}
	return "", ""
}

// Options are those of [Open] and [Create]. The zero Options are good for a vault
// with its key in vault.key.
type Options struct {
	// Passphrase is asked for the passphrase when one is needed, once. Nil means
	// that nobody can be asked.
	Passphrase func() ([]byte, error)
	// KeyFile is where the vault key is, instead of vault.key in the folder: a
	// credential that the service manager hands in, say.
	KeyFile string
	// NoKeyring leaves the operating system's keyring alone. The environment
	// variable TEND_KEYRING=off does the same.
	NoKeyring bool
	// Rand is where keys and nonces come from; nil means crypto/rand.
	Rand io.Reader
}

// Vault is an open vault. It is safe for concurrent use. One process at a time
// may have it open; seeing to that is the caller's.
type Vault struct {
	dir  string
	o    Options
	key  [32]byte // the vault key
	stop func() error

	mu       sync.RWMutex // guards what follows; held for writing while the file is written
	header   header
	contents *Contents // never changed, only replaced
	plain    []byte    // contents, encoded
}

// Create makes a vault in dir with a new transport key and nothing else, its key
// in vault.key. A vault.key that is there already, without a vault, is used: it
// may belong to a vault that is still to be put back, and is never written over.
func Create(dir string, o Options) (*Vault, error) {
	v := &Vault{dir: dir, o: o.filled(dir)}
	if _, err := os.Lstat(v.path()); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = ErrExists
		}
		return nil, fmt.Errorf("create vault: %w", err)
	}
	if err := v.create(); err != nil {
		return nil, fmt.Errorf("create vault: %w", err)
	}
	return v, nil
}

func (v *Vault) create() error {
	key, err := readKeyFile(v.o.KeyFile)
	switch {
	case err == nil:
		v.key = key
	case errors.Is(err, fs.ErrNotExist):
		if _, err := io.ReadFull(v.o.Rand, v.key[:]); err != nil {
			return err
		}
		if err := writeFile(v.o.KeyFile, encodeKey(v.key), nil); err != nil {
			return err
		}
	default:
		return err
	}
	v.header = header{V: headerVersion, Place: InFile}
	if _, err := io.ReadFull(v.o.Rand, v.header.ID[:]); err != nil {
		return err
	}
	c := &Contents{}
	if _, err := io.ReadFull(v.o.Rand, c.Transport[:]); err != nil {
		return err
	}
	return v.save(v.header, c)
}

// Open opens the vault in dir. The error wraps [ErrNone], [ErrLocked] (it is a
// [*LockedError]), [ErrWrongPassphrase], [ErrNewer] or [ErrDamaged] where that is
// the reason.
func Open(dir string, o Options) (*Vault, error) {
	v := &Vault{dir: dir, o: o.filled(dir)}
	data, err := readBounded(v.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open vault: %w", ErrNone)
	}
	if err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	if err := v.open(data); err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	return v, nil
}

func (v *Vault) open(data []byte) error {
	h, front, sealed, err := splitFile(data)
	if err != nil {
		return err
	}
	v.header = h
	if v.key, err = v.unlock(); err != nil {
		return err
	}
	aead := cipher(v.key)
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], front)
	if err != nil {
		return fmt.Errorf("%w: it was changed, or its key in the %v belongs to another vault", ErrDamaged, h.Place)
	}
	if v.contents, err = decodeContents(plain); err != nil {
		return err
	}
	v.plain = plain
	return v.tidy()
}

// tidy removes what a crash left behind.
func (v *Vault) tidy() error {
	for _, name := range []string{v.path(), v.o.KeyFile} {
		left, err := storage.FilesIn(filepath.Dir(name), filepath.Base(name)+tempPart, "")
		if err != nil {
			return err
		}
		for _, name := range left {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if v.header.Place == InFile {
		return nil
	}
	// The key was moved away and the crash came before its file went. Only a file
	// with this very key is removed.
	if key, err := readKeyFile(v.o.KeyFile); err == nil && subtle.ConstantTimeCompare(key[:], v.key[:]) == 1 {
		return removeFile(v.o.KeyFile)
	}
	return nil
}

func (o Options) filled(dir string) Options {
	if o.KeyFile == "" {
		o.KeyFile = filepath.Join(dir, KeyFileName)
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	o.NoKeyring = o.NoKeyring || os.Getenv("TEND_KEYRING") == "off"
	return o
}

func (v *Vault) path() string { return filepath.Join(v.dir, FileName) }

// Update lets change work on a copy of the contents and makes it the contents,
// once it is on disk. After an error nothing changed. Changing many things in
// one Update costs one write; changing nothing costs none. change must not call
// the vault, nor keep what it is given.
func (v *Vault) Update(change func(*Contents) error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	next, err := decodeContents(v.plain) // a deep copy
	if err != nil {
		return err
	}
	if err := change(next); err != nil {
		return err
	}
	if err := v.save(v.header, next); err != nil {
		return fmt.Errorf("write vault: %w", err)
	}
	return nil
}

// save writes the vault and publishes it. The caller holds mu, or v is new.
func (v *Vault) save(h header, c *Contents) error {
	plain, err := encodeContents(c)
	if err != nil {
		return err
	}
	// What is published is what a later start will read, and nobody else's slices.
	again, err := decodeContents(plain)
	if err != nil {
		return fmt.Errorf("contents could not be read again: %w", err)
	}
	if h.equal(v.header) && bytes.Equal(plain, v.plain) {
		return nil
	}
	data, err := joinFile(v.o.Rand, h, v.key, plain)
	if err != nil {
		return err
	}
	if err := writeFile(v.path(), data, v.stop); err != nil {
		return err
	}
	v.header, v.contents, v.plain = h, again, plain
	return nil
}

// Transport returns the seed of the home's transport key.
func (v *Vault) Transport() Seed {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.contents.Transport
}

// Circles returns the circles there are keys of, ascending.
func (v *Vault) Circles() []crdt.ID {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return sortedCircles(v.contents.Circles)
}

// Circle returns a copy of the keys of a circle; false if there are none.
func (v *Vault) Circle(id crdt.ID) (Circle, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	c, ok := v.contents.Circles[id]
	if !ok {
		return Circle{}, false
	}
	return c.clone(), true
}

// Joinings returns a copy of the joinings under way.
func (v *Vault) Joinings() []Joining {
	v.mu.RLock()
	defer v.mu.RUnlock()
	out := slices.Clone(v.contents.Joinings)
	for i := range out {
		out[i].Identity = out[i].Identity.clone()
	}
	return out
}

// Local returns a copy of a small value that is not sent to anybody.
func (v *Vault) Local(name string) ([]byte, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	value, ok := v.contents.Local[name]
	return bytes.Clone(value), ok
}

// BadgerKey returns the key for the store beside this vault.
func (v *Vault) BadgerKey() [32]byte {
	key, err := hkdf.Key(sha256.New, v.key[:], nil, "badger", 32)
	if err != nil {
		panic(err) // only for a length that SHA-256 cannot give
	}
	return [32]byte(key)
}

// Format shows where the vault is and hides what is inside, whatever the verb.
func (v *Vault) Format(f fmt.State, _ rune) { fmt.Fprint(f, "vault in "+v.dir) }

func cipher(key [32]byte) aead {
	a, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		panic(err) // only for a key of another length
	}
	return a
}
