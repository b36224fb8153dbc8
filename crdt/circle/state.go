package circle

import (
	"bytes"
	"slices"
	"sort"

	"tend/crdt"
)

// State is what one member's node knows of a circle: a join of changes. It is a
// function of the set of changes applied, whatever their order and however often
// each came.
//
// A State that has been forked or published is never changed again: readers need
// no lock. The one writer works on a [State.Fork].
type State struct {
	circle  crdt.ID
	owner   *owner
	records trie[*record]
	// where tells the record of each change that does not make one.
	where trie[crdt.ID]
	// links are the records about another one (or about a member), ascending.
	links trie[[]crdt.ID]
	// voids are what counts of void changes, by record, ascending by op; see Void.
	voids trie[[]Change]
	// lost are ops whose bodies were gone before this node read them.
	lost    trie[bool]
	touched map[crdt.ID]bool
	// readings serve the looks at a state that was published; nil for none.
	readings *Readings
}

// record is the join of the changes that name one record. Without the change that
// makes it, it is a record not known yet, and its parts wait.
type record struct {
	id crdt.ID
	// parts ascend by op id, no op twice. The slice is never changed in place.
	parts []part
	// sum is the digest of the circle's part, once it has been worked out.
	sum    crdt.ID
	summed bool
}

// part is one change of a record with the hash of its canonical form.
type part struct {
	Change
	faded bool // Body is a stub, hash that of the change as it was
}

// NewState returns the empty state of a circle. It may be written to.
func NewState(circle crdt.ID) *State {
	o := &owner{}
	s := &State{circle: circle, owner: o, touched: map[crdt.ID]bool{}}
	s.records.owner, s.where.owner, s.links.owner, s.lost.owner, s.voids.owner = o, o, o, o, o
	return s
}

// Circle returns the circle's id.
func (s *State) Circle() crdt.ID { return s.circle }

// Len returns how many records are held, those not known yet included.
func (s *State) Len() int { return s.records.n }

// Fork returns a copy to be written to. It costs the records touched since s was
// itself forked, however large s is. s must not be written to afterwards.
func (s *State) Fork() *State {
	o := &owner{}
	f := &State{circle: s.circle, owner: o, records: s.records.fork(o), where: s.where.fork(o),
		links: s.links.fork(o), lost: s.lost.fork(o), voids: s.voids.fork(o), touched: map[crdt.ID]bool{}}
	for id := range s.touched {
		if r, ok := f.records.get(id); ok && !r.summed {
			c := &record{id: id, parts: r.hashed(), summed: true}
			c.sum = c.digest()
			f.records.set(id, c)
		}
	}
	return f
}

// Touched returns the records changed since the fork, ascending. Those that hold
// nothing any more are among them.
func (s *State) Touched() []crdt.ID {
	ids := make([]crdt.ID, 0, len(s.touched))
	for id := range s.touched {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, crdt.ID.Compare)
	return ids
}

// Same reports whether the record is the same in both states, without comparing
// contents: false may be said of equal ones.
func (s *State) Same(other *State, id crdt.ID) bool {
	v, _ := s.voids.get(id)
	if w, _ := other.voids.get(id); len(v) != len(w) || len(v) > 0 && &v[0] != &w[0] {
		return false
	}
	a, okA := s.records.get(id)
	b, okB := other.records.get(id)
	if !okA || !okB {
		return okA == okB
	}
	return a == b || len(a.parts) == len(b.parts) && len(a.parts) > 0 && &a.parts[0] == &b.parts[0]
}

// Apply takes a change in. Every change may be applied at any time, in any order
// and more than once; one that does not fit waits, or is passed over when read.
func (s *State) Apply(c Change) {
	id := c.Record()
	if _, ok := c.Body.(Retracted); ok {
		s.insert(id, c)
		s.takeBack(&c)
		return
	}
	if s.retracted(&c) {
		return
	}
	s.unvoid(id, c.ID)
	s.insert(id, c)
	if c.makes() {
		s.link(&c)
	} else {
		s.where.set(c.ID, id)
	}
}

