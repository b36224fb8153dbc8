package crdt

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrCause is wrapped when an op contradicts its own ancestors (level 1): it is
// refused by every replica, for ever.
var ErrCause = errors.New("op contradicts its ancestors")

// ErrBudget is wrapped when a device wrote more in one day than a chain may hold
// (level 1). Every replica refuses the same ops.
var ErrBudget = errors.New("more than a device may write in a day")

// MissingError is returned by [Log.Check] for an op some of whose parents are
// not here. The op may be good: it is parked and the parents are asked for.
type MissingError struct {
	Op  ID
	IDs []ID // the parents that are missing, at least one
}

// Error names the first missing parent.
func (e *MissingError) Error() string {
	return fmt.Sprintf("op %s: %d parents missing, first %s", e.Op.Short(), len(e.IDs), e.IDs[0].Short())
}

// Chain budget: what a device may write in one HLC day, along one chain.
const (
	MaxDayOps   = 2_000
	MaxDayBytes = 16 << 20
)

// Tip is an op without a successor by its device. It stands for its whole past.
type Tip struct {
	Dev Device
	ID  ID
	Seq uint64
	Arr uint64
	HLC HLC
}

// Log keeps what a replica must know of its log to judge and to write ops: tips,
// heads, and, through [Pasts], who knew what. Ops themselves are with the store.
//
// A Log is used by one goroutine. [Log.Clone] makes a working copy; dropping the
// copy takes back everything it was given.
type Log struct {
	circle ID
	ix     Index
	pasts  *Pasts

	tips     map[Device][]Tip // each ascending by id
	heads    map[ID]HLC       // ops that no op here names as parent
	ctlHeads map[ID]HLC       // control ops that no control op here names in ctl
	last     uint64           // arrival number of the newest op

	near  map[ID]Fact     // of heads and the last batch, as of the last Settled: what the next op names; never changed
	fresh map[ID]Fact     // added since the last Settled
	lanes map[lane][]ID   // likewise
	prevs map[ID]ID       // likewise: op to its prev
	forks map[Device]Fork // first fork known of each device

	ranked map[Device][]Tip // memo of rank; the slices are never changed
}

type lane struct {
	dev Device
	seq uint64
}

// Fork is proof that one device wrote two ops with one seq.
type Fork struct {
	Dev Device
	Seq uint64
	IDs [2]ID // ascending
}

// State is what a [Log] needs to begin with: the part of it that a store keeps.
type State struct {
	Tips     []Tip
	Heads    []ID
	CtlHeads []ID
	Forks    []Fork
	Last     uint64
}

// NewLog returns the log of circle over what ix holds. All control ops in it
// must be in pasts, and all known sets that its facts name.
func NewLog(circle ID, ix Index, pasts *Pasts, from State) (*Log, error) {
	l := &Log{circle: circle, ix: ix, pasts: pasts, last: from.Last,
		tips: map[Device][]Tip{}, heads: map[ID]HLC{}, ctlHeads: map[ID]HLC{},
		fresh: map[ID]Fact{}, lanes: map[lane][]ID{}, prevs: map[ID]ID{},
		forks: map[Device]Fork{}, ranked: map[Device][]Tip{}}
	near := map[ID]Fact{}
	l.near = near
	for _, t := range from.Tips {
		l.tips[t.Dev] = insertTip(l.tips[t.Dev], t)
	}
	for _, f := range from.Forks {
		l.forks[f.Dev] = f
	}
	for _, part := range []struct {
		ids  []ID
		into map[ID]HLC
	}{{from.Heads, l.heads}, {from.CtlHeads, l.ctlHeads}} {
		for _, id := range part.ids {
			f, ok, err := ix.Fact(id)
			if err != nil {
				return nil, fmt.Errorf("open log: head %s: %w", id.Short(), err)
			}
			if !ok {
				return nil, fmt.Errorf("open log: head %s is not in the store", id.Short())
			}
			part.into[id], near[id] = f.HLC, f
		}
	}
	return l, nil
}

