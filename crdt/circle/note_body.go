package circle

import (
	"fmt"

	"tend/crdt"
)

// NoteKind says what a note is.
type NoteKind uint64

// The kinds of notes. Their numbers are part of the format.
const (
	NoteComment NoteKind = iota
	NoteThanks
	NoteCheckIn
	NoteSay
	NoteSayBack
	NoteFeeling
	NoteCommon
	NoteReason
	NoteFarewell
	noteEnd
)

var noteNames = [...]string{"comment", "thanks", "check_in", "say", "say_back", "feeling", "common", "reason", "farewell"}

// String returns the kind as interface JSON has it.
func (k NoteKind) String() string {
	if k >= noteEnd {
		return fmt.Sprintf("note %d", uint64(k))
	}
	return noteNames[k]
}

// NoteWritten is a text on a record, a member or the circle; never changed, and
// taken back only by its author.
type NoteWritten struct {
	_    struct{} `cbor:",toarray"`
	On   crdt.ID
	What NoteKind
	Text string
}

func (NoteWritten) kind() uint64      { return KindNoteWritten }
func (b NoteWritten) record() crdt.ID { return b.On }
func (b NoteWritten) check() error {
	if b.On.IsZero() {
		return fmt.Errorf("a note on nothing")
	}
	if b.What >= noteEnd {
		return fmt.Errorf("note %d is not known", b.What)
	}
	return ruleNote.check(b.Text)
}

// Retracted takes an op of the same author back: its body is let go on every
// honest node, and it has no effect. A Retracted cannot itself be retracted.
type Retracted struct {
	_  struct{} `cbor:",toarray"`
	Op crdt.ID
}

func (Retracted) kind() uint64      { return KindRetracted }
func (b Retracted) record() crdt.ID { return b.Op }
func (b Retracted) check() error {
	if b.Op.IsZero() {
		return fmt.Errorf("the op is missing")
	}
	return nil
}
