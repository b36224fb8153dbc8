// Package membertest makes real, signed membership histories for tests: circles
// that begin, invites, people who join by them with real proofs, and whatever
// control op else a test wants. Keys come from names, so equal scripts make equal
// bytes. Bodies stand in the clear where the real log has them sealed.
//
// It is for tests: it panics where a test would stop.
package membertest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// Start is the clock of a circle's genesis: 1 January 2026.
const Start int64 = 1_767_225_600_000

// Hour and Day are spans of the clock in milliseconds.
const (
	Hour int64 = 3_600_000
	Day        = 24 * Hour
)

// Seed returns 32 bytes made of a name.
func Seed(parts ...any) [32]byte { return sha256.Sum256([]byte(fmt.Sprint(parts...))) }

// Key returns the Ed25519 key made of a name, and its public half.
func Key(parts ...any) (ed25519.PrivateKey, [32]byte) {
	seed := Seed(parts...)
	key := ed25519.NewKeyFromSeed(seed[:])
	return key, [32]byte(key.Public().(ed25519.PublicKey))
}

// Person is a member with their keys.
type Person struct {
	Name      string
	ID        crdt.ID
	Inception membership.Inception
	Root      ed25519.PrivateKey // the one in force
	NextRoot  ed25519.PrivateKey
	Devices   []*Device
	Admission crdt.ID // the last admit op; zero for the founder
}

// Device is one device of a person: a writer of ops.
type Device struct {
	Of      *Person
	Key     crdt.Device
	Private ed25519.PrivateKey
	Peer    membership.PeerKey
	PeerKey ed25519.PrivateKey
	Box     []byte
	Seq     uint64
	Prev    crdt.ID
	Clock   int64 // Unix milliseconds of its last op
	// Knows are the control heads that the device has seen; a test may set them to
	// write from an older state.
	Knows []crdt.ID
}

// NewPerson makes a person of a name, with one device.
func NewPerson(name string) *Person {
	root, pub := Key("root", name)
	next, nextPub := Key("next root", name)
	p := &Person{Name: name, Root: root, NextRoot: next, Inception: membership.Inception{V: 1, Root: pub,
		NextRootHash: membership.RootHash(nextPub), Nonce: [16]byte(first(Seed("nonce", name)))}}
	p.ID = p.Inception.ID()
	p.NewDevice()
	return p
}

func first(s [32]byte) []byte { return s[:16] }

// NewDevice makes a further device of the person, which nobody certified yet.
func (p *Person) NewDevice() *Device {
	n := len(p.Devices)
	key, pub := Key("device", p.Name, n)
	peer, peerPub := Key("peer", p.Name, n)
	d := &Device{Of: p, Key: pub, Private: key, Peer: peerPub, PeerKey: peer, Box: Box("box", p.Name, n)}
	p.Devices = append(p.Devices, d)
	return d
}

// Device is the person's first device.
func (p *Person) Device() *Device { return p.Devices[0] }

// Box returns bytes of the size of a box key. Nothing can be sealed to them.
func Box(parts ...any) []byte {
	out := make([]byte, 0, membership.BoxSize)
	for i := 0; len(out) < membership.BoxSize; i++ {
		s := Seed(append(slices.Clip(parts), i)...)
		out = append(out, s[:]...)
	}
	return out[:membership.BoxSize]
}

// Cert certifies a device of the person with the root in force.
func (p *Person) Cert(circle crdt.ID, d *Device) membership.DeviceCert {
	c := membership.DeviceCert{V: 1, Circle: circle, Member: p.ID, Dev: d.Key, Box: d.Box, Peer: d.Peer, NotBefore: crdt.At(Start)}
	msg := c.Signed()
	c.SigRoot, c.SigDev, c.SigPeer = ed25519.Sign(p.Root, msg), ed25519.Sign(d.Private, msg), ed25519.Sign(d.PeerKey, msg)
	return c
}

