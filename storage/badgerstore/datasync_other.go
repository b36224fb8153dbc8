//go:build !linux

package badgerstore

import (
	"errors"
	"os"
)

// syncsMapped says that [datasync] covers what was written to a file where it is mapped.
// POSIX promises that of msync alone.
const syncsMapped = false

func datasync(*os.File) error { return errors.ErrUnsupported }