// Clone returns a working copy. It shares the Pasts, which only ever learns
// facts; everything else is its own.
func (l *Log) Clone() *Log {
	c := *l
	c.tips = maps.Clone(l.tips)
	c.heads = maps.Clone(l.heads)
	c.ctlHeads = maps.Clone(l.ctlHeads)
	c.fresh = maps.Clone(l.fresh)
	c.lanes = maps.Clone(l.lanes)
	c.prevs = maps.Clone(l.prevs)
	c.forks = maps.Clone(l.forks)
	c.ranked = maps.Clone(l.ranked)
	return &c
}

// Settled tells the log that all it was given is in the index now.
func (l *Log) Settled() {
	near := l.fresh
	for _, heads := range []map[ID]HLC{l.heads, l.ctlHeads} {
		for id := range heads {
			if f, ok, err := l.Fact(id); err == nil && ok {
				near[id] = f
			}
		}
	}
	l.near = near
	l.fresh, l.lanes, l.prevs = map[ID]Fact{}, map[lane][]ID{}, map[ID]ID{} // emptied ones stay as large, and are cloned so
}

// Circle returns the circle's id; zero until its genesis is added.
func (l *Log) Circle() ID { return l.circle }

// Pasts returns the shared memory of who knew what.
func (l *Log) Pasts() *Pasts { return l.pasts }

// Last is the arrival number of the newest op, 0 for an empty log.
func (l *Log) Last() uint64 { return l.last }

// Fact is [Index.Fact] over the index and what was added since [Log.Settled].
func (l *Log) Fact(id ID) (Fact, bool, error) {
	if f, ok := l.fresh[id]; ok {
		return f, true, nil
	}
	if f, ok := l.near[id]; ok {
		return f, true, nil
	}
	return l.ix.Fact(id)
}

// FactOf is [Log.Fact] of an op that is at hand: one beyond every tip of its device is not
// here, and nothing is read.
func (l *Log) FactOf(op *Op) (Fact, bool, error) {
	for _, t := range l.tips[op.Dev] {
		if op.Seq <= t.Seq {
			return l.Fact(op.ID)
		}
	}
	return Fact{}, false, nil
}

// At is [Index.At] over the index and what was added since [Log.Settled].
func (l *Log) At(dev Device, seq uint64) ([]ID, error) {
	ids, err := l.ix.At(dev, seq)
	if err != nil {
		return nil, err
	}
	ids = slices.Clone(ids)
	for _, id := range l.lanes[lane{dev, seq}] {
		if at, found := slices.BinarySearchFunc(ids, id, ID.Compare); !found {
			ids = slices.Insert(ids, at, id)
		}
	}
	return ids, nil
}

