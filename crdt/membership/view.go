package membership

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"

	"tend/crdt"
)

// Standing is how somebody stands to the circle.
type Standing int

// The standings.
const (
	Stranger Standing = iota // never let in by an admission that stands
	In
	Left
	Removed // asked to go; may be invited again
)

// String names the standing.
func (s Standing) String() string {
	switch s {
	case In:
		return "in"
	case Left:
		return "left"
	case Removed:
		return "removed"
	}
	return "stranger"
}

// Member is a person as a [View] has them.
type Member struct {
	ID        crdt.ID
	Inception Inception
	Standing  Standing
	Voice     bool   // may decide
	Away      bool   // asked not to be counted on
	AwayUntil uint64 // Unix day, or 0
	Lapsed    bool   // voice sleeps until their own next sign of life
	// Welcomed says that enough let in or sponsored them to be called a member and
	// no longer a newcomer (SPEC.md §5.4). It never goes back.
	Welcomed  bool
	Admission crdt.ID  // the admit op; zero for the founder
	Invite    crdt.ID  // the invite op of that admission; zero face to face
	Joined    crdt.HLC // when, by the clock of who let them in
	By        crdt.ID  // who let them in; zero for the founder
	Devices   []Device // all ever certified, ascending by key
}

// Device is one device of a member.
type Device struct {
	Dev         crdt.Device
	Member      crdt.ID
	Box         []byte   // newest box key
	BoxHLC      crdt.HLC // when that was accepted
	BoxOp       crdt.ID  // by which op
	Peer        PeerKey
	Revoked     bool
	Cert        DeviceCert // the newest
	LastControl crdt.HLC   // clock of its newest control op; 0 if it wrote none
}

// View is what a set of control ops means. It is immutable and may be read by
// any number of readers, but for [View.VoidContent]. What it returns must not be
// changed.
type View struct {
	everyone []Member // ascending by id
	member   map[crdt.ID]int
	device   map[crdt.Device]deviceAt
	byPeer   map[PeerKey][]Device
	roster   []crdt.Device
	charter  Charter
	since    crdt.HLC // when the charter came into force
	founder  crdt.ID
	size     int
	sponsors map[crdt.ID][]crdt.ID // by admission: sponsors, not void
	doubts   map[crdt.ID][]Doubt   // by admission
	unheld   map[crdt.ID][]crdt.ID // by member: revocations of the invites they came by

	void    map[crdt.ID]bool
	digest  [32]byte
	enders  map[crdt.Device][]ender
	pasts   *crdt.Pasts
	forks   map[crdt.Device]uint64
	invites []InviteInfo
	epochs  []epochAt
	circle  []EpochInfo
	nooks   []nookAt    // ascending by id
	small   []EpochInfo // the same
	reason  MintReason
	beats   map[crdt.ID]crdt.HLC

	recoveries []RecoveryInfo
	roots      map[crdt.ID]rootKey
	returns    map[crdt.ID][]rootKey // by member, once recovered: the roots by which they are let in
	trustees   map[crdt.ID]Trustees

	proposals []Proposal // the newest first
}

// deviceAt is a device in the view, with what epochs are compared with.
type deviceAt struct {
	Device
	n      int
	certs  []*entry
	barred bool // a removal was certified that no admission answers
	in     bool // of a member who is in, and not revoked
}

// ender is a removal, a leave or a revocation that may make a device's content void.
type ender struct {
	n    int
	id   crdt.ID
	end  End
	tips []crdt.ID // of that device, what the op's author had seen
}

// End is an op that counts against a device: the enact of a removal or of a
// recovery, a leave, or a revocation.
type End struct {
	Op   crdt.ID
	Kind uint64
	What uint64  // of an enact, what it carries out: [Remove] or [Recover]
	By   crdt.ID // the member who wrote it
	Dev  crdt.Device
	HLC  crdt.HLC
}

func newView(m *memory, s crdt.Bits) *View {
	w := m.world(s, nil)
	v := &View{member: map[crdt.ID]int{}, device: map[crdt.Device]deviceAt{}, byPeer: map[PeerKey][]Device{},
		charter: *w.charter, since: w.since, void: map[crdt.ID]bool{}, enders: map[crdt.Device][]ender{}, forks: map[crdt.Device]uint64{},
		sponsors: map[crdt.ID][]crdt.ID{}, doubts: map[crdt.ID][]Doubt{}, unheld: map[crdt.ID][]crdt.ID{}, beats: map[crdt.ID]crdt.HLC{}, pasts: m.pasts, size: w.size}
	if m.genesis == nil || !s.Has(m.genesis.n) {
		v.digest = v.digestVoid()
		v.reason = MintFirst
		return v
	}
	v.founder = m.members[m.genesis.member]
	b := builder{m: m, s: s, w: w, v: v, k: knowing{m: m, w: w, s: s}}
	b.devices()
	b.people()
	b.doubted()
	b.voids()
	b.invites()
	b.unhold()
	b.epochs()
	b.beats()
	b.recoveries()
	b.proposals()
	return v
}

