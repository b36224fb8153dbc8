package membership

import (
	"encoding/binary"
	"slices"

	"tend/crdt"
)

// nobody is the number of no member.
const nobody = -1

// entry is what is known of one control op: facts that follow from its id alone.
// An entry is not changed once it is in a memory.
type entry struct {
	n      int // number in crdt.Pasts
	id     crdt.ID
	key    crdt.Device
	dev    int // number of key
	member int // number of the author's member, as its past has it
	seq    uint64
	hlc    crdt.HLC
	kind   uint64
	body   Body
	past   crdt.Bits // what its author knew, the op itself left out

	target   int      // member admitted or proposed about; nobody
	names    int      // op that it names: invite, admit, proposal; -1
	certDev  int      // device it certifies; -1
	certRoot [32]byte // the root that signed that certificate
	forkDev  int      // device that a fork proof is about; -1
	endsDev  int      // device that it revokes; -1
}

// evidence reports whether the op is never void.
func (e *entry) evidence() bool { return kinds[e.kind].evidence }

// memory is what the clones of a [Set] share: entries, who wrote what, and
// judgements already made. All of it are functions of op ids, so an entry of a
// copy that was dropped does no harm; every list is read through the set asked
// about. Lists are ascending by number, and so in an order of causes.
type memory struct {
	pasts *crdt.Pasts
	at    map[int]*entry

	members   []crdt.ID
	memberNum map[crdt.ID]int
	inception map[int]*Inception
	devices   []crdt.Device
	deviceNum map[crdt.Device]int

	genesis  *entry
	byMember map[int][]*entry // ops by member
	byDevice map[int][]*entry // ops by device
	of       map[uint64][]*entry
	admitsOf map[int][]*entry // by the member admitted
	certsOf  map[int][]*entry // by the device certified
	naming   map[int][]*entry // by the op named: sponsors, objects, stands, admits, revocations, enacts
	revoking map[int][]*entry // by the device revoked

	worlds  map[[32]byte]*world
	newest  *world         // the last one worked out: the next often says the same
	thens   map[int]*world // what the past of an op means, by its number
	certain map[[32]byte]bool
	content map[uint32]crdt.Bits
	rosters map[int]crdt.Bits
	outs    map[int]crdt.Bits // of epochs: devices its author knew to be out
	// witness holds, for an admission or a sponsor, ops by which a majority knew it.
	witness map[int]crdt.Bits
}

func newMemory(p *crdt.Pasts) *memory {
	return &memory{pasts: p, at: map[int]*entry{}, memberNum: map[crdt.ID]int{}, inception: map[int]*Inception{},
		deviceNum: map[crdt.Device]int{}, byMember: map[int][]*entry{}, byDevice: map[int][]*entry{},
		of: map[uint64][]*entry{}, admitsOf: map[int][]*entry{}, certsOf: map[int][]*entry{}, naming: map[int][]*entry{},
		revoking: map[int][]*entry{}, worlds: map[[32]byte]*world{}, thens: map[int]*world{}, certain: map[[32]byte]bool{},
		content: map[uint32]crdt.Bits{}, rosters: map[int]crdt.Bits{}, outs: map[int]crdt.Bits{}, witness: map[int]crdt.Bits{}}
}

func (m *memory) member(id crdt.ID) int {
	n, ok := m.memberNum[id]
	if !ok {
		n = len(m.members)
		m.members = append(m.members, id)
		m.memberNum[id] = n
	}
	return n
}

func (m *memory) device(key crdt.Device) int {
	n, ok := m.deviceNum[key]
	if !ok {
		n = len(m.devices)
		m.devices = append(m.devices, key)
		m.deviceNum[key] = n
	}
	return n
}

// named returns the number of the op that id names, -1 if it is not here or of
// none of the kinds.
func (m *memory) named(id crdt.ID, kinds ...uint64) int {
	if n, ok := m.pasts.Number(id); ok && m.at[n] != nil && slices.Contains(kinds, m.at[n].kind) {
		return n
	}
	return -1
}

// add makes the entry of an op whose past is here.
func (m *memory) add(op *crdt.Op, b Body) *entry {
	n, ok := m.pasts.Number(op.ID)
	if !ok {
		return nil
	}
	if e := m.at[n]; e != nil {
		return e
	}
	e := &entry{n: n, id: op.ID, key: op.Dev, dev: m.device(op.Dev), seq: op.Seq, hlc: op.HLC, kind: b.Kind(), body: b,
		past: without(m.pasts.Of(n), n), target: nobody, names: -1, certDev: -1, forkDev: -1, endsDev: -1}
	m.read(e)
	e.member = m.author(e.past, e.dev)
	if self := m.certifies(e); e.certDev == e.dev && (e.member == nobody || e.kind == KindGenesis) {
		e.member = self
	}
	if c, ok := b.(*DeviceAdd); ok {
		e.certRoot = m.root(e.past, m.member(c.Cert.Member)).key
	}
	m.at[n] = e
	put(m.byMember, e.member, e)
	put(m.byDevice, e.dev, e)
	if e.kind != KindEnact || e.names >= 0 {
		put(m.of, e.kind, e)
	}
	if e.kind == KindAdmit || e.kind == KindGenesis {
		put(m.admitsOf, e.target, e)
	}
	if e.certDev >= 0 {
		put(m.certsOf, e.certDev, e)
	}
	if e.names >= 0 {
		put(m.naming, e.names, e)
	}
	if e.endsDev >= 0 {
		put(m.revoking, e.endsDev, e)
	}
	return e
}

