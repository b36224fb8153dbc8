package membership

import (
	"errors"
	"fmt"

	"tend/crdt"
	"tend/crdt/sig"
)

// Judge is level 2 of a control op: whether its author had the right to write it,
// seen from what the author knew. All that op names must be in the set. The
// verdict is the same on every replica and never changes. The error wraps
// [ErrRefused].
func (s *Set) Judge(op *crdt.Op, b Body) error {
	if err := s.judge(op, b); err != nil {
		return fmt.Errorf("%w: %s %s: %w", ErrRefused, KindName(b.Kind()), op.ID.Short(), err)
	}
	return nil
}

func (s *Set) judge(op *crdt.Op, b Body) error {
	if _, begins := b.(*Genesis); begins {
		if s.m.genesis != nil && s.m.genesis.id != op.ID {
			return errors.New("a circle begins once")
		}
		return nil
	}
	past, err := s.m.pasts.Closure(op.Ctl)
	if err != nil {
		return err
	}
	if s.m.genesis == nil || len(op.Ctl) == 0 || !s.all.Contains(past) {
		return errors.New("control ops that it names are not here")
	}
	j := &judgement{m: s.m, op: op, past: past, w: s.m.world(past, nil), circle: s.m.genesis.id}
	if err := j.author(b); err != nil {
		return err
	}
	return j.kind(b)
}

// judgement is one op seen from its control past.
type judgement struct {
	m      *memory
	op     *crdt.Op
	past   crdt.Bits
	w      *world
	circle crdt.ID
	dev    int // the author's, -1 if never heard of
	member int
}

// author holds that the op's author is a member with a device that is not out,
// and has voice where the kind asks for it.
func (j *judgement) author(b Body) error {
	dev, heard := j.m.deviceNum[j.op.Dev]
	j.dev, j.member = -1, nobody
	if heard {
		j.dev, j.member = dev, j.m.author(j.past, dev)
	}
	switch c := selfCertified(b); {
	case j.member == nobody && c != nil && c.Dev == j.op.Dev && j.op.Seq == 1:
		member, known := j.m.memberNum[c.Member]
		if !known {
			return errors.New("a device of nobody")
		}
		j.member = member
		if heard && len(j.w.revokes[dev]) > 0 {
			return errors.New("its author's device was revoked")
		}
	case j.member == nobody:
		return errors.New("its author is nobody's device")
	case j.m.revoked(j.w, j.past, j.member, j.dev):
		return errors.New("its author's device was revoked")
	}
	if !j.w.members.Has(j.member) {
		return errors.New("its author is no member")
	}
	if j.needsVoice(b) && !j.w.voice.Has(j.member) {
		return errors.New("its author has no voice")
	}
	return nil
}

func selfCertified(b Body) *DeviceCert {
	switch b := b.(type) {
	case *DeviceAdd:
		return &b.Cert
	case *Rotate:
		return &b.Cert
	}
	return nil
}

func (j *judgement) needsVoice(b Body) bool {
	switch b := b.(type) {
	case *Unknown:
		return true
	case *InviteRevoke:
		invite := j.known(b.Invite, KindInvite)
		return invite == nil || invite.member != j.member
	case *Object:
		p := j.known(b.Target, KindPropose)
		return p == nil || p.body.(*Propose).What != Recover || p.target != j.member
	}
	return kinds[b.Kind()].voice
}

// known returns the op that id names, if the author knew it and it is of one of
// the kinds.
func (j *judgement) known(id crdt.ID, kinds ...uint64) *entry {
	if n := j.m.named(id, kinds...); n >= 0 && j.past.Has(n) {
		return j.m.at[n]
	}
	return nil
}

// kind holds what each kind asks for besides.
func (j *judgement) kind(b Body) error {
	switch b := b.(type) {
	case *Invite:
		return j.invite(b)
	case *InviteRevoke:
		return j.names(b.Invite, "invite", KindInvite)
	case *Admit:
		return j.admit(b)
	case *Sponsor:
		return j.names(b.Admit, "admission", KindAdmit)
	case *Object:
		return j.names(b.Target, "admission or proposal", KindAdmit, KindPropose)
	case *Stand:
		return j.names(b.Proposal, "proposal", KindPropose)
	case *Enact:
		return j.names(b.Proposal, "proposal", KindPropose)
	case *DeviceAdd:
		return j.deviceAdd(b)
	case *DeviceRevoke:
		return j.deviceRevoke(b)
	case *Rotate:
		return j.rotate(b)
	case *Trustees:
		root := j.m.root(j.past, j.member)
		if !sig.Verify(root.key, b.Signed(j.circle, j.m.members[j.member]), b.SigRoot) {
			return errors.New("the root's signature does not verify")
		}
	case *Epoch:
		return j.epoch(b)
	}
	return nil
}

func (j *judgement) names(id crdt.ID, what string, kinds ...uint64) error {
	if j.known(id, kinds...) == nil {
		return fmt.Errorf("its author knew no such %s", what)
	}
	return nil
}

// invite holds how long an invite may last: counted from its author's clock, in
// whole hours, the one it is in included.
func (j *judgement) invite(b *Invite) error {
	most := uint64(MaxInviteHours)
	if b.Uses > 1 {
		most = MaxManyInviteHours
	}
	if hour := uint64(j.op.HLC.Millis()) / hourMillis; b.Expiry > hour+1+most {
		return fmt.Errorf("invite for %d uses lasts more than %d hours", b.Uses, most)
	}
	return nil
}

