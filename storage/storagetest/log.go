package storagetest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"tend/crdt"
	"tend/storage"
)

// Log writes ops as a replica would, for tests of stores: real headers, real
// causes, facts by [crdt.Log], and signatures that are only of the right length,
// for a store does not check them. It is its own [crdt.Index], so it can run
// ahead of the store. The same calls make the same ops.
type Log struct {
	Circle crdt.ID
	log    *crdt.Log
	ops    map[crdt.ID]storage.Entry
	places map[place][]crdt.ID
	clock  int64
	sets   int // known sets handed out so far
}

type place struct {
	dev crdt.Device
	seq uint64
}

// NewLog returns the log of a new circle, and its genesis by device 0. Logs with
// different seeds are different circles.
func NewLog(seed uint64) (*Log, storage.Entry) {
	l := &Log{ops: map[crdt.ID]storage.Entry{}, places: map[place][]crdt.ID{}, clock: 1_700_000_000_000}
	log, err := crdt.NewLog(crdt.ID{}, l, crdt.NewPasts(), crdt.State{})
	must(err)
	l.log = log
	h := crdt.Header{Dev: Device(0), Seq: 1, HLC: crdt.At(l.clock), Class: crdt.Control}
	genesis := l.add(l.sign(h, []byte(fmt.Sprintf("genesis %d", seed))))
	l.Circle = genesis.Op.ID
	return l, genesis
}

// Device returns the key of the n-th device.
func Device(n int) crdt.Device {
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte("device"), uint64(n)))
}

// Fact implements [crdt.Index].
func (l *Log) Fact(id crdt.ID) (crdt.Fact, bool, error) {
	e, ok := l.ops[id]
	return e.Fact, ok, nil
}

// Op implements [crdt.Index].
func (l *Log) Op(id crdt.ID) (crdt.Op, crdt.Fact, bool, error) {
	e, ok := l.ops[id]
	return e.Op, e.Fact, ok, nil
}

// At implements [crdt.Index].
func (l *Log) At(dev crdt.Device, seq uint64) ([]crdt.ID, error) {
	return l.places[place{dev, seq}], nil
}

// Content writes device n's next op with a body of size bytes; 0 for none.
func (l *Log) Content(n, size int) storage.Entry { return l.write(n, crdt.Content, size) }

// Control writes a control op by device n.
func (l *Log) Control(n, size int) storage.Entry { return l.write(n, crdt.Control, size) }

func (l *Log) write(n int, class crdt.Class, size int) storage.Entry {
	l.clock += 1000
	h, ok := l.log.Draft(Device(n), class, crdt.At(l.clock))
	if !ok {
		panic(fmt.Sprintf("device %d cannot write: it forked", n))
	}
	return l.add(l.sign(h, body(h, size)))
}

// Fork writes a second op at the place of device n's newest op, which must not be
// its first; the device writes no more.
func (l *Log) Fork(n int) storage.Entry {
	tip := l.log.Tips(Device(n))[0]
	prevs, _ := l.At(Device(n), tip.Seq-1)
	l.clock += 1000
	h, _ := l.log.Draft(Device(n), crdt.Content, crdt.At(l.clock))
	h.Seq, h.Prev, h.Deps = tip.Seq, prevs[0], nil
	return l.add(l.sign(h, body(h, 60)))
}

// State returns the state after all ops written so far.
func (l *Log) State() *crdt.State { s := l.log.State(); return &s }

// Batch returns a batch of entries, with the state after all ops written so far
// and the known sets that are new since the batch before.
func (l *Log) Batch(entries ...storage.Entry) storage.Batch {
	b := storage.Batch{Ops: entries, State: l.State(), FirstSet: uint32(l.sets)}
	for ; l.sets < l.log.Pasts().KnownLen(); l.sets++ {
		b.Sets = append(b.Sets, l.log.Pasts().KnownIDs(uint32(l.sets)))
	}
	return b
}

// sign makes an op whose signature nobody can verify.
func (l *Log) sign(h crdt.Header, body []byte) crdt.Op {
	op, err := crdt.Sign(l.Circle, h, body, func(msg []byte) ([]byte, error) {
		a, b := sha256.Sum256(msg), sha256.Sum256(append([]byte("signature"), msg...))
		return append(a[:], b[:]...), nil
	})
	must(err)
	again, err := crdt.Parse(l.Circle, op.Payload) // the shape that a store reads it in
	must(err)
	again.Sig, again.Body = op.Sig, op.Body
	return again
}

func (l *Log) add(op crdt.Op) storage.Entry {
	fact, err := l.log.Check(&op)
	must(err)
	added, err := l.log.Add(&op, fact, false)
	must(err)
	l.log.Settled()
	l.ops[op.ID] = storage.Entry{Op: op, Fact: added.Fact}
	at := place{op.Dev, op.Seq}
	ids := append(l.places[at], op.ID)
	if len(ids) == 2 && ids[0].Compare(ids[1]) > 0 {
		ids[0], ids[1] = ids[1], ids[0]
	}
	l.places[at] = ids
	return l.ops[op.ID]
}

// body returns size bytes that differ from op to op and do not compress.
func body(h crdt.Header, size int) []byte {
	var out []byte
	for i := 0; len(out) < size; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d %d", h.Dev, h.Seq, h.HLC, i))
		out = append(out, sum[:]...)
	}
	return out[:size:size]
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Tip is the seq of device n's newest op; 0 if it wrote none.
func (l *Log) Tip(n int) uint64 {
	if tips := l.log.Tips(Device(n)); len(tips) > 0 {
		return tips[0].Seq
	}
	return 0
}
