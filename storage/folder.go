package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// FilesIn returns the paths of what is in a folder whose names begin and end so, ascending;
// nothing if there is no such folder. (A pattern would take the folder's own name for a part
// of it, and leave errors out.)
func FilesIn(dir, beginning, ending string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), beginning) && strings.HasSuffix(e.Name(), ending) {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	return names, nil
}

// SyncFolder makes the names in a folder durable, as they are after a rename. Windows has no
// such call and needs none.
func SyncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
