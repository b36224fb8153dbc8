package circle

import (
	"fmt"

	"tend/crdt"
)

// MemberSectionSet sets one section of a member's own page. The newest stands among
// those that the member wrote (or a proxy, where the member named one). An empty
// list of values removes the section.
type MemberSectionSet struct {
	_       struct{} `cbor:",toarray"`
	Member  crdt.ID
	Section string   // lower-case letters, digits, '.', '_' and '-'
	Values  []string // at most MaxValues
	Until   string   // a date or a date and time, "" for good
}

func (MemberSectionSet) kind() uint64      { return KindMemberSectionSet }
func (b MemberSectionSet) record() crdt.ID { return b.Member }
func (b MemberSectionSet) check() error {
	if b.Member.IsZero() {
		return fmt.Errorf("the member is missing")
	}
	if err := checkSectionName(b.Section); err != nil {
		return err
	}
	if len(b.Values) > MaxValues {
		return complain("no.many_values", MaxValues)
	}
	rule := ruleSection
	if b.Section == SectionName {
		rule = ruleName
	}
	for _, v := range b.Values {
		if err := rule.check(v); err != nil {
			return err
		}
	}
	if b.Until != "" && checkSlot(b.Until) != nil {
		return complain("no.date.until", b.Until)
	}
	return nil
}

func checkSectionName(s string) error {
	if s == "" || len(s) > MaxSectionName {
		return fmt.Errorf("the section's name is not between 1 and %d bytes", MaxSectionName)
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return fmt.Errorf("the section's name %q holds other than a-z, 0-9, '.', '_' and '-'", s)
		}
	}
	return nil
}
