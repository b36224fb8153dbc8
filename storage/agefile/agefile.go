// Package agefile seals a file so that whoever holds its passphrase, or the
// identity of one of its recipients, can open it: with this program, or with the
// age tool that others wrote (https://age-encryption.org/v1).
//
// A backup is the one thing of a home that must be readable when this program is
// gone. So it is an age file to the last byte, in the binary form: a header that
// says for whom it is, then chunks of 64 KiB, each authenticated, the last one
// marked as the last. A changed, cut or lengthened file shows when it is read, and
// neither writing nor reading needs more memory than a few chunks beside what
// scrypt takes (256 MiB, while a passphrase is turned into a key).
package agefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"filippo.io/age"
)

// Bounds of what is read.
const (
	// MaxRecipients is for how many recipients a file may be.
	MaxRecipients = 16
	// MaxIdentities bounds the text of identities, in bytes.
	MaxIdentities = 64 << 10
	// workFactor is the cost of a passphrase, as the exponent of scrypt's N: the
	// age tool's own. maxWorkFactor is the most that is spent on opening a file of
	// somebody else's: 1 GiB.
	workFactor    = 18
	maxWorkFactor = 20
)

// Errors that callers give sentences to.
var (
	// ErrNoAge is wrapped when a file is not an age file.
	ErrNoAge = errors.New("not an age file")
	// ErrWrongKey is wrapped when the passphrase or the identities do not open it.
	ErrWrongKey = errors.New("this does not open the file")
	// ErrNeedsPassphrase is wrapped when a passphrase is needed and none was given.
	ErrNeedsPassphrase = errors.New("the file opens with a passphrase")
	// ErrNeedsIdentity is wrapped when an identity is needed and none was given.
	ErrNeedsIdentity = errors.New("the file opens with an identity of age")
	// ErrDamaged is wrapped when the file is not what was written.
	ErrDamaged = errors.New("the file was changed, or is incomplete")
	// ErrBadLock is wrapped when a recipient or an identity cannot be read.
	ErrBadLock = errors.New("no recipient of age")
)

// Lock is for whom a file is sealed: a passphrase, or recipients, but not both. age
// does not mix them, so that what a passphrase opens can only come from somebody
// who knows it.
type Lock struct {
	Passphrase string
	// To are recipients as age writes them: "age1pq1…", which stands against
	// quantum computers, or "age1…". The two kinds are not mixed in one file.
	To []string
}

// Seal returns a writer that seals what is written to it for l, into w. The file
// is whole once it is closed without an error; closing does not close w. The error
// wraps [ErrBadLock] if l names nobody, or not as age does.
func Seal(w io.Writer, l Lock) (io.WriteCloser, error) {
	to, err := l.recipients()
	if err != nil {
		return nil, err
	}
	sealed, err := age.Encrypt(w, to...)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Check says whether a file can be sealed for l, without the work of it.
func (l Lock) Check() error {
	_, err := l.recipients()
	return err
}

func (l Lock) recipients() ([]age.Recipient, error) {
	switch {
	case (l.Passphrase == "") == (len(l.To) == 0):
		return nil, fmt.Errorf("%w: a passphrase, or recipients", ErrBadLock)
	case len(l.To) > MaxRecipients:
		return nil, fmt.Errorf("%w: %d of them, limit %d", ErrBadLock, len(l.To), MaxRecipients)
	case len(l.To) > 0:
		return parseRecipients(l.To)
	}
	r, err := age.NewScryptRecipient(l.Passphrase)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadLock, err)
	}
	r.SetWorkFactor(workFactor)
	return []age.Recipient{r}, nil
}

func parseRecipients(to []string) ([]age.Recipient, error) {
	var out []age.Recipient
	hybrid := map[bool]bool{}
	for _, text := range to {
		r, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil || len(r) != 1 {
			return nil, fmt.Errorf("%w: %.16q", ErrBadLock, text)
		}
		_, pq := r[0].(*age.HybridRecipient)
		hybrid[pq] = true
		out = append(out, r[0])
	}
	if len(hybrid) > 1 {
		return nil, fmt.Errorf("%w: age1pq and age1 are not mixed in one file", ErrBadLock)
	}
	return out, nil
}

// Key is what opens a file.
type Key struct {
	Passphrase string
	// Identities is the text of an identity file of age: lines that begin with
	// AGE-SECRET-KEY-.
	Identities string
}

// Open returns what is sealed in the size bytes of in, and how long that is. The
// end is authenticated before Open returns; each chunk is when it is read, and a
// read of one that was changed fails with an error that wraps [ErrDamaged]. The
// error of Open wraps one of this package's, or is in's.
func Open(in io.ReaderAt, size int64, k Key) (*io.SectionReader, error) {
	ids, err := k.identities()
	if err != nil {
		return nil, err
	}
	r, n, err := age.DecryptReaderAt(in, size, ids...)
	if err != nil {
		return nil, fmt.Errorf("open: %w", k.reason(in, err))
	}
	return io.NewSectionReader(authentic{r}, 0, n), nil
}

func (k Key) identities() ([]age.Identity, error) {
	if len(k.Identities) > MaxIdentities {
		return nil, fmt.Errorf("%w: %d bytes of identities, limit %d", ErrBadLock, len(k.Identities), MaxIdentities)
	}
	var ids []age.Identity
	if k.Identities != "" {
		// The parser's words might quote a secret line.
		var err error
		if ids, err = age.ParseIdentities(strings.NewReader(k.Identities)); err != nil {
			return nil, fmt.Errorf("%w: identities that cannot be read", ErrBadLock)
		}
	}
	if k.Passphrase != "" {
		id, err := age.NewScryptIdentity(k.Passphrase)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadLock, err)
		}
		id.SetMaxWorkFactor(maxWorkFactor)
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		ids = []age.Identity{nobody{}} // so that the header is read, and says what is needed
	}
	return ids, nil
}

// nobody opens nothing.
type nobody struct{}

func (nobody) Unwrap([]*age.Stanza) ([]byte, error) { return nil, age.ErrIncorrectIdentity }

// reason says in this package's errors why a file did not open.
func (k Key) reason(in io.ReaderAt, err error) error {
	var noMatch *age.NoIdentityMatchError
	var disk *fs.PathError
	switch {
	case errors.As(err, &disk):
		return err
	case errors.As(err, &noMatch):
		byPassphrase := slices.Contains(noMatch.StanzaTypes, "scrypt")
		switch {
		case byPassphrase && k.Passphrase == "":
			return ErrNeedsPassphrase
		case !byPassphrase && k.Identities == "":
			return ErrNeedsIdentity
		}
		return ErrWrongKey
	case !begins(in):
		return ErrNoAge
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// intro begins every age file of version 1.
const intro = "age-encryption.org/v1\n"

func begins(in io.ReaderAt) bool {
	head := make([]byte, len(intro))
	_, err := in.ReadAt(head, 0)
	return (err == nil || errors.Is(err, io.EOF)) && string(head) == intro
}

// authentic tells a chunk that was changed from a file that cannot be read.
type authentic struct{ r io.ReaderAt }

func (a authentic) ReadAt(p []byte, off int64) (int, error) {
	n, err := a.r.ReadAt(p, off)
	var disk *fs.PathError
	if err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &disk) {
		return n, err
	}
	return n, fmt.Errorf("%w: %w", ErrDamaged, err)
}
