package agefile_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"filippo.io/age"

	"tend/storage/agefile"
)

// chunk is the length of a chunk of an age file.
const chunk = 64 << 10

func seal(t testing.TB, plain []byte, l agefile.Lock) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := agefile.Seal(&out, l)
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatalf("write: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	return out.Bytes()
}

// read opens data and reads it to its end.
func read(data []byte, k agefile.Key) ([]byte, error) {
	r, err := agefile.Open(bytes.NewReader(data), int64(len(data)), k)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func hybrid(t testing.TB) (recipient, identity string) {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String(), id.String()
}

func classic(t testing.TB) (recipient, identity string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String(), id.String()
}

func TestPassphrase(t *testing.T) {
	plain := []byte("what is kept")
	data := seal(t, plain, agefile.Lock{Passphrase: "four long plain words"})
	got, err := read(data, agefile.Key{Passphrase: "four long plain words"})
	if err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("read = %q, %v, want %q", got, err, plain)
	}
	_, id := hybrid(t)
	for name, row := range map[string]struct {
		key  agefile.Key
		want error
	}{
		"another passphrase": {agefile.Key{Passphrase: "four other plain words"}, agefile.ErrWrongKey},
		"an identity":        {agefile.Key{Identities: id}, agefile.ErrNeedsPassphrase},
		"nothing":            {agefile.Key{}, agefile.ErrNeedsPassphrase},
	} {
		if _, err := read(data, row.key); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
	// The age library by itself opens it: so does the tool.
	scrypt, err := age.NewScryptIdentity("four long plain words")
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(data), scrypt)
	if err != nil {
		t.Fatalf("age.Decrypt: %v", err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("age reads %q, %v, want %q", got, err, plain)
	}
}

func TestRecipients(t *testing.T) {
	plain := []byte("what is kept")
	for name, made := range map[string]func(testing.TB) (string, string){"hybrid": hybrid, "x25519": classic} {
		t.Run(name, func(t *testing.T) {
			to, id := made(t)
			other, otherID := made(t)
			data := seal(t, plain, agefile.Lock{To: []string{to, other}})
			for _, key := range []string{id, otherID, "# of my drawer\n" + id + "\n"} {
				if got, err := read(data, agefile.Key{Identities: key}); err != nil || !bytes.Equal(got, plain) {
					t.Errorf("read = %q, %v, want %q", got, err, plain)
				}
			}
			_, stranger := made(t)
			if _, err := read(data, agefile.Key{Identities: stranger}); !errors.Is(err, agefile.ErrWrongKey) {
				t.Errorf("with a stranger's: %v, want %v", err, agefile.ErrWrongKey)
			}
			if _, err := read(data, agefile.Key{Passphrase: "four long plain words"}); !errors.Is(err, agefile.ErrNeedsIdentity) {
				t.Errorf("with a passphrase: %v, want %v", err, agefile.ErrNeedsIdentity)
			}
		})
	}
}

func TestLocks(t *testing.T) {
	pq, _ := hybrid(t)
	x, _ := classic(t)
	var many []string
	for range agefile.MaxRecipients + 1 {
		many = append(many, x)
	}
	for name, l := range map[string]agefile.Lock{
		"nobody":           {},
		"both":             {Passphrase: "four long plain words", To: []string{x}},
		"mixed":            {To: []string{pq, x}},
		"no recipient":     {To: []string{"rosa"}},
		"two in one":       {To: []string{x + "\n" + x}},
		"one over the max": {To: many},
	} {
		if err := l.Check(); !errors.Is(err, agefile.ErrBadLock) {
			t.Errorf("%s: Check = %v, want %v", name, err, agefile.ErrBadLock)
		}
	}
	if err := (agefile.Lock{To: many[1:]}).Check(); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := read(nil, agefile.Key{Identities: "AGE-SECRET-KEY-nonsense"}); !errors.Is(err, agefile.ErrBadLock) {
		t.Errorf("an identity that is none: %v", err)
	}
}

func TestDamage(t *testing.T) {
	to, id := classic(t)
	key := agefile.Key{Identities: id}
	plain := bytes.Repeat([]byte("0123456789abcdef"), 3*chunk/16)
	data := seal(t, plain, agefile.Lock{To: []string{to}})
	if got, err := read(data, key); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("read whole: %d bytes, %v", len(got), err)
	}
	flipped := func(at int) []byte {
		d := bytes.Clone(data)
		d[at] ^= 1
		return d
	}
	for name, bad := range map[string][]byte{
		"a byte of the first chunk": flipped(len(data) - 3*chunk),
		"a byte in the middle":      flipped(len(data) - chunk - chunk/2),
		"the last byte":             flipped(len(data) - 1),
		"without the last byte":     data[:len(data)-1],
		"cut at a chunk":            data[:len(data)-chunk-16],
		"cut in the header":         data[:60],
		"one byte more":             append(bytes.Clone(data), 0),
		"twice":                     append(bytes.Clone(data), data...),
	} {
		if _, err := read(bad, key); !errors.Is(err, agefile.ErrDamaged) {
			t.Errorf("%s: %v, want %v", name, err, agefile.ErrDamaged)
		}
	}
	for name, bad := range map[string][]byte{"nothing": nil, "text": []byte("Dear diary,"), "a newer age": []byte("age-encryption.org/v9\n-> X\n")} {
		if _, err := read(bad, key); !errors.Is(err, agefile.ErrNoAge) {
			t.Errorf("%s: %v, want %v", name, err, agefile.ErrNoAge)
		}
	}
}

// TestUnreadable: what the disk says is not taken for damage.
func TestUnreadable(t *testing.T) {
	to, id := classic(t)
	data := seal(t, []byte("what is kept"), agefile.Lock{To: []string{to}})
	disk := &os.PathError{Op: "read", Path: "backup", Err: errors.New("input/output error")}
	_, err := agefile.Open(failing{disk}, int64(len(data)), agefile.Key{Identities: id})
	if !errors.As(err, new(*os.PathError)) || errors.Is(err, agefile.ErrDamaged) {
		t.Errorf("Open = %v, want the disk's error", err)
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
