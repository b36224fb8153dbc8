package circle

import (
	"errors"
	"unicode"
	"unicode/utf8"
)

// ErrForm is wrapped by every error of [Decode]: the body has no effect, and its
// op stays in the log.
var ErrForm = errors.New("malformed body")

// textRule is the bound of one text: what it is called, and how long it may be.
type textRule struct {
	name         Sentence
	chars, bytes int
	lines        bool // line breaks and tabs are welcome
	must         bool // may not be empty
}

// check returns an error that reads as a sentence's end: "the title is …".
func (r textRule) check(s string) error {
	switch {
	case s == "" && r.must:
		return complain("no.text_empty", "the %s is empty", r.name)
	case !utf8.ValidString(s):
		return complain("no.text_unreadable", "the %s is not valid UTF-8", r.name)
	case len(s) > r.bytes:
		return complain("no.text_long", "the %s is longer than %d bytes", r.name, r.bytes)
	case utf8.RuneCountInString(s) > r.chars:
		return complain("no.text_long", "the %s is longer than %d characters", r.name, r.chars)
	}
	for _, c := range s {
		if r.lines && (c == '\n' || c == '\t') {
			continue
		}
		if unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || isBidiControl(c) {
			return complain("no.text_control", "the %s holds a control character (U+%04X)", r.name, c)
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
	ruleTitle    = textRule{phrase("field.title", "title"), MaxTitle, MaxTitleBytes, false, true}
	ruleDetails  = textRule{phrase("field.details", "details"), MaxDetails, MaxDetailsBytes, true, false}
	ruleCategory = textRule{phrase("field.category", "category"), MaxCategory, MaxCategoryBytes, false, false}
	ruleArea     = textRule{phrase("field.area", "area"), MaxArea, MaxAreaBytes, false, false}
	ruleCosts    = textRule{phrase("field.costs", "costs"), MaxCosts, MaxCostsBytes, false, false}
	ruleWhere    = textRule{phrase("field.place", "place"), MaxPlace, MaxPlaceBytes, true, false}
	ruleCode     = textRule{phrase("field.code", "code"), MaxPlace, MaxPlaceBytes, false, false}
	rulePhone    = textRule{phrase("field.phone", "phone"), MaxPhone, MaxPhoneBytes, false, false}
	ruleNote     = textRule{phrase("field.note", "note"), MaxNote, MaxNoteBytes, true, true}
	ruleWordNote = textRule{phrase("field.note", "note"), MaxWordNote, MaxWordNoteBytes, true, false}
	ruleText     = textRule{phrase("field.text", "text"), MaxText, MaxTextBytes, true, true}
	ruleNewText  = textRule{phrase("field.text", "text"), MaxText, MaxTextBytes, true, false}
	ruleName     = textRule{phrase("field.name", "name"), MaxName, MaxNameBytes, false, true}
	ruleSection  = textRule{phrase("field.text", "text"), MaxSection, MaxSectionBytes, true, true}
	ruleSentence = textRule{phrase("field.sentence", "sentence"), MaxWordNote, MaxWordNoteBytes, true, true}
	ruleZone     = textRule{phrase("field.zone", "zone"), MaxZoneBytes, MaxZoneBytes, false, false}
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
