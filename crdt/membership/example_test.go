package membership_test

import (
	"fmt"

	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// Ada begins a circle, Bo joins face to face, Cy by an invite at Bo's door; then
// Bo leaves, and the circle needs a new epoch.
func Example() {
	c := membertest.NewCircle("Ada")
	ada := c.Founder
	bo := c.Join(ada, "Bo")

	slip := c.Tell(ada, c.Invite("slip", 1))
	c.Tell(bo, &membership.Beat{}) // Bo has heard of the invite
	cy := membertest.NewPerson("Cy")
	c.Tell(bo, c.Admit(bo.Device(), cy, slip, "slip"))
	say := func() {
		v := c.Set.View()
		for _, p := range []*membertest.Person{ada, bo, cy} {
			m, _ := v.Member(p.ID)
			fmt.Print(p.Name, " ", m.Standing, ", voice ", m.Voice, "; ")
		}
		fmt.Println(v.Len(), "are in")
	}
	say()
	c.Tell(ada, &membership.Beat{}) // two of two know of Cy now
	say()

	c.Tell(ada, c.Epoch(ada.Device(), "first"))
	c.Tell(bo, &membership.Leave{Seen: membertest.Seen(bo)})
	say()
	fmt.Println("mint:", c.Set.View().MintReason() == membership.MintLeave)
	// Output:
	// Ada in, voice true; Bo in, voice true; Cy in, voice false; 3 are in
	// Ada in, voice true; Bo in, voice true; Cy in, voice true; 3 are in
	// Ada in, voice true; Bo left, voice false; Cy in, voice true; 2 are in
	// mint: true
}
