package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/crdt/sig"
	"tend/node/replica"
	"tend/protocol"
)

// How the name of a joining begins by which a member comes back: by those who
// stand for them, by their own 24 words, or with a backup that is here already.
const (
	backByPeople = "back-"
	backByPhrase = "words-"
	backByFile   = "file-"
)

// ComingBack reports whether a member who lost everything comes back by this
// joining.
func (j *Joining) ComingBack() bool {
	return strings.HasPrefix(j.ID, backByPeople) || strings.HasPrefix(j.ID, backByPhrase) || strings.HasPrefix(j.ID, backByFile)
}

// ComeBack begins to ask, at the doors of an invite, to be known again as the
// member that the others call name: with the seed of their 24 words, or, if that is
// nil, with a fresh root for which others must stand.
func (n *Node) ComeBack(code *protocol.Invite, name string, seed *[32]byte) (JoinState, error) {
	if err := checkName(name); err != nil {
		return JoinState{}, err
	}
	if _, err := n.runner(code.Circle); err == nil {
		return JoinState{}, circle.Refuse(circle.Kept, "no.here_already")
	}
	if n.now().Unix()/3600 >= int64(code.Expiry) {
		return JoinState{}, circle.Refuse(circle.Kept, "no.invite_over")
	}
	for _, j := range n.cfg.Keys.Joinings() {
		if j.Code == code.Text() && j.Over == "" && j.ComingBack() && seed == nil {
			return JoinState{ID: j.ID, Circle: code.Circle, Last: j.Last}, nil
		}
	}
	j, err := n.newJoining(code.Text(), name)
	if err != nil {
		return JoinState{}, err
	}
	j.ID = backByPeople + j.ID
	if seed != nil {
		j.ID = backByPhrase + strings.TrimPrefix(j.ID, backByPeople)
		roots := rootsOf(*seed, 0)
		j.Inception, j.RootSeed, j.NextSeed = roots.Inception, roots.RootSeed, roots.NextSeed
		if err := n.addSeeds(*seed); err != nil {
			return JoinState{}, err
		}
	}
	return JoinState{ID: j.ID, Circle: code.Circle}, n.setJoinings(func(all []Joining) []Joining {
		return append(slices.DeleteFunc(all, func(o Joining) bool { return o.ComingBack() && o.Code == j.Code }), j)
	})
}

// ComingBackCode is what somebody who comes back shows to those who may stand for
// them; false if nobody comes back on this home, or by their words alone.
func (n *Node) ComingBackCode() (protocol.RecoverCode, bool) {
	for _, j := range n.cfg.Keys.Joinings() {
		code, err := protocol.ParseCode(j.Code)
		inv, ok := code.(*protocol.Invite)
		if err == nil && ok && j.Over == "" && strings.HasPrefix(j.ID, backByPeople) {
			return protocol.RecoverCode{Circle: inv.Circle, NewRoot: j.Inception.Root, NextRootHash: j.Inception.NextRootHash}, true
		}
	}
	return protocol.RecoverCode{}, false
}

// backInception stands in the join transcript of a recovery where a newcomer's
// inception does.
func backInception(root, next [32]byte) membership.Inception {
	return membership.Inception{V: 1, Root: root, NextRootHash: next}
}

// Recover asks at one door to be known again. told is "later" or "no" if it was
// answered so, and "" with no error once this home is in.
func (n *Node) Recover(ctx context.Context, id string, door membership.PeerKey, p Pipe) (told string, err error) {
	j, inv, err := n.invited(id)
	if err != nil {
		return "", err
	}
	k := protocol.RecoverKnock{Invite: inv.ID(), Name: j.Name}
	if _, err := io.ReadFull(n.cfg.Rand, k.NonceJ[:]); err != nil {
		return "", err
	}
	if err := p.Send(protocol.EncodeOpening(&k)); err != nil {
		return "", fmt.Errorf("knock: %w", err)
	}
	data, err := p.Receive(protocol.MaxJoinMessage)
	if err != nil {
		return "", fmt.Errorf("hear the door: %w", err)
	}
	a, err := protocol.DecodeDoorAnswer(data)
	switch {
	case err != nil:
		return "", fmt.Errorf("hear the door: %w", err)
	case a.Verdict != protocol.DoorOpen:
		return a.Verdict.String(), nil
	case a.Member.IsZero() || a.Cert.Peer != door || a.Cert.Circle != inv.Circle && !a.Cert.Circle.IsZero():
		return "", errors.New("the door's certificate is for something else")
	}
	me := n.rootsFor(&j, a.Member)
	notBefore := n.clock()
	unsigned := n.certified(&me, inv.Circle, a.Member, notBefore, nil)
	cert := n.certified(&me, inv.Circle, a.Member, notBefore, sign(me.RootSeed, unsigned.Signed()))
	root, next := me.Inception.Root, me.Inception.NextRootHash
	t := membership.JoinTranscript(membership.JoinRecover, inv.Circle, k.Invite, n.peerKey(), door, k.NonceJ, a.NonceD, backInception(root, next))
	proof := protocol.RecoverProve{Member: a.Member, NewRoot: root, NextRootHash: next, Cert: cert,
		SigInvite: ed25519.Sign(inv.Key(), t[:]), SigRoot: sign(me.RootSeed, t[:]), SigPeer: sign(n.cfg.Keys.TransportSeed(), t[:])}
	if err := p.Send(proof.Encode()); err != nil {
		return "", fmt.Errorf("prove: %w", err)
	}
	h, err := readHanded(inv.Circle, p)
	if errors.Is(err, io.EOF) {
		return "later", nil // nobody, or not enough, stand for this root yet
	}
	if err != nil {
		return "", err
	}
	return "", n.back(ctx, returning{id: j.ID, me: me, inv: inv, member: a.Member, cert: cert, door: door}, h, p)
}

