package frontier

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"tend/crdt"
	"tend/protocol"
)

// round is what one HELLO brings about.
type round struct {
	snap  *Snapshot
	nonce [16]byte
	lanes lanes
	// named are the tips that the initiator named: its own, ascending by id, as
	// the bits of REPLY count them, or, at the responder, the peer's as it said them.
	named map[crdt.Device][]protocol.TipRef
	// held are ops of a device that the peer holds; kept for lanes that wait for a
	// locator.
	held map[crdt.Device][]crdt.ID
	// waiting are the lanes for whose locator this side waits before it plans.
	waiting map[crdt.Device]bool
	// told are the lanes whose locator this side has sent.
	told  map[crdt.Device]bool
	ship  shipment
	crowd *crowd

	quiet    bool // the peer takes no ops
	mayEnd   bool // no LOC can come any more but one that is waited for
	edgeSent bool
	edgeGot  bool
	ackSent  bool
	sent     uint64
	received int
}

func (s *Session) newRound(snap *Snapshot, nonce [16]byte, roster []crdt.Device) *round {
	return &round{crowd: newCrowd(s.cfg.Log, snap), snap: snap, nonce: nonce, lanes: newLanes(roster),
		named: map[crdt.Device][]protocol.TipRef{}, held: map[crdt.Device][]crdt.ID{},
		waiting: map[crdt.Device]bool{}, told: map[crdt.Device]bool{}}
}

func (r *round) ref(seq uint64, id crdt.ID) protocol.TipRef {
	return protocol.TipRef{Seq: seq, Tag: protocol.TagOf(r.nonce, id)}
}

func (r *round) refs(tips []crdt.Tip) []protocol.TipRef {
	out := make([]protocol.TipRef, len(tips))
	for i, t := range tips {
		out[i] = r.ref(t.Seq, t.ID)
	}
	return out
}

// hello begins a round: what this side holds, one tip a lane.
func (s *Session) hello() *protocol.Hello {
	snap := s.cfg.Snapshot()
	s.hellos++
	s.initiator, s.phase = true, greeted
	r := s.newRound(snap, s.nextNonce(), snap.Roster)
	h := &protocol.Hello{Roster: HashOf(snap.Roster), Nonce: r.nonce, Digest: snap.Digest, NoPull: s.cfg.NoPull,
		Bulk: true, FrameLimit: protocol.MaxFrame, MaxVersion: maxVersion}
	if s.sayKeys || len(snap.Roster) <= maxKeysAlways {
		h.Keys = snap.Roster
	}
	h.Lanes = make([]protocol.LaneTip, len(snap.Roster))
	for _, dev := range slices.SortedFunc(maps.Keys(snap.Tips), crdt.Device.Compare) {
		refs := r.refs(snap.Tips[dev])
		r.named[dev] = refs
		if lane := r.lanes.of(dev); lane.Dev.IsZero() && len(refs) == 1 {
			h.Lanes[lane.Index] = protocol.LaneTip{Seq: refs[0].Seq, Tag: refs[0].Tag}
			continue
		}
		for _, ref := range refs {
			h.Tips = append(h.Tips, protocol.DevTip{Dev: dev, Seq: ref.Seq, Tag: ref.Tag})
		}
	}
	s.round = r
	return h
}