// Op is one op of a history, with its body as a value.
type Op struct {
	crdt.Op
	Says membership.Body // nil for content
	By   *Person
}

// Circle is a history being written. It holds every op it made in Ops, in an
// order in which each comes after all it names.
type Circle struct {
	ID      crdt.ID
	Pasts   *crdt.Pasts
	Set     *membership.Set
	Ops     []Op
	Founder *Person
	Now     int64 // clock of the next op at the earliest, Unix milliseconds
	Coder   Coder // how bodies stand in its ops
	// Refused collects the well-formed ops that [Circle.TryWrite] was refused.
	Refused []Op

	clocks map[crdt.ID]int64 // of each op, Unix milliseconds
}

// NewCircle begins a circle by a founder of the given name.
func NewCircle(founder string) *Circle {
	return Begin(NewPerson(founder), membership.DefaultCharter("Our circle"))
}

// Coder says how bodies stand in the ops of a circle. Circle is zero while its
// genesis is written.
type Coder struct {
	Seal func(circle crdt.ID, dev crdt.Device, seq, kind uint64, payload []byte) []byte
	Open func(circle crdt.ID, op *crdt.Op) (membership.Body, error)
}

// Clear has bodies in the clear.
var Clear = Coder{
	Seal: func(_ crdt.ID, _ crdt.Device, _, kind uint64, p []byte) []byte {
		return canon.MustMarshal(payload{Kind: kind, Payload: p})
	},
	Open: Open,
}

// Begin begins a circle with a charter.
func Begin(founder *Person, charter membership.Charter) *Circle {
	return BeginSealed(founder, charter, Clear)
}

// BeginSealed begins a circle whose bodies stand in its ops as coder has them.
func BeginSealed(founder *Person, charter membership.Charter, coder Coder) *Circle {
	p := crdt.NewPasts()
	c := &Circle{Pasts: p, Set: membership.NewSet(p), Founder: founder, Now: Start, Coder: coder, clocks: map[crdt.ID]int64{}}
	d := founder.Device()
	c.ID = c.Must(d, &membership.Genesis{Charter: charter, Inception: founder.Inception,
		Cert: founder.Cert(crdt.ID{}, d), Nonce: [16]byte(first(Seed("genesis", founder.Name)))})
	return c
}

// payload is how a history carries a body in the clear.
type payload struct {
	_       struct{} `cbor:",toarray"`
	Kind    uint64
	Payload []byte
}

// Open reads the body of an op that a [Circle] made.
func Open(circle crdt.ID, op *crdt.Op) (membership.Body, error) {
	if op.IsBeat() {
		return membership.Decode(circle, op, membership.KindBeat, nil)
	}
	var p payload
	if err := canon.Unmarshal(op.Body, &p); err != nil {
		return nil, err
	}
	return membership.Decode(circle, op, p.Kind, p.Payload)
}

// Make signs an op of a device that knows ctl, without putting it anywhere: seq
// and prev are the device's next, the clock is the circle's, or later than the
// device's own and all of ctl.
func (c *Circle) Make(d *Device, ctl []crdt.ID, b membership.Body) crdt.Op {
	clock := max(c.Now, d.Clock+1)
	for _, id := range ctl {
		clock = max(clock, c.clocks[id]+1)
	}
	h := crdt.Header{Dev: d.Key, Seq: d.Seq + 1, Prev: d.Prev, Ctl: ctl, HLC: crdt.At(clock), Class: crdt.Control}
	var body []byte
	if kind, p := membership.Encode(b); kind != membership.KindBeat {
		body = c.Coder.Seal(c.ID, d.Key, h.Seq, kind, p)
	}
	op, err := crdt.Sign(c.ID, h, body, func(msg []byte) ([]byte, error) { return ed25519.Sign(d.Private, msg), nil })
	if err != nil {
		panic(fmt.Sprintf("membertest: %v", err))
	}
	return op
}

