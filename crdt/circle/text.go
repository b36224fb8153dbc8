package circle

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// ErrForm is wrapped by every error of [Decode]: the body has no effect, and its
// op stays in the log.
var ErrForm = errors.New("malformed body")

// textRule is the bound of one text: what it is called, and how long it may be.
type textRule struct {
	name         Said
	chars, bytes int
	lines        bool // line breaks and tabs are welcome
	must         bool // may not be empty
}

// check returns what there is to complain about a text, by name.
func (r textRule) check(s string) error {
	switch {
	case s == "" && r.must:
		return complain("no.text_empty", r.name)
	case !utf8.ValidString(s):
		return complain("no.text_unreadable", r.name)
	case len(s) > r.bytes:
		return complain("no.text_long", r.name, r.bytes)
	case utf8.RuneCountInString(s) > r.chars:
		return complain("no.text_long.characters", r.name, r.chars)
	}
	for _, c := range s {
		if r.lines && (c == '\n' || c == '\t') {
			continue
		}
		if unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || isBidiControl(c) {
			return complain("no.text_control", r.name, fmt.Sprintf("U+%04X", c))
		}
	}
	return nil
}

// isBidiControl reports overrides and isolates: they can make a line on somebody's
// screen read as what nobody wrote. Left and right marks, which Arabic and Hebrew
// need, are not among them.
func isBidiControl(c rune) bool {
	return (c >= '\u202a' && c <= '\u202e') || (c >= '\u2066' && c <= '\u2069')
}

var (
	ruleTitle    = textRule{As("field.title"), MaxTitle, MaxTitleBytes, false, true}
	ruleDetails  = textRule{As("field.details"), MaxDetails, MaxDetailsBytes, true, false}
	ruleCategory = textRule{As("field.category"), MaxCategory, MaxCategoryBytes, false, false}
	ruleArea     = textRule{As("field.area"), MaxArea, MaxAreaBytes, false, false}
	ruleCosts    = textRule{As("field.costs"), MaxCosts, MaxCostsBytes, false, false}
	ruleWhere    = textRule{As("field.place"), MaxPlace, MaxPlaceBytes, true, false}
	ruleCode     = textRule{As("field.code"), MaxPlace, MaxPlaceBytes, false, false}
	rulePhone    = textRule{As("field.phone"), MaxPhone, MaxPhoneBytes, false, false}
	ruleNote     = textRule{As("field.note"), MaxNote, MaxNoteBytes, true, true}
	ruleWordNote = textRule{As("field.note"), MaxWordNote, MaxWordNoteBytes, true, false}
	ruleText     = textRule{As("field.text"), MaxText, MaxTextBytes, true, true}
	ruleNewText  = textRule{As("field.text"), MaxText, MaxTextBytes, true, false}
	ruleName     = textRule{As("field.name"), MaxName, MaxNameBytes, false, true}
	ruleSection  = textRule{As("field.text"), MaxSection, MaxSectionBytes, true, true}
	ruleSentence = textRule{As("field.sentence"), MaxWordNote, MaxWordNoteBytes, true, true}
	ruleZone     = textRule{As("field.zone"), MaxZoneBytes, MaxZoneBytes, false, false}
)

// firstError returns the first error that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
