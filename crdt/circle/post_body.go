package circle

import (
	"fmt"
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
)

// Posted is what a need and an offer hold when they are posted.
type Posted struct {
	_ struct{} `cbor:",toarray"`

	Title, Details, Category string
	// For is the member it is for; zero is the author.
	For crdt.ID
	// When holds dates, times and ranges as written by [When.String]; empty is anytime.
	When []string
	// Zone is an IANA name, "" unknown. It serves reminders and calendars only.
	Zone string
	// Rule repeats the first When; "" is no repeat.
	Rule string
	// Skips are slots left out of a repeat.
	Skips []string
	// People wanted per slot, 1 … MaxPeople.
	People  uint64
	ExtraOK bool
	Area    string
	// By is the date by which an answer helps, "" none.
	By     string
	SignUp uint64
	Costs  string
	// To names the members meant to read it; empty is the circle.
	To []crdt.ID
	// Fade is days after closing until it is let go; 0 keeps it.
	Fade   uint64
	Tender bool
	// How names ways of listening: HowCall, HowText, HowSit, ascending.
	How []uint64
	// Under is the number of the standing consent it rests on, 0 none.
	Under uint64
}

// Values of Posted.SignUp.
const (
	SignUpOpen = iota
	SignUpAskFirst
)

// Values of Posted.How.
const (
	HowCall = iota
	HowText
	HowSit
)

// NeedPosted and OfferPosted make a post: what someone would welcome, and what
// someone could give, lend, do or be. One shape, two directions. They are bodies by
// pointer, so that what is read of a post need not copy it; nobody changes one.
type (
	NeedPosted  Posted
	OfferPosted Posted
)

func (*NeedPosted) kind() uint64     { return KindNeedPosted }
func (*NeedPosted) record() crdt.ID  { return crdt.ID{} }
func (b *NeedPosted) check() error   { return (*Posted)(b).check() }
func (*OfferPosted) kind() uint64    { return KindOfferPosted }
func (*OfferPosted) record() crdt.ID { return crdt.ID{} }
func (b *OfferPosted) check() error  { return (*Posted)(b).check() }

func (p *Posted) check() error {
	err := firstError(ruleTitle.check(p.Title), ruleDetails.check(p.Details), ruleCategory.check(p.Category),
		ruleZone.check(p.Zone), ruleArea.check(p.Area), ruleCosts.check(p.Costs), checkWhens(p.When),
		checkSkips(p.Skips), checkDate("by", p.By), checkAudienceList(p.To), checkHow(p.How))
	switch {
	case err != nil:
		return err
	case p.People < 1 || p.People > MaxPeople:
		return complain("no.people", MaxPeople)
	case p.SignUp > SignUpAskFirst:
		return fmt.Errorf("sign-up %d is not known", p.SignUp)
	case p.Fade > MaxFadeDays:
		return flaw("typed.fade", MaxFadeDays)
	case p.Under > MaxUnder:
		return fmt.Errorf("consent number %d is beyond %d", p.Under, MaxUnder)
	case p.Rule == "":
		return nil
	case len(p.Rule) > MaxRuleBytes:
		return flaw("typed.rule_long", MaxRuleBytes)
	case len(p.When) == 0:
		return flaw("typed.no_first_date")
	}
	if r, err := ParseRule(p.Rule); err != nil {
		return err
	} else if r.String() != p.Rule {
		return flaw("typed.rule_form", p.Rule)
	}
	return nil
}

func checkWhens(whens []string) error {
	if len(whens) > MaxWhens {
		return complain("no.many_dates", MaxWhens)
	}
	for _, s := range whens {
		if w, err := parseWhen(s); err != nil {
			return err
		} else if w.String() != s {
			return complain("no.date_form", s)
		}
	}
	return nil
}

func checkSkips(skips []string) error {
	if len(skips) > MaxSkips {
		return flaw("typed.many_skips", MaxSkips)
	}
	for _, s := range skips {
		if err := checkSlot(s); err != nil || s == "" {
			return flaw("typed.no_skip", s)
		}
	}
	return nil
}

func checkDate(what, s string) error {
	if s == "" {
		return nil
	}
	if !isDate(s) {
		return flaw("typed.no_date_of", what, s)
	}
	return nil
}

func checkAudienceList(to []crdt.ID) error {
	if len(to) > MaxTo {
		return complain("no.many_people.asked", MaxTo)
	}
	if !ascending(to) {
		return fmt.Errorf("the people asked are not in order")
	}
	return nil
}

func checkHow(how []uint64) error {
	for i, h := range how {
		if h > HowSit || (i > 0 && how[i-1] >= h) {
			return fmt.Errorf("the ways of listening are not in order")
		}
	}
	return nil
}

func ascending(ids []crdt.ID) bool {
	for i := range ids {
		if ids[i].IsZero() || (i > 0 && ids[i-1].Compare(ids[i]) >= 0) {
			return false
		}
	}
	return true
}

// Field numbers of a post: the places of its fields.
const (
	FieldTitle = iota
	FieldDetails
	FieldCategory
	FieldFor
	FieldWhen
	FieldZone
	FieldRule
	FieldSkips
	FieldPeople
	FieldExtraOK
	FieldArea
	FieldBy
	FieldSignUp
	FieldCosts
	FieldTo
	FieldFade
	FieldTender
	FieldHow
	FieldUnder
)

