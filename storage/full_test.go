package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

func TestRoom(t *testing.T) {
	dir := t.TempDir()
	free, ok := freeSpace(dir)
	if !ok || free == 0 {
		t.Skipf("this disk does not say how much is free: %d, %v", free, ok)
	}
	if err := Room(dir, 1); err != nil {
		t.Errorf("Room(1 byte) = %v with %d bytes free", err, free)
	}
	if err := Room(dir, math.MaxUint64); !errors.Is(err, ErrFull) || !IsFull(err) {
		t.Errorf("Room(all there could be) = %v, want ErrFull", err)
	}
	if err := Room(filepath.Join(dir, "nowhere"), math.MaxUint64); err != nil {
		t.Errorf("Room of no folder = %v, want none: it does not say", err)
	}
}

func TestIsFull(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the error numbers are those of Unix")
	}
	for _, row := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{fs.ErrNotExist, false},
		{ErrClosed, false},
		{fmt.Errorf("keep: %w", ErrFull), true},
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, true},
		{fmt.Errorf("keep: %w", syscall.EDQUOT), true},
	} {
		if got := IsFull(row.err); got != row.want {
			t.Errorf("IsFull(%v) = %v", row.err, got)
		}
	}
}

func TestIsFailing(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the error numbers are those of Unix")
	}
	for _, row := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{syscall.ENOSPC, false},
		{fs.ErrPermission, false},
		{syscall.EIO, true},
		{fmt.Errorf("sync: %w", &fs.PathError{Op: "msync", Err: syscall.EIO}), true},
		{syscall.EROFS, true},
	} {
		if got := IsFailing(row.err); got != row.want {
			t.Errorf("IsFailing(%v) = %v, want %v", row.err, got, row.want)
		}
	}
}
