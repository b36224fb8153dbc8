package circle_test

import (
	"crypto/sha256"
	"fmt"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
)

// Ann asks, Bea says yes, and both read the same agreement.
func Example() {
	ann, bea := crdt.ID{1}, crdt.ID{2}
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	state := circle.NewState(crdt.ID(sha256.Sum256([]byte("a circle"))))
	n := 0

	// The node seals and signs each body; here it is only numbered.
	do := func(me crdt.ID, verb string, args circle.Args) crdt.ID {
		env := circle.Env{Me: me, Now: now, Zone: "Europe/Berlin", Members: []crdt.ID{ann, bea}}
		cmd, err := circle.ParseCommand(state, env, verb, args)
		if err != nil {
			panic(err)
		}
		drafts, result, err := circle.Decide(state, env, cmd)
		if err != nil {
			panic(err)
		}
		var made []crdt.ID
		state = state.Fork()
		for _, d := range drafts {
			n++
			m := circle.Meta{ID: sha256.Sum256([]byte{byte(n)}), Author: me, HLC: crdt.At(now.UnixMilli()) + crdt.HLC(n)}
			state.Apply(circle.Change{Meta: m, Body: d.Make(made)})
			made = append(made, m.ID)
		}
		return result(made).ID
	}

	need := do(ann, "ask", circle.Args{"text": {"Dishes"}, "when": {"tomorrow 17:00"}})
	yes := do(bea, "yes", circle.Args{"id": {need.Short()}})

	a, _ := state.Agreement(circle.Env{Me: ann, Now: now}, yes)
	fmt.Println(a.Terms.What, a.Terms.When, a.State)
	// Output: Dishes 2026-12-01T17:00 agreed
}
