package node

import (
	"time"

	"tend/crdt"
	"tend/crdt/canon"
)

// What comes to a home in its person's quiet hours, or while they rest, lies still until
// those end, also when it was written before them. A home that is off takes nothing in,
// so it is enough to know how much the log held when they began.

// rowStill is where that is kept: y|still.
var rowStill = []byte("y|still")

// stillMark is how much a log held when the time began in which its person is not to be
// disturbed.
type stillMark struct {
	_     struct{} `cbor:",toarray"`
	Since int64    // when that was, by the reader's clock, in seconds
	Arr   uint64   // the arrival number of the newest op then

	on bool // it was such a time when it was last looked, since this home runs
}

// stillLook is how often it is looked whether such a time began.
const stillLook = time.Second

// noteStill notes how much the log holds when such a time begins. It is called by the
// loop before anything is taken in.
func (x *runner) noteStill(now time.Time) {
	if gone := now.Sub(x.stillLooked); gone >= 0 && gone < stillLook {
		return
	}
	x.stillLooked = now
	since, still := x.replica.State().StillSince(x.replica.Env(now, x.node.cfg.Zone))
	old := x.still.Load()
	if old == nil {
		old = &stillMark{}
	}
	if !still || old.Since == since.Unix() {
		x.still.Store(&stillMark{Since: old.Since, Arr: old.Arr, on: still})
		return
	}
	m := &stillMark{Since: since.Unix(), Arr: x.replica.Ops(), on: true}
	if old.on { // a rest goes over into quiet hours, or these into a rest
		m.Arr = old.Arr
	}
	x.still.Store(m)
	if err := x.store.Put(row(rowStill, canon.MustMarshal(m))); err != nil {
		x.log.Warn("it could not be kept since when it is quiet", "err", err)
	}
}

// loadStill reads what was noted before the home stopped.
func (x *runner) loadStill() error {
	value, ok, err := x.store.Get(rowStill)
	if err != nil || !ok {
		return err
	}
	var m stillMark
	if canon.UnmarshalOwn(value, &m) == nil {
		x.still.Store(&m)
	}
	return nil
}

// cameSince implements the field of [circle.Env]. Of what began at another time than was
// noted nothing is known, and nothing came after it.
func (x *runner) cameSince(op crdt.ID, since time.Time) bool {
	m := x.still.Load()
	if m == nil || m.Since != since.Unix() && (!m.on || m.Since > since.Unix()) {
		return false
	}
	f, here, err := x.store.Fact(op)
	return err == nil && here && f.Arr > m.Arr
}
