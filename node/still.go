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
	if old := x.still.Load(); !still || old != nil && old.Since == since.Unix() {
		return
	}
	m := &stillMark{Since: since.Unix(), Arr: x.replica.Ops()}
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
	if m == nil || m.Since != since.Unix() {
		return false
	}
	f, here, err := x.store.Fact(op)
	return err == nil && here && f.Arr > m.Arr
}
