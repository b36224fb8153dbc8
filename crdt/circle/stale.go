package circle

import (
	"time"

	"tend/crdt"
)

// staleDays is after how many days without a word about it the owner of an offer is asked
// whether it is still so.
const staleDays = 60

// stale reports whether an offer with that status waits for such a word: it is open, and
// nobody has said anything of it for long, or not since its last date was over. It
// vanishes from nowhere by that.
func (r *reader) stale(p *post, status string) bool {
	if p.need || status != "open" {
		return false
	}
	end := p.lastDate()
	ended := !end.IsZero() && !end.After(r.now)
	if !ended && p.heard > crdt.At(r.env.Now.UnixMilli())-(staleDays-2)*dayHLC { // however the clocks were changed since
		return false
	}
	said := local(p.heard.Time().In(r.env.Now.Location()))
	return !said.AddDate(0, 0, staleDays).After(r.now) || ended && said.Before(end)
}

// lastDate is the local reading at which the last date of a post, and the day by which it
// is, are over; zero for a post that has neither.
func (p *post) lastDate() time.Time {
	var end time.Time
	for _, t := range p.slots().times {
		if t.ends.After(end) {
			end = t.ends
		}
	}
	if p.By == "" {
		return end
	}
	if by, err := parseWhen(p.By); err == nil && !by.Start.IsZero() && by.over().After(end) {
		end = by.over()
	}
	return end
}