// TryWrite writes a control op of a device that knows d.Knows, and what it wrote
// before. A refused op is not written: its error is returned.
func (c *Circle) TryWrite(d *Device, b membership.Body) (crdt.ID, error) {
	ctl := c.maximal(d)
	op := c.Make(d, ctl, b)
	body, err := c.Coder.Open(c.ID, &op)
	if err != nil {
		return crdt.ID{}, err
	}
	if err := c.Set.Judge(&op, body); err != nil {
		c.Refused = append(c.Refused, Op{Op: op, Says: body, By: d.Of})
		return crdt.ID{}, err
	}
	c.Put(op, body, d.Of)
	d.Seq, d.Prev, d.Clock = op.Seq, op.ID, op.HLC.Millis()
	d.Knows = []crdt.ID{op.ID}
	return op.ID, nil
}

// Put adds a judged op to the history.
func (c *Circle) Put(op crdt.Op, b membership.Body, by *Person) {
	if _, err := c.Pasts.Add(op.ID, op.Ctl); err != nil {
		panic(fmt.Sprintf("membertest: %v", err))
	}
	c.Set.Add(&op, b)
	c.Ops = append(c.Ops, Op{Op: op, Says: b, By: by})
	c.clocks[op.ID] = op.HLC.Millis()
}

// maximal returns the heads of what the device knows, ascending.
func (c *Circle) maximal(d *Device) []crdt.ID {
	knows := slices.Clone(d.Knows)
	if _, control := c.Pasts.Number(d.Prev); control {
		knows = append(knows, d.Prev)
	}
	known, err := c.Pasts.Closure(knows)
	if err != nil {
		panic(fmt.Sprintf("membertest: %v", err))
	}
	var ids []crdt.ID
	for _, n := range c.Pasts.Maximal(known) {
		ids = append(ids, c.Pasts.ID(n))
	}
	slices.SortFunc(ids, crdt.ID.Compare)
	return ids
}

// Heads returns the heads of all that was written.
func (c *Circle) Heads() []crdt.ID {
	all := crdt.Bits{}
	for n := range c.Pasts.Len() {
		all = all.With(n)
	}
	var ids []crdt.ID
	for _, n := range c.Pasts.Maximal(all) {
		ids = append(ids, c.Pasts.ID(n))
	}
	return ids
}

// Sync lets devices know all that the others know.
func (c *Circle) Sync(devices ...*Device) {
	var all []crdt.ID
	for _, d := range devices {
		all = append(all, d.Knows...)
	}
	for _, d := range devices {
		d.Knows = all
	}
	for _, d := range devices {
		d.Knows = c.maximal(d)
	}
}

// Must writes an op as [Circle.TryWrite] does, and panics if it is refused.
func (c *Circle) Must(d *Device, b membership.Body) crdt.ID {
	id, err := c.TryWrite(d, b)
	if err != nil {
		panic(fmt.Sprintf("membertest: %s by %s: %v", membership.KindName(b.Kind()), d.Of.Name, err))
	}
	return id
}

// Tell writes an op by a person's first device that knows everything so far.
func (c *Circle) Tell(p *Person, b membership.Body) crdt.ID {
	p.Device().Knows = c.Heads()
	return c.Must(p.Device(), b)
}

// Pass lets time go by.
func (c *Circle) Pass(millis int64) { c.Now += millis }

// Seen returns the tips of a person's devices, as a leave or an enact names them.
func Seen(p *Person) []membership.Seen {
	var out []membership.Seen
	for _, d := range p.Devices {
		if !d.Prev.IsZero() {
			out = append(out, membership.Seen{Dev: d.Key, Tip: d.Prev})
		}
	}
	slices.SortFunc(out, func(a, b membership.Seen) int { return a.Dev.Compare(b.Dev) })
	return out
}

