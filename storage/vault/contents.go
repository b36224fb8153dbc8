package vault

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
)

// Contents is what a vault keeps.
type Contents struct {
	// Transport is the seed of the home's transport key.
	Transport Seed
	// Circles holds the keys of each circle. A nil map is an empty one.
	Circles map[crdt.ID]*Circle
	// Joinings are the joinings under way.
	Joinings []Joining
	// Local are small values of this home that are never sent.
	Local map[string][]byte
}

// Seed is 32 secret bytes: an Ed25519 seed or an epoch secret. It prints as
// "[secret]".
type Seed [32]byte

// Format hides the seed from every verb of package fmt.
func (Seed) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// Bytes are secret bytes of any length. They print as "[secret]".
type Bytes []byte

// Format hides the bytes from every verb of package fmt.
func (Bytes) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

const hidden = "[secret]"

// Identity is a member of a circle and this device of theirs.
type Identity struct {
	Inception []byte // the member's inception record, as encoded
	Root      Seed   // of the member's root
	NextRoot  Seed   // of the root after it
	Device    Seed   // of this device's signing key in this circle
	Boxes     []Box  // this device's prekeys
}

// Box is the private half of a prekey.
type Box struct {
	Key  Bytes // as the key's own type encodes it
	Made int64 // Unix milliseconds
}

// Circle is what is kept for one circle.
type Circle struct {
	Identity
	LogKey  Seed
	Secrets []Seed // of epochs and nooks, in the order they came; their ids follow from them
	Invites []Invite
	Name    string            // what a newcomer will be called, until their home has written it
	Local   map[string][]byte // small values that are never sent
}

// Invite is the secret of an invite written here.
type Invite struct {
	Op   crdt.ID // the invite op
	Seed Bytes   // 16 bytes
	For  string  // whom it is meant for
}

// Joining is a code that this home has read or shows, and is not yet let in by.
type Joining struct {
	ID   string // this home's own name for it
	Code Bytes  // the code's text
	Show bool   // this home shows the code
	Name string // what the others will call this member
	Identity
	Since int64  // Unix milliseconds
	Last  string // what the last door answered
	Over  string // why it ended; "" while it goes on
}

// contentsVersion is that of the encoding below. A field is only ever added
// together with a new version.
const contentsVersion = 1

// The encoding: arrays of fields in this order, deterministic CBOR. Secrets of a
// circle are one byte string, 32 bytes each, so that years of epochs stay within
// the decoder's limit on arrays.
type (
	wireContents struct {
		_         struct{} `cbor:",toarray"`
		V         uint64
		Transport [32]byte
		Circles   []wireCircle // ascending by id
		Joinings  []wireJoining
		Local     []wireLocal // ascending by name
	}
	wireIdentity struct {
		_         struct{} `cbor:",toarray"`
		Inception []byte
		Root      [32]byte
		NextRoot  [32]byte
		Device    [32]byte
		Boxes     []wireBox
	}
	wireBox struct {
		_    struct{} `cbor:",toarray"`
		Key  []byte
		Made int64
	}
	wireCircle struct {
		_       struct{} `cbor:",toarray"`
		ID      crdt.ID
		Who     wireIdentity
		LogKey  [32]byte
		Secrets []byte
		Invites []wireInvite
		Name    string
		Local   []wireLocal
	}
	wireInvite struct {
		_    struct{} `cbor:",toarray"`
		Op   crdt.ID
		Seed []byte
		For  string
	}
	wireJoining struct {
		_     struct{} `cbor:",toarray"`
		ID    string
		Code  []byte
		Show  bool
		Name  string
		Who   wireIdentity
		Since int64
		Last  string
		Over  string
	}
	wireLocal struct {
		_     struct{} `cbor:",toarray"`
		Name  string
		Value []byte
	}
)

func encodeContents(c *Contents) ([]byte, error) {
	w := wireContents{V: contentsVersion, Transport: c.Transport, Local: toLocal(c.Local)}
	for _, id := range sortedCircles(c.Circles) {
		k := c.Circles[id]
		if k == nil {
			return nil, fmt.Errorf("circle %s has no keys", id.Short())
		}
		wire := wireCircle{ID: id, Who: toIdentity(k.Identity), LogKey: k.LogKey, Name: k.Name, Local: toLocal(k.Local)}
		for _, s := range k.Secrets {
			wire.Secrets = append(wire.Secrets, s[:]...)
		}
		for _, i := range k.Invites {
			wire.Invites = append(wire.Invites, wireInvite{Op: i.Op, Seed: i.Seed, For: i.For})
		}
		w.Circles = append(w.Circles, wire)
	}
	for _, j := range c.Joinings {
		w.Joinings = append(w.Joinings, wireJoining{ID: j.ID, Code: j.Code, Show: j.Show, Name: j.Name,
			Who: toIdentity(j.Identity), Since: j.Since, Last: j.Last, Over: j.Over})
	}
	return canon.Marshal(w)
}

