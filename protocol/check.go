package protocol

import (
	"fmt"

	"tend/crdt"
	"tend/crdt/membership"
)

// limit is the error for n of what, where at most most are allowed; nil if they are.
func limit(what string, n, most int) error {
	if n > most {
		return fmt.Errorf("%w: %d %s, limit %d", ErrFrameLimit, n, what, most)
	}
	return nil
}

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFrame, fmt.Sprintf(format, args...))
}

func (*Probe) check() error { return nil }
func (*Same) check() error  { return nil }
func (*Edge) check() error  { return nil }
func (*Ack) check() error   { return nil }

func (h *Hello) check() error {
	if err := limit("lanes", len(h.Lanes), MaxLanes); err != nil {
		return err
	}
	if err := limit("tips", len(h.Tips), MaxLanes); err != nil {
		return err
	}
	if len(h.Keys) > 0 && len(h.Keys) != len(h.Lanes) {
		return wrong("%d keys for %d lanes", len(h.Keys), len(h.Lanes))
	}
	for i := 1; i < len(h.Keys); i++ {
		if h.Keys[i-1].Compare(h.Keys[i]) >= 0 {
			return wrong("roster not strictly ascending")
		}
	}
	for _, l := range h.Lanes {
		if err := checkSeq(l.Seq, 0); err != nil {
			return err
		}
	}
	of := map[crdt.Device]int{}
	for _, t := range h.Tips {
		if err := checkSeq(t.Seq, 1); err != nil {
			return err
		}
		if of[t.Dev]++; of[t.Dev] > MaxTips {
			return limit("tips of one device", of[t.Dev], MaxTips)
		}
	}
	if h.FrameLimit < MinFrameLimit {
		return wrong("frame limit of %d bytes, at least %d", h.FrameLimit, MinFrameLimit)
	}
	if h.MaxVersion == 0 {
		return wrong("version 0")
	}
	return nil
}

func (r *Reply) check() error {
	if err := limit("lanes", len(r.Unequals), MaxLanes); err != nil {
		return err
	}
	for _, l := range r.Unequals {
		if err := limit("bits", 8*len(l.Known), 8*((MaxTips+7)/8)); err != nil {
			return err
		}
		if err := checkRefs("tips", l.Tips); err != nil {
			return err
		}
		if err := checkRefs("locator entries", l.Locator); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loc) check() error {
	if err := limit("lanes", len(l.Lanes), MaxLanes); err != nil {
		return err
	}
	for _, x := range l.Lanes {
		if err := checkRefs("locator entries", x.Locator); err != nil {
			return err
		}
	}
	return nil
}

// maxLocator is enough for every tip's locator: about log2 of a lane's length each.
const maxLocator = MaxTips * 42

func checkRefs(what string, refs []TipRef) error {
	if err := limit(what, len(refs), maxLocator); err != nil {
		return err
	}
	for _, r := range refs {
		if err := checkSeq(r.Seq, 1); err != nil {
			return err
		}
	}
	return nil
}

func checkSeq(seq, least uint64) error {
	if seq < least || seq >= crdt.MaxSeq {
		return wrong("seq %d out of range", seq)
	}
	return nil
}

func (o *Ops) check() error {
	if err := limit("lanes", len(o.Lanes), MaxLanes); err != nil {
		return err
	}
	if err := limit("rows", len(o.Rows), MaxOpsPerFrame); err != nil {
		return err
	}
	for _, l := range o.Lanes {
		if err := checkSeq(l.First, 0); err != nil {
			return err
		}
		if l.First <= 1 && !l.Prev.IsZero() {
			return wrong("lane from seq %d with a prev", l.First)
		}
	}
	for i := range o.Rows {
		if err := o.checkRow(&o.Rows[i]); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return nil
}

func (o *Ops) checkRow(r *Row) error {
	if r.Lane >= uint64(len(o.Lanes)) || o.Lanes[r.Lane].First == 0 {
		return wrong("lane %d has no rows", r.Lane)
	}
	if err := limit("deps", len(r.Deps), crdt.MaxDeps); err != nil {
		return err
	}
	if err := limit("control heads", len(r.Ctl), crdt.MaxBeatCtl); err != nil {
		return err
	}
	for _, refs := range [][]Ref{r.Deps, r.Ctl} {
		for _, ref := range refs {
			if !ref.ID.IsZero() {
				continue
			}
			if ref.Lane >= uint64(len(o.Lanes)) {
				return wrong("reference to lane %d of %d", ref.Lane, len(o.Lanes))
			}
			if err := checkSeq(ref.Seq, 1); err != nil {
				return err
			}
		}
	}
	switch {
	case r.Class > crdt.Content:
		return wrong("class %d", r.Class)
	case len(r.Sig) != 64 && (len(r.Sig) != 0 || r.Class == crdt.Control):
		return wrong("signature of %d bytes", len(r.Sig))
	}
	return nil
}

func (g *Goodbye) check() error { return g.Table.check() }

func (p *Pull) check() error {
	if err := limit("wants", len(p.Wants), MaxPullWants); err != nil {
		return err
	}
	for _, w := range p.Wants {
		if err := checkSeq(w.HaveSeq, 0); err != nil {
			return err
		}
		if w.HaveSeq == 0 && w.HaveTag != (Tag{}) {
			return wrong("tag of nothing")
		}
		if w.Want.IsZero() {
			return wrong("want of nothing")
		}
	}
	return nil
}

func (e *Err) check() error { return limit("bytes of detail", len(e.Detail), MaxErrDetail) }

func (w *Want) check() error { return limit("epochs", len(w.Epochs), MaxWant) }

func (k *Keys) check() error {
	if err := limit("lockboxes", len(k.Boxes), MaxWant); err != nil {
		return err
	}
	for _, b := range k.Boxes {
		if err := b.check(); err != nil {
			return wrong("%v", err)
		}
	}
	return nil
}

func (a *Addr) check() error {
	if err := limit("address numbers", len(a.Seqs), MaxAddrSeqs); err != nil {
		return err
	}
	if err := limit("address records", len(a.Records), MaxAddrRecords); err != nil {
		return err
	}
	seen := make(map[membership.PeerKey]bool, len(a.Seqs))
	for _, s := range a.Seqs {
		if seen[s.Peer] {
			return wrong("a peer twice in the address table")
		}
		seen[s.Peer] = true
	}
	total := 0
	for _, r := range a.Records {
		if len(r) == 0 {
			return wrong("empty address record")
		}
		if err := limit("bytes in an address record", len(r), MaxAddrRecord); err != nil {
			return err
		}
		total += len(r)
	}
	return limit("bytes of address records", total, MaxAddrBytes)
}

func (p *Pack) check() error { return limit("body keys", len(p.Keys), MaxPack) }
