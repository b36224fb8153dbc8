package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node"
	"tend/node/api"
	"tend/node/view"
	"tend/storage"
	"tend/storage/agefile"
	"tend/storage/vault"
)

// rowBackup is where the store notes when a backup was last kept, in Unix
// milliseconds.
var rowBackup = []byte("B")

// Backup implements [api.Backups].
func (m *machine) Backup(ctx context.Context, w io.Writer, o api.BackupOptions) (view.Backup, error) {
	if err := m.recheck(o.Passphrase); err != nil {
		return view.Backup{}, err
	}
	if len(m.at().All()) == 0 {
		return view.Backup{}, circle.Refuse(circle.NotFound, "no.no_circle_backup")
	}
	lock := agefile.Lock{Passphrase: o.Seal, To: o.To}
	if err := checkLock(lock); err != nil {
		return view.Backup{}, err
	}
	sealed, err := agefile.Seal(w, lock)
	if err != nil {
		return view.Backup{}, err
	}
	info, err := m.at().Backup(ctx, sealed, "tend "+thisVersion().Version)
	if err != nil {
		return view.Backup{}, err
	}
	return view.Backup{Count: len(backedCircles(info)), Ops: info.Ops}, sealed.Close()
}

// checkLock refuses to seal for nobody, or for what anybody guesses.
func checkLock(l agefile.Lock) error {
	if len(l.To) == 0 && len(l.Passphrase) < vault.MinPassphrase {
		return circle.Refuse(circle.Usage, "no.passphrase_short", vault.MinPassphrase)
	}
	if err := l.Check(); err != nil {
		return circle.Refuse(circle.Usage, "no.backup_seal", err.Error())
	}
	return nil
}

// BackupKept implements [api.Backups].
func (m *machine) BackupKept(context.Context) error {
	now := binary.BigEndian.AppendUint64(nil, uint64(m.config.Now().UnixMilli()))
	return m.store.Node().Put(storage.Row{Key: rowBackup, Value: now})
}

// Restore implements [api.Backups]. The file is put aside in the home first, as it
// is: sealed. It is read twice, once to check it and once for what it brings.
func (m *machine) Restore(ctx context.Context, r io.Reader, k api.BackupKey) (out view.Backup, err error) {
	aside, size, done, err := m.home.putAside(r)
	if err != nil {
		return out, fmt.Errorf("put the backup aside: %w", err)
	}
	defer func() { err = errors.Join(err, done()) }()
	// What a log takes in the store is about what it takes here, and as much again
	// while tables are merged.
	if err := storage.Room(m.home.dir, storage.WriteReserve+2*uint64(size)); err != nil {
		return out, err
	}
	plain, err := agefile.Open(aside, size, agefile.Key{Passphrase: k.Passphrase, Identities: k.Identities})
	if err != nil {
		return out, badLock(err)
	}
	info, err := m.at().Restore(ctx, plain)
	if err != nil {
		return out, badLock(err)
	}
	out = backupView(info)
	out.Bytes = size
	return out, nil
}

// backedCircles are the circles of which anything is in a backup.
func backedCircles(info node.BackedUp) []view.BackupCircle {
	var out []view.BackupCircle
	for _, c := range info.Circles {
		if c.Ops > 0 {
			out = append(out, view.BackupCircle{ID: c.ID.String(), Name: c.Name, Ops: c.Ops})
		}
	}
	return out
}

// backupView is what was read in a backup.
func backupView(info node.BackedUp) view.Backup {
	made := info.Made.UTC().Truncate(time.Second)
	all := backedCircles(info)
	return view.Backup{Made: &made, Program: info.Program, Circles: all, Count: len(all), Ops: info.Ops}
}

// badLock gives the ways a sealed file does not open their sentences.
func badLock(err error) error {
	for _, row := range []struct {
		is   error
		said circle.Said
	}{
		{agefile.ErrNoAge, circle.As("no.not_backup.sealed")},
		{agefile.ErrNeedsPassphrase, circle.As("no.backup_passphrase")},
		{agefile.ErrNeedsIdentity, circle.As("no.backup_identity")},
		{agefile.ErrWrongKey, circle.As("no.backup_key")},
		{agefile.ErrBadLock, circle.As("no.not_identity")},
		{agefile.ErrDamaged, circle.As("no.backup_damaged.sealed")},
	} {
		if errors.Is(err, row.is) {
			return &circle.Problem{Code: circle.Failed, Said: row.said}
		}
	}
	return err
}

// Alone implements [api.Backups].
func (m *machine) Alone(ctx context.Context, id crdt.ID) (crdt.ID, error) {
	return m.at().Alone(ctx, id)
}