// builder fills a view.
type builder struct {
	m *memory
	s crdt.Bits
	w *world
	v *View
	k knowing
}

// counts reports whether e is in the set and not void.
func (b *builder) counts(e *entry) bool { return b.s.Has(e.n) && !b.w.void.Has(e.n) }

func (b *builder) devices() {
	for dev, key := range b.m.devices {
		cert := b.m.newestCert(b.s, dev)
		if cert == nil {
			continue
		}
		member := b.m.author(b.s, dev)
		c := cert.cert()
		d := deviceAt{n: dev, Device: Device{Dev: key, Member: b.m.members[member], Box: c.Box, BoxHLC: cert.hlc, BoxOp: cert.id,
			Peer: c.Peer, Revoked: b.m.revoked(b.w, b.s, member, dev), Cert: *c}}
		for _, e := range b.m.certsOf[dev] {
			if b.s.Has(e.n) {
				d.certs = append(d.certs, e)
			}
		}
		box := cert
		for _, e := range b.m.byDevice[dev] {
			if !b.s.Has(e.n) {
				continue
			}
			d.LastControl = max(d.LastControl, e.hlc)
			if p, ok := e.body.(*Prekey); ok && b.counts(e) && newer(e, box) {
				box, d.Box, d.BoxHLC, d.BoxOp = e, p.Box, e.hlc, e.id
			}
		}
		d.in = b.w.members.Has(member) && !d.Revoked
		d.barred = b.barred(member)
		b.v.device[key] = d
		b.v.roster = append(b.v.roster, key)
	}
	b.v.roster = slices.Clip(b.v.roster)
	slices.SortFunc(b.v.roster, crdt.Device.Compare)
	for _, key := range b.v.roster {
		d := b.v.device[key].Device
		b.v.byPeer[d.Peer] = append(b.v.byPeer[d.Peer], d)
	}
}

// barred reports whether a removal of the member was ever certified that no
// later admission answers, even if a fork proof weakened it since: keys stay
// withheld (SPEC.md §4.1).
func (b *builder) barred(member int) bool {
	for _, e := range b.m.of[KindEnact] {
		p := b.m.at[e.names]
		if p.target != member || p.body.(*Propose).What != Remove || !b.s.Has(e.n) || !b.m.certified(e, nil) {
			continue
		}
		if !slices.ContainsFunc(b.m.admitsOf[member], func(a *entry) bool { return b.s.Has(a.n) && a.past.Has(e.n) }) {
			return true
		}
	}
	return false
}

func (b *builder) people() {
	for member := range b.m.admitsOf {
		if !slices.ContainsFunc(b.m.admitsOf[member], func(a *entry) bool { return b.s.Has(a.n) }) {
			continue
		}
		b.v.everyone = append(b.v.everyone, b.person(member))
	}
	slices.SortFunc(b.v.everyone, func(x, y Member) int { return x.ID.Compare(y.ID) })
	for i := range b.v.everyone {
		b.v.member[b.v.everyone[i].ID] = i
	}
	for _, key := range b.v.roster {
		d := b.v.device[key].Device
		if i, ok := b.v.member[d.Member]; ok {
			b.v.everyone[i].Devices = append(b.v.everyone[i].Devices, d)
		}
	}
	for _, sp := range b.m.of[KindSponsor] {
		if b.counts(sp) && sp.names >= 0 {
			a := b.m.at[sp.names].id
			b.v.sponsors[a] = append(b.v.sponsors[a], b.m.members[sp.member])
		}
	}
}

// doubted lists the concerns about admissions that count (SPEC.md §5.4): those of
// people whose target had no voice when they were said.
func (b *builder) doubted() {
	for _, o := range b.m.of[KindObject] {
		if !b.s.Has(o.n) || o.names < 0 || o.member < 0 || b.m.at[o.names].kind != KindAdmit {
			continue
		}
		a := b.m.at[o.names]
		if b.m.then(o, b.w.left).voice.Has(a.target) {
			continue
		}
		b.v.doubts[a.id] = append(b.v.doubts[a.id], Doubt{Op: o.id, By: b.m.members[o.member], Reason: o.body.(*Object).Reason, HLC: o.hlc})
	}
	for _, all := range b.v.doubts {
		slices.SortFunc(all, func(x, y Doubt) int { return cmp.Or(cmp.Compare(x.HLC, y.HLC), x.Op.Compare(y.Op)) })
	}
}