// onHello compares the initiator's tips with this side's own: it plans what the
// initiator lacks, and names in REPLY what itself lacks.
func (s *Session) onHello(h *protocol.Hello) (Step, error) {
	switch s.phase {
	case greeted:
		if s.cfg.Lower {
			return Step{}, nil // this side stays the initiator; the peer will yield
		}
		s.hellos = 0
	case probing:
		return Step{}, fmt.Errorf("%w: hello in answer to probe", ErrProtocol)
	}
	if s.hellos++; s.hellos > maxHellos {
		return Step{}, fmt.Errorf("%w: %d hellos", ErrProtocol, s.hellos)
	}
	s.initiator = false
	snap := s.cfg.Snapshot()
	roster, ok, err := s.knownRoster(snap, h)
	if err != nil {
		return Step{}, err
	}
	if !ok {
		s.phase = idle
		return Step{Send: []protocol.Frame{&protocol.Err{Code: protocol.ErrRoster}}}, nil
	}
	r := s.newRound(snap, h.Nonce, roster)
	r.quiet = h.NoPull
	if err := r.take(h); err != nil {
		return Step{}, err
	}
	s.round, s.phase = r, open
	if h.Digest == snap.Digest {
		step := s.finish(true)
		step.PeerTips = snap.Tips
		step.Send = []protocol.Frame{&protocol.Same{}}
		return step, nil
	}
	reply := &protocol.Reply{Digest: snap.Digest}
	seen := map[crdt.Device][]crdt.Tip{}
	for _, dev := range r.everyone() {
		lane, tips, err := s.compare(dev)
		if err != nil {
			return Step{}, err
		}
		if len(tips) > 0 {
			seen[dev] = tips
		}
		if lane != nil && !s.cfg.NoPull {
			reply.Unequals = append(reply.Unequals, *lane)
		}
	}
	r.mayEnd = len(reply.Unequals) == 0
	reply.Ops = r.ship.planned
	reply.Bytes = reply.Ops * bytesPerOp
	return Step{Send: []protocol.Frame{reply}, PeerTips: seen}, nil
}

// bytesPerOp is what an op takes on the wire, about: REPLY's guess.
const bytesPerOp = 390

// take reads the tips that a HELLO names.
func (r *round) take(h *protocol.Hello) error {
	if len(h.Lanes) != len(r.lanes.roster) {
		return fmt.Errorf("%w: %d lanes for a roster of %d", ErrProtocol, len(h.Lanes), len(r.lanes.roster))
	}
	for i, l := range h.Lanes {
		if l.Seq > 0 {
			r.named[r.lanes.roster[i]] = []protocol.TipRef{{Seq: l.Seq, Tag: l.Tag}}
		}
	}
	for _, t := range h.Tips {
		if i, in := r.lanes.index[t.Dev]; in && h.Lanes[i].Seq > 0 {
			return fmt.Errorf("%w: tips of a device twice", ErrProtocol)
		}
		r.named[t.Dev] = append(r.named[t.Dev], protocol.TipRef{Seq: t.Seq, Tag: t.Tag})
	}
	return nil
}

// everyone returns the devices of which either side has ops, ascending.
func (r *round) everyone() []crdt.Device {
	devs := slices.AppendSeq(make([]crdt.Device, 0, len(r.named)+len(r.snap.Tips)), maps.Keys(r.named))
	devs = slices.AppendSeq(devs, maps.Keys(r.snap.Tips))
	slices.SortFunc(devs, crdt.Device.Compare)
	return slices.Compact(devs)
}

// compare looks at one lane at the responder. It returns the lane for REPLY, if
// the initiator has tips that are not held here or must be told of a fork; and
// the tips that the initiator was shown to hold.
func (s *Session) compare(dev crdt.Device) (*protocol.ReplyLane, []crdt.Tip, error) {
	r := s.round
	theirs, mine := r.named[dev], r.snap.Tips[dev]
	if len(mine) == 1 && len(theirs) == 1 && mine[0].Seq == theirs[0].Seq && r.ref(mine[0].Seq, mine[0].ID) == theirs[0] {
		return nil, mine, nil
	}
	held, bits, err := s.resolve(dev, theirs)
	if err != nil {
		return nil, nil, err
	}
	seen := make([]crdt.Tip, 0, len(theirs))
	for i, ref := range theirs {
		seen = append(seen, crdt.Tip{Dev: dev, ID: held[i], Seq: ref.Seq})
	}
	holds := present(held)
	if len(theirs) > 1 || len(mine) > 1 {
		s.byID[dev] = true
	}
	if len(holds) == len(theirs) {
		if err := s.plan(dev, holds); err != nil {
			return nil, nil, err
		}
		if len(mine) < 2 || len(theirs) == 0 {
			return nil, seen, nil
		}
		// Nothing is lacked here, but the initiator must not name by (lane, seq)
		// what is ambiguous here.
		return &protocol.ReplyLane{Lane: r.lanes.of(dev), Known: bits, Tips: r.refs(mine)}, seen, nil
	}
	s.byID[dev] = true
	r.held[dev] = holds
	lane := &protocol.ReplyLane{Lane: r.lanes.of(dev), Known: bits, Tips: r.refs(mine)}
	if certainFork(theirs, held, mine) {
		if lane.Locator, err = s.locator(dev); err != nil {
			return nil, nil, err
		}
		r.told[dev] = true
	}
	return lane, seen, nil
}

