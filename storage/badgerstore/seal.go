package badgerstore

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"tend/storage"
)

// sealName is the file that says what the files of a store were when it was closed:
// a line for each, its checksum (CRC-32C), length and name, and a last line with the
// checksum of those before. Badger keeps checksums of its own inside what it
// encrypts, and looks at them only as it reads, where a wrong one may read as
// nothing at all. The seal goes when the store is opened, so after a crash there is
// none: it is never older than the files.
const sealName = "SEAL"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sums are the checksums of a store's tables, by name. A table is written once.
type sums map[string]uint32

// breakSeal checks the files of a closed store against its seal, if it has one, and
// removes that. It returns the checksums of the tables. The error wraps
// [storage.ErrDamaged]; nothing is changed then.
func breakSeal(dir string) (sums, error) {
	name := filepath.Join(dir, sealName)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return sums{}, nil
	}
	if err != nil {
		return nil, err
	}
	have := sums{}
	for line := range bytes.Lines(sealed(data)) {
		var sum uint32
		var size int64
		var file string
		if _, err := fmt.Sscanf(string(line), "%08x %d %s\n", &sum, &size, &file); err != nil || file != filepath.Base(file) {
			return nil, fmt.Errorf("%w: its seal cannot be read", storage.ErrDamaged)
		}
		got, n, err := sumOf(filepath.Join(dir, file))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%w: %s is missing", storage.ErrDamaged, file)
		case err != nil:
			return nil, err
		case got != sum || n != size:
			return nil, fmt.Errorf("%w: %s is not what was written", storage.ErrDamaged, file)
		}
		if filepath.Ext(file) == ".sst" {
			have[file] = sum
		}
	}
	return have, errors.Join(os.Remove(name), storage.SyncFolder(dir))
}

// sealed returns the lines of a seal that is whole; nothing of one that a power cut
// left half written, for that says nothing.
func sealed(data []byte) []byte {
	at := bytes.LastIndexByte(bytes.TrimSuffix(data, []byte("\n")), '\n') + 1
	if string(data[at:]) != fmt.Sprintf("%08x\n", crc32.Checksum(data[:at], castagnoli)) {
		return nil
	}
	return data[:at]
}

// seal writes the seal of a store that was just closed. Checksums in have need not
// be made again.
func seal(dir string, have sums) error {
	files, err := storage.FilesIn(dir, "", ".sst")
	if err != nil {
		return err
	}
	for _, name := range []string{badger.ManifestFilename, badger.KeyRegistryFileName} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			files = append(files, filepath.Join(dir, name))
		}
	}
	var out bytes.Buffer
	for _, file := range slices.Sorted(slices.Values(files)) {
		name := filepath.Base(file)
		sum, known := have[name]
		info, err := os.Stat(file)
		if err == nil && !known {
			sum, _, err = sumOf(file)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%08x %d %s\n", sum, info.Size(), name)
	}
	fmt.Fprintf(&out, "%08x\n", crc32.Checksum(out.Bytes(), castagnoli))
	return os.WriteFile(filepath.Join(dir, sealName), out.Bytes(), 0o600)
}

func sumOf(name string) (uint32, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	sum := crc32.New(castagnoli)
	n, err := io.Copy(sum, f)
	return sum.Sum32(), n, err
}
