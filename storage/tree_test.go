package storage

import (
	"maps"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestTreeIsAMap holds a tree, and all its older states, against Go maps.
func TestTreeIsAMap(t *testing.T) {
	type state struct {
		tree  tree[string, int]
		model map[string]int
	}
	rapid.Check(t, func(r *rapid.T) {
		now := state{newTree[string, int](strings.Compare), map[string]int{}}
		var states []state
		key := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 3, -1)
		for range rapid.IntRange(0, 60).Draw(r, "steps") {
			states = append(states, now)
			now.model = maps.Clone(now.model)
			k := key.Draw(r, "key")
			if rapid.IntRange(0, 3).Draw(r, "delete") == 0 {
				now.tree = now.tree.del(k)
				delete(now.model, k)
			} else {
				v := rapid.Int().Draw(r, "value")
				now.tree = now.tree.put(k, v)
				now.model[k] = v
			}
		}
		start := key.Draw(r, "start")
		for i, s := range append(states, now) {
			if s.tree.size != len(s.model) {
				r.Fatalf("state %d: size %d, want %d", i, s.tree.size, len(s.model))
			}
			var keys, want []string
			for k, v := range s.tree.from(start) {
				keys = append(keys, k)
				if got, ok := s.tree.get(k); !ok || got != v || s.model[k] != v {
					r.Fatalf("state %d: %q = %d, %v; want %d", i, k, got, ok, s.model[k])
				}
			}
			for _, k := range slices.Sorted(maps.Keys(s.model)) {
				if k >= start {
					want = append(want, k)
				}
			}
			if !slices.Equal(keys, want) {
				r.Fatalf("state %d: keys from %q = %q, want %q", i, start, keys, want)
			}
		}
	})
}

func TestTreeStaysFlat(t *testing.T) {
	for name, key := range map[string]func(i int) uint64{
		"ascending":  func(i int) uint64 { return uint64(i) },
		"descending": func(i int) uint64 { return uint64(-i) },
		"mixed":      func(i int) uint64 { return bits.Reverse64(uint64(i)) },
	} {
		tr := newTree[uint64, int](compareNumbers)
		for i := range 10_000 {
			tr = tr.put(key(i), i)
		}
		if d := depth(tr.root); d > 40 { // a perfect tree has 14
			t.Errorf("%s: depth %d for 10,000 keys", name, d)
		}
	}
}

func depth[K, V any](n *node[K, V]) int {
	if n == nil {
		return 0
	}
	return 1 + max(depth(n.left), depth(n.right))
}
