package api_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tend/node/client"
)

func TestBackup(t *testing.T) {
	c := client.New(client.InMemory(handler(newHome(t))))
	defer c.Close()
	var file bytes.Buffer
	got, err := c.Backup(t.Context(), &file, client.BackupOptions{Seal: "the backup's"})
	if err != nil || got.Ops != 7 || got.Count != 1 || got.Bytes != int64(len(backupText)) || file.String() != backupText {
		t.Fatalf("Backup = %+v, %v: %q", got, err, file.String())
	}
	var refusal *client.Error
	if _, err := c.Backup(t.Context(), &file, client.BackupOptions{}); !errors.As(err, &refusal) || refusal.Exit != 2 {
		t.Errorf("for nobody: %v, want exit 2", err)
	}
	if _, err := c.Backup(t.Context(), &file, client.BackupOptions{Seal: "cut"}); err == nil {
		t.Error("a backup that was cut short is taken for whole")
	}
	if err := c.BackupKept(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRestore(t *testing.T) {
	c := client.New(client.InMemory(handler(newHome(t))))
	defer c.Close()
	for name, key := range map[string]client.BackupKey{"passphrase": {Passphrase: "the backup's"}, "identity": {Identities: "AGE-SECRET-KEY-1"}} {
		got, err := c.Restore(t.Context(), strings.NewReader(backupText), key)
		if err != nil || got.Ops != 7 {
			t.Errorf("by %s: %+v, %v", name, got, err)
		}
	}
	var refusal *client.Error
	if _, err := c.Restore(t.Context(), strings.NewReader(backupText), client.BackupKey{Passphrase: "another"}); !errors.As(err, &refusal) || refusal.Exit != 1 {
		t.Errorf("with another passphrase: %v, want exit 1", err)
	}
	if _, err := c.Restore(t.Context(), strings.NewReader(backupText), client.BackupKey{Passphrase: strings.Repeat("x", 2000)}); !errors.As(err, &refusal) || refusal.Exit != 2 {
		t.Errorf("with a passphrase without end: %v, want exit 2", err)
	}
	done, err := c.Alone(t.Context())
	if err != nil || done.ID != oak.String() {
		t.Errorf("Alone = %+v, %v", done, err)
	}
	// No form, and a form without a file.
	h := handler(newHome(t))
	if w := ask(h, "POST", "/v1/restore", "{}"); w.Code != 415 {
		t.Errorf("no form: status %d", w.Code)
	}
}
