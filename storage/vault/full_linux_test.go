package vault_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"tend/storage"
	"tend/storage/vault"
)

// TestFullDisk changes a vault on a disk without room: the change fails, and the
// vault is the one of before, open and when it is opened again.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no disk can be mounted here: %v", err)
	}
	defer func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	v, err := vault.Create(dir, vault.Options{NoKeyring: true})
	if err != nil {
		t.Fatal(err)
	}
	set := func(value string) error {
		return v.Update(func(c *vault.Contents) error {
			c.Local = map[string][]byte{"a": []byte(value)}
			return nil
		})
	}
	if err := set("before"); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if cerr := f.Close(); cerr != nil || !storage.IsFull(err) {
		t.Fatalf("fill the disk: %v, %v", err, cerr)
	}
	if err := set("after"); !storage.IsFull(err) {
		t.Errorf("Update on a full disk = %v", err)
	}
	if err := v.SetPassphrase([]byte("correct horse"), vault.Params{Time: 1, KiB: 64, Threads: 1}); !storage.IsFull(err) {
		t.Errorf("SetPassphrase on a full disk = %v", err)
	}
	again, err := vault.Open(dir, vault.Options{NoKeyring: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []*vault.Vault{v, again} {
		if got, _ := v.Local("a"); string(got) != "before" || v.Where() != vault.InFile {
			t.Errorf("the vault holds %q, its key in the %v; want what it held before", got, v.Where())
		}
	}
}
