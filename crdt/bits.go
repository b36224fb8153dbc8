package crdt

import "math/bits"

// Bits is a set of small numbers. A Bits that was handed out is never changed;
// [Bits.With] and [Union] make new ones. The nil Bits is the empty set.
type Bits []uint64

// Has reports whether n is in the set.
func (b Bits) Has(n int) bool { return n>>6 < len(b) && b[n>>6]&(1<<(n&63)) != 0 }

// Contains reports whether every number of other is in the set.
func (b Bits) Contains(other Bits) bool {
	for i, w := range other {
		if i >= len(b) {
			if w != 0 {
				return false
			}
			continue
		}
		if w&^b[i] != 0 {
			return false
		}
	}
	return true
}

// Count is the size of the set.
func (b Bits) Count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Each yields the numbers of the set in ascending order.
func (b Bits) Each(yield func(int) bool) {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			if !yield(i<<6 + bits.TrailingZeros64(w)) {
				return
			}
		}
	}
}

// With returns the set and n.
func (b Bits) With(n int) Bits {
	out := make(Bits, max(len(b), n>>6+1))
	copy(out, b)
	out[n>>6] |= 1 << (n & 63)
	return out
}

// Union returns all that is in any of the sets.
func Union(sets ...Bits) Bits {
	longest := 0
	for _, s := range sets {
		longest = max(longest, len(s))
	}
	out := make(Bits, longest)
	for _, s := range sets {
		for i, w := range s {
			out[i] |= w
		}
	}
	return out
}
