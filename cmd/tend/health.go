package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"tend/node"
	"tend/node/view"
	"tend/storage"
	"tend/storage/vault"
)

func hexText(b []byte) string { return hex.EncodeToString(b) }

// ops is how many ops all circles hold together.
func (m *machine) ops() (int, error) {
	n, total := m.at(), 0
	for _, id := range n.All() {
		s, err := n.View(id)
		if err != nil {
			return 0, err
		}
		total += int(s.Ops)
	}
	return total, nil
}

// Verify implements [api.Health].
func (m *machine) Verify(ctx context.Context) (view.Verified, error) {
	findings, err := m.at().Verify(ctx)
	if err != nil {
		return view.Verified{}, err
	}
	ops, err := m.ops()
	return view.Verified{OK: len(findings) == 0, Ops: ops, Findings: findings}, err
}

// Rebuild implements [api.Health]. Node and network rest meanwhile: what is
// derived has one owner at a time.
func (m *machine) Rebuild(ctx context.Context) (view.Verified, error) {
	if err := m.rebuild(ctx); err != nil {
		return view.Verified{}, err
	}
	return m.Verify(ctx)
}

func (m *machine) rebuild(ctx context.Context) (err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.halt(); err != nil {
		m.log.Warn("the network ended badly", "err", err)
	}
	// Whatever happens, the home works on afterwards.
	defer func() {
		fresh, again := node.New(m.config)
		if again == nil {
			m.node = fresh
			again = m.start(ctx)
		}
		err = errors.Join(err, again)
	}()
	resting, err := node.New(m.config)
	if err != nil {
		return err
	}
	return resting.Rebuild(ctx)
}

// Doctor implements [api.Health].
func (m *machine) Doctor(ctx context.Context) ([]view.Check, error) {
	checks := []view.Check{m.checkHome(), m.checkRoom(), m.checkKey(), m.checkClock()}
	verified, err := m.Verify(ctx)
	switch {
	case err != nil:
		checks = append(checks, view.Check{Check: "log", Finding: err.Error(), Remedy: "tend verify says more"})
	case !verified.OK:
		checks = append(checks, view.Check{Check: "log", Finding: count(len(verified.Findings), "finding"), Remedy: "tend verify names them; tend rebuild mends indexes"})
	default:
		checks = append(checks, view.Check{Check: "log", OK: true, Finding: count(verified.Ops, "op") + ", every hash and signature good"})
	}
	st, err := m.Status(ctx)
	if err != nil {
		return nil, err
	}
	met := view.Check{Check: "others", OK: st.State == "caught_up" || st.State == "travelling", Finding: st.Reason}
	if met.OK {
		met.Finding = "connected"
	} else if len(st.Cures) > 0 {
		met.Remedy = st.Cures[0]
	}
	return append(checks, met), nil
}

func (m *machine) checkHome() view.Check {
	c := view.Check{Check: "home", OK: true, Finding: m.home.dir}
	info, err := os.Stat(m.home.dir)
	switch {
	case err != nil:
		c.OK, c.Finding = false, err.Error()
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		c.OK = false
		c.Finding, c.Remedy = "others on this machine may look into "+m.home.dir, "chmod 700 "+m.home.dir
	}
	return c
}

// roomWanted is how much free space a home should have, in bytes: far above where
// writing stops.
const roomWanted = 512 << 20

func (m *machine) checkRoom() view.Check {
	c := view.Check{Check: "room", OK: true, Finding: "the disk has room"}
	if err := storage.Room(m.home.dir, roomWanted); err != nil {
		c.OK, c.Finding = false, err.Error()
		c.Remedy = "make room on the disk of " + m.home.dir + ": a full one takes nothing more in"
	}
	return c
}

// keyPlaces say where the key is.
var keyPlaces = map[vault.Place]string{
	vault.InFile:       "it lies in a file beside the vault; tend vault passphrase or tend vault keyring moves it",
	vault.InKeyring:    "it is in this computer's keyring",
	vault.InPassphrase: "it opens with the passphrase alone",
}

func (m *machine) checkKey() view.Check {
	c := view.Check{Check: "key", OK: true, Finding: keyPlaces[m.vault.Where()]}
	if _, err := os.Stat(m.home.path(vault.KeyFileName)); err == nil && m.vault.Where() != vault.InFile {
		c.OK, c.Finding, c.Remedy = false, "a key file lies beside the vault although the key is elsewhere", "look at vault.key, and remove it if it is old"
	}
	return c
}

// The clock is wrong if it stands before this program was written.
var written = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

func (m *machine) checkClock() view.Check {
	now := m.config.Now()
	c := view.Check{Check: "clock", OK: !now.Before(written), Finding: fmt.Sprintf("%s in %s", now.Format("Mon 2 Jan 2006 15:04"), m.config.Zone)}
	if !c.OK {
		c.Remedy = "set this machine's clock"
	}
	return c
}

// Version implements [api.Health].
func (m *machine) Version() view.Version { return thisVersion() }
