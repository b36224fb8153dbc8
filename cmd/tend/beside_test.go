package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestNothingIsLeftBeside: what a command left that died is gone with the next one in
// that folder, and what another works on stays, and what only looks alike.
func TestNothingIsLeftBeside(t *testing.T) {
	in := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		name = filepath.Join(in, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(names ...string) {
		t.Helper()
		entries, err := os.ReadDir(in)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if slices.Sort(names); !slices.Equal(got, names) {
			t.Errorf("there are %q, want %q", got, names)
		}
	}
	// Left by commands that died: before anything was made, in its midst, after it took its name.
	put(".tend-beside-1.lock", "")
	put(".tend-beside-2.lock", "")
	put(".tend-beside-2/mill-lane.jsonl", "half of it")
	put(".tend-beside-6.lock", "")
	put(".tend-beside-6", "half a backup")
	// Of others.
	put(".tend-beside-notes.lock", "")
	put(".tend-beside-notes/mine", "mine")
	put(".tend-beside-3/mine", "without a lock")
	put("elsewhere/mine", "mine")
	if err := os.Symlink("elsewhere", filepath.Join(in, ".tend-beside-4")); err != nil {
		t.Fatal(err)
	}
	put(".tend-beside-4.lock", "")
	if err := os.Symlink("elsewhere/mine", filepath.Join(in, ".tend-beside-5.lock")); err != nil {
		t.Fatal(err)
	}
	others := []string{".tend-beside-notes.lock", ".tend-beside-notes", ".tend-beside-3", ".tend-beside-4", ".tend-beside-5.lock", "elsewhere"}

	write := func(tmp string) error { return os.WriteFile(filepath.Join(tmp, "all"), []byte("all of it"), 0o600) }
	err := besideOf(filepath.Join(in, "one"), func(tmp string) error {
		if err := write(tmp); err != nil {
			return err
		}
		want(slices.Concat(others, []string{filepath.Base(tmp), filepath.Base(tmp) + ".lock"})...)
		// Another comes by while this one is at work.
		if err := besideOf(filepath.Join(in, "two"), write); err != nil {
			return err
		}
		if err := replaced(filepath.Join(in, "file"), func(w io.Writer) error { _, err := io.WriteString(w, "all of it"); return err }); err != nil {
			return err
		}
		want(slices.Concat(others, []string{filepath.Base(tmp), filepath.Base(tmp) + ".lock", "two", "file"})...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want(slices.Concat(others, []string{"one", "two", "file"})...)
	for _, name := range []string{"one/all", "two/all", "elsewhere/mine"} {
		if _, err := os.Stat(filepath.Join(in, name)); err != nil {
			t.Error(err)
		}
	}
	// One whose writer does not heed an error fails as well, and leaves what was there.
	err = replaced(filepath.Join(in, "file"), func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		err := w.(*heeded).w.(*os.File).Close()
		_, _ = io.WriteString(w, "lost")
		return err
	})
	if data, rerr := os.ReadFile(filepath.Join(in, "file")); err == nil || string(data) != "all of it" {
		t.Errorf("after an unheeded error the file is %q, %v; %v", data, rerr, err)
	}
	// One that fails leaves nothing either, and what was there as it was.
	err = replaced(filepath.Join(in, "file"), func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(os.ErrDeadlineExceeded, err)
	})
	if data, rerr := os.ReadFile(filepath.Join(in, "file")); err == nil || string(data) != "all of it" {
		t.Errorf("after a failed write the file is %q, %v; %v", data, rerr, err)
	}
	if err := besideOf(filepath.Join(in, "three"), func(string) error { return os.ErrDeadlineExceeded }); err == nil {
		t.Error("an export that failed is taken for one that did not")
	}
	want(slices.Concat(others, []string{"one", "two", "file"})...)
}
