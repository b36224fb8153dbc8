package node

import (
	"fmt"
	"io"
	"slices"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// Seeds are the recovery seeds of a home: what 24 words on paper stand for. The
// roots of its members are derived from them (SPEC.md §4.1), so that the words
// bring a member back when every device is lost.
type Seeds struct {
	// All begins with this home's own, of which new members are made; the others
	// came with a linked device.
	All [][32]byte
	// Next is how many members were made of the first.
	Next uint32
}

// maxNumber is up to which number of a member a seed is searched for it.
const maxNumber = 1024

// newIdentity makes the keys of a member and of this device of theirs. The roots
// are of the home's recovery seed, which is made and kept at first use.
func (n *Node) newIdentity() (Identity, error) {
	n.seeds.Lock()
	defer n.seeds.Unlock()
	s, err := n.seedsWithOwn()
	if err != nil {
		return Identity{}, err
	}
	i := rootsOf(s.All[0], s.Next)
	s.Next++
	if err := n.cfg.Keys.SetSeeds(s); err != nil {
		return Identity{}, fmt.Errorf("keep the recovery seed: %w", err)
	}
	return i, n.freshDevice(&i)
}

// seedsWithOwn returns the home's seeds, with one of its own in front that is made
// now if there was none. It is called with seeds held.
func (n *Node) seedsWithOwn() (Seeds, error) {
	s := n.cfg.Keys.Seeds()
	if len(s.All) > 0 {
		return s, nil
	}
	var own [32]byte
	if _, err := io.ReadFull(n.cfg.Rand, own[:]); err != nil {
		return Seeds{}, fmt.Errorf("make a recovery seed: %w", err)
	}
	s.All = [][32]byte{own}
	return s, nil
}

// addSeeds keeps seeds that came from another device or from words on paper, after
// this home's own: how many members were made of them is not known here, and a root
// that served in one circle must not serve in another.
func (n *Node) addSeeds(more ...[32]byte) error {
	n.seeds.Lock()
	defer n.seeds.Unlock()
	s, err := n.seedsWithOwn()
	if err != nil {
		return err
	}
	for _, seed := range more {
		s = s.with(seed)
	}
	if err := n.cfg.Keys.SetSeeds(s); err != nil {
		return fmt.Errorf("keep the recovery seeds: %w", err)
	}
	return nil
}

// rootsOf is member number k of a recovery seed, without a device.
func rootsOf(seed [32]byte, k uint32) Identity {
	i := Identity{RootSeed: protocol.RootSeed(seed, 2*k), NextSeed: protocol.RootSeed(seed, 2*k+1)}
	i.Inception = membership.Inception{V: 1, Root: pub(i.RootSeed), NextRootHash: membership.RootHash(pub(i.NextSeed)),
		Nonce: protocol.InceptionNonce(seed, 2*k)}
	return i
}

// freshDevice gives a member a new device key and a new prekey: no device key is
// ever used twice.
func (n *Node) freshDevice(i *Identity) error {
	if _, err := io.ReadFull(n.cfg.Rand, i.DevSeed[:]); err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	box, err := newBox(n.cfg.Rand, n.now())
	if err != nil {
		return err
	}
	i.Boxes = []Box{box.kept}
	return nil
}

// seedOf finds the seed and the number of a member's roots; false for roots of an
// earlier version, which were plain chance.
func (s Seeds) seedOf(root [32]byte) (seed [32]byte, k uint32, ok bool) {
	for _, seed := range s.All {
		for k := range uint32(maxNumber) {
			if protocol.RootSeed(seed, 2*k) == root {
				return seed, k, true
			}
		}
	}
	return [32]byte{}, 0, false
}

// with adds a seed that another device of the member brought.
func (s Seeds) with(seed [32]byte) Seeds {
	if !slices.Contains(s.All, seed) {
		s.All = append(slices.Clone(s.All), seed)
	}
	return s
}

// Phrase is 24 words, and the circles they bring a member back into.
type Phrase struct {
	Words   []string
	Circles []crdt.ID
}

// Phrases returns the recovery phrases of this home: one, unless it was linked
// with another that had circles before. lost are the circles whose roots were made
// by an earlier version: no words bring them back, trustees can.
func (n *Node) Phrases() (all []Phrase, lost []crdt.ID) {
	s := n.cfg.Keys.Seeds()
	of := map[[32]byte][]crdt.ID{}
	for _, x := range n.runners() {
		if seed, _, ok := s.seedOf(x.ring.held().RootSeed); ok {
			of[seed] = append(of[seed], x.id)
		} else {
			lost = append(lost, x.id)
		}
	}
	for _, seed := range s.All {
		if len(of[seed]) > 0 {
			all = append(all, Phrase{Words: protocol.Phrase(seed), Circles: of[seed]})
		}
	}
	return all, lost
}