// rootsFor finds which of the roots of 24 words are a member's: those of the
// inception that is the member, if the words are of before any recovery.
func (n *Node) rootsFor(j *Joining, member crdt.ID) Identity {
	if !strings.HasPrefix(j.ID, backByPhrase) {
		return j.Identity
	}
	seed, _, ok := n.cfg.Keys.Seeds().seedOf(j.RootSeed)
	if !ok {
		return j.Identity
	}
	for k := range uint32(maxNumber) {
		if roots := rootsOf(seed, k); roots.Inception.ID() == member {
			roots.DevSeed, roots.Boxes = j.DevSeed, j.Boxes
			return roots
		}
	}
	return j.Identity
}

// returning is what a returner has said at one door.
type returning struct {
	id     string // of the joining
	me     Identity
	inv    *protocol.Invite
	member crdt.ID
	cert   membership.DeviceCert
	door   membership.PeerKey
}

// back makes the circle this home's again, once a door has handed it over. If what
// came does not hold, or the door is no member by it, nothing is kept and nothing
// more is said there.
func (n *Node) back(ctx context.Context, r returning, h handed, p Pipe) error {
	me, inv, member, cert := r.me, r.inv, r.member, r.cert
	keys := CircleKeys{Identity: me}
	v, err := n.checkHanded(inv.Circle, &keys, inv.Ctl[:], r.door, h)
	if err != nil {
		return err
	}
	m, ok := v.Member(member)
	if !ok || m.Standing != membership.In {
		return errors.New("the control log handed over does not know this member")
	}
	var body membership.Body = &membership.DeviceAdd{Cert: cert}
	if root, _ := v.Root(member); root != me.Inception.Root {
		at := slices.IndexFunc(v.Recoveries(), func(r membership.RecoveryInfo) bool {
			return r.Target == member && r.Recovery.NewRoot == me.Inception.Root && !r.Enact.IsZero()
		})
		if at < 0 {
			return errors.New("the control log handed over holds no decision to let this member back")
		}
		r := v.Recoveries()[at]
		body = &membership.Rotate{NewRoot: r.Recovery.NewRoot, NextRootHash: r.Recovery.NextRootHash, Enact: r.Enact, Cert: cert}
	}
	keys.Inception = m.Inception
	var op crdt.Op
	if x, here := n.runner(inv.Circle); here == nil && x.ring.held().Restored {
		op, err = n.meets(ctx, x, keys, h.ops, body)
	} else {
		op, err = n.comeIn(ctx, inv.Circle, keys, h.ops, body)
	}
	if errors.Is(err, ErrHave) { // an earlier try came in, and its first op was not heard
		op, err = n.firstOp(ctx, inv.Circle)
	}
	if err != nil {
		return err
	}
	if err := sendFrame(p, protocol.PackByID([]crdt.Op{op}, carriesBody)); err != nil {
		return err
	}
	x, err := n.runner(inv.Circle)
	if err != nil {
		return err
	}
	if err := x.takeKeys(ctx, h.boxes); err != nil {
		n.log.Debug("some keys handed over did not open", "err", err)
	}
	if err := x.takePack(ctx, h.pack); err != nil {
		return err
	}
	return n.setJoinings(func(all []Joining) []Joining {
		return slices.DeleteFunc(all, func(o Joining) bool { return o.ID == r.id })
	})
}

