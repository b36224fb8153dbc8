package circle

import (
	"time"

	"tend/crdt"
	"tend/crdt/membership"
)

// GoAway asks the circle not to count on me: nobody waits for my word meanwhile.
// Until is the last day of it ("2006-01-02"), or empty where that is not known.
type GoAway struct{ Until string }

func (c GoAway) decide(_ *State, env Env) (plan, error) {
	var until uint64
	if c.Until != "" {
		t, timed, err := parsePoint(c.Until)
		switch {
		case err != nil || timed:
			return plan{}, usage("no.date.day", c.Until)
		case untilPast(c.Until, env.Now):
			return plan{}, usage("no.day_over")
		}
		until = uint64(t.Unix() / int64(24*time.Hour/time.Second))
	}
	me := env.person()
	if me.Away && me.AwayUntil == until {
		return unchanged(env.Me), nil
	}
	var drafts []Draft
	if me.Away { // or the later of the two days would count
		drafts = append(drafts, control(&membership.Back{}))
	}
	return lastOf(append(drafts, control(&membership.Away{Until: until}))), nil
}

// ComeBack says that the circle may count on me again.
type ComeBack struct{}

func (ComeBack) decide(_ *State, env Env) (plan, error) {
	if me := env.person(); !me.Away && !me.Lapsed {
		return unchanged(env.Me), nil
	}
	return lastOf([]Draft{control(&membership.Back{})}), nil
}

// person is what is known of the one who asks.
func (e *Env) person() membership.Member {
	if e.People == nil {
		return membership.Member{}
	}
	m, _ := e.People.Member(e.Me)
	return m
}

// control is a draft of a control op.
func control(b membership.Body) Draft {
	return Draft{Control: func([]crdt.ID) membership.Body { return b }}
}

// lastOf is the plan that writes drafts and names the last of them.
func lastOf(drafts []Draft) plan {
	return plan{drafts: drafts, result: func(made []crdt.ID) Result { return Result{ID: made[len(made)-1]} }}
}
