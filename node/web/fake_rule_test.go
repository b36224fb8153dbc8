package web_test

import (
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// ruled is the real membership of a home's circle: people who were grown into it. The
// page is that of the first.
type ruled struct {
	circle *membertest.Circle
	people []*membertest.Person
}

// newRuledHome is a home in a circle of three who decide together, by a charter. It is a
// day after the last of them came.
func newRuledHome(t *testing.T, charter membership.Charter) *home {
	h := newHome(t)
	c, people := membertest.GrownBy(charter, 3)
	h.rule = &ruled{c, people}
	for i, name := range []string{"Ann", "Béla", "فريد"} {
		h.as(t, people[i].ID, circle.SetSection{Section: circle.SectionName, Values: []string{name}})
	}
	h.clock = time.UnixMilli(c.Now).Add(24 * time.Hour).In(noon.Location())
	return h
}

// joins is somebody new, let in by the second of the people and without a voice yet.
func (r *ruled) joins(name string) *membertest.Person {
	p := r.circle.Join(r.people[1], name)
	r.people = append(r.people, p)
	return p
}

func (r *ruled) view() *membership.View { return r.circle.Set.View() }

// env is e as the membership has it.
func (r *ruled) env(e circle.Env) circle.Env {
	e.Me, e.People, e.Members = r.people[0].ID, r.view(), nil
	for _, m := range e.People.Members() {
		e.Members = append(e.Members, m.ID)
	}
	return e
}

// write writes an op of membership by somebody who knows all that was written.
func (r *ruled) write(now time.Time, who crdt.ID, b membership.Body) (crdt.ID, error) {
	for _, p := range r.people {
		if p.ID == who {
			r.circle.Now = max(r.circle.Now, now.UnixMilli())
			p.Device().Knows = r.circle.Heads()
			return r.circle.TryWrite(p.Device(), b)
		}
	}
	return crdt.ID{}, &circle.Problem{Code: circle.NotFound, Said: circle.Words("That is nobody here.")}
}