// field returns a pointer to the field with the given number; nil for none, and
// for those that are fixed when a post is made (For, To, Under).
func (p *Posted) field(n uint64) any {
	switch n {
	case FieldTitle:
		return &p.Title
	case FieldDetails:
		return &p.Details
	case FieldCategory:
		return &p.Category
	case FieldWhen:
		return &p.When
	case FieldZone:
		return &p.Zone
	case FieldRule:
		return &p.Rule
	case FieldSkips:
		return &p.Skips
	case FieldPeople:
		return &p.People
	case FieldExtraOK:
		return &p.ExtraOK
	case FieldArea:
		return &p.Area
	case FieldBy:
		return &p.By
	case FieldSignUp:
		return &p.SignUp
	case FieldCosts:
		return &p.Costs
	case FieldFade:
		return &p.Fade
	case FieldTender:
		return &p.Tender
	case FieldHow:
		return &p.How
	}
	return nil
}

// Edit is the new value of one field: its number and its canonical encoding.
type Edit struct {
	_     struct{} `cbor:",toarray"`
	Field uint64
	Value []byte
}

// PostEdited sets fields of a post. Per field the newest stands, by clock and then
// by op id, among those whom the post lets edit it.
type PostEdited struct {
	_     struct{} `cbor:",toarray"`
	Post  crdt.ID
	Edits []Edit // ascending by field, no field twice
}

func (PostEdited) kind() uint64      { return KindPostEdited }
func (b PostEdited) record() crdt.ID { return b.Post }

// check judges each value by itself; whether the fields go together is seen
// when the post is read, since they may come from two edits.
func (b PostEdited) check() error {
	if b.Post.IsZero() {
		return fmt.Errorf("the post is missing")
	}
	if len(b.Edits) == 0 || len(b.Edits) > MaxEdits {
		return fmt.Errorf("not between 1 and %d fields", MaxEdits)
	}
	probe := Posted{Title: "x", People: 1}
	for i, e := range b.Edits {
		if i > 0 && b.Edits[i-1].Field >= e.Field {
			return fmt.Errorf("the fields are not in order")
		}
		at := probe.field(e.Field)
		if at == nil {
			return fmt.Errorf("field %d cannot be edited", e.Field)
		}
		if err := canon.Unmarshal(e.Value, at); err != nil {
			return err
		}
	}
	if probe.Rule != "" && len(probe.When) == 0 {
		probe.When = []string{"2000-01-01"} // the first date may stand in another edit
	}
	return probe.check()
}

// apply sets the field of e in p.
func (e Edit) apply(p *Posted) {
	at := p.field(e.Field)
	switch list := at.(type) { // decoding into a list would write into the one that p shares
	case nil:
		return
	case *[]string:
		*list = nil
	case *[]uint64:
		*list = nil
	}
	_ = canon.Unmarshal(e.Value, at) // check has read it before
}

// editOf returns the edit that gives p's field n its value.
func editOf(p *Posted, n uint64) Edit {
	return Edit{Field: n, Value: canon.MustMarshal(p.field(n))}
}

// Post statuses as written.
const (
	StatusOpen = iota
	StatusEnough
	StatusMet
	StatusWithdrawn
	StatusResting
	StatusStillTrue
)

// PostStatusSet says how it stands with a post. StatusStillTrue renews an offer
// and leaves its status as it is.
type PostStatusSet struct {
	_      struct{} `cbor:",toarray"`
	Post   crdt.ID
	Status uint64
}

func (PostStatusSet) kind() uint64      { return KindPostStatusSet }
func (b PostStatusSet) record() crdt.ID { return b.Post }
func (b PostStatusSet) check() error {
	if b.Post.IsZero() {
		return fmt.Errorf("the post is missing")
	}
	if b.Status > StatusStillTrue {
		return fmt.Errorf("status %d is not known", b.Status)
	}
	return nil
}

// AudienceChanged gives a record to other readers, and is sealed to them. They
// read the snapshot; the first readers keep what they have.
type AudienceChanged struct {
	_        struct{} `cbor:",toarray"`
	Target   crdt.ID
	Snapshot []byte // canonical Snapshot
}

// Snapshot is a record as its new readers get it: the body that made it, with the
// fields of now, who made it and when.
type Snapshot struct {
	_      struct{} `cbor:",toarray"`
	Kind   uint64
	Author crdt.ID
	HLC    crdt.HLC
	Body   []byte
}

func (AudienceChanged) kind() uint64      { return KindAudienceChanged }
func (b AudienceChanged) record() crdt.ID { return b.Target }
func (b AudienceChanged) check() error {
	if b.Target.IsZero() {
		return fmt.Errorf("the record is missing")
	}
	_, err := b.open(b.Target)
	return err
}

// open returns the change that the snapshot stands for.
func (b AudienceChanged) open(id crdt.ID) (Change, error) {
	var s Snapshot
	if err := canon.Unmarshal(b.Snapshot, &s); err != nil {
		return Change{}, err
	}
	if !slices.Contains([]uint64{KindNeedPosted, KindOfferPosted, KindAgreementMade, KindTalkOpened}, s.Kind) {
		return Change{}, fmt.Errorf("a snapshot of kind %d", s.Kind)
	}
	return Decode(Meta{ID: id, Author: s.Author, HLC: s.HLC}, s.Kind, s.Body)
}

// snapshotOf returns the encoded snapshot of body, made by author at the given time.
func snapshotOf(author crdt.ID, at crdt.HLC, body Body) []byte {
	kind, payload := Encode(body)
	return canon.MustMarshal(Snapshot{Kind: kind, Author: author, HLC: at, Body: payload})
}