// InviteKey returns the key of the invite that [Invite] makes with this seed.
func InviteKey(seed string) (ed25519.PrivateKey, membership.InviteID) {
	key, _ := Key("invite", seed)
	return key, membership.InviteID(first(Seed("invite id", seed)))
}

// Invite returns an invite for some uses that lasts two days from the clock now.
func (c *Circle) Invite(seed string, uses uint64) *membership.Invite {
	key, id := InviteKey(seed)
	return &membership.Invite{ID: id, Pub: [32]byte(key.Public().(ed25519.PublicKey)), Expiry: uint64(c.Now/Hour) + 48, Uses: uses}
}

// Admit returns the admission of somebody by a door, with real proofs. seed is
// that of the invite op; a zero invite is face to face.
func (c *Circle) Admit(door *Device, who *Person, invite crdt.ID, seed string) *membership.Admit {
	a := &membership.Admit{Member: who.ID, Inception: who.Inception, Cert: who.Cert(c.ID, who.Device()), Invite: invite}
	binary.BigEndian.PutUint64(a.Proofs.NonceJ[:], uint64(c.Now))
	binary.BigEndian.PutUint64(a.Proofs.NonceD[:], door.Seq)
	label, id := membership.JoinFace, membership.InviteID{}
	if !invite.IsZero() {
		label = membership.JoinBearer
		_, id = InviteKey(seed)
	}
	t := membership.JoinTranscript(label, c.ID, id, who.Device().Peer, door.Peer, a.Proofs.NonceJ, a.Proofs.NonceD, who.Inception)
	if !invite.IsZero() {
		key, _ := InviteKey(seed)
		a.Proofs.SigInvite = ed25519.Sign(key, t[:])
	}
	a.Proofs.SigRoot, a.Proofs.SigPeer = ed25519.Sign(who.Root, t[:]), ed25519.Sign(who.Device().PeerKey, t[:])
	return a
}

// Join lets somebody of a name in face to face, by a person who knows everything;
// the newcomer knows everything then too.
func (c *Circle) Join(by *Person, name string) *Person {
	p := NewPerson(name)
	p.Admission = c.Tell(by, c.Admit(by.Device(), p, crdt.ID{}, ""))
	p.Device().Knows = []crdt.ID{p.Admission}
	return p
}

// Grown returns a circle of n members who all have voice: each newcomer was let
// in by the founder, and everybody has shown since that they know.
func Grown(n int) (*Circle, []*Person) {
	return GrownBy(membership.DefaultCharter("Our circle"), n)
}

// GrownBy is [Grown] under another charter, in which sponsors are needed from two
// members on at the earliest.
func GrownBy(charter membership.Charter, n int) (*Circle, []*Person) {
	c := Begin(NewPerson("Ada"), charter)
	people := []*Person{c.Founder}
	for i := 1; i < n; i++ {
		c.Pass(Hour)
		p := c.Join(c.Founder, fmt.Sprint("Friend ", i))
		if c.Set.View().Len() > int(c.Set.View().Charter().SponsorsFrom) {
			c.Tell(people[1], &membership.Sponsor{Admit: p.Admission})
		}
		for _, q := range people {
			if c.Set.View().HasVoice(p.ID) {
				break
			}
			c.Tell(q, &membership.Beat{})
		}
		people = append(people, p)
	}
	return c, people
}

// AddDevice certifies a further device of a person; the device writes it itself.
func (c *Circle) AddDevice(p *Person) *Device {
	d := p.NewDevice()
	d.Knows = c.Heads()
	c.Must(d, &membership.DeviceAdd{Cert: p.Cert(c.ID, d)})
	return d
}

// Epoch returns an epoch of the circle with an id made of a name.
func (c *Circle) Epoch(d *Device, name string) *membership.Epoch {
	return &membership.Epoch{Scope: membership.ScopeCircle, Gen: c.Set.NextGen(c.maximal(d)),
		ID: membership.EpochID(first(Seed("epoch", name))), Commit: Seed("commit", name)}
}