// Recovered is the door's side: it opens to a member's own root at once, and to
// another only when the circle has decided so. Until then it hands out nothing.
func (n *Node) Recovered(ctx context.Context, newcomer membership.PeerKey, k protocol.RecoverKnock, p Pipe) error {
	say := func(v protocol.Verdict) error {
		return p.Send(protocol.EncodeDoorAnswer(protocol.DoorAnswer{Verdict: v}))
	}
	x, info, ok := n.inviteOf(k.Invite)
	if !ok {
		return say(protocol.DoorLater)
	}
	s := x.snap.Load()
	d, here := s.People.Device(s.Dev)
	member, known := n.memberMeant(s, k.Name)
	switch {
	case !s.People.HasVoice(s.Me) || !here:
		return say(protocol.DoorLater)
	case info.Revoked || info.Lost:
		return say(protocol.DoorTakenBack)
	case !live(info, uint64(n.now().UnixMilli()/3_600_000)):
		return say(protocol.DoorNo)
	case !known:
		if checkName(k.Name) == nil { // the door's person is to read it
			n.keepUnknown(x.id, k.Name)
		}
		return say(protocol.DoorLater)
	case member == s.Me:
		return say(protocol.DoorLater)
	}
	a := protocol.DoorAnswer{Verdict: protocol.DoorOpen, Cert: d.Cert, WallMS: uint64(n.now().UnixMilli()), Member: member}
	if _, err := io.ReadFull(n.cfg.Rand, a.NonceD[:]); err != nil {
		return err
	}
	if err := p.Send(protocol.EncodeDoorAnswer(a)); err != nil {
		return err
	}
	data, err := p.Receive(protocol.MaxJoinMessage)
	if err != nil {
		return fmt.Errorf("hear who comes back: %w", err)
	}
	proof, err := protocol.DecodeRecoverProve(data)
	if err != nil {
		return err
	}
	if err := n.checkReturn(x.id, &proof, newcomer, member, k, a, info); err != nil {
		return err
	}
	if !s.People.MayReturn(member, proof.NewRoot, proof.NextRootHash) {
		n.keepReturner(x.id, k.Name, &proof)
		return nil
	}
	h, err := heardFrom(ctx, x, job{}, func(w *replica.Replica, now time.Time) (h handed, err error) {
		if h.boxes, h.pack, err = w.ForReturning(member, proof.Cert, now, n.cfg.Zone); err != nil {
			return h, err
		}
		h.ops, err = w.ControlLog()
		return h, err
	})
	if err != nil {
		return err
	}
	if err := h.hand(p); err != nil {
		return err
	}
	return n.takeFirst(ctx, x.id, p)
}

// checkReturn holds that the proof is of the invite, the new root and the peer.
func (n *Node) checkReturn(id crdt.ID, p *protocol.RecoverProve, newcomer membership.PeerKey, member crdt.ID, k protocol.RecoverKnock, a protocol.DoorAnswer, info membership.InviteInfo) error {
	t := membership.JoinTranscript(membership.JoinRecover, id, k.Invite, newcomer, n.peerKey(), k.NonceJ, a.NonceD, backInception(p.NewRoot, p.NextRootHash))
	switch {
	case p.Member != member || p.Cert.Member != member || p.Cert.Peer != newcomer:
		return errors.New("the proof is for somebody else")
	case !sig.Verify(info.Invite.Pub, t[:], p.SigInvite), !sig.Verify(p.NewRoot, t[:], p.SigRoot), !sig.Verify(newcomer, t[:], p.SigPeer):
		return errors.New("a signature of the proof does not verify")
	}
	return p.Cert.Check(p.NewRoot, id)
}

// memberNamed finds the one member whom the others call name.
func memberNamed(s *Snapshot, name string) (crdt.ID, bool) {
	var found []crdt.ID
	for _, m := range s.People.Members() {
		if foldName(s.State.Name(m.ID)) == foldName(name) {
			found = append(found, m.ID)
		}
	}
	if len(found) != 1 {
		return crdt.ID{}, false
	}
	return found[0], true
}

// firstOp returns the op with which this device came into a circle.
func (n *Node) firstOp(ctx context.Context, id crdt.ID) (crdt.Op, error) {
	x, err := n.runner(id)
	if err != nil {
		return crdt.Op{}, err
	}
	first := x.ring.held().First
	if first.IsZero() {
		return crdt.Op{}, ErrHave
	}
	return heardFrom(ctx, x, job{}, func(w *replica.Replica, _ time.Time) (crdt.Op, error) {
		op, ok, err := w.HandedOp(first)
		if err == nil && !ok {
			err = ErrHave
		}
		return op, err
	})
}