func (b *builder) person(member int) Member {
	m, w := b.m, b.w
	p := Member{ID: m.members[member], Inception: *m.inception[member], Standing: b.standing(member), Voice: w.voice.Has(member),
		Away: w.away.Has(member), Lapsed: w.lapsed.Has(member), Welcomed: b.welcomed(member)}
	if a := b.admitted(member); a.kind == KindAdmit {
		p.Admission, p.Joined, p.By = a.id, a.hlc, m.members[a.member]
		p.Invite = a.body.(*Admit).Invite
	} else {
		p.Joined = a.hlc
	}
	if p.Away {
		for _, e := range m.of[KindAway] {
			if e.member == member && b.counts(e) && !m.answered(w, b.s, member, []*entry{e}) {
				p.AwayUntil = max(p.AwayUntil, e.body.(*Away).Until)
			}
		}
	}
	return p
}

func (b *builder) standing(member int) Standing {
	if b.w.members.Has(member) {
		return In
	}
	stood := false
	for _, a := range b.m.admitsOf[member] {
		stood = stood || b.w.standing.Has(a.n)
	}
	switch unanswered := func(all []*entry) bool {
		return len(all) > 0 && !slices.ContainsFunc(b.m.admitsOf[member], func(a *entry) bool { return b.w.standing.Has(a.n) && knowsAll(a, all) })
	}; {
	case unanswered(b.w.removals[member]):
		return Removed
	case stood:
		return Left
	}
	return Stranger
}

// admitted returns the admission that makes the member one, of several that with
// the least clock; for one who is none, the newest.
func (b *builder) admitted(member int) *entry {
	var best *entry
	in := b.w.members.Has(member)
	for _, a := range b.m.admitsOf[member] {
		if !b.s.Has(a.n) {
			continue
		}
		if in && !(b.w.standing.Has(a.n) && knowsAll(a, b.w.removals[member]) && knowsAll(a, b.w.leaves[member])) {
			continue
		}
		if best == nil || newer(a, best) != in {
			best = a
		}
	}
	return best
}

// welcomed is the rule of SPEC.md §5.4: the distinct authors of admissions and
// sponsors number at least max(1, min(2, ⌊n/2⌋)), n the members whom the author
// of the first admission knew. Void ones count: it never goes back.
func (b *builder) welcomed(member int) bool {
	var first *entry
	by := grow{}
	for _, a := range b.m.admitsOf[member] {
		if !b.s.Has(a.n) {
			continue
		}
		if a.kind == KindGenesis {
			return true
		}
		if first == nil || newer(first, a) {
			first = a
		}
		by.add(a.member)
		for _, sp := range b.m.naming[a.n] {
			if sp.kind == KindSponsor && b.s.Has(sp.n) {
				by.add(sp.member)
			}
		}
	}
	n := b.m.then(first, nil).size
	return by.bits.Count() >= max(1, min(2, n/2))
}

func (b *builder) voids() {
	for n := range b.w.void.Each {
		b.v.void[b.m.at[n].id] = true
	}
	for dev, seq := range b.w.forks {
		b.v.forks[b.m.devices[dev]] = seq
	}
	for key, d := range b.v.device {
		for _, e := range b.m.enders(b.w, b.s, b.m.memberNum[d.Member], d.n, false) {
			end := ender{n: e.n, id: e.id, end: b.end(e)}
			for _, seen := range seenBy(e) {
				if seen.Dev == key {
					end.tips = append(end.tips, seen.Tip)
				}
			}
			b.v.enders[key] = append(b.v.enders[key], end)
		}
	}
	b.v.digest = b.v.digestVoid()
}

func (b *builder) end(e *entry) End {
	out := End{Op: e.id, Kind: e.kind, Dev: e.key, HLC: e.hlc}
	if e.member != nobody {
		out.By = b.m.members[e.member]
	}
	if e.kind == KindEnact {
		out.What = b.m.at[e.names].body.(*Propose).What
	}
	return out
}

func seenBy(e *entry) []Seen {
	switch b := e.body.(type) {
	case *Leave:
		return b.Seen
	case *Enact:
		return b.Seen
	case *DeviceRevoke:
		return b.Seen
	}
	return nil
}

