package storage

import (
	"fmt"
	"slices"

	"tend/crdt"
)

// Audit is the part of [Circle.Verify] that is the same for every store. It is
// given all ops in the order of arrival, then the log's state, and collects
// plain sentences. It is not safe for concurrent use.
type Audit struct {
	circle   crdt.ID
	sets     [][]crdt.ID
	facts    map[crdt.ID]crdt.Fact
	at       map[laneKey]crdt.ID
	tips     map[crdt.ID]crdt.Tip
	forks    map[crdt.Device]crdt.Fork
	last     uint64
	findings []string
	more     int
}

// NewAudit returns an audit of a circle whose known sets are sets.
func NewAudit(circle crdt.ID, sets [][]crdt.ID) *Audit {
	return &Audit{circle: circle, sets: sets, facts: map[crdt.ID]crdt.Fact{}, at: map[laneKey]crdt.ID{},
		tips: map[crdt.ID]crdt.Tip{}, forks: map[crdt.Device]crdt.Fork{}}
}

// Find adds a sentence.
func (a *Audit) Find(format string, args ...any) {
	if len(a.findings) >= MaxFindings-1 {
		a.more++
		return
	}
	a.findings = append(a.findings, fmt.Sprintf(format, args...))
}

// Findings returns what was found, at most [MaxFindings] sentences; nil if all
// is well.
func (a *Audit) Findings() []string {
	if a.more > 0 {
		return append(slices.Clip(a.findings), fmt.Sprintf("There are %d more findings.", a.more))
	}
	return a.findings
}

// Fact returns the fact of an op that the audit was given.
func (a *Audit) Fact(id crdt.ID) (crdt.Fact, bool) { f, ok := a.facts[id]; return f, ok }

// Len is how many ops the audit was given.
func (a *Audit) Len() int { return len(a.facts) }

// Op looks at the next op in the order of arrival.
func (a *Audit) Op(s crdt.Stored) {
	op, f := &s.Op, s.Fact
	name := op.ID.Short()
	if f.Arr != a.last+1 {
		a.Find("After op number %d comes number %d (op %s).", a.last, f.Arr, name)
	}
	a.last = f.Arr
	again, err := crdt.Parse(a.circle, op.Payload)
	switch {
	case err != nil:
		a.Find("Op %s (number %d) cannot be read: %v.", name, f.Arr, err)
		return
	case again.ID != op.ID:
		a.Find("Op number %d is called %s, but its bytes make it %s.", f.Arr, name, again.ID.Short())
		return
	}
	if _, twice := a.facts[op.ID]; twice {
		a.Find("Op %s is in the log twice, again as number %d.", name, f.Arr)
		return
	}
	if op.Body != nil {
		if err := op.CheckBody(op.Body); err != nil {
			a.Find("The body of op %s (number %d) is not the one its author signed.", name, f.Arr)
		}
	}
	a.fact(op, f)
	for id := range op.Parents {
		if _, ok := a.facts[id]; !ok {
			a.Find("Op %s (number %d) comes before its parent %s.", name, f.Arr, id.Short())
		}
	}
	a.place(&s)
	a.facts[op.ID] = f
}

// Unreadable takes the place of an op whose stored bytes cannot be read.
func (a *Audit) Unreadable(arr uint64, err error) {
	a.last = arr
	a.Find("Op number %d cannot be read: %v.", arr, err)
}

// fact compares the fact with the header it is about and the facts before it.
func (a *Audit) fact(op *crdt.Op, f crdt.Fact) {
	want := crdt.Fact{Dev: op.Dev, Seq: op.Seq, HLC: op.HLC, Class: op.Class, Arr: f.Arr,
		Known: f.Known, DayOps: 1, DayBytes: op.BodyLen}
	if p, ok := a.facts[op.Prev]; ok && p.HLC.Day() == op.HLC.Day() {
		want.DayOps, want.DayBytes = p.DayOps+1, p.DayBytes+op.BodyLen
	}
	if f != want {
		a.Find("The index says something else of op %s (number %d) than its header.", op.ID.Short(), f.Arr)
	}
	if op.Class == crdt.Content && (int(f.Known) >= len(a.sets) || !slices.Equal(a.sets[f.Known], op.Ctl)) {
		a.Find("Op %s (number %d) is filed under control heads it does not name.", op.ID.Short(), f.Arr)
	}
}

// place keeps the tips and forks that [crdt.Log.Add] would.
func (a *Audit) place(s *crdt.Stored) {
	op := &s.Op
	key := laneKey{dev: op.Dev, seq: op.Seq}
	if twin, ok := a.at[key]; ok {
		if _, known := a.forks[op.Dev]; !known {
			a.forks[op.Dev] = NewFork(op, twin)
		}
	} else {
		a.at[key] = op.ID
	}
	delete(a.tips, op.Prev)
	a.tips[op.ID] = TipOf(s)
}

// Log compares the log's state with what the ops make of it. Call it last.
func (a *Audit) Log(s crdt.State) {
	if s.Last != a.last {
		a.Find("The log is said to end with op number %d, and ends with %d.", s.Last, a.last)
	}
	held := map[crdt.ID]bool{}
	for _, t := range s.Tips {
		held[t.ID] = true
		if a.tips[t.ID] != t {
			a.Find("Op %s is kept as the newest of device %s, and is not.", t.ID.Short(), t.Dev.Short())
		}
	}
	for _, id := range sortedIDs(a.tips) {
		if !held[id] {
			a.Find("Op %s is the newest of device %s, and is not kept as that.", id.Short(), a.tips[id].Dev.Short())
		}
	}
	forked := map[crdt.Device]bool{}
	for _, f := range s.Forks {
		forked[f.Dev] = true
		if a.forks[f.Dev] != f {
			a.Find("The proof that device %s forked is not the first one.", f.Dev.Short())
		}
	}
	for _, t := range s.Tips {
		if _, ok := a.forks[t.Dev]; ok && !forked[t.Dev] {
			forked[t.Dev] = true
			a.Find("Device %s forked, and no proof of it is kept.", t.Dev.Short())
		}
	}
	for _, id := range slices.Concat(s.Heads, s.CtlHeads) {
		if _, ok := a.facts[id]; !ok {
			a.Find("Head %s is not in the log.", id.Short())
		}
	}
}

func sortedIDs[V any](m map[crdt.ID]V) []crdt.ID {
	ids := make([]crdt.ID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, crdt.ID.Compare)
	return ids
}
