package node

import (
	"bytes"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
	"tend/storage/crashpoint"
)

// boxKept is how long the private half of a prekey is kept after a newer one of
// this device was accepted: lockboxes for it may still be under way (SPEC.md
// §4.1). A home that was off for months keeps its prekey, having no newer one.
const boxKept = 60 * 24 * time.Hour

// What a prekey that was lost again after it was replaced waits for: twice as long each
// time. A backup that was put back loses one; of a home that was copied and runs
// twice, each half has lost what the other published, whenever it looks.
const (
	lostPause    = time.Minute
	maxLostPause = 24 * time.Hour
)

// replacing remembers when a lost prekey was last replaced.
type replacing struct {
	at    time.Time
	pause time.Duration // 0: never replaced
}

// due reports whether a lost prekey is to be replaced, and notes that it will be.
func (r *replacing) due(now time.Time) bool {
	since := now.Sub(r.at).Abs()
	if since < r.pause {
		return false
	}
	if since > 2*maxLostPause {
		r.pause = 0
	}
	r.at, r.pause = now, min(maxLostPause, max(lostPause, 2*r.pause))
	return true
}

// renewPrekey publishes a new prekey. Its private half is kept first; one that was
// kept and could not be published then is published now.
func (x *runner) renewPrekey(w *replica.Replica, now time.Time, clock crdt.HLC) error {
	me, ok := w.People().Device(x.ring.device())
	if !ok {
		return replica.ErrReadOnly
	}
	public, err := x.nextBox(me, now)
	if err != nil {
		return err
	}
	crashpoint.At("prekey kept")
	_, err = w.Propose(&membership.Prekey{Box: public}, clock)
	return err
}

// nextBox returns the public half of a prekey that is newer than the one in use:
// one kept already, or a fresh one.
func (x *runner) nextBox(me membership.Device, now time.Time) ([]byte, error) {
	kept := x.ring.Boxes()
	switch at := usedBox(kept, me); {
	case at > 0:
		return kept[0].Public(), nil
	case at < 0 && len(kept) > 0 && x.ring.held().Boxes[0].Made > me.BoxHLC.Millis():
		return kept[0].Public(), nil // made in place of a lost one, and not published yet
	}
	box, err := newBox(x.node.cfg.Rand, now)
	if err != nil {
		return nil, err
	}
	return box.public, x.ring.update(func(c *CircleKeys) { c.Boxes = append([]Box{box.kept}, c.Boxes...) })
}

// lostBox reports whether this home has not got the prekey that others seal to: a
// backup of before it was put back. It needs another one now.
func (x *runner) lostBox() bool {
	me, ok := x.replica.People().Device(x.ring.device())
	return ok && x.replica.MayWrite() == nil && usedBox(x.ring.Boxes(), me) < 0
}

// usedBox is the place among this device's prekeys, the newest first, of the one
// that others seal to; -1 if it is not among them.
func usedBox(kept []protocol.BoxKey, me membership.Device) int {
	return slices.IndexFunc(kept, func(b protocol.BoxKey) bool { return bytes.Equal(b.Public(), me.Box) })
}

// forgetBoxes destroys the private halves of prekeys that a newer one replaced
// long enough ago: what was recorded of their lockboxes is dead from then on.
func (x *runner) forgetBoxes(now time.Time) {
	s := x.snap.Load()
	me, ok := s.People.Device(s.Dev)
	if !ok {
		return
	}
	used := usedBox(x.ring.Boxes(), me)
	held := x.ring.held().Boxes
	if used < 0 || used >= len(held) {
		return
	}
	now = now.Add(-x.heard.slowest(s))
	if heard, any := lastHeard(s); any && heard.Before(now) {
		now = heard
	}
	if keep := boxesToKeep(held, used, me.BoxHLC.Time(), now); keep < len(held) {
		if err := x.ring.update(func(c *CircleKeys) { c.Boxes = c.Boxes[:keep] }); err != nil {
			x.log.Warn("an old prekey could not be destroyed yet", "err", err)
		}
	}
}

// lastHeard is the greatest clock reading of what other devices wrote; false if none
// did. So late it is at least for those who seal to this one: a prekey that was
// published with a clock too far ahead is not in use with them before its time
// comes, whatever time it is here.
func lastHeard(s *Snapshot) (time.Time, bool) {
	var last crdt.HLC
	for dev, tips := range s.Frontier().Tips {
		for _, t := range tips {
			if dev != s.Dev {
				last = max(last, t.HLC)
			}
		}
	}
	return last.Time(), last > 0
}

// slowClock is how much later than what it last wrote a device may be heard whose clock
// is right: it writes a prekey every thirty days.
const slowClock = 31 * 24 * time.Hour

// slowest is how far behind this home's clock that of another device is, at the most:
// the newest that it wrote, when it was last heard, was older than a sound home leaves
// it. It may be this home's clock that is ahead, and others' with it; the slow one does
// not take in the prekey of the future, and goes on sealing to the one before.
func (h *hearing) slowest(s *Snapshot) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	var behind time.Duration
	for dev, tips := range s.Frontier().Tips {
		of, heard := h.known[dev]
		if !heard || dev == s.Dev {
			continue
		}
		var wrote crdt.HLC
		for _, t := range tips {
			wrote = max(wrote, t.HLC)
		}
		if late := time.UnixMilli(of.At).Sub(wrote.Time()); late > slowClock {
			behind = max(behind, late)
		}
	}
	return behind
}

// boxesToKeep returns how many of the prekeys, the newest first, are kept: the one
// in use, those not accepted yet, and each before it whose successor has not been
// accepted for boxKept. The one in use was accepted at the time accepted, each
// before it when it was made.
func boxesToKeep(boxes []Box, used int, accepted, now time.Time) int {
	for i := used + 1; i < len(boxes); i++ {
		successor := time.UnixMilli(boxes[i-1].Made)
		if i-1 == used {
			successor = accepted
		}
		if now.Sub(successor) >= boxKept {
			return i
		}
	}
	return len(boxes)
}
