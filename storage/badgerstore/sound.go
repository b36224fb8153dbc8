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
// A crash is no damage. It may leave a last entry of the list half written, and whole
// or emptied tables that no entry names: one that is new is named before the write-ahead
// file or the tables go that it was made of, and one that is old goes after its successor
// is named. So Badger may delete what is not named, unless the list lost its end while
// the store was closed; that, its seal tells.
func sound(dir string, key []byte, o Options) error {
	tables, err := storage.FilesIn(dir, "", ".sst")
	if err != nil {
		return err
	}
	logs, err := storage.FilesIn(dir, "", ".mem")
	if err != nil {
		return err
	}
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
	for id := range named.Tables {
		name := filepath.Join(dir, fmt.Sprintf("%06d.sst", id))
		if err := soundTable(name); err != nil {
			return fmt.Errorf("%w: table %d: %w", storage.ErrDamaged, id, err)
		}
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

// clearEmpty removes the write-ahead files and value logs that are empty, which Badger refuses
// to open. It makes such a file before it gives it a length, and takes the length away
// before it deletes it, so a crash leaves an empty one now and then: nothing was in it yet,
// or all that was in it is elsewhere. The caller has the folder to itself.
func clearEmpty(dir string) error {
	for _, ending := range []string{".mem", ".vlog"} {
		names, err := storage.FilesIn(dir, "", ending)
		if err != nil {
			return err
		}
		for _, name := range names {
			info, err := os.Stat(name)
			if err == nil && info.Size() == 0 {
				err = os.Remove(name)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
