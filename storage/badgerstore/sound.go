package badgerstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/pb"
	"google.golang.org/protobuf/proto"

	"tend/storage"
)

// sound looks at a folder before Badger does. What Badger makes of damaged files is
// worse than refusing them: a list of tables that was cut off makes it delete every
// table that is not named in what is left, and a table whose end is missing ends the
// program. The error wraps [storage.ErrDamaged]. Nothing is changed.
//
// A crash is no damage. It may leave a last entry of the list half written, and a
// table that no entry names yet; what is in that table is in a write-ahead file too,
// which goes only when the entry is on disk. So unnamed tables without any such file
// were lost from the list.
func sound(dir string, key []byte, o Options) error {
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil {
		return err
	}
	logs, _ := filepath.Glob(filepath.Join(dir, "*.mem")) // the only error is a bad pattern
	list, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		if len(tables)+len(logs) > 0 {
			return fmt.Errorf("%w: the list of its tables is missing", storage.ErrDamaged)
		}
		return nil // there is no store yet
	}
	if err != nil {
		return err
	}
	defer list.Close()
	named, _, err := badger.ReplayManifestFile(list, 0, settings(dir, key, o))
	if err != nil {
		if err := reason(err); errors.Is(err, ErrNewerVersion) {
			return err
		}
		return fmt.Errorf("%w: the list of its tables: %w", storage.ErrDamaged, err)
	}
	if _, err := os.Stat(filepath.Join(dir, badger.KeyRegistryFileName)); key != nil && len(tables) > 0 && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: its registry of keys is missing", storage.ErrDamaged)
	}
	found := 0
	for id := range named.Tables {
		name := filepath.Join(dir, fmt.Sprintf("%06d.sst", id))
		if err := soundTable(name); err != nil {
			return fmt.Errorf("%w: table %d: %w", storage.ErrDamaged, id, err)
		}
		found++
	}
	if found < len(tables) && len(logs) == 0 {
		return fmt.Errorf("%w: the list of its tables names %d of %d", storage.ErrDamaged, found, len(tables))
	}
	return nil
}

// soundTable checks the end of a table: its index, the length of that, the index's
// checksum, and the length of that.
func soundTable(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	at := info.Size()
	last := func(n int64) ([]byte, error) {
		if n < 0 || n > at {
			return nil, errors.New("it is cut short")
		}
		at -= n
		p := make([]byte, n)
		_, err := f.ReadAt(p, at)
		if errors.Is(err, io.EOF) {
			err = nil // the file's last bytes
		}
		return p, err
	}
	part := func() ([]byte, error) {
		n, err := last(4)
		if err != nil {
			return nil, err
		}
		return last(int64(binary.BigEndian.Uint32(n)))
	}
	sum, err := part()
	if err != nil {
		return err
	}
	index, err := part()
	if err != nil {
		return err
	}
	var want pb.Checksum
	if err := proto.Unmarshal(sum, &want); err != nil {
		return errors.New("its end is not what was written")
	}
	if want.Algo == pb.Checksum_CRC32C && uint64(crc32.Checksum(index, castagnoli)) != want.Sum {
		return errors.New("its index is not what was written")
	}
	return nil
}
