package circle

import (
	"slices"
	"time"
)

// Reflection is an answer to a question that a person may ask themselves now and then,
// which nobody else ever reads.
type Reflection struct {
	Made time.Time
	Text string
}

// Reflections returns one's answers, the oldest first.
func (o Own) Reflections() []Reflection {
	out := []Reflection{}
	for _, row := range o.rowsOf(ownReflection) {
		if at, ok := stampOf(row.Key); ok {
			out = append(out, Reflection{Made: at, Text: string(row.Value)})
		}
	}
	return out
}

// Reflect keeps an answer on this home alone.
type Reflect struct{ Text string }

func (c Reflect) decide(_ *State, env Env) (plan, error) {
	if err := ruleNote.check(c.Text); err != nil {
		return plan{}, unfit(err)
	}
	if all := env.Own.Reflections(); len(all) > 0 && slices.IndexFunc(all, func(r Reflection) bool { return r.Text == c.Text }) == len(all)-1 {
		return unchanged(env.Me), nil
	}
	return keptAlone(env, env.Me, OwnRow{ownReflection + stamped(env.Now, []byte(c.Text)), []byte(c.Text)})
}
