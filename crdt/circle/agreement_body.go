package circle

import (
	"crypto/sha256"
	"fmt"

	"tend/crdt"
	"tend/crdt/canon"
)

// Terms are what people say yes to: what, when, where about and who pays. When is
// a string of [When], "" for none.
type Terms struct {
	_                       struct{} `cbor:",toarray"`
	What, When, Area, Costs string
}

func (t Terms) check(must bool) error {
	what := ruleTitle
	what.must = must
	if err := firstError(what.check(t.What), ruleArea.check(t.Area), ruleCosts.check(t.Costs)); err != nil {
		return err
	}
	if t.When == "" {
		return nil
	}
	if w, err := parseWhen(t.When); err != nil {
		return err
	} else if w.String() != t.When {
		return complain("no.date_form", t.When)
	}
	return nil
}

// Rev names a text: words are given on it and stay on it.
type Rev [32]byte

// IsZero reports whether r names no text.
func (r Rev) IsZero() bool { return r == Rev{} }

// rev returns the SHA-256 of the canonical array [what, when, area, costs, slot].
func (t Terms) rev(slot string) Rev {
	return sha256.Sum256(canon.MustMarshal([]string{t.What, t.When, t.Area, t.Costs, slot}))
}

// AgreementMade makes an agreement and is its author's yes to the terms. About is
// the post; of a "May I", the member asked.
type AgreementMade struct {
	_     struct{}  `cbor:",toarray"`
	About []crdt.ID // 1 … MaxAbout, in the order given
	Slot  string
	Terms Terms
}

func (AgreementMade) kind() uint64    { return KindAgreementMade }
func (AgreementMade) record() crdt.ID { return crdt.ID{} }
func (b AgreementMade) check() error {
	if len(b.About) < 1 || len(b.About) > MaxAbout {
		return fmt.Errorf("not about 1 to %d things", MaxAbout)
	}
	for _, id := range b.About {
		if id.IsZero() {
			return fmt.Errorf("about nothing")
		}
	}
	return firstError(checkSlot(b.Slot), b.Terms.check(true))
}

// AgreementPlace says where, for the people in the agreement alone. It asks nobody
// again; the newest stands.
type AgreementPlace struct {
	_                  struct{} `cbor:",toarray"`
	Agreement          crdt.ID
	Where, Code, Phone string
}

func (AgreementPlace) kind() uint64      { return KindAgreementPlace }
func (b AgreementPlace) record() crdt.ID { return b.Agreement }
func (b AgreementPlace) check() error {
	if b.Agreement.IsZero() {
		return fmt.Errorf("the agreement is missing")
	}
	return firstError(ruleWhere.check(b.Where), ruleCode.check(b.Code), rulePhone.check(b.Phone))
}

// TermsChanged lays a new text beside the earlier ones and is its author's yes to
// it. An agreement's is Terms, a decision's is Text; the other is empty.
type TermsChanged struct {
	_       struct{} `cbor:",toarray"`
	Accord  crdt.ID
	Text    string
	Terms   Terms
	Parents []Rev // the texts it follows: at most MaxParents, ascending
}

func (TermsChanged) kind() uint64      { return KindTermsChanged }
func (b TermsChanged) record() crdt.ID { return b.Accord }
func (b TermsChanged) check() error {
	if b.Accord.IsZero() {
		return fmt.Errorf("the agreement is missing")
	}
	if (b.Text == "") == (b.Terms == Terms{}) {
		return fmt.Errorf("not one text")
	}
	if len(b.Parents) > MaxParents {
		return fmt.Errorf("follows more than %d texts", MaxParents)
	}
	for i := 1; i < len(b.Parents); i++ {
		if crdt.ID(b.Parents[i-1]).Compare(crdt.ID(b.Parents[i])) >= 0 {
			return fmt.Errorf("the texts it follows are not in order")
		}
	}
	return firstError(ruleNewText.check(b.Text), b.Terms.check(b.Text == ""))
}
