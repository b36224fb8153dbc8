package circle

import (
	"fmt"
	"strings"

	"tend/crdt"
)

// Marks. Their numbers are part of the format.
const (
	MarkedDone = iota
	MarkedUndone
	MarkedSkip
	MarkedParty
	MarkedTag
	MarkedStandBy
	MarkedExtra
	MarkedOpen
	markEnd
)

// MarkAdded adds one element to a set on a record. Value is a slot (skip, stand-by,
// extra), a member id in hex (party), a word (tag), or empty (done, undone, open).
type MarkAdded struct {
	_     struct{} `cbor:",toarray"`
	On    crdt.ID
	What  uint64
	Value string
}

func (MarkAdded) kind() uint64      { return KindMarkAdded }
func (b MarkAdded) record() crdt.ID { return b.On }
func (b MarkAdded) check() error {
	if b.On.IsZero() {
		return fmt.Errorf("a mark on nothing")
	}
	switch b.What {
	case MarkedDone, MarkedUndone, MarkedOpen:
		if b.Value != "" {
			return fmt.Errorf("a mark of this kind has no value")
		}
		return nil
	case MarkedSkip, MarkedStandBy, MarkedExtra:
		return checkSlot(b.Value)
	case MarkedParty:
		if _, err := crdt.ParseID(b.Value); err != nil || b.Value != strings.ToLower(b.Value) {
			return fmt.Errorf("%q is no member", b.Value)
		}
		return nil
	case MarkedTag:
		return textRule{As("field.tag"), MaxMarkValue, MaxMarkValue, false, true}.check(b.Value)
	}
	return fmt.Errorf("mark %d is not known", b.What)
}

// MarkRemoved takes a mark back. It has an effect only if the same person added it.
type MarkRemoved struct {
	_    struct{} `cbor:",toarray"`
	On   crdt.ID
	Mark crdt.ID
}

func (MarkRemoved) kind() uint64      { return KindMarkRemoved }
func (b MarkRemoved) record() crdt.ID { return b.On }
func (b MarkRemoved) check() error {
	if b.On.IsZero() || b.Mark.IsZero() {
		return fmt.Errorf("the mark is missing")
	}
	return nil
}

// mark is one mark that stands.
type mark struct {
	id, by crdt.ID
	hlc    crdt.HLC
	what   uint64
	value  string
}

// marks returns the marks of one kind that their adder has not taken back,
// ascending by id.
func (r *record) marks(what uint64) []mark {
	if !r.holds(KindMarkAdded) {
		return nil
	}
	type own struct{ by, id crdt.ID }
	removed := map[own]bool{}
	for i := range r.parts {
		if b, ok := r.parts[i].Body.(MarkRemoved); ok {
			removed[own{r.parts[i].Author, b.Mark}] = true
		}
	}
	var out []mark
	for i := range r.parts {
		c := &r.parts[i].Change
		if b, ok := c.Body.(MarkAdded); ok && b.What == what && !removed[own{c.Author, c.ID}] {
			out = append(out, mark{c.ID, c.Author, c.HLC, b.What, b.Value})
		}
	}
	return out
}