func (j *judgement) admit(b *Admit) error {
	var invite *Invite
	if !b.Invite.IsZero() {
		i := j.known(b.Invite, KindInvite)
		if i == nil {
			return errors.New("its author knew no such invite")
		}
		invite = i.body.(*Invite)
		if j.m.endsInvite(i.n, func(r *entry) bool { return j.past.Has(r.n) && !j.w.void.Has(r.n) }) {
			return errors.New("the invite was revoked")
		}
		if uint64(j.op.HLC.Millis()) > invite.Expiry*hourMillis {
			return errors.New("the invite had expired")
		}
	}
	if err := j.ownerOf(b.Cert.Dev, b.Member); err != nil {
		return err
	}
	if j.unvoiced() >= MaxUnvoiced {
		return fmt.Errorf("its author let in %d who have no voice yet", MaxUnvoiced)
	}
	return b.checkProofs(j.circle, invite, j.peer())
}

// peer returns the transport key of the author's device.
func (j *judgement) peer() PeerKey {
	if c := j.m.newestCert(j.past, j.dev); c != nil {
		return c.cert().Peer
	}
	return PeerKey{}
}

// newestCert returns the op in s that certified the device last, by its clock.
func (m *memory) newestCert(s crdt.Bits, dev int) *entry {
	var newest *entry
	for _, c := range m.certsOf[dev] {
		if s.Has(c.n) && (newest == nil || newer(c, newest)) {
			newest = c
		}
	}
	return newest
}

// newer orders a person's own ops: by clock, then by id.
func newer(a, b *entry) bool {
	return a.hlc > b.hlc || a.hlc == b.hlc && a.id.Compare(b.id) > 0
}

// unvoiced counts the members whom the author let in and who have no voice.
func (j *judgement) unvoiced() int {
	g := grow{}
	for _, a := range j.m.byMember[j.member] {
		if a.kind == KindAdmit && j.past.Has(a.n) && j.w.members.Has(a.target) && !j.w.voice.Has(a.target) {
			g.add(a.target)
		}
	}
	return g.bits.Count()
}

// ownerOf holds that a device is nobody else's.
func (j *judgement) ownerOf(key crdt.Device, member crdt.ID) error {
	dev, heard := j.m.deviceNum[key]
	if !heard {
		return nil
	}
	if owner := j.m.author(j.past, dev); owner != nobody && j.m.members[owner] != member {
		return errors.New("the device is another member's")
	}
	return nil
}

func (j *judgement) deviceAdd(b *DeviceAdd) error {
	if b.Cert.Member != j.m.members[j.member] {
		return errors.New("the device is another member's")
	}
	if err := j.ownerOf(b.Cert.Dev, b.Cert.Member); err != nil {
		return err
	}
	return b.Cert.checkRoot(j.m.root(j.past, j.member).key)
}

func (j *judgement) deviceRevoke(b *DeviceRevoke) error {
	dev, heard := j.m.deviceNum[b.Dev]
	owner := nobody
	if heard {
		owner = j.m.author(j.past, dev)
	}
	if owner == nobody {
		return errors.New("its author knew no such device")
	}
	if len(b.SigRoot) == 0 {
		if owner != j.member {
			return errors.New("the device is another member's")
		}
		return nil
	}
	if !sig.Verify(j.m.root(j.past, owner).key, b.Signed(j.circle, j.m.members[owner]), b.SigRoot) {
		return errors.New("the root's signature does not verify")
	}
	return nil
}

func (j *judgement) rotate(b *Rotate) error {
	id := j.m.members[j.member]
	if b.Cert.Member != id {
		return errors.New("the device is another member's")
	}
	if err := j.ownerOf(b.Cert.Dev, id); err != nil {
		return err
	}
	if b.Enact.IsZero() {
		root := j.m.root(j.past, j.member)
		if RootHash(b.NewRoot) != root.next {
			return errors.New("not the root that the one before it committed to")
		}
		if !sig.Verify(root.key, b.Signed(j.circle, id), b.SigOld) {
			return errors.New("the old root's signature does not verify")
		}
		return nil
	}
	e := j.known(b.Enact, KindEnact)
	if e == nil || !j.w.counted.Has(e.n) {
		return errors.New("its author knew no such decision")
	}
	p := j.m.at[e.names]
	if p.target != j.member || p.body.(*Propose).What != Recover {
		return errors.New("the decision is about something else")
	}
	if r, err := p.body.(*Propose).recovery(); err != nil || r.NewRoot != b.NewRoot || r.NextRootHash != b.NextRootHash {
		return errors.New("the decision is about another root")
	}
	return nil
}

func (j *judgement) epoch(b *Epoch) error {
	if b.Scope == ScopeCircle {
		if want := j.m.nextGen(j.past); b.Gen != want {
			return fmt.Errorf("generation %d, want %d", b.Gen, want)
		}
	}
	for _, e := range j.m.of[KindEpoch] {
		if j.past.Has(e.n) && e.body.(*Epoch).ID == b.ID {
			return errors.New("the epoch's id is taken")
		}
	}
	return nil
}
