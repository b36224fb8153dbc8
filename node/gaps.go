package node

import (
	"cmp"
	"slices"
	"time"

	"tend/crdt"
	"tend/node/replica"
)

// gapsOf lists what a settled replica is missing, oldest first.
func (x *runner) gapsOf(r *replica.Replica) []Gap {
	people := r.People()
	var out []Gap
	add := func(want crdt.ID, by crdt.Device, g Gap) {
		g.Want, g.Author = want, by
		if tips := r.Tips(by); len(tips) > 0 {
			g.Have = slices.MaxFunc(tips, func(a, b crdt.Tip) int { return cmp.Compare(a.Seq, b.Seq) })
		}
		if d, ok := people.Device(by); ok {
			g.Writer = d.Peer
		}
		out = append(out, g)
	}
	for _, need := range r.Needs() {
		add(need.ID, need.By, Gap{From: need.From, Since: time.UnixMilli(need.Since)})
	}
	for id := range r.Missing() {
		if f, ok, err := x.store.Fact(id); err == nil && ok {
			add(id, f.Dev, Gap{Since: f.HLC.Time()})
		}
	}
	slices.SortFunc(out, func(a, b Gap) int { return cmp.Or(a.Since.Compare(b.Since), a.Want.Compare(b.Want)) })
	return out[:min(len(out), MaxGaps)]
}