func decodeContents(plain []byte) (*Contents, error) {
	var w wireContents
	if err := canon.UnmarshalFrame(plain, &w); err != nil {
		if v, ok := versionOf(plain); ok && v > contentsVersion {
			return nil, fmt.Errorf("%w: contents version %d, know only %d", ErrNewer, v, contentsVersion)
		}
		return nil, fmt.Errorf("%w: its contents cannot be read", ErrDamaged) // the decoder's words might quote them
	}
	if w.V != contentsVersion {
		return nil, fmt.Errorf("%w: contents version %d, know only %d", ErrNewer, w.V, contentsVersion)
	}
	c := &Contents{Transport: w.Transport, Circles: map[crdt.ID]*Circle{}, Local: fromLocal(w.Local)}
	for _, wire := range w.Circles {
		k := &Circle{Identity: fromIdentity(wire.Who), LogKey: wire.LogKey, Name: wire.Name, Local: fromLocal(wire.Local)}
		if len(wire.Secrets)%32 != 0 {
			return nil, fmt.Errorf("%w: secrets of circle %s are cut short", ErrDamaged, wire.ID.Short())
		}
		for s := range slices.Chunk(wire.Secrets, 32) {
			k.Secrets = append(k.Secrets, Seed(s))
		}
		for _, i := range wire.Invites {
			k.Invites = append(k.Invites, Invite{Op: i.Op, Seed: i.Seed, For: i.For})
		}
		c.Circles[wire.ID] = k
	}
	for _, j := range w.Joinings {
		c.Joinings = append(c.Joinings, Joining{ID: j.ID, Code: j.Code, Show: j.Show, Name: j.Name,
			Identity: fromIdentity(j.Who), Since: j.Since, Last: j.Last, Over: j.Over})
	}
	return c, nil
}

func toIdentity(i Identity) wireIdentity {
	w := wireIdentity{Inception: i.Inception, Root: i.Root, NextRoot: i.NextRoot, Device: i.Device}
	for _, b := range i.Boxes {
		w.Boxes = append(w.Boxes, wireBox{Key: b.Key, Made: b.Made})
	}
	return w
}

func fromIdentity(w wireIdentity) Identity {
	i := Identity{Inception: w.Inception, Root: w.Root, NextRoot: w.NextRoot, Device: w.Device}
	for _, b := range w.Boxes {
		i.Boxes = append(i.Boxes, Box{Key: b.Key, Made: b.Made})
	}
	return i
}

func toLocal(m map[string][]byte) []wireLocal {
	var out []wireLocal
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, wireLocal{Name: name, Value: m[name]})
	}
	return out
}

func fromLocal(w []wireLocal) map[string][]byte {
	m := map[string][]byte{}
	for _, l := range w {
		m[l.Name] = l.Value
	}
	return m
}

func sortedCircles(m map[crdt.ID]*Circle) []crdt.ID {
	return slices.SortedFunc(maps.Keys(m), crdt.ID.Compare)
}

func (i Identity) clone() Identity {
	i.Inception = bytes.Clone(i.Inception)
	i.Boxes = slices.Clone(i.Boxes)
	for n := range i.Boxes {
		i.Boxes[n].Key = bytes.Clone(i.Boxes[n].Key)
	}
	return i
}

func (c *Circle) clone() Circle {
	out := *c
	out.Identity = c.Identity.clone()
	out.Secrets, out.Invites = slices.Clone(c.Secrets), slices.Clone(c.Invites)
	for n := range out.Invites {
		out.Invites[n].Seed = bytes.Clone(out.Invites[n].Seed)
	}
	out.Local = maps.Clone(c.Local)
	for name, value := range out.Local {
		out.Local[name] = bytes.Clone(value)
	}
	return out
}

// ErrNoCircle is wrapped by [Contents.Circle] when there are no keys of a circle.
var ErrNoCircle = errors.New("no keys of this circle")

// Circle returns the keys of a circle, to be changed in place within an
// [Vault.Update]. The error wraps [ErrNoCircle] if there are none.
func (c *Contents) Circle(id crdt.ID) (*Circle, error) {
	k, ok := c.Circles[id]
	if !ok {
		return nil, fmt.Errorf("circle %s: %w", id.Short(), ErrNoCircle)
	}
	return k, nil
}