// Check judges level 1: whether every parent is here and the op fits its
// ancestors. It returns the fact to store, but for Arr, which [Log.Add] gives.
// The error is a [*MissingError], or wraps [ErrCause] or [ErrBudget], or comes
// from the index. Check changes nothing but the shared [Pasts].
func (l *Log) Check(op *Op) (Fact, error) {
	fact := Fact{Dev: op.Dev, Seq: op.Seq, HLC: op.HLC, Class: op.Class,
		DayOps: 1, DayBytes: op.BodyLen}
	parents := make(map[ID]Fact, 2+len(op.Deps)+len(op.Ctl))
	var missing []ID
	for id := range op.Parents {
		if _, seen := parents[id]; seen {
			continue
		}
		f, ok, err := l.Fact(id)
		if err != nil {
			return Fact{}, fmt.Errorf("check op %s: %w", op.ID.Short(), err)
		}
		if !ok {
			if !slices.Contains(missing, id) {
				missing = append(missing, id)
			}
			continue
		}
		parents[id] = f
	}
	if len(missing) > 0 {
		return Fact{}, &MissingError{Op: op.ID, IDs: missing}
	}
	for id := range op.Parents {
		if parents[id].HLC >= op.HLC {
			return Fact{}, fmt.Errorf("%w: op %s is not later than its parent %s", ErrCause, op.ID.Short(), id.Short())
		}
	}
	for _, id := range op.Ctl {
		if parents[id].Class != Control {
			return Fact{}, fmt.Errorf("%w: op %s names content %s as a control head", ErrCause, op.ID.Short(), id.Short())
		}
	}
	knows, err := l.knows(op, &fact)
	if err != nil {
		return Fact{}, fmt.Errorf("%w: op %s: %w", ErrCause, op.ID.Short(), err)
	}
	if !op.Prev.IsZero() {
		p := parents[op.Prev]
		if p.Dev != op.Dev || p.Seq != op.Seq-1 {
			return Fact{}, fmt.Errorf("%w: op %s: prev is not the same device's op before", ErrCause, op.ID.Short())
		}
		if p.HLC.Day() == op.HLC.Day() {
			fact.DayOps, fact.DayBytes = p.DayOps+1, p.DayBytes+op.BodyLen
		}
		if !l.knownBy(knows, op, p, op.Prev, fact.Known) {
			return Fact{}, fmt.Errorf("%w: op %s un-knows what its device knew", ErrCause, op.ID.Short())
		}
	}
	for _, id := range op.Deps {
		if !l.knownBy(knows, op, parents[id], id, fact.Known) {
			return Fact{}, fmt.Errorf("%w: op %s un-knows what its parent %s knew", ErrCause, op.ID.Short(), id.Short())
		}
	}
	if fact.DayOps > MaxDayOps || fact.DayBytes > MaxDayBytes {
		return Fact{}, fmt.Errorf("%w: op %s of %s", ErrBudget, op.ID.Short(), op.Dev.Short())
	}
	return fact, nil
}

// knows returns the closure of the op's ctl, and sets fact.Known for content.
func (l *Log) knows(op *Op, fact *Fact) (Bits, error) {
	if op.Class == Control {
		return l.pasts.Closure(op.Ctl)
	}
	n, err := l.pasts.Known(op.Ctl)
	if err != nil {
		return nil, err
	}
	fact.Known = n
	return l.pasts.KnownBits(n), nil
}

// knownBy reports whether the author of op, who knows the control ops in knows,
// knows all that the author of parent knew: one cannot un-know (SPEC.md §3.3).
func (l *Log) knownBy(knows Bits, op *Op, parent Fact, id ID, opKnown uint32) bool {
	if parent.Class == Content {
		if op.Class == Content && parent.Known == opKnown {
			return true
		}
		return knows.Contains(l.pasts.KnownBits(parent.Known))
	}
	n, ok := l.pasts.Number(id)
	return ok && knows.Contains(l.pasts.Of(n))
}

// Added says what [Log.Add] changed.
type Added struct {
	Fact Fact  // with its arrival number
	Fork *Fork // set if this op is the second at its place, and the first proof of it
}

// NearBudget reports whether a device whose newest op this is has written more than
// nine tenths of what it may, on the op's day.
func (f Fact) NearBudget() bool {
	return f.DayOps*10 > MaxDayOps*9 || f.DayBytes*10 > MaxDayBytes*9
}

// After is the fact of a day on which so many more ops were written. Their bytes are
// not counted.
func (f Fact) After(ops int) Fact {
	f.DayOps += uint32(ops)
	return f
}