// insert adds c to the parts of record id, unless it is there.
func (s *State) insert(id crdt.ID, c Change) {
	var parts []part
	if r, ok := s.records.get(id); ok {
		parts = r.parts
	}
	i := sort.Search(len(parts), func(i int) bool { return parts[i].ID.Compare(c.ID) >= 0 })
	if i < len(parts) && parts[i].ID == c.ID {
		return
	}
	next := make([]part, 0, len(parts)+1)
	next = append(append(append(next, parts[:i]...), part{Change: c}), parts[i:]...)
	s.put(id, next)
}

func (s *State) put(id crdt.ID, parts []part) {
	s.touched[id] = true
	if len(parts) == 0 {
		s.records.remove(id)
		return
	}
	s.records.set(id, &record{id: id, parts: parts})
}

// hashed returns the parts, of all of which the hash is known. It is worked out once, so
// that a record of many parts costs no more with each further one.
func (r *record) hashed() []part {
	first := slices.IndexFunc(r.parts, func(p part) bool { return p.hash.IsZero() })
	if first < 0 {
		return r.parts
	}
	parts := slices.Clone(r.parts)
	for i := first; i < len(parts); i++ {
		parts[i].hash = parts[i].sum()
	}
	return parts
}

// holds reports whether a part is of that kind.
func (r *record) holds(kind uint64) bool {
	for i := range r.parts {
		if r.parts[i].Body.kind() == kind {
			return true
		}
	}
	return false
}

// find returns the place of op in the parts; -1 if it is not there.
func (r *record) find(op crdt.ID) int {
	i := sort.Search(len(r.parts), func(i int) bool { return r.parts[i].ID.Compare(op) >= 0 })
	if i < len(r.parts) && r.parts[i].ID == op {
		return i
	}
	return -1
}

// forget takes c out of the indices.
func (s *State) forget(c *Change) {
	if !c.makes() {
		s.where.remove(c.ID)
		return
	}
	for _, target := range linksOf(c) {
		ids, _ := s.links.get(target)
		if i, ok := slices.BinarySearchFunc(ids, c.ID, crdt.ID.Compare); ok {
			s.links.set(target, slices.Delete(slices.Clone(ids), i, i+1))
		}
	}
}

// link notes what the record made by c is about.
func (s *State) link(c *Change) {
	for _, target := range linksOf(c) {
		ids, _ := s.links.get(target)
		if i, ok := slices.BinarySearchFunc(ids, c.ID, crdt.ID.Compare); !ok {
			s.links.set(target, slices.Insert(slices.Clone(ids), i, c.ID))
		}
	}
}

func linksOf(c *Change) []crdt.ID {
	switch b := c.Body.(type) {
	case AgreementMade:
		return b.About
	case DecisionOpened:
		if b.About.IsZero() {
			return []crdt.ID{decisionsKey}
		}
		return []crdt.ID{decisionsKey, b.About}
	case PodAsked:
		return []crdt.ID{c.Author, b.Person}
	}
	return nil
}

// Rebuild makes a record again of exactly the changes in all that belong to it:
// after some became void or were retracted. Stubs of what faded stay. Where a [Retracted] fell away,
// the record of the op it named must be rebuilt too.
func (s *State) Rebuild(id crdt.ID, all []Change) {
	var stubs []part
	if r, ok := s.records.get(id); ok {
		for i := range r.parts {
			if r.parts[i].faded {
				stubs = append(stubs, r.parts[i])
			}
			if _, gone := r.parts[i].Body.(Retracted); !gone {
				s.forget(&r.parts[i].Change)
			}
		}
	}
	s.put(id, nil)
	for _, p := range stubs {
		s.insertStub(p)
	}
	for _, c := range all {
		if c.Record() == id {
			s.Apply(c)
		}
	}
}

// Has reports whether anything is held under id, as a record or as one of its parts.
func (s *State) Has(id crdt.ID) bool {
	if _, ok := s.records.get(id); ok {
		return true
	}
	_, ok := s.where.get(id)
	return ok
}

// record returns the record at id; an empty one if there is none.
func (s *State) record(id crdt.ID) *record {
	if r, ok := s.records.get(id); ok {
		return r
	}
	return &record{id: id}
}