// digestVoid is a hash of all that decides what is void.
func (v *View) digestVoid() [32]byte {
	h := sha256.New()
	for _, id := range slices.SortedFunc(maps.Keys(v.void), crdt.ID.Compare) {
		h.Write(id[:])
	}
	for _, dev := range v.Ended() {
		h.Write(dev[:])
		ids := make([]crdt.ID, 0, len(v.enders[dev]))
		for _, e := range v.enders[dev] {
			ids = append(ids, e.id)
		}
		slices.SortFunc(ids, crdt.ID.Compare)
		for _, id := range ids {
			h.Write(id[:])
		}
		h.Write([]byte{0})
	}
	return [32]byte(h.Sum(nil))
}

// Members returns those who are in, ascending by id.
func (v *View) Members() []Member {
	return slices.DeleteFunc(slices.Clone(v.everyone), func(m Member) bool { return m.Standing != In })
}

// Everyone returns all whom an admission ever named, ascending by id.
func (v *View) Everyone() []Member { return v.everyone }

// Len is how many are in.
func (v *View) Len() int { return v.size }

// Member returns one person, and whether an admission ever named them.
func (v *View) Member(id crdt.ID) (Member, bool) {
	i, ok := v.member[id]
	if !ok {
		return Member{}, false
	}
	return v.everyone[i], true
}

// HasVoice reports whether a member may decide.
func (v *View) HasVoice(member crdt.ID) bool {
	i, ok := v.member[member]
	return ok && v.everyone[i].Voice
}

// Sponsored reports whether by sponsors an admission.
func (v *View) Sponsored(admit, by crdt.ID) bool { return slices.Contains(v.sponsors[admit], by) }

// Doubt is a concern about letting somebody in, said before they had voice.
type Doubt struct {
	Op     crdt.ID
	By     crdt.ID
	Reason crdt.ID // the note that says why; zero if none does
	HLC    crdt.HLC
}

// Doubts returns the concerns about an admission, the earliest first. They keep its
// target from having voice by it once they are as many as the charter says.
func (v *View) Doubts(admit crdt.ID) []Doubt { return v.doubts[admit] }

// Welcomers returns who let a member in and who sponsored that, the former first;
// none for the founder.
func (v *View) Welcomers(m Member) []crdt.ID {
	if m.Admission.IsZero() {
		return nil
	}
	out := []crdt.ID{m.By}
	for _, by := range v.sponsors[m.Admission] {
		if !slices.Contains(out, by) {
			out = append(out, by)
		}
	}
	slices.SortFunc(out[1:], crdt.ID.Compare)
	return out
}

// Author returns the member whose device dev is; ok is false if nobody certified it.
func (v *View) Author(dev crdt.Device) (member crdt.ID, ok bool) {
	d, ok := v.device[dev]
	return d.Member, ok
}

// Device returns a device that was ever certified.
func (v *View) Device(dev crdt.Device) (Device, bool) {
	d, ok := v.device[dev]
	return d.Device, ok
}

// ByPeer returns the devices with a transport key, ascending by their own key:
// more than one if somebody enrolled a device anew.
func (v *View) ByPeer(peer PeerKey) []Device { return v.byPeer[peer] }

// Roster returns all devices that were ever certified, ascending.
func (v *View) Roster() []crdt.Device { return v.roster }

// Charter returns the charter in force.
func (v *View) Charter() Charter { return v.charter }

// CharterSince is the clock of the op that put it in force: genesis, or an enact; 0
// before there is a genesis.
func (v *View) CharterSince() crdt.HLC { return v.since }

// Founder returns who began the circle.
func (v *View) Founder() crdt.ID { return v.founder }

// ForkedFrom returns the seq from which a device has no authority, because it is
// proven to have forked there.
func (v *View) ForkedFrom(dev crdt.Device) (seq uint64, ok bool) {
	seq, ok = v.forks[dev]
	return seq, ok
}

// VoidControl reports whether a control op has no effect.
func (v *View) VoidControl(id crdt.ID) bool { return v.void[id] }

// Ended returns the devices against which there is a removal, a leave or a
// revocation, ascending: their content may be void.
func (v *View) Ended() []crdt.Device {
	return slices.SortedFunc(maps.Keys(v.enders), crdt.Device.Compare)
}

