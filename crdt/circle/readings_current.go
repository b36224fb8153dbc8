package circle

import (
	"slices"
	"time"
)

// gone reports whether an open post can no longer matter to anybody but its people by a
// local reading: a need that everybody reads, whose dates are over. An offer stays until
// somebody closes it.
func (p *post) gone(by time.Time) bool {
	if !p.need || p.audience != nil {
		return false
	}
	over := p.slots().over
	return !over.IsZero() && !over.After(by)
}

// currentPosts returns the open posts that were not gone when this day began, the newest
// first and then by id. The caller does not change it.
func (r *reader) currentPosts() []*post {
	if r.kept == nil {
		return slices.DeleteFunc(r.newestPosts(true), func(p *post) bool { return p.gone(r.today) })
	}
	return r.kept.currentOn(r)
}

// currentOn brings the list of current posts up to date, and to a day. As days go by it
// only loses some; a look at a day before has it made anew.
func (k *Readings) currentOn(r *reader) []*post {
	k.list(r)
	if k.day.Equal(r.today) {
		return k.current
	}
	if k.day.IsZero() || r.today.Before(k.day) {
		k.current = append(k.current[:0], k.open...)
	}
	k.day = r.today
	k.current = slices.DeleteFunc(k.current, func(p *post) bool { return p.gone(k.day) })
	return k.current
}
