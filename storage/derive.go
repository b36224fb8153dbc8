package storage

import (
	"fmt"

	"tend/crdt"
)

// What a store works out by itself from the ops it is given. Every store does it
// by these functions, so that all of them agree with [crdt.Log].

// TipOf returns the tip that an op is as long as it has no successor.
func TipOf(s *crdt.Stored) crdt.Tip {
	return crdt.Tip{Dev: s.Op.Dev, ID: s.Op.ID, Seq: s.Op.Seq, Arr: s.Fact.Arr, HLC: s.Op.HLC}
}

// NewFork returns the proof that op and the op twin, which arrived before, are a fork.
func NewFork(op *crdt.Op, twin crdt.ID) crdt.Fork {
	f := crdt.Fork{Dev: op.Dev, Seq: op.Seq, IDs: [2]crdt.ID{twin, op.ID}}
	if f.IDs[0].Compare(f.IDs[1]) > 0 {
		f.IDs[0], f.IDs[1] = f.IDs[1], f.IDs[0]
	}
	return f
}

// Apply returns s with the body changed. The error wraps [crdt.ErrBody] when the
// body is not the one the op's header names.
func (c BodyChange) Apply(s crdt.Stored) (crdt.Stored, error) {
	switch {
	case s.Op.Gone || s.Op.BodyLen == 0 && c.Body == nil:
		return s, nil
	case c.Body == nil:
		s.Op.Body, s.Op.Gone = nil, true
		return s, nil
	}
	if err := s.Op.CheckBody(c.Body); err != nil {
		return s, fmt.Errorf("fill body: %w", err)
	}
	s.Op.Body = append([]byte(nil), c.Body...)
	return s, nil
}