// EndsOf returns the removals, leaves and revocations that count against a device,
// ascending.
func (v *View) EndsOf(dev crdt.Device) []crdt.ID {
	var out []crdt.ID
	for _, e := range v.enders[dev] {
		out = append(out, e.id)
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return out
}

// Ends returns what counts against a device, the earliest first.
func (v *View) Ends(dev crdt.Device) []End {
	var out []End
	for _, e := range v.enders[dev] {
		out = append(out, e.end)
	}
	slices.SortFunc(out, func(x, y End) int { return cmp.Or(cmp.Compare(x.HLC, y.HLC), x.Op.Compare(y.Op)) })
	return out
}

// SeenOf returns the tips of a device's content that removals, leaves and
// revocations against it name: once such an op arrives, what is below it is no
// longer void.
func (v *View) SeenOf(dev crdt.Device) []crdt.ID {
	var out []crdt.ID
	for _, e := range v.enders[dev] {
		out = append(out, e.tips...)
	}
	return out
}

// VoidDigest changes whenever what is void, of control or of content, may have.
func (v *View) VoidDigest() [32]byte { return v.digest }

// VoidContent reports whether a content op of dev has no effect: its author had
// gone, or the device was out, for somebody who had not seen the op, and the op
// did not know it. known is crdt.Fact.Known; atOrBelow says whether the op is
// that tip or below it by prev. It reads crdt.Pasts, so only the goroutine that
// owns the set may call it.
func (v *View) VoidContent(dev crdt.Device, known uint32, atOrBelow func(tip crdt.ID) bool) bool {
	ends := v.enders[dev]
	if len(ends) == 0 {
		return false
	}
	past := v.pasts.KnownBits(known)
	knewAll := true
	for _, e := range ends {
		if slices.ContainsFunc(e.tips, atOrBelow) {
			return false
		}
		knewAll = knewAll && past.Has(e.n)
	}
	return !knewAll
}

// InviteInfo is an invite and what became of it.
type InviteInfo struct {
	Op      crdt.ID
	Invite  Invite
	By      crdt.ID
	HLC     crdt.HLC
	Used    int  // persons let in by it
	Revoked bool // by its author, or by two others
	// RevokedAt is the clock of the last revocation; 0 where it is not revoked.
	RevokedAt crdt.HLC
	// Lost says that the device which made it is out: whoever has that device has
	// the invite too.
	Lost     bool
	OverUsed bool // more came by it than it was for
}

func (b *builder) invites() {
	for _, i := range b.m.of[KindInvite] {
		if !b.counts(i) {
			continue
		}
		used := grow{}
		for _, a := range b.m.naming[i.n] {
			if a.kind == KindAdmit && b.counts(a) {
				used.add(a.target)
			}
		}
		body := *i.body.(*Invite)
		n := used.bits.Count()
		info := InviteInfo{Op: i.id, Invite: body, By: b.m.members[i.member], HLC: i.hlc, Used: n,
			Revoked: b.m.endsInvite(i.n, b.counts), Lost: b.v.device[i.key].Revoked, OverUsed: uint64(n) > body.Uses}
		for _, r := range b.m.naming[i.n] {
			if info.Revoked && r.kind == KindInviteRevoke && b.counts(r) {
				info.RevokedAt = max(info.RevokedAt, r.hlc)
			}
		}
		b.v.invites = append(b.v.invites, info)
	}
	b.v.invites = slices.Clip(b.v.invites)
	slices.SortFunc(b.v.invites, func(x, y InviteInfo) int {
		return cmp.Or(cmp.Compare(y.HLC, x.HLC), x.Op.Compare(y.Op))
	})
}

// unhold lists what took back the invites of admissions that do not stand by that.
func (b *builder) unhold() {
	for _, a := range b.m.of[KindAdmit] {
		if !b.counts(a) || b.m.inviteHeld(b.w, b.s, a) {
			continue
		}
		against, who := b.m.speaksAgainst(b.w, b.s, a), b.m.members[a.target]
		for _, r := range b.m.naming[a.names] {
			if r.kind == KindInviteRevoke && against(r) && !slices.Contains(b.v.unheld[who], r.id) {
				b.v.unheld[who] = append(b.v.unheld[who], r.id)
			}
		}
	}
}

// Unheld returns the revocations by which a member's admissions do not stand: whoever
// let them in had not known that the invite was taken back (SPEC.md §5.2).
func (v *View) Unheld(member crdt.ID) []crdt.ID { return v.unheld[member] }

// Invites returns all invites that are not void, the newest first.
func (v *View) Invites() []InviteInfo { return v.invites }

// InviteByID returns the invite of an id, of several that with the least op id.
func (v *View) InviteByID(id InviteID) (InviteInfo, bool) {
	var best InviteInfo
	for _, i := range v.invites {
		if i.Invite.ID == id && (best.Op.IsZero() || bytes.Compare(i.Op[:], best.Op[:]) < 0) {
			best = i
		}
	}
	return best, !best.Op.IsZero()
}
