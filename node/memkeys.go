package node

import (
	"maps"
	"slices"
	"sync"

	"tend/crdt"
)

// MemKeys is a [Keyring] in memory, for simulations and tests: what it was given
// survives everything but the end of the program.
type MemKeys struct {
	seed [32]byte

	mu       sync.Mutex // guards what follows
	circles  map[crdt.ID]CircleKeys
	joinings []Joining
	seeds    Seeds
}

// NewMemKeys returns an empty keyring whose transport key has this seed.
func NewMemKeys(transportSeed [32]byte) *MemKeys {
	return &MemKeys{seed: transportSeed, circles: map[crdt.ID]CircleKeys{}}
}

// Clone returns a keyring of its own that holds what m holds now, as a backup does.
func (m *MemKeys) Clone() *MemKeys {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &MemKeys{seed: m.seed, circles: maps.Clone(m.circles), joinings: slices.Clone(m.joinings),
		seeds: Seeds{All: slices.Clone(m.seeds.All), Next: m.seeds.Next}}
}

// TransportSeed implements [Keyring].
func (m *MemKeys) TransportSeed() [32]byte { return m.seed }

// Circles implements [Keyring].
func (m *MemKeys) Circles() []crdt.ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]crdt.ID, 0, len(m.circles))
	for id := range m.circles {
		out = append(out, id)
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return out
}

// Circle implements [Keyring].
func (m *MemKeys) Circle(id crdt.ID) (CircleKeys, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.circles[id]
	return k, ok
}

// SetCircle implements [Keyring].
func (m *MemKeys) SetCircle(id crdt.ID, k CircleKeys) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.circles[id] = k
	return nil
}

// Joinings implements [Keyring].
func (m *MemKeys) Joinings() []Joining {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.joinings)
}

// SetJoinings implements [Keyring].
func (m *MemKeys) SetJoinings(all []Joining) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.joinings = slices.Clone(all)
	return nil
}

// Seeds implements [Keyring].
func (m *MemKeys) Seeds() Seeds {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Seeds{All: slices.Clone(m.seeds.All), Next: m.seeds.Next}
}

// SetSeeds implements [Keyring].
func (m *MemKeys) SetSeeds(s Seeds) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seeds = Seeds{All: slices.Clone(s.All), Next: s.Next}
	return nil
}

// Restore implements [Keyring].
func (m *MemKeys) Restore(s Seeds, circles map[crdt.ID]CircleKeys) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.circles) > 0 {
		return ErrHave
	}
	m.seeds = Seeds{All: slices.Clone(s.All), Next: s.Next}
	maps.Copy(m.circles, circles)
	return nil
}
