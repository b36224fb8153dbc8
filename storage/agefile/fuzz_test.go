package agefile_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"filippo.io/age"

	"tend/storage/agefile"
)

// FuzzOpen reads a sealed file that somebody may have changed, and identities that
// somebody typed: it opens as what was sealed, or not at all.
func FuzzOpen(f *testing.F) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	var sealed bytes.Buffer
	w, err := agefile.Seal(&sealed, agefile.Lock{To: []string{id.Recipient().String()}})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := w.Write([]byte("soup")); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(sealed.Bytes(), id.String())
	f.Add(sealed.Bytes()[:sealed.Len()-1], id.String())
	f.Add(sealed.Bytes(), "# none\n")
	f.Fuzz(func(t *testing.T, file []byte, identities string) {
		for _, key := range []string{id.String(), identities} {
			r, err := agefile.Open(bytes.NewReader(file), int64(len(file)), agefile.Key{Identities: key})
			if err != nil {
				continue
			}
			_, err = io.Copy(io.Discard, r)
			if err != nil && !errors.Is(err, agefile.ErrDamaged) {
				t.Fatalf("a changed file is read with %v, want ErrDamaged", err)
			}
		}
	})
}
