package replica

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"time"

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
	proofMillis  = 60 * 1000           // a proof of a fork: 0–60 s
)

// Due is what this device should write for the circle by itself, and when at the
// earliest, in Unix milliseconds.
type Due struct {
	Mint   bool
	MintAt int64
	Proof  bool
	Prekey bool
	Beat   bool
	Back   bool // a long silence in which this member's voice was set aside is over, or the days they were away
}

// Due says what is due, as far as is known here.
func (r *Replica) Due(now int64) Due {
	if r.MayWrite() != nil {
		return Due{}
	}
	v := r.People()
	var d Due
	d.Mint, d.MintAt = r.mintDue(v, now)
	if dev, ok := v.Device(r.cfg.Dev); ok {
		d.Prekey = now-max(dev.BoxHLC, dev.Cert.NotBefore).Millis() > PrekeyDays*crdt.DayMillis
	}
	d.Proof = len(r.unproven(now)) > 0
	me, _ := v.Member(r.cfg.Member)
	d.Back = me.Lapsed || awayOver(me, now)
	beat, wanted := v.BeatAt(r.cfg.Member)
	d.Beat = wanted && beat.Millis() <= now // the second one helps once the window is over
	return d
}

// awayOver reports whether the last day that a member meant to be away is over. Its
// person said that day themselves, so their home says back for them.
func awayOver(m membership.Member, now int64) bool {
	return m.Away && m.AwayUntil > 0 && now >= int64(m.AwayUntil+1)*crdt.DayMillis
}

// mintDue says whether a new epoch is due, and when it is this device's turn: of
// all devices the one goes first whose hash with the newest epoch is the lowest
// (SPEC.md §4.1).
func (r *Replica) mintDue(v *membership.View, now int64) (bool, int64) {
	newest := int64(0)
	for _, e := range v.Epochs() {
		newest = max(newest, e.HLC.Millis())
	}
	switch v.MintReason() {
	case membership.MintNone:
		return now-newest > EpochDays*crdt.DayMillis, newest + EpochDays*crdt.DayMillis + r.turn(v, weeklyMillis)
	case membership.MintLeave:
		return true, max(newest, r.lastEnd(v)) + r.turn(v, leaveMillis)
	case membership.MintRemoved:
		return true, max(newest, r.lastEnd(v)) + r.turn(v, lazyMillis)
	}
	return true, max(newest, lastJoined(v)) + r.turn(v, lazyMillis)
}

// lastEnd is when somebody was last shut out or left, in Unix milliseconds. Of an
// end that is not in the log yet nothing is known, and it counts as long ago.
func (r *Replica) lastEnd(v *membership.View) int64 {
	last := int64(0)
	for _, dev := range v.Ended() {
		for _, id := range v.EndsOf(dev) {
			if f, ok, err := r.log.Fact(id); err == nil && ok {
				last = max(last, f.HLC.Millis())
			}
		}
	}
	return last
}

// lastJoined is when the newest member was admitted or the newest device
// certified, in Unix milliseconds.
func lastJoined(v *membership.View) int64 {
	last := int64(0)
	for _, m := range v.Members() {
		last = max(last, m.Joined.Millis())
		for _, d := range m.Devices {
			last = max(last, d.Cert.NotBefore.Millis())
		}
	}
	return last
}

// turn is this device's place in the order in which the devices of a circle do
// what any of them may do, spread over a time and drawn anew for each epoch.
func (r *Replica) turn(v *membership.View, within uint64) int64 {
	h := sha256.New()
	if epochs := v.Epochs(); len(epochs) > 0 {
		id := epochs[len(epochs)-1].Epoch.ID
		h.Write(id[:])
	}
	h.Write(r.cfg.Dev[:])
	at, _ := bits.Mul64(binary.BigEndian.Uint64(h.Sum(nil)), within)
	return int64(at)
}

// shut mints an epoch with an op that shut a member or a device out, so that no
// word of anybody's is sealed to them any more. What it did not settle (a decision
// that does not count here) is left to whoever sees it settled.
func (r *Replica) shut(b membership.Body, clock crdt.HLC) error {
	switch b.(type) {
	case *membership.Enact, *membership.DeviceRevoke, *membership.Rotate:
	default:
		return nil
	}
	if r.MayWrite() != nil || r.People().MintReason() == membership.MintNone {
		return nil
	}
	_, err := r.Mint(clock)
	return err
}

// MintForNewcomer makes a new epoch after an admission: at most one an hour, as
// long as there is one that the newcomer may read too.
func (r *Replica) MintForNewcomer(clock crdt.HLC) error {
	if _, usable := r.writeEpoch(); usable {
		for _, e := range r.People().Epochs() {
			if clock.Millis()-e.HLC.Millis() < time.Hour.Milliseconds() {
				return nil
			}
		}
	}
	_, err := r.Mint(clock)
	return err
}
