package replica

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"tend/crdt"
	"tend/crdt/membership"
)

// How often a device shows that it is there (SPEC.md §5.1), and how soon it does
// what anybody may do.
const (
	PrekeyDays   = 30
	EpochDays    = 7
	lazyMillis   = 30 * 60 * 1000      // a mint anybody may make: 0–30 min
	leaveMillis  = 60 * 1000           // after a leave: 0–60 s
	weeklyMillis = 12 * 60 * 60 * 1000 // weekly: 0–12 h
)

// Due is what this device should write for the circle by itself, and when at the
// earliest, in Unix milliseconds.
type Due struct {
	Mint   bool
	MintAt int64
	Prekey bool
	Beat   bool
}

// Due says what is due, as far as is known here.
func (r *Replica) Due(now int64) Due {
	if r.MayWrite() != nil {
		return Due{}
	}
	v := r.People()
	var d Due
	newest := int64(0)
	for _, e := range v.Epochs() {
		newest = max(newest, e.HLC.Millis())
	}
	switch reason := v.MintReason(); {
	case reason == membership.MintLeave:
		d.Mint, d.MintAt = true, r.wait(v, leaveMillis)
	case reason != membership.MintNone:
		d.Mint, d.MintAt = true, r.wait(v, lazyMillis)
	case now-newest > EpochDays*crdt.DayMillis:
		d.Mint, d.MintAt = true, newest+EpochDays*crdt.DayMillis+r.jitter(v, weeklyMillis)
	}
	if dev, ok := v.Device(r.cfg.Dev); ok {
		d.Prekey = now-max(dev.BoxHLC, dev.Cert.NotBefore).Millis() > PrekeyDays*crdt.DayMillis
	}
	d.Beat = v.BeatWanted(r.cfg.Member)
	return d
}

// wait returns when this device's turn is to do what anybody may do: counted
// from the newest control op, so that the one with the lowest hash goes first.
func (r *Replica) wait(v *membership.View, within int64) int64 {
	var newest crdt.HLC
	for _, dev := range v.Roster() {
		if d, ok := v.Device(dev); ok {
			newest = max(newest, d.LastControl)
		}
	}
	return newest.Millis() + r.jitter(v, within)
}

// jitter spreads the devices of a circle over a time, anew for each epoch.
func (r *Replica) jitter(v *membership.View, within int64) int64 {
	h := sha256.New()
	if epochs := v.Epochs(); len(epochs) > 0 {
		id := epochs[len(epochs)-1].Epoch.ID
		h.Write(id[:])
	}
	h.Write(r.cfg.Dev[:])
	return int64(binary.BigEndian.Uint64(h.Sum(nil)) % uint64(within))
}

// spare is what a batch has room for beside what its jobs bring: ops that waited
// and are taken in now, and things of old that change rows.
type spare struct{ ops, bytes, rows int }

// maxLate is how many things of old one batch does: each is a few rows.
const maxLate = 512

// Spare tells a working copy how much room its batch has beside what its jobs
// bring. Without it, all that waits goes on waiting.
func (r *Replica) Spare(ops, bytes int) { r.spare = spare{ops, bytes, maxLate} }

// Late reports whether there is something of old left to do at now that
// [Replica.Tick] does: ops whose parents came, whose key came, or whose time.
func (r *Replica) Late(now int64) bool {
	return len(r.ready) > 0 || len(r.unread) > 0 || len(r.held) > 0 && r.held[0].hlc.Millis() <= now+MaxAhead
}

// Tick lets held ops go whose time has come, takes in what waited for something
// that came, and drops what waited too long; as far as there is room.
func (r *Replica) Tick(now int64) error {
	r.expire(now)
	if err := r.letGo(now); err != nil {
		return err
	}
	unread := r.unread
	r.unread = nil
	for _, e := range unread {
		if err := r.readWaiting(e); err != nil {
			return err
		}
	}
	return r.release(now)
}

// loadUnread finds epochs whose key was kept, but whose ops were not read before
// the node stopped: the next Tick reads them.
func (r *Replica) loadUnread() error {
	v := r.People()
	for _, info := range append(v.Epochs(), v.Nooks()...) {
		if !r.HasSecret(info.Epoch.ID) {
			continue
		}
		for _, err := range r.store.Rows(unreadPrefix(info.Epoch.ID)) {
			if err != nil {
				return fmt.Errorf("look for unread ops: %w", err)
			}
			r.unread = append(r.unread, info.Epoch.ID)
			break
		}
	}
	return nil
}
