package circle

import (
	"strings"

	"tend/crdt"
)

// Words that begin a tag which says something about its record. Others are kept and say
// nothing here. A tag asks nobody again: it is in no text that somebody said yes to.
const (
	tagNewcomers = "newcomers " // on a post: how many places of each date are kept for them
	tagReview    = "review "    // on an agreement: the day to look at it again
	tagExtra     = "extra "     // on a post: how many places more a slot had before its readers came
)

// tag returns what the newest tag that begins with word says, among those by whom may
// says; "" if there is none.
func (r *record) tag(word string, may func(crdt.ID) bool) string {
	var newest mark
	for _, m := range r.marks(MarkedTag) {
		if strings.HasPrefix(m.value, word) && may(m.by) && (m.hlc > newest.hlc || m.hlc == newest.hlc && m.id.Compare(newest.id) > 0) {
			newest = m
		}
	}
	return strings.TrimPrefix(newest.value, word)
}
