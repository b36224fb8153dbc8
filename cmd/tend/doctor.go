package main

import (
	"context"
	"os"
	"runtime"
	"time"

	"tend/crdt/circle"
	"tend/node"
	"tend/node/view"
	"tend/storage"
	"tend/storage/badgerstore"
	"tend/storage/vault"
)

// What the doctor thinks of.
const (
	// clockOff is by how much a clock may differ from those of the others, and
	// tipAhead by how much the last thing written here may be dated ahead.
	clockOff = 2 * time.Minute
	tipAhead = 10 * time.Minute
	// lookedLately is how old a look over the log may be: a running home makes one
	// every week.
	lookedLately = 14 * 24 * time.Hour
	// backupLately is how old a backup may be before there is a word about it.
	backupLately = 30 * 24 * time.Hour
	// quickOps is up to how many ops the doctor looks over the log anew; of a larger
	// one it says what the last look found.
	quickOps = 20_000
)

// Doctor implements [api.Health]. Each check that is not in order has one remedy.
func (m *machine) Doctor(ctx context.Context) ([]view.Check, error) {
	log, err := m.checkLog(ctx)
	if err != nil {
		return nil, err
	}
	st, err := m.Status(ctx)
	if err != nil {
		return nil, err
	}
	checks := []view.Check{m.checkHome(), m.checkRoom(), m.checkKey(), m.checkClock(), m.checkTip(), m.checkStore(), log}
	if c, ok := m.checkBackup(m.at()); ok {
		checks = append(checks, c)
	}
	return append(checks, checkOthers(st), checkWaiting(st), checkVersion()), nil
}

func (m *machine) checkHome() view.Check {
	c := view.Check{Check: "home", OK: true}.Find(circle.As("found.home", m.home.dir))
	info, err := os.Stat(m.home.dir)
	switch {
	case err != nil:
		c.OK = false
		c = c.Find(circle.As("found.home_gone", err.Error()))
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return c.Find(circle.As("found.home_open", m.home.dir)).Wants(circle.As("cure.chmod", m.home.dir, "700"))
	}
	return c
}

// roomWanted is how much free space a home should have, in bytes: far above where
// writing stops.
const roomWanted = 512 << 20

func (m *machine) checkRoom() view.Check {
	c := view.Check{Check: "room", OK: true}
	if err := storage.Room(m.home.dir, roomWanted); err != nil {
		return c.Find(circle.As("found.room_little", err.Error())).Wants(circle.As("cure.room", m.home.dir))
	}
	return c.Find(circle.As("found.room"))
}

// keyPlaces say where the key is.
var keyPlaces = map[vault.Place]circle.Said{
	vault.InFile:       circle.As("found.key_file"),
	vault.InKeyring:    circle.As("found.key_keyring"),
	vault.InPassphrase: circle.As("found.key_passphrase"),
}

func (m *machine) checkKey() view.Check {
	c := view.Check{Check: "key", OK: true}.Find(keyPlaces[m.vault.Where()])
	if _, err := os.Stat(m.home.path(vault.KeyFileName)); err == nil && m.vault.Where() != vault.InFile {
		c = c.Find(circle.As("found.key_left")).Wants(circle.As("cure.key_left"))
	}
	if info, err := os.Stat(m.home.path(vault.FileName)); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		c = c.Find(circle.As("found.vault_open")).Wants(circle.As("cure.chmod", m.home.path(vault.FileName), "600"))
	}
	return c
}

// The clock is wrong if it stands before this program was written.
var written = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

func (m *machine) checkClock() view.Check {
	now := m.config.Now()
	c := view.Check{Check: "clock", OK: true}.Find(circle.As("found.clock", circle.Stamp{Time: now}, m.config.Zone))
	ahead, of := m.at().ClockOff()
	switch {
	case now.Before(written):
		return c.Wants(circle.As("cure.clock"))
	case of > 0 && ahead.Abs() > clockOff:
		c = c.Find(circle.As("found.clock_slow", span0(ahead), homeCount(of)))
		if ahead < 0 {
			c = c.Find(circle.As("found.clock_fast", span0(ahead), homeCount(of)))
		}
		return c.Wants(circle.As("cure.clock_network"))
	}
	return c
}

