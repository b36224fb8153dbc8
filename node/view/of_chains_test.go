package view_test

import (
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node/view"
)

// forkedPeople are people of whom some devices forked.
type forkedPeople struct {
	view.People
	all    []membership.Member
	forked map[crdt.Device]bool
}

func (p forkedPeople) Members() []membership.Member              { return p.all }
func (p forkedPeople) ForkedFrom(dev crdt.Device) (uint64, bool) { return 7, p.forked[dev] }

// accusing are words that blame; a restored backup is no offence.
var accusing = []string{"fault", "cheat", "attack", "malicious", "violat", "abuse", "spam", "forg", " lie"}

func TestForkedAndBusyDevicesAreNamedWithoutBlame(t *testing.T) {
	s := source()
	me, friend := s.Env.Me, crdt.ID{77}
	s.People = forkedPeople{s.People, []membership.Member{
		{ID: me, Devices: []membership.Device{{Dev: crdt.Device{1}}, {Dev: crdt.Device{2}, Revoked: true}}},
		{ID: friend, Devices: []membership.Device{{Dev: crdt.Device{3}}, {Dev: crdt.Device{4}}}},
	}, map[crdt.Device]bool{{1}: true, {2}: true, {3}: true}}
	s.Busy = []crdt.ID{friend}
	var kinds []string
	for _, at := range s.Look() {
		if at.Kind != "forked_device" && at.Kind != "busy_device" {
			continue
		}
		kinds = append(kinds, at.Kind+" "+at.About[0][:4])
		for _, word := range accusing {
			if strings.Contains(strings.ToLower(at.Text), word) {
				t.Errorf("%q accuses: %s", at.Text, word)
			}
		}
		if mine := at.About[0] == me.String(); mine != (len(at.Choices) > 0) {
			t.Errorf("%q: %d choices", at.Text, len(at.Choices))
		}
	}
	want := "forked_device " + me.String()[:4] + ",forked_device 4d00,busy_device 4d00"
	if got := strings.Join(kinds, ","); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
