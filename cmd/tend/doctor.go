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
	c := view.Check{Check: "home", OK: true}.Find("found.home", "%s", m.home.dir)
	info, err := os.Stat(m.home.dir)
	switch {
	case err != nil:
		c.OK = false
		c = c.Find("found.home_gone", "%s", err.Error())
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return c.Find("found.home_open", "others on this machine may look into %s", m.home.dir).Wants("cure.chmod", "chmod 700 %s", m.home.dir)
	}
	return c
}

// roomWanted is how much free space a home should have, in bytes: far above where
// writing stops.
const roomWanted = 512 << 20

func (m *machine) checkRoom() view.Check {
	c := view.Check{Check: "room", OK: true}
	if err := storage.Room(m.home.dir, roomWanted); err != nil {
		return c.Find("found.room_little", "%s", err.Error()).Wants("cure.room", "make room on the disk of %s: a full one takes nothing more in", m.home.dir)
	}
	return c.Find("found.room", "the disk has room")
}

// keyPlaces say where the key is.
var keyPlaces = map[vault.Place]circle.Sentence{
	vault.InFile:       {Said: circle.As("found.key_file"), English: "it lies in a file beside the vault; tend vault passphrase or tend vault keyring moves it"},
	vault.InKeyring:    {Said: circle.As("found.key_keyring"), English: "it is in this computer's keyring"},
	vault.InPassphrase: {Said: circle.As("found.key_passphrase"), English: "it opens with the passphrase alone"},
}

func (m *machine) checkKey() view.Check {
	place := keyPlaces[m.vault.Where()]
	c := view.Check{Check: "key", OK: true, Found: place.Said, Finding: place.English}
	if _, err := os.Stat(m.home.path(vault.KeyFileName)); err == nil && m.vault.Where() != vault.InFile {
		c = c.Find("found.key_left", "a key file lies beside the vault although the key is elsewhere").Wants("cure.key_left", "look at vault.key, and remove it if it is old")
	}
	if info, err := os.Stat(m.home.path(vault.FileName)); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		c = c.Find("found.vault_open", "others on this machine may read the vault's file").Wants("cure.chmod", "chmod 600 %s", m.home.path(vault.FileName))
	}
	return c
}

// The clock is wrong if it stands before this program was written.
var written = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

func (m *machine) checkClock() view.Check {
	now := m.config.Now()
	c := view.Check{Check: "clock", OK: true}.Find("found.clock", "%s in %s", circle.Stamp{Time: now}, m.config.Zone)
	ahead, of := m.at().ClockOff()
	switch {
	case now.Before(written):
		return c.Wants("cure.clock", "set this machine's clock")
	case of > 0 && ahead.Abs() > clockOff:
		c = c.Find("found.clock_slow", "this clock is %s slower than those of %s met lately", span0(ahead), homeCount(of))
		if ahead < 0 {
			c = c.Find("found.clock_fast", "this clock is %s faster than those of %s met lately", span0(ahead), homeCount(of))
		}
		return c.Wants("cure.clock_network", "let this machine set its clock by the network")
	}
	return c
}

// span0 says a length of time as coarse as it matters here.
func span0(d time.Duration) circle.Sentence {
	d = d.Abs()
	switch {
	case d < 2*time.Hour:
		return counted(circle.As("span.minutes", int(d.Minutes())), "minute")
	case d < 48*time.Hour:
		return counted(circle.As("span.hours", int(d.Hours())), "hour")
	}
	return counted(circle.As("span.days", int(d.Hours()/24)), "day")
}

func homeCount(n int) circle.Sentence { return counted(circle.As("span.homes", n), "home") }

// counted is a number of things, which is all that said holds.
func counted(said circle.Said, what string) circle.Sentence {
	return circle.Sentence{Said: said, English: count(said.With[0].(int), what)}
}

// checkTip says when this device wrote something into the future: then all it
// writes stays ahead of the others until that time has come.
func (m *machine) checkTip() view.Check {
	c := view.Check{Check: "dates", OK: true}
	if ahead := m.at().TipAhead(); ahead > tipAhead {
		return c.Find("found.dates_ahead", "what was written here last is dated %s ahead of this clock", span0(ahead)).
			Wants("cure.dates_ahead", "if the clock is right now, go on with a new device:  tend --home DIR device link")
	}
	return c.Find("found.dates", "nothing written here is dated ahead")
}

// checkStore says of which layout the store is, and whether one of an older layout
// was kept.
func (m *machine) checkStore() view.Check {
	c := view.Check{Check: "store", OK: true}
	if old := badgerstore.OldCopies(m.store.Dir()); len(old) > 0 {
		return c.Find("found.store_old", "layout %d, and as it was before an update in %s: delete that once all is well", badgerstore.Version, old[0])
	}
	return c.Find("found.store", "layout %d", badgerstore.Version)
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
		return logFinding(c.Find("found.log", "%s, every hash and signature good", opCount(v.Ops)), len(v.Findings)), nil
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
		return c.Find("found.log_old", "it was not looked over for a while").Wants("cure.log_old", "tend verify"), nil
	}
	return logFinding(c.Find("found.log_looked", "%s, all good when last looked over, on %s", opCount(ops), circle.DayOf{Time: oldest.In(m.config.Now().Location())}), findings), nil
}

func opCount(n int) circle.Sentence { return counted(circle.As("span.ops", n), "op") }

// logFinding is good, unless there is something that does not check.
func logFinding(good view.Check, findings int) view.Check {
	if findings == 0 {
		return good
	}
	return good.Find("found.log_bad", "%s", counted(circle.As("span.findings", findings), "finding")).
		Wants("cure.log_bad", "tend verify names them; tend rebuild mends what is derived, and a backup or another member's home has the rest")
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
	c := view.Check{Check: "backup", OK: true}.Find("found.backup_none", "none yet")
	age := now.Sub(since)
	if kept {
		age = now.Sub(last)
		c = c.Find("found.backup", "the last one is of %s", circle.DayOf{Time: last.In(now.Location()), Year: true})
	}
	if age > backupLately {
		return c.Wants("cure.backup", "when it suits you:  tend backup create FILE,  kept somewhere else than this machine")
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
		return c.Find("found.connected", "connected")
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
		return view.Check{Check: "waiting", OK: true}.Find("found.waiting_none", "nothing waits for anything")
	}
	return view.Check{Check: "waiting"}.Find("found.waiting", "%s still waiting for what they build on, or for their text", opCount(waiting)).
		Wants("cure.waiting", "meet another member's home:  tend sync")
}

func checkVersion() view.Check {
	v := thisVersion()
	return view.Check{Check: "version", OK: true}.Find("found.version", "tend %s, %s on %s", v.Version, v.Go, runtime.GOOS+"/"+runtime.GOARCH)
}

// care are sentences about looking after this home, for the status: no more than
// one of each, and never an interruption.
func (m *machine) care(n *node.Node) (out []circle.Sentence) {
	if c, ok := m.checkBackup(n); ok && !c.OK {
		out = append(out, circle.Sentencef("care.backup", "A backup would be good (%s):  tend backup create FILE", circle.Sentence{Said: c.Found, English: c.Finding}))
	}
	findings := 0
	for _, id := range n.All() {
		if r, err := n.Looked(id); err == nil {
			findings += len(r.Findings)
		}
	}
	if findings > 0 {
		out = append(out, circle.Sentencef("care.findings", "Something in the store does not check (%s):  tend doctor", counted(circle.As("span.findings", findings), "finding")))
	}
	return out
}
