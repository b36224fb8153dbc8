package membership_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// TestTableOfDecisions holds the table of docs/decisions.md to what the code
// certifies, for circles of 1 to 300.
func TestTableOfDecisions(t *testing.T) {
	data, err := os.ReadFile("../../docs/decisions.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2, 3, 4, 5, 8, 300} {
		row := tableRow(n)
		if !strings.Contains(string(data), row+"\n") {
			t.Errorf("docs/decisions.md lacks the row\n%s", row)
		}
	}
}

func tableRow(n int) string {
	others := n - 1
	cells := []string{fmt.Sprint(n), "–", "–", "at once", "–", "phrase only"}
	switch n {
	case 1:
	case 2:
		cells[1], cells[2] = "impossible; each may leave", "impossible"
		if s := leastSupport(others, membership.Remove, false); s != 0 {
			cells[1] = fmt.Sprint(s)
		}
	default:
		cells[1] = fmt.Sprint(leastSupport(others, membership.Remove, false))
		switch n {
		case 3:
			cells[1] += " = both others"
		case 4:
			cells[1] += " (who may then go on to a third)"
		}
		if s, w, b := byConsent(others, membership.Remove); s > 0 {
			cells[2] = fmt.Sprintf("%d stand, %d witness, fewer than %d object", s, w, b)
		}
	}
	if n > 1 {
		cells[3] = newcomerCell(n)
		cells[4] = fmt.Sprint(leastSupport(others, membership.Lapse, false))
		if s, w, _ := byConsent(others, membership.Lapse); s > 0 {
			cells[4] += fmt.Sprintf(", or %d with %d witnesses", s, w)
		}
		cells[4] += fmt.Sprintf(" / %d", leastSupport(1, membership.Lapse, false))
		cells[5] = "2, 72 h"
		if n == 2 {
			cells[5] = "the other, 72 h"
		}
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

func newcomerCell(n int) string {
	others := n/2 + 1 - 1 // a majority of n, of whom the author is one
	switch {
	case n == 2:
		return "the other was online"
	case n == 3:
		return fmt.Sprintf("%d other was online", others)
	case n >= int(membership.DefaultCharter("x").SponsorsFrom):
		return fmt.Sprintf("%d others, one as sponsor", others)
	}
	return fmt.Sprintf("%d others", others)
}

// tallyOf is a tally of n by the numbers of the default charter.
func tallyOf(n int) membership.Tally {
	return membership.TallyOf(membership.DefaultCharter("x"), n)
}

// leastSupport is how many must stand for it to be certified; 0 if none suffices.
func leastSupport(n int, what uint64, waited bool) int {
	for s := 1; s <= n; s++ {
		tally := tallyOf(n)
		tally.Support = s
		if waited {
			tally.Witness = n
		}
		if tally.Certified(what) {
			return s
		}
	}
	return 0
}

// byConsent is how many must stand, how many witness, and how many concerns stop
// it, where that takes fewer than at once.
func byConsent(n int, what uint64) (stand, witness, stops int) {
	stand = leastSupport(n, what, true)
	if at := leastSupport(n, what, false); stand == 0 || stand >= at {
		return 0, 0, 0
	}
	for tally := tallyOf(n); ; tally.Witness++ {
		tally.Support = stand
		if tally.Certified(what) {
			witness = tally.Witness
			break
		}
	}
	for tally := tallyOf(n); ; tally.Against++ {
		tally.Support, tally.Witness = stand, n
		if !tally.Certified(what) {
			return stand, witness, tally.Against
		}
	}
}

// TestTableInHistories carries the small rows out with signed ops: one stand less
// than the table says does not count, the number it says does.
func TestTableInHistories(t *testing.T) {
	for _, n := range []int{2, 3, 4, 5, 8} {
		need := leastSupport(n-1, membership.Remove, false)
		for stands := 1; stands < n; stands++ {
			c, people := membertest.Grown(n)
			target := people[n-1]
			c.Pass(membertest.Hour)
			p := c.Tell(people[0], &membership.Propose{What: membership.Remove, Target: target.ID, Payload: []byte{}})
			for i := 1; i < stands; i++ {
				c.Tell(people[i], &membership.Stand{Proposal: p})
			}
			got, _ := c.Set.View().Proposal(p)
			c.Tell(people[0], &membership.Enact{Proposal: p, Seen: membertest.Seen(target)})
			m, _ := c.Set.View().Member(target.ID)
			removed, want := m.Standing == membership.Removed, need > 0 && stands >= need
			if removed != want {
				t.Errorf("n=%d, %d stand: removed is %v, want %v", n, stands, removed, want)
			}
			if got.Tally.N != n-1 || got.Tally.Support != stands || got.Tally.Certified(membership.Remove) != want {
				t.Errorf("n=%d, %d stand: tally %+v", n, stands, got.Tally)
			}
		}
	}
}

// TestNewcomersOfTheTable lets somebody into circles of 1 to 9: they have voice once as
// many others as the table says have shown that they know, one of them as sponsor where
// it says so, and not before.
func TestNewcomersOfTheTable(t *testing.T) {
	for n := 1; n <= 9; n++ {
		for _, sponsored := range []bool{true, false} {
			c, people := membertest.Grown(n)
			c.Pass(membertest.Hour)
			who := c.Join(people[0], "Newcomer")
			needs := n >= int(c.Set.View().Charter().SponsorsFrom)
			for shown := 0; ; shown++ {
				if got, want := c.Set.View().HasVoice(who.ID), shown >= n/2 && (!needs || sponsored); got != want {
					t.Errorf("n=%d, sponsored %v: %d others have shown that they know, and voice is %v", n, sponsored, shown, got)
				}
				if shown == n-1 {
					break
				}
				if shown == 0 && sponsored {
					c.Tell(people[1], &membership.Sponsor{Admit: who.Admission})
				} else {
					c.Tell(people[shown+1], &membership.Beat{})
				}
			}
		}
	}
}

// TestReturnsOfTheTable brings somebody back to circles of 1 to 8 where they named no
// trustees: one other of two can do it, two of more, after three days by the clock of
// each who stands.
func TestReturnsOfTheTable(t *testing.T) {
	for _, n := range []int{2, 3, 4, 5, 8} {
		for stands := 1; stands < n; stands++ {
			for _, hours := range []int64{71, 73} {
				c, people := membertest.Grown(n)
				who, others := people[n-1], people[:n-1]
				_, pub := membertest.Key("of the table", who.Name, n)
				r := membership.Recovery{NewRoot: pub, NextRootHash: membertest.Seed("of the table", who.Name, n)}
				p := c.Tell(others[0], &membership.Propose{What: membership.Recover, Target: who.ID, Payload: membership.EncodeRecovery(r)})
				for _, o := range others[1:stands] {
					c.Tell(o, &membership.Stand{Proposal: p})
				}
				c.Pass(hours * membertest.Hour)
				for _, o := range others[:stands] {
					c.Tell(o, &membership.Beat{})
				}
				c.Tell(others[0], &membership.Enact{Proposal: p})
				got, _ := c.Set.View().Proposal(p)
				if back, want := len(got.Enacts) == 1, hours > 72 && stands >= min(2, n-1); back != want {
					t.Errorf("n=%d, %d stand for %d hours: back is %v", n, stands, hours, back)
				}
			}
		}
	}
}

// TestConsentAfterTheWindow removes by two who stand and three who witness, of five.
func TestConsentAfterTheWindow(t *testing.T) {
	for _, witnesses := range []int{2, 3} {
		c, people := membertest.Grown(5)
		target := people[4]
		p := c.Tell(people[0], &membership.Propose{What: membership.Remove, Target: target.ID, Payload: []byte{}})
		c.Tell(people[1], &membership.Stand{Proposal: p})
		c.Tell(people[0], &membership.Beat{})
		c.Tell(people[2], &membership.Beat{})
		if due, ok := c.Set.View().BeatAt(people[2].ID); !ok || due.Millis() < c.Now {
			t.Fatalf("the second beat is wanted at %d (%v), want a window after the first", due.Millis(), ok)
		}
		c.Pass(7*membertest.Day + membertest.Hour)
		for i := 1; i < witnesses; i++ {
			c.Tell(people[i], &membership.Beat{})
		}
		c.Tell(people[0], &membership.Enact{Proposal: p, Seen: []membership.Seen{}})
		got, _ := c.Set.View().Proposal(p)
		if counted := len(got.Enacts) == 1; counted != (witnesses == 3) {
			t.Errorf("%d witnesses: counted is %v", witnesses, counted)
		}
	}
}

func TestVoicesAt(t *testing.T) {
	c, people := membertest.Grown(3)
	before := c.Heads()
	c.Tell(people[2], &membership.Away{})
	known := func(heads []crdt.ID) uint32 {
		n, err := c.Pasts.Known(heads)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := c.Set.VoicesAt(known(before)); len(got) != 3 {
		t.Errorf("%d could decide before, want 3", len(got))
	}
	if got := c.Set.VoicesAt(known(c.Heads())); len(got) != 2 || len(c.Set.View().Voices()) != 2 {
		t.Errorf("%d could decide with one away, want 2", len(got))
	}
}

// TestTorn: a consent and a concern of one person that do not know of each other
// count as a concern, and are shown to be both until the person says it again.
func TestTorn(t *testing.T) {
	c, people := membertest.Grown(4)
	rosa := people[1]
	laptop, phone := rosa.Device(), c.AddDevice(rosa)
	p := c.Tell(people[0], &membership.Propose{What: membership.Remove, Target: people[3].ID, Payload: []byte{}})
	laptop.Knows, phone.Knows = c.Heads(), c.Heads()
	words := func() (s membership.Standpoint) {
		got, _ := c.Set.View().Proposal(p)
		for _, w := range got.Words {
			if w.Member == rosa.ID {
				return w
			}
		}
		return s
	}
	c.Must(laptop, &membership.Stand{Proposal: p})
	if w := words(); w.Torn || w.Concern {
		t.Fatalf("after a stand: %+v", w)
	}
	c.Must(phone, &membership.Object{Target: p})
	if w := words(); !w.Torn || !w.Concern {
		t.Errorf("a concern elsewhere: %+v, want a concern that is torn", w)
	}
	c.Sync(laptop, phone)
	c.Must(phone, &membership.Object{Target: p})
	if w := words(); w.Torn || !w.Concern {
		t.Errorf("the concern said again: %+v, want a concern", w)
	}
	c.Sync(laptop, phone)
	c.Must(laptop, &membership.Stand{Proposal: p})
	if w := words(); w.Torn || w.Concern {
		t.Errorf("the consent said last: %+v, want a consent", w)
	}
}

// TestWelcomeAndPartingThatCrossed names who sponsored somebody without knowing that
// others proposed to part, and nobody who knew.
func TestWelcomeAndPartingThatCrossed(t *testing.T) {
	c, people := membertest.Grown(5)
	target := people[4]
	ben := people[1].Device()
	apart := c.Heads()
	p := c.Tell(people[2], &membership.Propose{What: membership.Remove, Target: target.ID, Payload: []byte{}})
	got, _ := c.Set.View().Proposal(p)
	if len(got.Crossed) != 0 {
		t.Errorf("crossed by %v, want nobody: who let them in is known", got.Crossed)
	}
	ben.Knows = apart
	c.Must(ben, &membership.Sponsor{Admit: target.Admission})
	c.Tell(people[3], &membership.Sponsor{Admit: target.Admission}) // knows of it
	got, _ = c.Set.View().Proposal(p)
	if !slices.Equal(got.Crossed, []crdt.ID{people[1].ID}) {
		t.Errorf("crossed by %v, want Ben alone", got.Crossed)
	}
}
