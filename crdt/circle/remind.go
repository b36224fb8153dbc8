package circle

import (
	"strings"
	"time"

	"tend/crdt/canon"
)

// MaxRemindHours is how long before its time something can be reminded of.
const MaxRemindHours = 30 * 24

// Remind is how long before an agreement begins this person wishes to be reminded, in
// whole hours; 0 is never.
func (o Own) Remind() time.Duration {
	var hours uint64
	if canon.Unmarshal(o.rows[ownRemind], &hours) != nil || hours > MaxRemindHours {
		return 0
	}
	return time.Duration(hours) * time.Hour
}

// SetRemind sets how long before; 0 is never.
type SetRemind struct{ Hours int }

func (c SetRemind) decide(_ *State, env Env) (plan, error) {
	if env.Own.Remind() == time.Duration(c.Hours)*time.Hour {
		return unchanged(env.Me), nil
	}
	row := OwnRow{Key: ownRemind}
	if c.Hours > 0 {
		row.Value = canon.MustMarshal(uint64(c.Hours))
	}
	return keptAlone(env, env.Me, row)
}

// remind reads "1h", "2d" or "never".
func (p *parser) remind() Command {
	t := p.text("before")
	if t == "never" {
		return SetRemind{}
	}
	per, digits := 1, strings.TrimSuffix(t, "h")
	if rest, days := strings.CutSuffix(t, "d"); days {
		per, digits = 24, rest
	}
	n, err := number(digits, 1, MaxRemindHours/per)
	if err != nil || digits == t {
		p.fail(usage("no.remind", t))
	}
	return SetRemind{n * per}
}

// Soon are this person's agreements that begin within the time they wish to be reminded
// before, soonest first.
func (s *State) Soon(env Env) []Agreement {
	lead := env.Own.Remind()
	if lead == 0 {
		return nil
	}
	r, done := s.looking(env)
	defer done()
	var out []Agreement
	for _, item := range r.ahead(int(lead/(24*time.Hour)) + 2) {
		w, err := parseWhen(dated(item.Agreement.Slot, item.Agreement.Terms.When))
		if err == nil && w.Start.Before(r.now.Add(lead)) {
			out = append(out, *item.Agreement)
		}
	}
	return out
}
