package node

import "time"

// beatWithin is how soon a home says that it knows of an admission or a proposal
// that lacks its majority.
const beatWithin = 5 * time.Second

// hurry says how soon the next upkeep should be, if the circle waits for a sign from
// this home or a day went by in the log, and it was not moved forward already; each
// home waits another while, so that few speak at once.
func (x *runner) hurry() (time.Duration, bool) {
	if x.hurried || !x.awaited() && !x.fadesAnew() {
		return 0, false
	}
	_, dev := x.replica.Me()
	x.hurried = true
	return beatWithin * time.Duration(dev[0]) / 256, true
}

// awaited reports whether the circle waits for a sign from this home.
func (x *runner) awaited() bool {
	me, _ := x.replica.Me()
	v := x.replica.People()
	due, asked := v.BeatAt(me)
	asked = asked && due.Millis() <= x.node.now().UnixMilli()
	m, _ := v.Member(me)
	return (asked || m.Lapsed) && x.replica.MayWrite() == nil
}
