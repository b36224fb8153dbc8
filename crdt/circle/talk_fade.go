package circle

import "tend/crdt"

// fadingTalks finds, when first asked, which talks have faded at a time, by what is
// written in them alone: who is in the circle does not matter.
type fadingTalks struct {
	s     *State
	now   crdt.HLC
	r     *reader
	faded map[*talk]bool
}

// part tells which parts are let go of a record that is a talk, or was drafted in
// one; false if it is neither. An agreement that a talk ended in stays.
func (f *fadingTalks) part(rec *record) (func(*part) bool, bool) {
	id, drafted := rec.id, false
	if made, ok := rec.maker(); ok {
		if a, is := made.Body.(AgreementMade); is {
			id, drafted = a.About[0], true
		}
	}
	if !f.s.mayBeTalk(id) {
		return nil, false
	}
	if f.r == nil {
		f.r, f.faded = f.s.reader(Env{}), map[*talk]bool{}
	}
	t, ok := f.r.talk(id)
	if !ok {
		return nil, false
	}
	if drafted {
		if _, closed := rec.closedTalk(t.two[0], t.two[1]); closed {
			return func(*part) bool { return false }, true
		}
	}
	faded, known := f.faded[t]
	if !known {
		at, fades := f.r.fadesAt(t)
		faded = fades && at <= f.now
		f.faded[t] = faded
	}
	return func(p *part) bool { return faded && !p.Audience.Whole() }, true
}
