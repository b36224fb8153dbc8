package circle

import (
	"slices"

	"tend/crdt"
)

// kindOfRecords are the records of which something holds, by what each says itself,
// whoever looks and whenever.
type kindOfRecords struct {
	is  func(*record) bool
	ids []crdt.ID // ascending
	// unread are records of which that is not known; all says that it is known of none.
	unread []crdt.ID
	all    bool
}

// drop forgets what is known of one record.
func (l *kindOfRecords) drop(id crdt.ID) { l.unread, l.all = oneMore(l.unread, l.all, id) }

// in brings the list up to date. The caller does not change it.
func (l *kindOfRecords) in(s *State) []crdt.ID {
	if l.all {
		l.ids = nil
		s.records.all(func(id crdt.ID, rec *record) bool {
			if l.is(rec) {
				l.ids = append(l.ids, id)
			}
			return true
		})
	}
	for _, id := range l.unread {
		l.ids = slices.DeleteFunc(l.ids, func(o crdt.ID) bool { return o == id })
		if l.is(s.record(id)) {
			l.ids = putIn(l.ids, id, crdt.ID.Compare)
		}
	}
	l.unread, l.all = nil, false
	return l.ids
}

// invites reports whether a record invites to a talk.
func (r *record) invites() bool {
	_, ok := r.invitation()
	return ok
}

// cares reports whether a record holds thanks or a check-in.
func (r *record) cares() bool {
	return slices.ContainsFunc(r.parts, func(p part) bool {
		note, ok := p.Body.(NoteWritten)
		return ok && (note.What == NoteThanks || note.What == NoteCheckIn)
	})
}
