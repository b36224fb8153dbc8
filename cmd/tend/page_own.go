package main

import (
	"context"
	"encoding/binary"
	"io"
	"time"

	"tend/crdt"
	"tend/node/api"
	"tend/node/view"
	"tend/node/web"
	"tend/protocol"
	"tend/storage"
	"tend/storage/vault"
)

// What the page asks about one's own home and in its own types: the same deeds as
// on the command line.

// Circles implements [web.Upkeep].
func (p pageHouse) Circles(ctx context.Context) ([]view.Circle, error) {
	all, err := p.machine.Circles(ctx)
	if err != nil {
		return nil, err
	}
	n := p.at()
	out := all[:0]
	for _, c := range all {
		id, err := crdt.ParseID(c.ID)
		if err != nil {
			return nil, err
		}
		switch nameless := n.Nameless(id); {
		case nameless && c.Standing == "in":
			c.Standing = web.StandingGreeting
		case nameless && c.Standing == "left":
			continue // they looked in, and said not now
		}
		out = append(out, c)
	}
	return out, nil
}

// AskIn implements [web.Upkeep].
func (p pageHouse) AskIn(ctx context.Context, text string) (view.Joining, error) {
	return p.knockWith(ctx, text, p.at().AskIn)
}

// Hello implements [web.Upkeep].
func (p pageHouse) Hello(ctx context.Context, id crdt.ID, name string) error {
	return p.at().Hello(ctx, id, name)
}

// Joins implements [web.Upkeep].
func (p pageHouse) Joins(ctx context.Context) ([]web.Joining, error) {
	under, err := p.machine.Joins(ctx)
	if err != nil {
		return nil, err
	}
	out := []web.Joining{}
	for _, j := range under {
		out = append(out, web.Joining{Joining: j})
	}
	now := p.config.Now()
	for _, j := range p.config.Keys.Joinings() {
		code, err := protocol.ParseCode(j.Code)
		inv, ok := code.(*protocol.Invite)
		if err != nil || !ok || j.Over == "" || p.holds(inv.Circle) {
			continue
		}
		out = append(out, web.Joining{Joining: view.Joining{Circle: inv.Circle.String(), State: "over"},
			RanOut: now.Unix()/3600 >= int64(inv.Expiry), TakenBack: j.Last == protocol.DoorTakenBack.String()})
	}
	return out, nil
}

// Linking implements [web.Upkeep].
func (p pageHouse) Linking(context.Context) (web.Linking, bool) {
	s, ok := p.at().ShownLink()
	return web.Linking{Linking: p.linking(s), Code: s.Code}, ok
}

// MeetDevice implements [web.Upkeep].
func (p pageHouse) MeetDevice(ctx context.Context, text string) (view.Linking, error) {
	code, err := linkCode(text)
	if err != nil {
		return view.Linking{}, err
	}
	return p.linkDevice(ctx, code, "")
}

// Keeping implements [web.Upkeep].
func (p pageHouse) Keeping(context.Context) (web.Keeping, error) {
	k := web.Keeping{Key: map[vault.Place]string{vault.InFile: api.KeyInFile, vault.InKeyring: api.KeyInKeyring, vault.InPassphrase: api.KeyInPassphrase}[p.vault.Where()]}
	last, kept := p.lastBackup()
	if kept {
		k.Backup = last.In(p.config.Now().Location())
	}
	if c, ok := p.checkBackup(p.at()); ok && !c.OK {
		aside, was := p.noted(rowBackupAside)
		k.BackupDue = saidAgain(p.config.Now(), aside, was)
	}
	return k, nil
}

// rowBackupAside is where the store notes when a word about a backup was put aside,
// in Unix milliseconds.
var rowBackupAside = []byte("b")

// saidAgain reports whether a word about a backup that is due is said: once, and after
// it was put aside not before another backup would be due.
func saidAgain(now, aside time.Time, was bool) bool {
	return !was || now.Sub(aside) > backupLately
}

// BackupAside implements [web.Upkeep].
func (p pageHouse) BackupAside(context.Context) error {
	now := binary.BigEndian.AppendUint64(nil, uint64(p.config.Now().UnixMilli()))
	return p.store.Node().Put(storage.Row{Key: rowBackupAside, Value: now})
}

// Backup implements [web.Upkeep].
func (p pageHouse) Backup(ctx context.Context, w io.Writer, passphrase, seal string) error {
	_, err := p.machine.Backup(ctx, w, api.BackupOptions{Passphrase: passphrase, Seal: seal})
	return err
}

// Restore implements [web.Upkeep].
func (p pageHouse) Restore(ctx context.Context, r io.Reader, k web.BackupKey) (view.Backup, error) {
	return p.machine.Restore(ctx, r, api.BackupKey(k))
}

// noted reads a moment that the store's own rows keep.
func (m *machine) noted(key []byte) (time.Time, bool) {
	value, ok, err := m.store.Node().Get(key)
	if err != nil || !ok || len(value) != 8 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(value))), true
}

// ComingBack implements [web.Upkeep].
func (p pageHouse) ComingBack(ctx context.Context) (view.Recovery, bool) {
	if _, ok := p.at().ComingBackCode(); !ok {
		return view.Recovery{}, false
	}
	r, err := p.Recovery(ctx)
	return r, err == nil
}
