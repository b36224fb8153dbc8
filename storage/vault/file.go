package vault

import (
	"bytes"
	gocipher "crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/crypto/chacha20poly1305"

	"tend/crdt/canon"
	"tend/storage"
	"tend/storage/crashpoint"
)

// The file: magic, the header's length (u16, big endian), the header, a nonce of
// 24 bytes, and the contents sealed with all before the nonce as associated data.
const (
	magic         = "tend-vault\n"
	headerVersion = 1
	maxHeader     = 1024
	// MaxFile bounds the vault file: far above what a home with many circles
	// gathers in decades.
	MaxFile = 64 << 20
	// tempPart is what is behind a file's name while it is being written, with a number
	// after it.
	tempPart = ".new-"
)

type aead = gocipher.AEAD

// header says, readable without a key, where the key is.
type header struct {
	_     struct{} `cbor:",toarray"`
	V     uint64
	ID    [16]byte // random; names the keyring's entry
	Place Place
	// For a passphrase: Argon2id's salt and parameters, and the vault key sealed
	// under the key they make, nonce first.
	Salt    []byte
	Time    uint32
	KiB     uint32
	Threads uint8
	Wrapped []byte
}

func (h header) equal(o header) bool {
	return h.V == o.V && h.ID == o.ID && h.Place == o.Place && h.Time == o.Time && h.KiB == o.KiB && h.Threads == o.Threads &&
		bytes.Equal(h.Salt, o.Salt) && bytes.Equal(h.Wrapped, o.Wrapped)
}

// joinFile returns the file of h and plain.
func joinFile(rand io.Reader, h header, key [32]byte, plain []byte) ([]byte, error) {
	head, err := canon.Marshal(h)
	if err != nil {
		return nil, err
	}
	front := append([]byte(magic), binary.BigEndian.AppendUint16(nil, uint16(len(head)))...)
	front = append(front, head...)
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	if _, err := io.ReadFull(rand, nonce); err != nil {
		return nil, err
	}
	if len(front)+len(nonce)+len(plain)+chacha20poly1305.Overhead > MaxFile {
		return nil, fmt.Errorf("contents of %d bytes, limit %d", len(plain), MaxFile)
	}
	sealed := cipher(key).Seal(nil, nonce, plain, front)
	return append(append(bytes.Clone(front), nonce...), sealed...), nil
}

// splitFile returns the header, all before the nonce, and nonce and sealed contents.
func splitFile(data []byte) (h header, front, sealed []byte, err error) {
	if !bytes.HasPrefix(data, []byte(magic)) || len(data) < len(magic)+2 {
		return h, nil, nil, fmt.Errorf("%w: this is no vault", ErrDamaged)
	}
	rest := data[len(magic):]
	n := int(binary.BigEndian.Uint16(rest))
	if n > maxHeader || len(rest) < 2+n+chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead {
		return h, nil, nil, fmt.Errorf("%w: it is cut short", ErrDamaged)
	}
	head := rest[2 : 2+n]
	if err := canon.Unmarshal(head, &h); err != nil {
		if v, ok := versionOf(head); ok && v > headerVersion {
			return h, nil, nil, fmt.Errorf("%w: header version %d, know only %d", ErrNewer, v, headerVersion)
		}
		return h, nil, nil, fmt.Errorf("%w: header: %w", ErrDamaged, err)
	}
	if h.V != headerVersion {
		return h, nil, nil, fmt.Errorf("%w: header version %d, know only %d", ErrNewer, h.V, headerVersion)
	}
	at := len(magic) + 2 + n
	return h, data[:at], data[at:], nil
}

// versionOf reads the first number of an array of any shape.
func versionOf(data []byte) (uint64, bool) {
	var front []canon.Raw
	var v uint64
	ok := canon.UnmarshalFrame(data, &front) == nil && len(front) > 0 && canon.Unmarshal(front[0], &v) == nil
	return v, ok
}

// encodeKey is the text of a key file, and of the keyring's entry.
func encodeKey(key [32]byte) []byte { return []byte(hex.EncodeToString(key[:]) + "\n") }

func decodeKey(text []byte) (key [32]byte, err error) {
	text = bytes.TrimSpace(text)
	if len(text) != 64 {
		return key, errors.New("not a vault key: want 64 hex digits")
	}
	if _, err := hex.Decode(key[:], text); err != nil {
		return key, errors.New("not a vault key: want 64 hex digits")
	}
	return key, nil
}

// readKeyFile reads a key file, and takes it out of others' reach if it is in it.
func readKeyFile(name string) ([32]byte, error) {
	data, err := readBounded(name)
	if err != nil {
		return [32]byte{}, err
	}
	if info, err := os.Stat(name); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		// A credential on a read-only mount cannot be changed, and need not be.
		_ = os.Chmod(name, 0o600)
	}
	return decodeKey(data)
}

// readBounded reads a file of at most MaxFile bytes.
func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err == nil && len(data) > MaxFile {
		err = fmt.Errorf("%w: %s has more than %d bytes", ErrDamaged, filepath.Base(name), MaxFile)
	}
	return data, err
}

// writeFile puts data under name, mode 0600, such that after a crash there is the
// old file or the new one, whole. stop, if not nil, is called before the rename;
// it is where tests let the program die.
func writeFile(name string, data []byte, stop func() error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+tempPart+"*") // mode 0600
	if err != nil {
		return err
	}
	temp := f.Name()
	crashpoint.At("vault begun")
	_, err = f.Write(data)
	crashpoint.At("vault written")
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && stop != nil {
		if err := stop(); err != nil {
			return err // as a crash would: the temporary file stays
		}
	}
	crashpoint.At("vault synced")
	if err == nil {
		err = os.Rename(temp, name)
	}
	crashpoint.At("vault renamed")
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return storage.SyncFolder(filepath.Dir(name))
}

// removeFile deletes a file for good; it need not be there.
func removeFile(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return storage.SyncFolder(filepath.Dir(name))
}
