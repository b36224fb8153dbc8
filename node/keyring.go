package node

import (
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"
	"sync"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// Keyring keeps what must stay secret. It is safe for use by many goroutines.
// What a method that returns an error took is durable when it returns nil.
type Keyring interface {
	// TransportSeed is the Ed25519 seed of this home's transport key.
	TransportSeed() [32]byte
	// Circles lists the circles there are keys of, ascending.
	Circles() []crdt.ID
	// Circle returns a copy of what is kept for a circle.
	Circle(id crdt.ID) (CircleKeys, bool)
	// SetCircle replaces what is kept for a circle.
	SetCircle(id crdt.ID, k CircleKeys) error
	// Joinings returns the joinings under way.
	Joinings() []Joining
	// SetJoinings replaces the joinings under way.
	SetJoinings([]Joining) error
	// Seeds returns a copy of the recovery seeds.
	Seeds() Seeds
	// SetSeeds replaces them.
	SetSeeds(Seeds) error
	// Restore keeps seeds and circles at once, or nothing. The error wraps [ErrHave]
	// if there is a circle already.
	Restore(Seeds, map[crdt.ID]CircleKeys) error
}

// CircleKeys are this member's secrets in one circle.
type CircleKeys struct {
	Identity
	LogKey  protocol.Secret
	Secrets []protocol.Secret    // epochs and nooks, in the order they came
	Packed  []protocol.PackedKey // keys of single bodies, from a welcome pack; at most replica.MaxPacked
	Invites []InviteSeed         // of invites written here
	// Name is what a newcomer will be called, until their home has written it.
	Name string
	// First is this device's first op, where it wrote that before its copy of the
	// log came; zero if it was let in by somebody else's.
	First crdt.ID
	// Restored says that this home came back from a backup and has met nobody since:
	// this device is in no log yet, and writes nothing.
	Restored bool
}

// Identity is a member of a circle and this device of theirs.
type Identity struct {
	Inception membership.Inception
	RootSeed  [32]byte // Ed25519 seed of the member's root
	NextSeed  [32]byte // Ed25519 seed of the root after it
	DevSeed   [32]byte // Ed25519 seed of this device's key in this circle
	Boxes     []Box    // this device's prekeys, the newest first
}

// Box is the private half of a prekey.
type Box struct {
	Key  []byte // protocol.BoxKey.Bytes
	Made int64  // Unix milliseconds
}

// InviteSeed is the secret of an invite written here, so that its code can be
// shown again.
type InviteSeed struct {
	Op   crdt.ID // the invite op
	Seed [16]byte
	For  string // whom it is meant for; for this home's own list
}

// Joining is a code this home has read, or shows, and is not yet let in by.
type Joining struct {
	ID   string // 16 hex digits, this home's own name for it
	Code string // the TEND: text; of a shown code its own
	Show bool   // this home shows the code, face to face
	Name string // what the others will call this member
	Identity
	Since int64  // Unix milliseconds
	Last  string // what the last door answered, for people; "" if none did
	Over  string // why knocking ended without being let in; "" while it goes on
}

// Member returns the member id of an identity.
func (i *Identity) Member() crdt.ID { return i.Inception.ID() }

// Device returns the public key of this device.
func (i *Identity) Device() crdt.Device { return crdt.Device(pub(i.DevSeed)) }

func pub(seed [32]byte) [32]byte {
	return [32]byte(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
}

// ring is the secrets of one circle as its loop and its sessions use them.
type ring struct {
	circle crdt.ID
	keys   Keyring

	mu      sync.RWMutex // guards what follows
	data    CircleKeys
	dev     ed25519.PrivateKey
	boxes   []protocol.BoxKey
	secrets map[membership.EpochID]*protocol.Key
	packed  map[crdt.ID]protocol.PackedKey
}

func newRing(circle crdt.ID, keys Keyring) (*ring, error) {
	data, ok := keys.Circle(circle)
	if !ok {
		return nil, fmt.Errorf("no keys of circle %s", circle.Short())
	}
	k := &ring{circle: circle, keys: keys}
	return k, k.load(data)
}

func (k *ring) load(data CircleKeys) error {
	k.data = data
	k.dev = ed25519.NewKeyFromSeed(data.DevSeed[:])
	k.boxes = nil
	for _, b := range data.Boxes {
		box, err := protocol.ParseBoxKey(b.Key)
		if err != nil {
			return fmt.Errorf("prekey of circle %s: %w", k.circle.Short(), err)
		}
		k.boxes = append(k.boxes, box)
	}
	derived := map[protocol.Secret][]*protocol.Key{}
	for _, key := range k.secrets {
		derived[key.Secret()] = append(derived[key.Secret()], key)
	}
	log := data.LogKey.CircleKey()
	k.secrets = map[membership.EpochID]*protocol.Key{log.ID(): log}
	for _, s := range data.Secrets {
		keys := derived[s]
		if len(keys) < 2 {
			keys = []*protocol.Key{s.CircleKey(), s.NookKey()}
		}
		for _, key := range keys {
			k.secrets[key.ID()] = key
		}
	}
	k.packed = make(map[crdt.ID]protocol.PackedKey, len(data.Packed))
	for _, p := range data.Packed {
		k.packed[p.Op] = p
	}
	return nil
}

// Sign implements replica.Keys.
func (k *ring) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(k.dev, msg), nil }

// Key implements replica.Keys.
func (k *ring) Key(id membership.EpochID) (*protocol.Key, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, ok := k.secrets[id]
	return key, ok
}

// Packed implements replica.Keys.
func (k *ring) Packed(op crdt.ID) (protocol.PackedKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	p, ok := k.packed[op]
	return p, ok
}

// Boxes implements replica.Keys.
func (k *ring) Boxes() []protocol.BoxKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.boxes
}

// name is what a newcomer will be called; "" once that is written.
func (k *ring) name() string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.data.Name
}

// device is the public key of this device.
func (k *ring) device() crdt.Device {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return crdt.Device(k.dev.Public().(ed25519.PublicKey))
}

// held returns a copy of all that is kept.
func (k *ring) held() CircleKeys {
	k.mu.RLock()
	defer k.mu.RUnlock()
	c := k.data
	c.Boxes, c.Secrets, c.Invites = slices.Clone(c.Boxes), slices.Clone(c.Secrets), slices.Clone(c.Invites)
	c.Packed = slices.Clone(c.Packed)
	return c
}

// update changes what is kept, durably.
func (k *ring) update(change func(*CircleKeys)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := k.data
	next.Boxes, next.Secrets, next.Invites = slices.Clone(next.Boxes), slices.Clone(next.Secrets), slices.Clone(next.Invites)
	next.Packed = slices.Clone(next.Packed)
	change(&next)
	if err := k.keys.SetCircle(k.circle, next); err != nil {
		return fmt.Errorf("keep the keys of circle %s: %w", k.circle.Short(), err)
	}
	return k.load(next)
}

// keep adds secrets, durably.
func (k *ring) keep(secrets []protocol.Secret) error {
	if len(secrets) == 0 {
		return nil
	}
	return k.update(func(c *CircleKeys) {
		have := maps.Clone(k.secrets)
		for _, s := range secrets {
			key := s.CircleKey()
			if _, ok := have[key.ID()]; !ok {
				have[key.ID()] = key
				c.Secrets = append(c.Secrets, s)
			}
		}
	})
}
