package circle

import (
	"fmt"

	"tend/crdt"
)

// DecisionOpened lays a text before the circle and is its proposer's consent.
type DecisionOpened struct {
	_        struct{} `cbor:",toarray"`
	Text     string
	Closes   uint64 // Unix seconds
	ReviewOn string // a date, "" none
	About    crdt.ID
	Tag      string
	Control  crdt.ID // the control proposal it speaks of, zero for none
}

func (DecisionOpened) kind() uint64    { return KindDecisionOpened }
func (DecisionOpened) record() crdt.ID { return crdt.ID{} }
func (b DecisionOpened) check() error {
	if b.Closes >= MaxUnixSeconds {
		return flaw("typed.closing_time")
	}
	tag := textRule{As("field.tag"), MaxMarkValue, MaxMarkValue, false, false}
	return firstError(ruleText.check(b.Text), checkDate("review", b.ReviewOn), tag.check(b.Tag))
}

// MaxUnixSeconds is the first time that is out of range in a body.
const MaxUnixSeconds = 1 << 40

// DecisionClosed says which words were heard on which text when a decision closed.
type DecisionClosed struct {
	_        struct{} `cbor:",toarray"`
	Decision crdt.ID
	Rev      Rev
	Heard    []crdt.ID // word ids, ascending
}

func (DecisionClosed) kind() uint64      { return KindDecisionClosed }
func (b DecisionClosed) record() crdt.ID { return b.Decision }
func (b DecisionClosed) check() error {
	if b.Decision.IsZero() {
		return fmt.Errorf("the decision is missing")
	}
	if len(b.Heard) > MaxHeard || !ascending(b.Heard) {
		return fmt.Errorf("the words heard are more than %d or not in order", MaxHeard)
	}
	return nil
}

// TalkOpened invites a member to a LEAP talk.
type TalkOpened struct {
	_        struct{} `cbor:",toarray"`
	With     crdt.ID
	About    crdt.ID // zero for nothing in particular
	Sentence string
	Fade     uint64 // days; 0 for [TalkFade]
}

// fade is after how many days it asks to fade.
func (b TalkOpened) fade() uint64 {
	if b.Fade == 0 {
		return TalkFade
	}
	return b.Fade
}

func (TalkOpened) kind() uint64    { return KindTalkOpened }
func (TalkOpened) record() crdt.ID { return crdt.ID{} }
func (b TalkOpened) check() error {
	if b.With.IsZero() {
		return fmt.Errorf("the other person is missing")
	}
	if b.Fade > MaxFadeDays {
		return flaw("typed.fade", MaxFadeDays)
	}
	return ruleSentence.check(b.Sentence)
}

// PodAsked asks a member to be one of the few its author would turn to.
type PodAsked struct {
	_      struct{} `cbor:",toarray"`
	Person crdt.ID
}

func (PodAsked) kind() uint64    { return KindPodAsked }
func (PodAsked) record() crdt.ID { return crdt.ID{} }
func (b PodAsked) check() error {
	if b.Person.IsZero() {
		return fmt.Errorf("the person is missing")
	}
	return nil
}