// certainFork reports whether a tip of theirs that is not held here is no higher
// than mine: it can only be on another branch.
func certainFork(theirs []protocol.TipRef, held []crdt.ID, mine []crdt.Tip) bool {
	top := uint64(0)
	for _, t := range mine {
		top = max(top, t.Seq)
	}
	for i, ref := range theirs {
		if held[i].IsZero() && ref.Seq <= top {
			return true
		}
	}
	return false
}

// onReply plans what the responder lacks.
func (s *Session) onReply(f *protocol.Reply) (Step, error) {
	if s.phase != greeted {
		return Step{}, fmt.Errorf("%w: reply, unasked", ErrProtocol)
	}
	s.phase = open
	r := s.round
	r.mayEnd = true
	loc := &protocol.Loc{}
	seen := map[crdt.Device][]crdt.Tip{}
	done := map[crdt.Device]bool{}
	for _, l := range f.Unequals {
		dev, err := r.lanes.device(l.Lane)
		if err != nil {
			return Step{}, err
		}
		named, mine := r.named[dev], r.snap.Tips[dev]
		if done[dev] || len(named) == 0 {
			return Step{}, fmt.Errorf("%w: reply about a lane twice, or unasked", ErrProtocol)
		}
		done[dev] = true
		theirs, _, err := s.resolve(dev, l.Tips)
		if err != nil {
			return Step{}, err
		}
		for i, ref := range l.Tips {
			seen[dev] = append(seen[dev], crdt.Tip{Dev: dev, ID: theirs[i], Seq: ref.Seq})
		}
		holds := present(theirs)
		all := len(holds) == len(theirs)
		if !all || len(theirs) > 1 || len(mine) > 1 {
			s.byID[dev] = true
		}
		known := 0
		for i, t := range mine {
			if i/8 < len(l.Known) && l.Known[i/8]&(1<<(i%8)) != 0 {
				holds = append(holds, t.ID)
				known++
			}
		}
		switch {
		case known == len(mine): // told of a fork only
		case all:
			err = s.plan(dev, holds)
		default:
			err = s.locate(dev, holds, l.Locator, loc)
		}
		if err != nil {
			return Step{}, err
		}
	}
	step := Step{PeerTips: seen}
	if len(loc.Lanes) > 0 {
		step.Send = []protocol.Frame{loc}
	}
	return step, nil
}

// locate answers a lane with tips that each side lacks: it says this side's
// locator, and plans by the peer's, or waits for it.
func (s *Session) locate(dev crdt.Device, holds []crdt.ID, theirs []protocol.TipRef, loc *protocol.Loc) error {
	r := s.round
	mine, err := s.locator(dev)
	if err != nil {
		return err
	}
	r.told[dev] = true
	loc.Lanes = append(loc.Lanes, protocol.LocLane{Lane: r.lanes.of(dev), Locator: mine})
	if len(theirs) == 0 {
		r.held[dev], r.waiting[dev] = holds, true
		return nil
	}
	common, _, err := s.resolve(dev, theirs)
	if err != nil {
		return err
	}
	return s.plan(dev, append(holds, present(common)...))
}

