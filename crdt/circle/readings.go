package circle

import (
	"cmp"
	"slices"

	"tend/crdt"
)

// Readings keeps what was read of the posts and agreements of a circle from one look to
// the next, so that a look costs what it shows and what changed since the last, not all
// that the circle ever wrote. What it holds is a function of the state alone, so that
// looks with it and without it are the same; nothing of it is ever stored. It follows the
// state: what is taken back or fades is gone from it with the next look.
//
// States reached by [State.With] share one Readings. Looks at them take turns, by the
// guard.
type Readings struct {
	guard Guard
	state *State

	posts map[crdt.ID]*post      // nil for what is none
	made  map[crdt.ID]*agreement // those that came out of no talk

	// newest are the posts, the newest first and then by id; byID are the same by id, as
	// agreements are. ofTalks are agreements that came out of one, ascending: they are
	// read anew each time, for they settle the talk.
	newest, byID []*post
	agreements   []*agreement
	ofTalks      []crdt.ID
	// unread are records that are in none of the lists; all says that the lists are to be
	// made from the start.
	unread []crdt.ID
	all    bool

	// invites are the records that invite to a talk, ascending; uninvited are those of
	// which that is not known, and anyInvited says that it is known of none.
	invites, uninvited []crdt.ID
	anyInvited         bool
}

// Guard lets one user in at a time, as a mutex does.
type Guard interface {
	Lock()
	Unlock()
}

// NewReadings returns empty readings that guard protects.
func NewReadings(guard Guard) *Readings {
	k := &Readings{guard: guard}
	k.clear()
	return k
}

func (k *Readings) clear() {
	k.posts, k.made = map[crdt.ID]*post{}, map[crdt.ID]*agreement{}
	k.unread, k.all = nil, true
	k.uninvited, k.anyInvited = nil, true
}

// With returns the same state, whose looks use k and fill it. k must be of states of
// this circle alone.
func (s *State) With(k *Readings) *State {
	c := *s
	c.readings = k
	return &c
}

// looking returns a reader that keeps what it reads, if the state has readings, and what
// ends its turn. Until then nothing but the reader's own state may look.
func (s *State) looking(env Env) (r *reader, done func()) {
	if s.readings == nil {
		return s.reader(env), func() {}
	}
	k, plain := s.readings, *s
	plain.readings = nil
	k.guard.Lock()
	k.follow(&plain)
	r = plain.reader(env)
	r.kept, r.posts, r.made = k, k.posts, k.made
	return r, func() {
		for _, id := range k.ofTalks {
			delete(k.made, id)
		}
		k.guard.Unlock()
	}
}

// follow forgets what may read otherwise in s than in the state that was followed last.
func (k *Readings) follow(s *State) {
	old := k.state
	k.state = s
	if old == nil || old.records.root == s.records.root {
		return
	}
	differ(old.records.root, s.records.root, func(id crdt.ID) {
		for _, of := range []*State{old, s} {
			if rec, ok := of.records.get(id); ok && rec.proxies() {
				k.clear() // with another to act for them, what others wrote reads otherwise
			}
			about, _ := of.links.get(id)
			for _, a := range about {
				k.drop(a)
			}
		}
		k.drop(id)
	})
}

// drop forgets one record.
func (k *Readings) drop(id crdt.ID) {
	if p := k.posts[id]; p != nil {
		p.dropped = true
	}
	if a := k.made[id]; a != nil {
		a.dropped = true
	}
	delete(k.posts, id)
	delete(k.made, id)
	k.unread, k.all = oneMore(k.unread, k.all, id)
	k.uninvited, k.anyInvited = oneMore(k.uninvited, k.anyInvited, id)
}

// fewUnread is how many records are put in their places one by one.
const fewUnread = 256

