package crdt

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Pasts numbers control ops and knows, for each, which others its author knew:
// the closure of its ctl under ctl. That closure is a function of the op's id
// alone, since parents are hashes; so a Pasts is a memory of facts, which
// several working copies of one log may share, and an entry that no log holds
// in the end does no harm. It also numbers the lists of control heads that
// content ops name ("known sets"), of which a circle has few.
//
// A Pasts belongs to one goroutine.
type Pasts struct {
	ids    []ID
	number map[ID]int
	past   []Bits // by number: what the op knew, itself included

	sets   [][]ID // known sets by number: the ctl lists
	known  []Bits // by set number: their closure
	setNum map[string]uint32
}

// NewPasts returns an empty Pasts.
func NewPasts() *Pasts {
	return &Pasts{number: map[ID]int{}, setNum: map[string]uint32{}}
}

// Number returns the number of a control op, and whether it has one.
func (p *Pasts) Number(id ID) (int, bool) { n, ok := p.number[id]; return n, ok }

// ID returns the control op of a number that [Pasts.Number] or [Pasts.Add] gave.
func (p *Pasts) ID(n int) ID { return p.ids[n] }

// Len is how many control ops have numbers: 0 to Len-1, each after all of its past.
func (p *Pasts) Len() int { return len(p.ids) }

// Of returns what the author of control op n knew, n itself included.
func (p *Pasts) Of(n int) Bits { return p.past[n] }

// Add numbers a control op whose ctl is numbered already. Adding it again gives
// the number it has.
func (p *Pasts) Add(id ID, ctl []ID) (int, error) {
	if n, ok := p.number[id]; ok {
		return n, nil
	}
	past, err := p.Closure(ctl)
	if err != nil {
		return 0, fmt.Errorf("past of control op %s: %w", id.Short(), err)
	}
	n := len(p.ids)
	p.ids = append(p.ids, id)
	p.number[id] = n
	p.past = append(p.past, past.With(n))
	return n, nil
}

// Closure returns what somebody knows who knows ids. The error names an id that
// has no number.
func (p *Pasts) Closure(ids []ID) (Bits, error) {
	sets := make([]Bits, len(ids))
	for i, id := range ids {
		n, ok := p.number[id]
		if !ok {
			return nil, fmt.Errorf("control op %s is not known", id.Short())
		}
		sets[i] = p.past[n]
	}
	return Union(sets...), nil
}

// Maximal returns the numbers of the ops in known that no other op in known
// knows, ascending: the heads that stand for the whole set. known must be closed.
func (p *Pasts) Maximal(known Bits) []int {
	var heads []int
	covered := Bits{}
	for n := len(known)*64 - 1; n >= 0; n-- {
		if !known.Has(n) || covered.Has(n) {
			continue
		}
		heads = append(heads, n)
		covered = Union(covered, p.past[n])
	}
	slices.Sort(heads)
	return heads
}

// Known numbers the list ctl of control heads, all of which are numbered.
func (p *Pasts) Known(ctl []ID) (uint32, error) {
	key := joinIDs(ctl)
	if n, ok := p.setNum[key]; ok {
		return n, nil
	}
	closure, err := p.Closure(ctl)
	if err != nil {
		return 0, err
	}
	n := uint32(len(p.sets))
	p.sets = append(p.sets, slices.Clone(ctl))
	p.known = append(p.known, closure)
	p.setNum[key] = n
	return n, nil
}

// KnownBits returns the closure of known set n.
func (p *Pasts) KnownBits(n uint32) Bits { return p.known[n] }

// KnownIDs returns the control heads of known set n, as the ops name them.
func (p *Pasts) KnownIDs(n uint32) []ID { return p.sets[n] }

// KnownLen is how many known sets there are.
func (p *Pasts) KnownLen() int { return len(p.sets) }

func joinIDs(ids []ID) string {
	b := make([]byte, 0, 32*len(ids)+4)
	b = binary.BigEndian.AppendUint32(b, uint32(len(ids)))
	for _, id := range ids {
		b = append(b, id[:]...)
	}
	return string(b)
}

// Restore numbers the known sets that a store kept, in its order, before any
// other is numbered. A set that names a control op without a number (it was
// numbered by a batch that was never written) keeps its place and is never used.
func (p *Pasts) Restore(sets [][]ID) {
	for _, ctl := range sets {
		closure, err := p.Closure(ctl)
		p.sets = append(p.sets, slices.Clone(ctl))
		p.known = append(p.known, closure)
		if err == nil {
			p.setNum[joinIDs(ctl)] = uint32(len(p.sets) - 1)
		}
	}
}
