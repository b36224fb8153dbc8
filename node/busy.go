package node

import (
	"slices"

	"tend/crdt"
)

// Busy lists the members of whom a device has written, today, almost what a device
// may write in a day, ascending.
func (n *Node) Busy(id crdt.ID) []crdt.ID {
	x, err := n.runner(id)
	if err != nil {
		return nil
	}
	s, today := x.snap.Load(), crdt.At(n.now().UnixMilli()).Day()
	var out []crdt.ID
	for dev, tips := range s.Frontier().Tips {
		for _, t := range tips {
			f, ok, err := x.store.Fact(t.ID)
			if err != nil || !ok || f.HLC.Day() != today || !f.NearBudget() {
				continue
			}
			if member, ok := s.People.Author(dev); ok && !slices.Contains(out, member) {
				out = append(out, member)
			}
		}
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return out
}
