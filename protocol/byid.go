package protocol

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"tend/crdt"
)

// PackByID makes a table in which every parent is named by its id and every lane
// by its key: for gossip, joining, GOODBYE and partial carry files, where the
// reader may lack parents. It keeps the order of ops. A body goes along where
// carry says so; else its hash and length do. The table shares the ops' bytes.
func PackByID(ops []crdt.Op, carry func(*crdt.Op) bool) *Ops {
	t := &Ops{}
	last := map[crdt.Device]int{} // position in ops of the device's row before
	at := map[crdt.Device]uint64{}
	var clock crdt.HLC
	for i := range ops {
		op := &ops[i]
		before, ok := last[op.Dev]
		if !ok || ops[before].ID != op.Prev || ops[before].Seq+1 != op.Seq {
			at[op.Dev] = uint64(len(t.Lanes))
			t.Lanes = append(t.Lanes, LaneRef{Lane: Lane{Dev: op.Dev}, First: op.Seq, Prev: op.Prev})
		}
		last[op.Dev] = i
		t.Rows = append(t.Rows, Row{Lane: at[op.Dev], Deps: byID(op.Deps), Ctl: byID(op.Ctl),
			HLCDelta: int64(op.HLC) - int64(clock), Class: op.Class, Body: PartOf(op, carry(op)), Sig: op.Sig})
		clock = op.HLC
	}
	return t
}

func byID(ids []crdt.ID) []Ref {
	refs := make([]Ref, len(ids))
	for i, id := range ids {
		refs[i].ID = id
	}
	return refs
}

// PartOf returns what a row says of op's body: the body itself if it is to be
// carried and is held, else its hash.
func PartOf(op *crdt.Op, carry bool) BodyPart {
	switch {
	case op.BodyLen == 0:
		return BodyPart{}
	case carry && op.Body != nil:
		return BodyPart{Bytes: op.Body}
	}
	return BodyPart{Hash: op.BodyHash, Len: op.BodyLen, Gone: op.Gone}
}

// UnpackByID takes the ops of such a table back, with headers rebuilt and ids, in
// order. Signatures are not checked. Bodies fit their headers, since the headers
// are made from them. The error wraps [ErrFrame], [ErrFrameLimit] or crdt.ErrForm.
func UnpackByID(circle crdt.ID, t *Ops) ([]crdt.Op, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	type place struct {
		seq  uint64
		prev crdt.ID
	}
	next := make([]place, len(t.Lanes))
	for i, l := range t.Lanes {
		if l.Lane.Dev.IsZero() {
			return nil, wrong("lane %d not named by its key", i)
		}
		next[i] = place{l.First, l.Prev}
	}
	ops := make([]crdt.Op, 0, len(t.Rows))
	var clock crdt.HLC
	for i := range t.Rows {
		r := &t.Rows[i]
		h := crdt.Header{Dev: t.Lanes[r.Lane].Lane.Dev, Seq: next[r.Lane].seq, Prev: next[r.Lane].prev, Class: r.Class}
		var err error
		if h.Deps, err = ids(r.Deps); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		if h.Ctl, err = ids(r.Ctl); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		if clock, err = r.Clock(clock); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		h.HLC = clock
		op, err := r.Rebuild(circle, h)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		next[r.Lane] = place{op.Seq + 1, op.ID}
		ops = append(ops, op)
	}
	return ops, nil
}

// ids returns the ids of references that are all by id, ascending.
func ids(refs []Ref) ([]crdt.ID, error) {
	out := make([]crdt.ID, len(refs))
	for i, r := range refs {
		if r.ID.IsZero() {
			return nil, wrong("a reference not by id")
		}
		out[i] = r.ID
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return out, nil
}

// Clock returns the row's clock, where before is that of the row before it, or 0.
// The error wraps [ErrFrame].
func (r *Row) Clock(before crdt.HLC) (crdt.HLC, error) {
	// Both are within ±2^63, and before is below 2^62.
	clock := int64(before) + r.HLCDelta
	if r.HLCDelta >= int64(crdt.MaxHLC) || clock < 0 || crdt.HLC(clock) >= crdt.MaxHLC {
		return 0, wrong("clock out of range")
	}
	return crdt.HLC(clock), nil
}

// Rebuild makes the row's op: h is its header but for what Body says. Signature
// and body come along; neither the signature nor what h says is checked beyond
// level 0. The error wraps crdt.ErrForm.
func (r *Row) Rebuild(circle crdt.ID, h crdt.Header) (crdt.Op, error) {
	h.BodyHash, h.BodyLen = r.Body.Hash, r.Body.Len
	if len(r.Body.Bytes) > 0 {
		h.BodyHash, h.BodyLen = sha256.Sum256(r.Body.Bytes), uint32(len(r.Body.Bytes))
	}
	op, err := crdt.Parse(circle, h.Encode())
	if err != nil {
		return crdt.Op{}, err
	}
	op.Gone = r.Body.Gone
	if len(r.Body.Bytes) > 0 {
		op.Body = r.Body.Bytes
	}
	if len(r.Sig) > 0 {
		op.Sig = r.Sig
	}
	return op, nil
}
