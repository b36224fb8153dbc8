package storage

import "iter"

// tree is a sorted map that never changes: put and del return another tree that
// shares all but one path with the old one. So a reader keeps what it began
// with, a failed batch leaves no trace, and a copy of a whole store is a pointer.
//
// It is a treap whose priorities come from a counter: balanced for any order of
// keys, and the same in every run.
type tree[K, V any] struct {
	root    *node[K, V]
	size    int
	drawn   uint64 // priorities drawn so far
	compare func(a, b K) int
}

type node[K, V any] struct {
	left, right *node[K, V]
	priority    uint64
	key         K
	value       V
}

func newTree[K, V any](compare func(a, b K) int) tree[K, V] {
	return tree[K, V]{compare: compare}
}

// get returns the value of key.
func (t tree[K, V]) get(key K) (V, bool) {
	for n := t.root; n != nil; {
		switch c := t.compare(key, n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n.value, true
		}
	}
	var none V
	return none, false
}

// put returns t with value under key.
func (t tree[K, V]) put(key K, value V) tree[K, V] {
	if _, ok := t.get(key); ok {
		t.root = t.replace(t.root, key, value)
		return t
	}
	t.drawn++
	t.size++
	t.root = t.insert(t.root, &node[K, V]{priority: mix(t.drawn), key: key, value: value})
	return t
}

// del returns t without key.
func (t tree[K, V]) del(key K) tree[K, V] {
	if _, ok := t.get(key); ok {
		t.size--
		t.root = t.remove(t.root, key)
	}
	return t
}

// from yields the keys at or above start, ascending.
func (t tree[K, V]) from(start K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { t.walk(t.root, start, yield) }
}

func (t tree[K, V]) walk(n *node[K, V], start K, yield func(K, V) bool) bool {
	if n == nil {
		return true
	}
	if t.compare(start, n.key) > 0 {
		return t.walk(n.right, start, yield)
	}
	return t.walk(n.left, start, yield) && yield(n.key, n.value) && t.walk(n.right, start, yield)
}

func (t tree[K, V]) replace(n *node[K, V], key K, value V) *node[K, V] {
	again := *n
	switch c := t.compare(key, n.key); {
	case c < 0:
		again.left = t.replace(n.left, key, value)
	case c > 0:
		again.right = t.replace(n.right, key, value)
	default:
		again.value = value
	}
	return &again
}

func (t tree[K, V]) insert(n, fresh *node[K, V]) *node[K, V] {
	if n == nil {
		return fresh
	}
	if fresh.priority > n.priority {
		fresh.left, fresh.right = t.split(n, fresh.key)
		return fresh
	}
	again := *n
	if t.compare(fresh.key, n.key) < 0 {
		again.left = t.insert(n.left, fresh)
	} else {
		again.right = t.insert(n.right, fresh)
	}
	return &again
}

// split parts n into the keys below key and those above it.
func (t tree[K, V]) split(n *node[K, V], key K) (below, above *node[K, V]) {
	if n == nil {
		return nil, nil
	}
	again := *n
	if t.compare(n.key, key) < 0 {
		again.right, above = t.split(n.right, key)
		return &again, above
	}
	below, again.left = t.split(n.left, key)
	return below, &again
}

func (t tree[K, V]) remove(n *node[K, V], key K) *node[K, V] {
	c := t.compare(key, n.key)
	if c == 0 {
		return join(n.left, n.right)
	}
	again := *n
	if c < 0 {
		again.left = t.remove(n.left, key)
	} else {
		again.right = t.remove(n.right, key)
	}
	return &again
}

// join makes one tree of two, all of whose keys are on their own side.
func join[K, V any](below, above *node[K, V]) *node[K, V] {
	switch {
	case below == nil:
		return above
	case above == nil:
		return below
	case below.priority > above.priority:
		again := *below
		again.right = join(below.right, above)
		return &again
	}
	again := *above
	again.left = join(below, above.left)
	return &again
}

// mix spreads consecutive numbers over all 64 bits (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
