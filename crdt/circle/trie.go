package circle

import "tend/crdt"

// trie maps ids to values, in the order of the ids, and is copied on write: a fork
// costs nothing, and a write copies one short path. A trie has one writer; one
// that was forked is never changed again.
type trie[V any] struct {
	root  *branch[V]
	owner *owner
	n     int
}

// owner is the writer that a branch belongs to: it changes its own branches in
// place and copies all others.
type owner struct{ _ byte }

// branch splits on one nibble, or holds one leaf.
type branch[V any] struct {
	owner *owner
	kids  *[16]*branch[V] // nil in a leaf
	key   crdt.ID
	value V
}

func nibble(id crdt.ID, depth int) byte {
	b := id[depth/2]
	if depth%2 == 0 {
		return b >> 4
	}
	return b & 15
}

// fork returns a trie with the same contents, to be written by o.
func (t trie[V]) fork(o *owner) trie[V] {
	t.owner = o
	return t
}

// get returns the value at id.
func (t *trie[V]) get(id crdt.ID) (V, bool) {
	b := t.root
	for depth := 0; b != nil; depth++ {
		if b.kids == nil {
			if b.key == id {
				return b.value, true
			}
			break
		}
		b = b.kids[nibble(id, depth)]
	}
	var none V
	return none, false
}

// set puts value at id.
func (t *trie[V]) set(id crdt.ID, value V) {
	at := &t.root
	for depth := 0; ; depth++ {
		b := *at
		if b == nil {
			*at = &branch[V]{owner: t.owner, key: id, value: value}
			t.n++
			return
		}
		if b.kids == nil && b.key == id {
			*at = &branch[V]{owner: t.owner, key: id, value: value}
			return
		}
		if b.kids == nil {
			kids := &[16]*branch[V]{}
			kids[nibble(b.key, depth)] = b
			b = &branch[V]{owner: t.owner, kids: kids}
			*at = b
		}
		at = t.own(at, nibble(id, depth))
	}
}

// own makes the branch at *at the writer's and returns the place of its kid.
func (t *trie[V]) own(at **branch[V], kid byte) **branch[V] {
	if b := *at; b.owner != t.owner {
		kids := *b.kids
		*at = &branch[V]{owner: t.owner, kids: &kids}
	}
	return &(*at).kids[kid]
}

// remove takes id away. Empty branches stay; they hold nothing and cost little.
func (t *trie[V]) remove(id crdt.ID) {
	if _, ok := t.get(id); !ok {
		return
	}
	at := &t.root
	for depth := 0; (*at).kids != nil; depth++ {
		at = t.own(at, nibble(id, depth))
	}
	*at = nil
	t.n--
}

// all yields every id with its value, ascending.
func (t *trie[V]) all(yield func(crdt.ID, V) bool) { t.root.walk(yield) }

// under yields the ids that begin with the given nibbles, ascending.
func (t *trie[V]) under(nibbles []byte, yield func(crdt.ID, V) bool) {
	b := t.root
	for _, n := range nibbles {
		if b == nil || b.kids == nil {
			break
		}
		b = b.kids[n]
	}
	b.walk(func(id crdt.ID, v V) bool {
		for i, n := range nibbles {
			if nibble(id, i) != n {
				return true
			}
		}
		return yield(id, v)
	})
}

func (b *branch[V]) walk(yield func(crdt.ID, V) bool) bool {
	if b == nil {
		return true
	}
	if b.kids == nil {
		return yield(b.key, b.value)
	}
	for _, kid := range b.kids {
		if !kid.walk(yield) {
			return false
		}
	}
	return true
}
