package membership_test

import (
	"fmt"
	"testing"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// large makes a circle of members with two devices each, who wrote control ops
// until there are so many.
func large(b *testing.B, members, ops int) *membertest.Circle {
	b.Helper()
	c := membertest.NewCircle("Ada")
	people := []*membertest.Person{c.Founder}
	tell := func(p *membertest.Person, body membership.Body) crdt.ID {
		p.Device().Knows = []crdt.ID{c.Ops[len(c.Ops)-1].ID}
		return c.Must(p.Device(), body)
	}
	for i := 1; i < members; i++ {
		p := membertest.NewPerson(fmt.Sprint("Friend ", i))
		p.Admission = tell(people[0], c.Admit(people[0].Device(), p, crdt.ID{}, ""))
		if i > 7 {
			tell(people[1], &membership.Sponsor{Admit: p.Admission})
		}
		p.Device().Knows = []crdt.ID{p.Admission}
		people = append(people, p)
		for j := 0; j < len(people) && i%16 == 0 || i < 8 && j < len(people); j++ {
			tell(people[j], &membership.Beat{})
		}
	}
	for _, p := range people {
		d := p.NewDevice()
		d.Knows = []crdt.ID{c.Ops[len(c.Ops)-1].ID}
		c.Must(d, &membership.DeviceAdd{Cert: p.Cert(c.ID, d)})
	}
	for i := 0; len(c.Ops) < ops; i++ {
		tell(people[i%len(people)], &membership.Prekey{Box: membertest.Box(i)})
	}
	b.Logf("%d members, %d control ops", c.Set.View().Len(), len(c.Ops))
	return c
}

var sizes = []struct{ members, ops int }{{30, 1000}, {300, 10_000}}

// BenchmarkView is the whole view after one more control op.
func BenchmarkView(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("members=%d/ops=%d", size.members, size.ops), func(b *testing.B) {
			c := large(b, size.members, size.ops)
			c.Set.View()
			d := c.Founder.Device()
			for b.Loop() {
				b.StopTimer()
				op := c.Make(d, []crdt.ID{c.Ops[len(c.Ops)-1].ID, d.Prev}[:1], &membership.Beat{})
				c.Put(op, &membership.Beat{}, c.Founder)
				d.Seq, d.Prev, d.Clock = op.Seq, op.ID, op.HLC.Millis()
				b.StartTimer()
				c.Set.View()
			}
		})
	}
}

// BenchmarkStart is the first view of a set that was just read from a store.
func BenchmarkStart(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("members=%d/ops=%d", size.members, size.ops), func(b *testing.B) {
			c := large(b, size.members, size.ops)
			for b.Loop() {
				pasts := crdt.NewPasts()
				s := membership.NewSet(pasts)
				for _, o := range c.Ops {
					if _, err := pasts.Add(o.ID, o.Ctl); err != nil {
						b.Fatal(err)
					}
					s.Add(&o.Op, o.Says)
				}
				s.View()
			}
		})
	}
}

// BenchmarkJudgeContent is level 2 of one content op.
func BenchmarkJudgeContent(b *testing.B) {
	c := large(b, 300, 10_000)
	known, err := c.Pasts.Known([]crdt.ID{c.Ops[len(c.Ops)-1].ID})
	if err != nil {
		b.Fatal(err)
	}
	dev := c.Founder.Device().Key
	for b.Loop() {
		if err := c.Set.JudgeContent(dev, known); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkJudgeBeat is level 2 of one control op that knows everything.
func BenchmarkJudgeBeat(b *testing.B) {
	c := large(b, 300, 10_000)
	op := c.Make(c.Founder.Device(), []crdt.ID{c.Ops[len(c.Ops)-1].ID}, &membership.Beat{})
	for b.Loop() {
		if err := c.Set.Judge(&op, &membership.Beat{}); err != nil {
			b.Fatal(err)
		}
	}
}