// read takes out of the body what others are found by.
func (m *memory) read(e *entry) {
	switch b := e.body.(type) {
	case *Genesis:
		m.genesis = e
		m.person(e, b.Cert.Member, &b.Inception, &b.Cert)
	case *Admit:
		m.person(e, b.Member, &b.Inception, &b.Cert)
		e.names = m.named(b.Invite, KindInvite)
	case *InviteRevoke:
		e.names = m.named(b.Invite, KindInvite)
	case *Sponsor:
		e.names = m.named(b.Admit, KindAdmit)
	case *Object:
		e.names = m.named(b.Target, KindAdmit, KindPropose)
	case *Stand:
		e.names = m.named(b.Proposal, KindPropose)
	case *Enact:
		e.names = m.named(b.Proposal, KindPropose)
	case *Propose:
		if b.What != ChangeTo {
			e.target = m.member(b.Target)
		}
	case *DeviceAdd:
		e.certDev = m.device(b.Cert.Dev)
	case *Rotate:
		e.certDev, e.certRoot = m.device(b.Cert.Dev), b.NewRoot
	case *DeviceRevoke:
		e.endsDev = m.device(b.Dev)
	case *ForkProof:
		e.forkDev = m.device(b.fork.Dev)
	}
}

func (m *memory) person(e *entry, id crdt.ID, i *Inception, c *DeviceCert) {
	e.target = m.member(id)
	e.certDev, e.certRoot = m.device(c.Dev), i.Root
	if m.inception[e.target] == nil {
		m.inception[e.target] = i
	}
}

// cert returns the certificate in an op, nil if it holds none.
func (e *entry) cert() *DeviceCert {
	switch b := e.body.(type) {
	case *Genesis:
		return &b.Cert
	case *Admit:
		return &b.Cert
	case *DeviceAdd:
		return &b.Cert
	case *Rotate:
		return &b.Cert
	}
	return nil
}

// certifies returns the member whose device e certifies, or nobody.
func (m *memory) certifies(e *entry) int {
	if c := e.cert(); c != nil {
		return m.member(c.Member)
	}
	return nobody
}

// author returns the member whose device dev is, for somebody who knows s: of
// several certificates, which only one who holds the device's key can bring
// about, that of the least op id. It returns nobody if none is known.
func (m *memory) author(s crdt.Bits, dev int) int {
	var best *entry
	for _, c := range m.certsOf[dev] {
		if s.Has(c.n) && (best == nil || c.id.Compare(best.id) < 0) {
			best = c
		}
	}
	if best == nil {
		return nobody
	}
	return m.certifies(best)
}

// rootKey is a member's root in force, and the commitment to the next.
type rootKey struct{ key, next [32]byte }

// root returns the root of a member that is in force in s: that of the last
// rotation that is not void, of concurrent ones the larger id; else the first.
func (m *memory) root(s crdt.Bits, member int) rootKey {
	var rotations []*entry
	for _, r := range m.of[KindRotate] {
		if r.member == member && s.Has(r.n) && !m.world(s, nil).void.Has(r.n) {
			rotations = append(rotations, r)
		}
	}
	if last := lastOf(rotations); last != nil {
		b := last.body.(*Rotate)
		return rootKey{b.NewRoot, b.NextRootHash}
	}
	if i := m.inception[member]; i != nil {
		return rootKey{i.Root, i.NextRootHash}
	}
	return rootKey{}
}

// lastOf returns the op that none of the others knows, of several such the one
// with the largest id; nil of none. Going through them one by one and keeping the
// later of two would not do: what is left then depends on the order.
func lastOf(ops []*entry) *entry {
	var last *entry
	for _, e := range ops {
		if slices.ContainsFunc(ops, func(o *entry) bool { return o.past.Has(e.n) }) {
			continue
		}
		if last == nil || e.id.Compare(last.id) > 0 {
			last = e
		}
	}
	return last
}

// put inserts e into a list by number.
func put[K comparable](lists map[K][]*entry, key K, e *entry) {
	list := lists[key]
	at := len(list)
	for at > 0 && list[at-1].n > e.n {
		at--
	}
	lists[key] = slices.Insert(list, at, e)
}

func without(b crdt.Bits, n int) crdt.Bits {
	out := slices.Clone(b)
	if n>>6 < len(out) {
		out[n>>6] &^= 1 << (n & 63)
	}
	return out
}

// setKey appends a set as bytes for a map key; words of zeros at its end do not tell.
func setKey(buf []byte, s crdt.Bits) []byte {
	for len(s) > 0 && s[len(s)-1] == 0 {
		s = s[:len(s)-1]
	}
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(s)))
	for _, w := range s {
		buf = binary.BigEndian.AppendUint64(buf, w)
	}
	return buf
}

// within returns what is in both sets; nil if nothing is.
func within(a, b crdt.Bits) crdt.Bits {
	var out crdt.Bits
	for i := range min(len(a), len(b)) {
		if w := a[i] & b[i]; w != 0 {
			if out == nil {
				out = make(crdt.Bits, min(len(a), len(b)))
			}
			out[i] = w
		}
	}
	return out
}

// minus returns what is in a and not in b.
func minus(a, b crdt.Bits) crdt.Bits {
	out := slices.Clone(a)
	for i := range min(len(a), len(b)) {
		out[i] &^= b[i]
	}
	return out
}

// grow is a set being built; unlike crdt.Bits it changes in place.
type grow struct{ bits crdt.Bits }

func (g *grow) add(n int) {
	for n>>6 >= len(g.bits) {
		g.bits = append(g.bits, 0)
	}
	g.bits[n>>6] |= 1 << (n & 63)
}

func (g *grow) addAll(b crdt.Bits) {
	if missing := len(b) - len(g.bits); missing > 0 {
		g.bits = append(g.bits, make(crdt.Bits, missing)...)
	}
	for i, w := range b {
		g.bits[i] |= w
	}
}

func (g *grow) has(n int) bool { return n >= 0 && g.bits.Has(n) }
