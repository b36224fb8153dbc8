package frontier

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"tend/crdt"
	"tend/protocol"
)

// maxRosters is how many recent rosters are kept, so that a peer whose roster is
// a little older or newer need not say it in full.
const maxRosters = 64

// HashOf returns the hash by which HELLO names a roster: the first 8 bytes of the
// SHA-256 of its keys, ascending and concatenated.
func HashOf(roster []crdt.Device) protocol.RosterHash {
	h := sha256.New()
	for _, d := range roster {
		h.Write(d[:])
	}
	return protocol.RosterHash(h.Sum(nil))
}

// Rosters remembers the last 64 rosters of one circle. The zero Rosters is empty
// and ready. It is not safe for concurrent use.
type Rosters struct {
	byHash map[protocol.RosterHash][]crdt.Device
	order  []protocol.RosterHash // oldest first
}

// Add remembers a roster, ascending, which must not change afterwards.
func (r *Rosters) Add(roster []crdt.Device) {
	h := HashOf(roster)
	if _, ok := r.byHash[h]; ok {
		return
	}
	if r.byHash == nil {
		r.byHash = map[protocol.RosterHash][]crdt.Device{}
	}
	if len(r.order) == maxRosters {
		delete(r.byHash, r.order[0])
		r.order = r.order[1:]
	}
	r.byHash[h] = roster
	r.order = append(r.order, h)
}

// Find returns the roster of a hash, for [Config].Rosters.
func (r *Rosters) Find(h protocol.RosterHash) ([]crdt.Device, bool) {
	roster, ok := r.byHash[h]
	return roster, ok
}

// lanes numbers the devices of a session's roster.
type lanes struct {
	roster []crdt.Device
	index  map[crdt.Device]uint64
}

func newLanes(roster []crdt.Device) lanes {
	l := lanes{roster, make(map[crdt.Device]uint64, len(roster))}
	for i, d := range roster {
		l.index[d] = uint64(i)
	}
	return l
}

// of names a device: by its position, or by its key where it has none.
func (l lanes) of(dev crdt.Device) protocol.Lane {
	if i, ok := l.index[dev]; ok {
		return protocol.Lane{Index: i}
	}
	return protocol.Lane{Dev: dev}
}

// device is the inverse of [lanes.of].
func (l lanes) device(lane protocol.Lane) (crdt.Device, error) {
	if !lane.Dev.IsZero() {
		return lane.Dev, nil
	}
	if lane.Index >= uint64(len(l.roster)) {
		return crdt.Device{}, fmt.Errorf("%w: lane %d of %d", ErrProtocol, lane.Index, len(l.roster))
	}
	return l.roster[lane.Index], nil
}

// knownRoster finds the roster that a HELLO goes by.
func (s *Session) knownRoster(snap *Snapshot, h *protocol.Hello) ([]crdt.Device, bool, error) {
	switch {
	case len(h.Keys) > 0:
		if HashOf(h.Keys) != h.Roster {
			return nil, false, fmt.Errorf("%w: keys are not the roster named", ErrProtocol)
		}
		return h.Keys, true, nil
	case h.Roster == HashOf(nil):
		return nil, true, nil
	case h.Roster == HashOf(snap.Roster):
		return snap.Roster, true, nil
	case s.cfg.Rosters != nil:
		roster, ok := s.cfg.Rosters(h.Roster)
		return slices.Clip(roster), ok, nil
	}
	return nil, false, nil
}