// Add puts an op that passed [Log.Check] (and level 2) into the log, with the
// fact that Check returned. A held op (SPEC.md §3.4) is in the log, but is no
// head until [Log.Release].
func (l *Log) Add(op *Op, fact Fact, held bool) (Added, error) {
	if op.IsGenesis() && l.circle.IsZero() {
		l.circle = op.ID
	}
	if op.Class == Control {
		if _, err := l.pasts.Add(op.ID, op.Ctl); err != nil {
			return Added{}, err
		}
	}
	twins, err := l.twins(op)
	if err != nil {
		return Added{}, fmt.Errorf("add op %s: %w", op.ID.Short(), err)
	}
	l.last++
	fact.Arr = l.last
	l.fresh[op.ID] = fact
	l.prevs[op.ID] = op.Prev
	key := lane{op.Dev, op.Seq}
	l.lanes[key] = append(slices.Clip(l.lanes[key]), op.ID)

	tip := Tip{Dev: op.Dev, ID: op.ID, Seq: op.Seq, Arr: fact.Arr, HLC: op.HLC}
	l.rerank(op.Prev, tip)
	tips := slices.DeleteFunc(slices.Clone(l.tips[op.Dev]), func(t Tip) bool { return t.ID == op.Prev })
	l.tips[op.Dev] = insertTip(tips, tip)
	if !held {
		l.Release(op)
	}
	added := Added{Fact: fact}
	if _, known := l.forks[op.Dev]; len(twins) > 0 && !known {
		f := Fork{Dev: op.Dev, Seq: op.Seq, IDs: [2]ID{twins[0], op.ID}}
		if f.IDs[0].Compare(f.IDs[1]) > 0 {
			f.IDs[0], f.IDs[1] = f.IDs[1], f.IDs[0]
		}
		l.forks[op.Dev] = f
		added.Fork = &f
	}
	return added, nil
}

// twins returns the ops that have op's place already. An op on the only tip of
// its device has none, and nothing is read.
func (l *Log) twins(op *Op) ([]ID, error) {
	tips := l.tips[op.Dev]
	if len(tips) == 0 || (len(tips) == 1 && tips[0].ID == op.Prev) {
		return nil, nil
	}
	return l.At(op.Dev, op.Seq)
}

// Release makes an op a head, and its parents no longer. Held ops are released
// in the order of their clocks, once that time has come.
func (l *Log) Release(op *Op) {
	for id := range op.Parents {
		delete(l.heads, id)
	}
	l.heads[op.ID] = op.HLC
	if op.Class == Control {
		for _, id := range op.Ctl {
			delete(l.ctlHeads, id)
		}
		l.ctlHeads[op.ID] = op.HLC
	}
}

// State returns what a store must keep for [NewLog] to begin with; its slices
// are sorted and the caller's own.
func (l *Log) State() State {
	s := State{Heads: slices.SortedFunc(maps.Keys(l.heads), ID.Compare),
		CtlHeads: slices.SortedFunc(maps.Keys(l.ctlHeads), ID.Compare), Last: l.last}
	for _, d := range l.Devices() {
		s.Tips = append(s.Tips, l.tips[d]...)
	}
	for _, d := range slices.SortedFunc(maps.Keys(l.forks), Device.Compare) {
		s.Forks = append(s.Forks, l.forks[d])
	}
	return s
}

// Devices returns every device that wrote something, ascending.
func (l *Log) Devices() []Device { return slices.SortedFunc(maps.Keys(l.tips), Device.Compare) }

// Tips returns the tips of a device, ascending by id; one, unless it forked.
// The slice must not be changed.
func (l *Log) Tips(dev Device) []Tip { return l.tips[dev] }

// Fork returns the first fork known of a device.
func (l *Log) Fork(dev Device) (Fork, bool) { f, ok := l.forks[dev]; return f, ok }

// Forked returns the devices of which a fork is known, ascending.
func (l *Log) Forked() []Device { return slices.SortedFunc(maps.Keys(l.forks), Device.Compare) }

// Digest is the SHA-256 of all qualifying tip ids (SPEC.md §7.2), ascending and
// concatenated. Two logs with equal digests hold the same ops.
func (l *Log) Digest() ID {
	var ids []ID
	for d := range l.tips {
		for _, t := range l.Qualifying(d) {
			ids = append(ids, t.ID)
		}
	}
	slices.SortFunc(ids, ID.Compare)
	h := sha256.New()
	for _, id := range ids {
		h.Write(id[:])
	}
	return ID(h.Sum(nil))
}

func insertTip(tips []Tip, t Tip) []Tip {
	at, found := slices.BinarySearchFunc(tips, t.ID, func(x Tip, id ID) int { return x.ID.Compare(id) })
	if found {
		return tips
	}
	return slices.Insert(tips, at, t)
}
