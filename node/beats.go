package node

import "time"

// beatWithin is how soon a home says that it knows of an admission or a proposal
// that lacks its majority.
const beatWithin = 5 * time.Second

// hurry says how soon the next upkeep should be, if the circle waits for a sign from
// this home and it was not moved forward already; each home waits another while, so
// that few speak at once.
func (x *runner) hurry() (time.Duration, bool) {
	me, dev := x.replica.Me()
	v := x.replica.People()
	due, asked := v.BeatAt(me)
	asked = asked && due.Millis() <= x.node.now().UnixMilli()
	if m, _ := v.Member(me); x.hurried || !asked && !m.Lapsed || x.replica.MayWrite() != nil {
		return 0, false
	}
	x.hurried = true
	return beatWithin * time.Duration(dev[0]) / 256, true
}