// onLoc plans the lanes of the peer's locators, and answers with its own where the
// peer has not had them.
func (s *Session) onLoc(f *protocol.Loc) (Step, error) {
	if s.phase != open {
		return Step{}, fmt.Errorf("%w: loc out of place", ErrProtocol)
	}
	r := s.round
	answer := &protocol.Loc{}
	for _, l := range f.Lanes {
		dev, err := r.lanes.device(l.Lane)
		if err != nil {
			return Step{}, err
		}
		holds, expected := r.held[dev]
		if !expected {
			return Step{}, fmt.Errorf("%w: loc of a lane twice, or unasked", ErrProtocol)
		}
		delete(r.held, dev)
		delete(r.waiting, dev)
		if !r.told[dev] {
			mine, err := s.locator(dev)
			if err != nil {
				return Step{}, err
			}
			r.told[dev] = true
			answer.Lanes = append(answer.Lanes, protocol.LocLane{Lane: l.Lane, Locator: mine})
		}
		common, _, err := s.resolve(dev, l.Locator)
		if err != nil {
			return Step{}, err
		}
		if err := s.plan(dev, append(holds, present(common)...)); err != nil {
			return Step{}, err
		}
	}
	r.mayEnd = true
	if len(answer.Lanes) == 0 {
		return Step{}, nil
	}
	return Step{Send: []protocol.Frame{answer}}, nil
}

// resolve finds the ops that refs name: the id of each, zero if it is not held at
// the snapshot, and a bit for each that is.
func (s *Session) resolve(dev crdt.Device, refs []protocol.TipRef) (ids []crdt.ID, bits []byte, err error) {
	r := s.round
	ids, bits = make([]crdt.ID, len(refs)), make([]byte, (len(refs)+7)/8)
	mine := r.snap.Tips[dev]
	top := uint64(0)
	for _, t := range mine {
		top = max(top, t.Seq)
	}
	for i, ref := range refs {
		if at := slices.IndexFunc(mine, func(t crdt.Tip) bool { return t.Seq == ref.Seq && r.ref(t.Seq, t.ID) == ref }); at >= 0 {
			ids[i] = mine[at].ID
		} else if ref.Seq <= top {
			there, err := s.cfg.Log.At(dev, ref.Seq)
			if err != nil {
				return nil, nil, err
			}
			for _, id := range there {
				if protocol.TagOf(r.nonce, id) != ref.Tag {
					continue
				}
				// What came after the snapshot may be of another branch than its tips.
				f, ok, err := s.cfg.Log.Fact(id)
				if err != nil {
					return nil, nil, err
				}
				if ok && f.Arr <= r.snap.Last {
					ids[i] = id
				}
			}
		}
		if !ids[i].IsZero() {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return ids, bits, nil
}

// present leaves out the zero ids, and what is there twice.
func present(ids []crdt.ID) []crdt.ID {
	out := slices.DeleteFunc(slices.Clone(ids), crdt.ID.IsZero)
	slices.SortFunc(out, crdt.ID.Compare)
	return slices.Compact(out)
}

// locator names ops on the way down from each tip, at distances 1, 3, 7, 15… and
// seq 1, highest first. All ops held at such a seq are named: on a lane that
// forked further down they are each other's kin.
func (s *Session) locator(dev crdt.Device) ([]protocol.TipRef, error) {
	r := s.round
	var seqs []uint64
	for _, t := range r.snap.Tips[dev] {
		for d := uint64(1); d < t.Seq; d = 2*d + 1 {
			seqs = append(seqs, t.Seq-d)
		}
		seqs = append(seqs, 1)
	}
	slices.SortFunc(seqs, func(a, b uint64) int { return cmp.Compare(b, a) })
	seqs = slices.Compact(seqs)
	var out []protocol.TipRef
	for _, seq := range seqs {
		ids, err := s.cfg.Log.At(dev, seq)
		if err != nil {
			return nil, err
		}
		for _, id := range ids[:min(len(ids), protocol.MaxTips)] {
			if len(out) < maxLocator {
				out = append(out, r.ref(seq, id))
			}
		}
	}
	return out, nil
}

// maxLocator bounds a locator: 16 tips of lanes of a million ops have 320 entries.
const maxLocator = 1_024