// maker returns the change that made the record, or what stands for it: the
// oldest snapshot that its readers were given by one entitled to give it. The
// second result is false for a record not known yet.
func (r *record) maker() (Change, bool) { return r.makerBy(every) }

// makerBy is maker for those who read nothing but what use lets through.
func (r *record) makerBy(use func(*Change) bool) (Change, bool) {
	made, _, ok := r.madeBy(use)
	if !ok {
		return Change{}, false
	}
	return *made, true
}

// madeBy is makerBy with the member who signed what it says: of a snapshot that is
// its writer. Whose name stands in a snapshot only its first readers can tell, so
// one that the named author wrote goes before the others (SPEC.md §8.2).
func (r *record) madeBy(use func(*Change) bool) (made *Change, by crdt.ID, ok bool) {
	if i := r.find(r.id); i >= 0 && r.parts[i].makes() && use(&r.parts[i].Change) {
		return &r.parts[i].Change, r.parts[i].Author, true
	}
	var from *Change
	for i := range r.parts {
		c := &r.parts[i].Change
		snap, ok := c.snapshot()
		if !ok || !use(c) {
			continue
		}
		own, best := c.Author == snap.Author, from != nil && from.Author == made.Author
		if from != nil && (best && !own || best == own && !later(from, c)) {
			continue
		}
		made, from = &snap, c
	}
	if from == nil {
		return nil, crdt.ID{}, false
	}
	return made, from.Author, true
}

// snapshot returns what a change stands for that gives a record to other readers;
// false if it is none, or its writer is not entitled by what it says itself.
func (c *Change) snapshot() (Change, bool) {
	b, ok := c.Body.(AudienceChanged)
	if !ok {
		return Change{}, false
	}
	snap, err := b.open(b.Target)
	if err != nil || !mayWiden(&snap, c.Author) {
		return Change{}, false
	}
	snap.Audience = c.Audience
	return snap, true
}

// shownByBoth returns a "May I" as the two gave it to the circle: each of them signed
// the same snapshot of it, so that neither speaks for the other.
func (r *record) shownByBoth() (*Change, bool) {
	shown := r.ordered(func(c *Change) bool { _, ok := c.snapshot(); return ok })
	for _, c := range shown {
		snap, _ := c.snapshot()
		b, ok := snap.Body.(AgreementMade)
		if !ok || c.Author != snap.Author {
			continue
		}
		same := c.Body.(AudienceChanged).Snapshot
		if slices.ContainsFunc(shown, func(o *Change) bool {
			return slices.Contains(b.About, o.Author) && bytes.Equal(o.Body.(AudienceChanged).Snapshot, same)
		}) {
			return &snap, true
		}
	}
	return nil, false
}

// mayWiden reports whether by may give the record to other readers: the author of
// a post or whom it is for, the two of a "May I".
func mayWiden(made *Change, by crdt.ID) bool {
	if made.Author == by {
		return true
	}
	switch b := made.Body.(type) {
	case *NeedPosted:
		return b.For == by
	case *OfferPosted:
		return b.For == by
	case AgreementMade:
		return len(b.About) == 1 && b.About[0] == by
	case TalkOpened:
		return b.With == by
	}
	return false
}

// later reports whether a comes after b by clock, then by op id.
func later(a, b *Change) bool {
	if a.HLC != b.HLC {
		return a.HLC > b.HLC
	}
	return a.ID.Compare(b.ID) > 0
}

// audience returns whom a new change to the record is sealed to: nil is the
// circle, else its members, ascending. It is whom the newest of those that may say
// so gave it to, as far as it has reached this node.
func (r *record) audience() []crdt.ID {
	made, _ := r.maker()
	var newest *Change
	for i := range r.parts {
		c := &r.parts[i].Change
		_, given := c.Body.(AudienceChanged)
		if c.ID != r.id && !(given && mayWiden(&made, c.Author)) {
			continue
		}
		if newest == nil || later(c, newest) {
			newest = c
		}
	}
	if newest == nil {
		return nil
	}
	return newest.Audience.Members
}
