package vault

import (
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/zalando/go-keyring"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// Place is where the vault key is.
type Place uint64

// The places. The numbers are in the file and never change.
const (
	InFile       Place = 0 // vault.key, beside the vault
	InKeyring    Place = 1 // the operating system's keyring
	InPassphrase Place = 2 // wrapped in the vault's header
)

// String names the place in words for people.
func (p Place) String() string {
	switch p {
	case InFile:
		return "key file"
	case InKeyring:
		return "keyring"
	case InPassphrase:
		return "passphrase"
	}
	return fmt.Sprintf("place %d", uint64(p))
}

// Params are the costs of Argon2id.
type Params struct {
	Time    uint32 // passes
	KiB     uint32 // memory
	Threads uint8
}

// DefaultParams are the second recommendation of RFC 9106: 3 passes over 64 MiB in
// 4 threads, about half a second on a small machine. They are kept with the
// vault, so they can be raised later.
var DefaultParams = Params{Time: 3, KiB: 64 << 10, Threads: 4}

// Bounds on parameters that are read: a vault somebody else made must not take
// all memory.
const (
	maxTime = 64
	maxKiB  = 1 << 20
)

func (p Params) check() error {
	if p.Time < 1 || p.Time > maxTime || p.Threads < 1 || p.KiB < 8*uint32(p.Threads) || p.KiB > maxKiB {
		return fmt.Errorf("argon2id parameters out of range: %d passes, %d KiB, %d threads", p.Time, p.KiB, p.Threads)
	}
	return nil
}

// MinPassphrase is how many bytes a passphrase must have.
const MinPassphrase = 8

// Where says where the vault key is.
func (v *Vault) Where() Place {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.header.Place
}

// PlaceOf says where the key of the vault in dir is, without opening it.
func PlaceOf(dir string) (Place, error) {
	data, err := readBounded(filepath.Join(dir, FileName))
	if err != nil {
		return InFile, fmt.Errorf("look at the vault: %w", err)
	}
	h, _, _, err := splitFile(data)
	if err != nil {
		return InFile, fmt.Errorf("look at the vault: %w", err)
	}
	return h.Place, nil
}

// unlock gets the vault key from where the header says.
func (v *Vault) unlock() ([32]byte, error) {
	switch v.header.Place {
	case InFile:
		key, err := readKeyFile(v.o.KeyFile)
		if err != nil {
			return key, &LockedError{InFile, CureKeyBack, v.o.KeyFile, err}
		}
		return key, nil
	case InKeyring:
		return v.fromKeyring()
	case InPassphrase:
		return v.fromPassphrase()
	}
	return [32]byte{}, fmt.Errorf("%w: its key is at %v", ErrNewer, v.header.Place)
}

func (v *Vault) fromPassphrase() (key [32]byte, err error) {
	h := &v.header
	p := Params{h.Time, h.KiB, h.Threads}
	if err := p.check(); err != nil || len(h.Salt) != saltSize || len(h.Wrapped) != wrappedSize {
		return key, fmt.Errorf("%w: the wrapped key in its header", ErrDamaged)
	}
	if v.o.Passphrase == nil {
		return key, &LockedError{InPassphrase, CureAsk, "", nil}
	}
	pass, err := v.o.Passphrase()
	if err != nil {
		return key, &LockedError{InPassphrase, CureGive, "", err}
	}
	return h.unwrap(pass)
}

// unwrap opens the vault key that a passphrase wraps.
func (h *header) unwrap(pass []byte) (key [32]byte, err error) {
	a := cipher(derive(pass, h.Salt, Params{h.Time, h.KiB, h.Threads}))
	plain, err := a.Open(nil, h.Wrapped[:a.NonceSize()], h.Wrapped[a.NonceSize():], h.ID[:])
	if err != nil {
		return key, ErrWrongPassphrase
	}
	return [32]byte(plain), nil
}

const (
	saltSize    = 16
	wrappedSize = chacha20poly1305.NonceSizeX + 32 + chacha20poly1305.Overhead
)

func derive(pass, salt []byte, p Params) [32]byte {
	return [32]byte(argon2.IDKey(pass, salt, p.Time, p.KiB, p.Threads, 32))
}

// SetPassphrase wraps the vault key with a passphrase of at least [MinPassphrase]
// bytes and takes it out of the key file or the keyring. From then on every
// start needs the passphrase. Whoever copied the key before can still open the
// vault.
func (v *Vault) SetPassphrase(pass []byte, p Params) error {
	if len(pass) < MinPassphrase {
		return fmt.Errorf("set passphrase: it has %d bytes, want at least %d", len(pass), MinPassphrase)
	}
	if err := p.check(); err != nil {
		return fmt.Errorf("set passphrase: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	random := make([]byte, saltSize+chacha20poly1305.NonceSizeX)
	if _, err := io.ReadFull(v.o.Rand, random); err != nil {
		return fmt.Errorf("set passphrase: %w", err)
	}
	salt, nonce := random[:saltSize:saltSize], random[saltSize:]
	h := header{V: headerVersion, ID: v.header.ID, Place: InPassphrase, Salt: salt, Time: p.Time, KiB: p.KiB, Threads: p.Threads}
	h.Wrapped = cipher(derive(pass, salt, p)).Seal(nonce, nonce, v.key[:], h.ID[:])
	if err := v.move(h); err != nil {
		return fmt.Errorf("set passphrase: %w", err)
	}
	return nil
}

// MoveToFile puts the vault key into the key file.
func (v *Vault) MoveToFile() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := writeFile(v.o.KeyFile, encodeKey(v.key), nil); err != nil {
		return fmt.Errorf("move vault key to the file: %w", err)
	}
	if err := v.move(header{V: headerVersion, ID: v.header.ID, Place: InFile}); err != nil {
		return fmt.Errorf("move vault key to the file: %w", err)
	}
	return nil
}

// MoveToKeyring puts the vault key into the operating system's keyring, reads it
// back, and only then removes it from where it was. The error is a [*LockedError]
// if the keyring cannot be used; nothing changed then.
func (v *Vault) MoveToKeyring() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.toKeyring(); err != nil {
		return fmt.Errorf("move vault key to the keyring: %w", err)
	}
	if err := v.move(header{V: headerVersion, ID: v.header.ID, Place: InKeyring}); err != nil {
		return fmt.Errorf("move vault key to the keyring: %w", err)
	}
	return nil
}

// move writes the header that says where the key is now, and then removes it from
// where it was. The caller holds mu and has put it there.
func (v *Vault) move(h header) error {
	old := v.header.Place
	if err := v.save(h, v.contents); err != nil {
		return err
	}
	if h.Place != InFile {
		if err := removeFile(v.o.KeyFile); err != nil {
			return fmt.Errorf("the key was moved, but its file %s could not be removed: %w", v.o.KeyFile, err)
		}
	}
	if old == InKeyring && h.Place != InKeyring {
		// An entry that stays behind does no harm that the keyring does not do
		// anyway; the vault no longer needs it.
		r := ring
		_, _ = v.ask(func() (string, error) { return "", r.Delete(keyringService, v.entry()) })
	}
	return nil
}

const (
	keyringService = "tend"
	// keyringPatience is how long the keyring may take. A keyring without anybody
	// to unlock it would wait for ever.
	keyringPatience = 3 * time.Second
)

// ring is the operating system's keyring; tests put another in its place.
var ring interface {
	Set(service, user, password string) error
	Get(service, user string) (string, error)
	Delete(service, user string) error
} = osKeyring{}

type osKeyring struct{}

func (osKeyring) Set(service, user, password string) error {
	return keyring.Set(service, user, password)
}
func (osKeyring) Get(service, user string) (string, error) { return keyring.Get(service, user) }
func (osKeyring) Delete(service, user string) error        { return keyring.Delete(service, user) }

// entry names the vault's entry in the keyring.
func (v *Vault) entry() string { return "vault " + hex.EncodeToString(v.header.ID[:]) }

func (v *Vault) fromKeyring() ([32]byte, error) {
	r := ring
	text, err := v.ask(func() (string, error) { return r.Get(keyringService, v.entry()) })
	if err == nil {
		var key [32]byte
		if key, err = decodeKey([]byte(text)); err == nil {
			return key, nil
		}
	}
	cure := CureUnlockKeyring
	if errors.Is(err, keyring.ErrNotFound) {
		cure = CureOwnKeyring
	}
	return [32]byte{}, &LockedError{InKeyring, cure, v.entry(), err}
}

func (v *Vault) toKeyring() error {
	r := ring
	back, err := v.ask(func() (string, error) {
		if err := r.Set(keyringService, v.entry(), string(encodeKey(v.key)[:64])); err != nil {
			return "", err
		}
		return r.Get(keyringService, v.entry())
	})
	if err == nil {
		key, kerr := decodeKey([]byte(back))
		if kerr != nil || subtle.ConstantTimeCompare(key[:], v.key[:]) != 1 {
			err = errors.New("the keyring gives back something else")
		}
	}
	if err != nil {
		return &LockedError{InKeyring, CureElsewhere, "", err}
	}
	return nil
}

// ask lets do talk to the keyring, and stops waiting after keyringPatience. The
// keyring's library cannot be told to stop; its goroutine ends when it answers,
// and until then shares nothing with anybody.
func (v *Vault) ask(do func() (string, error)) (string, error) {
	if v.o.NoKeyring {
		return "", errors.New("the keyring is switched off")
	}
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() { text, err := do(); done <- answer{text, err} }()
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case a := <-done:
		return a.text, a.err
	case <-wait.C:
		return "", fmt.Errorf("the keyring did not answer within %v", patience)
	}
}

// patience is keyringPatience; tests shorten it.
var patience = keyringPatience