// oneMore notes a record that is to be read. Of too many, and where all are to be read
// anyhow, none is noted: whoever only ever looks at single things makes no list grow.
func oneMore(unread []crdt.ID, all bool, id crdt.ID) ([]crdt.ID, bool) {
	if all || len(unread) == fewUnread {
		return nil, true
	}
	return append(unread, id), false
}

// proxies reports whether a record says who may act for somebody.
func (r *record) proxies() bool {
	return slices.ContainsFunc(r.parts, func(p part) bool {
		b, ok := p.Body.(MemberSectionSet)
		return ok && b.Section == SectionProxy
	})
}

// list brings the lists up to date. To put a record in its place costs a copy of the
// lists' ends, so that many are read together.
func (k *Readings) list(r *reader) {
	if !k.all {
		k.byID = slices.DeleteFunc(k.byID, func(p *post) bool { return p.dropped })
		k.newest = slices.DeleteFunc(k.newest, func(p *post) bool { return p.dropped })
		k.agreements = slices.DeleteFunc(k.agreements, func(a *agreement) bool { return a.dropped })
		for _, id := range k.unread {
			k.place(r, id)
		}
		k.unread = nil
		return
	}
	k.byID, k.agreements, k.ofTalks = nil, nil, nil
	r.s.records.all(func(id crdt.ID, _ *record) bool {
		p, a := k.read(r, id)
		switch {
		case p != nil:
			k.byID = append(k.byID, p)
		case a != nil && a.talk != nil:
			k.ofTalks = append(k.ofTalks, id)
		case a != nil:
			k.agreements = append(k.agreements, a)
		}
		return true
	})
	k.newest = slices.Clone(k.byID)
	slices.SortFunc(k.newest, newestFirst)
	k.unread, k.all = nil, false
}

// invited brings the list of invitations to talks up to date.
func (k *Readings) invited(s *State) {
	if k.anyInvited {
		k.invites = nil
		s.records.all(func(id crdt.ID, rec *record) bool {
			if _, ok := rec.invitation(); ok {
				k.invites = append(k.invites, id)
			}
			return true
		})
	}
	for _, id := range k.uninvited {
		k.invites = slices.DeleteFunc(k.invites, func(o crdt.ID) bool { return o == id })
		if _, ok := s.record(id).invitation(); ok {
			k.invites = putIn(k.invites, id, crdt.ID.Compare)
		}
	}
	k.uninvited, k.anyInvited = nil, false
}

func newestFirst(a, b *post) int {
	return cmp.Or(cmp.Compare(b.made.HLC, a.made.HLC), a.id.Compare(b.id))
}

// read returns what a record is: a post, an agreement, or neither.
func (k *Readings) read(r *reader, id crdt.ID) (*post, *agreement) {
	rec, ok := r.s.records.get(id)
	if !ok {
		return nil, nil
	}
	if rec.mayBePost() {
		if p, ok := r.post(id); ok {
			return p, nil
		}
	}
	a, _ := r.agreement(id)
	return nil, a
}

// place puts a record into the lists, unless it is there.
func (k *Readings) place(r *reader, id crdt.ID) {
	p, a := k.read(r, id)
	k.ofTalks = slices.DeleteFunc(k.ofTalks, func(o crdt.ID) bool { return o == id })
	switch {
	case p != nil:
		k.byID = putIn(k.byID, p, func(a, b *post) int { return a.id.Compare(b.id) })
		k.newest = putIn(k.newest, p, newestFirst)
	case a != nil && a.talk != nil:
		k.ofTalks = putIn(k.ofTalks, id, crdt.ID.Compare)
	case a != nil:
		k.agreements = putIn(k.agreements, a, func(a, b *agreement) int { return a.id.Compare(b.id) })
	}
}

// putIn puts v in its place of an ascending list, unless it is there.
func putIn[T any](list []T, v T, compare func(a, b T) int) []T {
	i, there := slices.BinarySearchFunc(list, v, compare)
	if there {
		return list
	}
	return slices.Insert(list, i, v)
}