// span0 says a length of time as coarse as it matters here.
func span0(d time.Duration) circle.Said {
	d = d.Abs()
	switch {
	case d < 2*time.Hour:
		return circle.As("span.minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return circle.As("span.hours", int(d.Hours()))
	}
	return circle.As("span.days", int(d.Hours()/24))
}

func homeCount(n int) circle.Said { return circle.As("span.homes", n) }

// checkTip says when this device wrote something into the future: then all it
// writes stays ahead of the others until that time has come.
func (m *machine) checkTip() view.Check {
	c := view.Check{Check: "dates", OK: true}
	if ahead := m.at().TipAhead(); ahead > tipAhead {
		return c.Find(circle.As("found.dates_ahead", span0(ahead))).
			Wants(circle.As("cure.dates_ahead"))
	}
	return c.Find(circle.As("found.dates"))
}

// checkStore says of which layout the store is, and whether one of an older layout
// was kept.
func (m *machine) checkStore() view.Check {
	c := view.Check{Check: "store", OK: true}
	if old, err := badgerstore.OldCopies(m.store.Dir()); err == nil && len(old) > 0 {
		return c.Find(circle.As("found.store_old", badgerstore.Version, old[0]))
	}
	return c.Find(circle.As("found.store", badgerstore.Version))
}

// checkLog looks over the logs, or says what the last look found where they are
// large.
func (m *machine) checkLog(ctx context.Context) (view.Check, error) {
	c := view.Check{Check: "log", OK: true}
	ops, err := m.ops()
	if err != nil {
		return c, err
	}
	if ops <= quickOps {
		v, err := m.Verify(ctx)
		if err != nil {
			return c, err
		}
		return logFinding(c.Find(circle.As("found.log", opCount(v.Ops))), len(v.Findings)), nil
	}
	findings, oldest := 0, m.config.Now()
	for _, id := range m.at().All() {
		r, err := m.at().Looked(id)
		if err != nil {
			return c, err
		}
		findings += len(r.Findings)
		if r.Done.Before(oldest) {
			oldest = r.Done
		}
	}
	if findings == 0 && m.config.Now().Sub(oldest) > lookedLately {
		return c.Find(circle.As("found.log_old")).Wants(circle.As("cure.log_old")), nil
	}
	return logFinding(c.Find(circle.As("found.log_looked", opCount(ops), circle.DayOf{Time: oldest.In(m.config.Now().Location())})), findings), nil
}

func opCount(n int) circle.Said { return circle.As("span.ops", n) }

// logFinding is good, unless there is something that does not check.
func logFinding(good view.Check, findings int) view.Check {
	if findings == 0 {
		return good
	}
	return good.Find(circle.As("found.log_bad", circle.As("span.findings", findings))).
		Wants(circle.As("cure.log_bad"))
}

// lastBackup is when a backup was last kept; false if none was.
func (m *machine) lastBackup() (time.Time, bool) { return m.noted(rowBackup) }

// checkBackup says when a backup was last kept; false where there is nothing to
// back up.
func (m *machine) checkBackup(n *node.Node) (view.Check, bool) {
	since, ok := memberSince(n)
	if !ok {
		return view.Check{}, false
	}
	last, kept := m.lastBackup()
	return backupCheck(m.config.Now(), since, last, kept), true
}

// backupCheck is a sentence, and no more than that, once a backup would be good.
func backupCheck(now, since, last time.Time, kept bool) view.Check {
	c := view.Check{Check: "backup", OK: true}.Find(circle.As("found.backup_none"))
	age := now.Sub(since)
	if kept {
		age = now.Sub(last)
		c = c.Find(circle.As("found.backup", circle.DayOf{Time: last.In(now.Location()), Year: true}))
	}
	if age > backupLately {
		return c.Wants(circle.As("cure.backup"))
	}
	return c
}

// memberSince is since when this home's person has been in a circle; false if they
// are in none.
func memberSince(n *node.Node) (time.Time, bool) {
	var first time.Time
	for _, id := range n.All() {
		s, err := n.View(id)
		if err != nil {
			continue
		}
		me, ok := s.People.Member(s.Me)
		if at := me.Joined.Time(); ok && standsAs(s) == "in" && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first, !first.IsZero()
}

func checkOthers(st view.Status) view.Check {
	c := view.Check{Check: "others"}
	if st.State == "caught_up" || st.State == "travelling" {
		c.OK = true
		return c.Find(circle.As("found.connected"))
	}
	c.Found, c.Finding = st.Why, st.Reason
	if len(st.Cures) > 0 {
		c.Cure, c.Remedy = st.Ways[0], st.Cures[0]
	}
	return c
}

// checkWaiting says what has come and cannot take effect yet.
func checkWaiting(st view.Status) view.Check {
	waiting := 0
	for _, c := range st.Circles {
		waiting += c.Waiting
	}
	if waiting == 0 {
		return view.Check{Check: "waiting", OK: true}.Find(circle.As("found.waiting_none"))
	}
	return view.Check{Check: "waiting"}.Find(circle.As("found.waiting", opCount(waiting))).
		Wants(circle.As("cure.waiting"))
}

func checkVersion() view.Check {
	v := thisVersion()
	return view.Check{Check: "version", OK: true}.Find(circle.As("found.version", v.Version, v.Go, runtime.GOOS+"/"+runtime.GOARCH))
}

// care are sentences about looking after this home, for the status: no more than
// one of each, and never an interruption.
func (m *machine) care(n *node.Node) (out []circle.Said) {
	if c, ok := m.checkBackup(n); ok && !c.OK {
		out = append(out, circle.As("care.backup", c.Found))
	}
	findings := 0
	for _, id := range n.All() {
		if r, err := n.Looked(id); err == nil {
			findings += len(r.Findings)
		}
	}
	if findings > 0 {
		out = append(out, circle.As("care.findings", circle.As("span.findings", findings)))
	}
	return out
}
