package circle

import (
	"cmp"
	"slices"
	"time"

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

	// newest are the posts, the newest first and then by id; byID are the same by id, and
	// open those of newest that are not closed. agreements are by id, and latest the same,
	// the newest first. ofTalks are agreements that came out of one, ascending: they are
	// read anew each time, for they settle the talk.
	newest, byID, open []*post
	// current are those of open that were not gone when day began; see currentOn.
	current            []*post
	day                time.Time
	agreements, latest []*agreement
	ofTalks            []crdt.ID
	// mine are the posts that me may edit, and with the agreements that me is in, both
	// ascending. Only one person's are kept.
	me   crdt.ID
	mine []*post
	with []*agreement
	// unread are records that are in none of the lists; all says that the lists are to be
	// made from the start.
	unread []crdt.ID
	all    bool

	invites, cares kindOfRecords
}

// Guard lets one user in at a time, as a mutex does.
type Guard interface {
	Lock()
	Unlock()
}

// NewReadings returns empty readings that guard protects.
func NewReadings(guard Guard) *Readings {
	k := &Readings{guard: guard, invites: kindOfRecords{is: (*record).invites}, cares: kindOfRecords{is: (*record).cares}}
	k.clear()
	return k
}

func (k *Readings) clear() {
	k.posts, k.made = map[crdt.ID]*post{}, map[crdt.ID]*agreement{}
	k.unread, k.all = nil, true
	k.invites.unread, k.invites.all = nil, true
	k.cares.unread, k.cares.all = nil, true
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
	return r, k.guard.Unlock
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
			rec, ok := of.records.get(id)
			if !ok {
				continue
			}
			if rec.proxies() {
				k.clear() // with another to act for them, what others wrote reads otherwise
			}
			k.rewrite(rec)
			about, _ := of.links.get(id)
			for _, a := range about {
				k.drop(a)
			}
		}
		k.drop(id)
	})
}

// rewrite forgets the lines of what a record is about: they tell of it.
func (k *Readings) rewrite(rec *record) {
	for i := range rec.parts {
		for _, id := range linksOf(&rec.parts[i].Change) {
			if p := k.posts[id]; p != nil {
				p.line = nil
			}
		}
	}
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
	k.invites.drop(id)
	k.cares.drop(id)
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
		if len(k.unread) == 0 {
			return
		}
		for _, posts := range []*[]*post{&k.newest, &k.byID, &k.open, &k.current, &k.mine} {
			*posts = slices.DeleteFunc(*posts, func(p *post) bool { return p.dropped })
		}
		for _, made := range []*[]*agreement{&k.agreements, &k.latest, &k.with} {
			*made = slices.DeleteFunc(*made, func(a *agreement) bool { return a.dropped })
		}
		for _, id := range k.unread {
			k.place(r, id)
		}
		k.unread = nil
		return
	}
	k.byID, k.agreements, k.ofTalks, k.me = nil, nil, nil, crdt.ID{}
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
	k.newest, k.latest = slices.Clone(k.byID), slices.Clone(k.agreements)
	slices.SortFunc(k.newest, newestFirst)
	slices.SortFunc(k.latest, latestFirst)
	k.open = slices.DeleteFunc(slices.Clone(k.newest), (*post).closed)
	k.day, k.unread, k.all = time.Time{}, nil, false
}

// of brings the lists up to date, and among them those of what concerns a person.
func (k *Readings) of(r *reader, me crdt.ID) {
	if k.list(r); k.me == me {
		return
	}
	k.me, k.mine, k.with = me, nil, nil
	for _, p := range k.byID {
		if r.mayEdit(p, me) {
			k.mine = append(k.mine, p)
		}
	}
	for _, a := range k.agreements {
		if a.has(me) {
			k.with = append(k.with, a)
		}
	}
}

func newestFirst(a, b *post) int {
	return cmp.Or(cmp.Compare(b.made.HLC, a.made.HLC), a.id.Compare(b.id))
}

func latestFirst(a, b *agreement) int {
	return cmp.Or(cmp.Compare(b.made.HLC, a.made.HLC), a.id.Compare(b.id))
}

func byPostID(a, b *post) int           { return a.id.Compare(b.id) }
func byAgreementID(a, b *agreement) int { return a.id.Compare(b.id) }

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
		k.byID = putIn(k.byID, p, byPostID)
		k.newest = putIn(k.newest, p, newestFirst)
		if !p.closed() {
			k.open = putIn(k.open, p, newestFirst)
		}
		if !p.closed() && !p.gone(k.day) {
			k.current = putIn(k.current, p, newestFirst)
		}
		if r.mayEdit(p, k.me) {
			k.mine = putIn(k.mine, p, byPostID)
		}
	case a != nil && a.talk != nil:
		k.ofTalks = putIn(k.ofTalks, id, crdt.ID.Compare)
	case a != nil:
		k.agreements = putIn(k.agreements, a, byAgreementID)
		k.latest = putIn(k.latest, a, latestFirst)
		if a.has(k.me) {
			k.with = putIn(k.with, a, byAgreementID)
		}
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
