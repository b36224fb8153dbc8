package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
)

// faceLive is how long a code shown face to face may be scanned.
const faceLive = 15 * time.Minute

// visitLive is how long this home keeps trying to reach a newcomer it scanned.
const visitLive = 15 * time.Minute

// entrance keeps the codes this home has read or shows, and the newcomers it is
// letting in.
type entrance struct {
	node *Node

	mu     sync.Mutex // guards visits
	visits []visit
}

type visit struct {
	id     string
	circle crdt.ID
	code   protocol.FaceCode
	since  time.Time
	err    error
	done   chan struct{} // closed once the newcomer is in
	over   bool
}

func newEntrance(n *Node) *entrance { return &entrance{node: n} }

// JoinState is how a joining stands.
type JoinState struct {
	ID     string
	Circle crdt.ID // zero for a code shown face to face that nobody scanned yet
	In     bool    // let in; the copy may still be arriving
	Last   string  // what the last door answered
	Over   string  // why it ended without being let in
}

// Join begins to knock with an invite: as name the others will know this member.
// It returns at once; the network knocks until a door opens. Joining again with
// the same code goes on with the same identity.
func (n *Node) Join(code *protocol.Invite, name string) (JoinState, error) {
	if x, err := n.runner(code.Circle); err == nil && x.unmet() {
		return n.meet(x, code, name)
	}
	if err := checkName(name); err != nil {
		return JoinState{}, err
	}
	return n.join(code, name)
}

// join begins to knock; without a name, the person says it once they are in.
func (n *Node) join(code *protocol.Invite, name string) (JoinState, error) {
	if x, err := n.runner(code.Circle); err == nil && x.snap.Load().Standing == membership.In {
		if x.snap.Load().DeviceOut {
			return JoinState{}, problem(replica.ErrDeviceOut)
		}
		return JoinState{Circle: code.Circle, In: true}, n.nameAfterwards(x, name)
	}
	if n.now().Unix()/3600 >= int64(code.Expiry) {
		return JoinState{}, circle.Refuse(circle.Kept, "no.invite_over")
	}
	text := code.Text()
	for _, j := range n.cfg.Keys.Joinings() {
		if j.Code == text && j.Over == "" {
			return JoinState{ID: j.ID, Circle: code.Circle, Last: j.Last}, n.nameJoining(j, name)
		}
	}
	j, err := n.newJoining(text, name)
	if err != nil {
		return JoinState{}, err
	}
	if before, ok := n.cfg.Keys.Circle(code.Circle); ok {
		j.Identity = before.Identity // whoever comes back is who they were
	}
	return JoinState{ID: j.ID, Circle: code.Circle}, n.setJoinings(func(all []Joining) []Joining { return append(all, j) })
}

// ShowCode makes a code of this home's own, for a member to scan; addrs are where
// this home is reached, binary multiaddrs.
func (n *Node) ShowCode(name string, addrs [][]byte) (JoinState, string, error) {
	if err := checkName(name); err != nil {
		return JoinState{}, "", err
	}
	j, err := n.newJoining("", name)
	if err != nil {
		return JoinState{}, "", err
	}
	code := protocol.FaceCode{Inception: j.Inception.ID(), Peer: n.peerKey(), Addrs: addrs}
	if _, err := io.ReadFull(n.cfg.Rand, code.Secret[:]); err != nil {
		return JoinState{}, "", err
	}
	j.Code, j.Show = code.Text(), true
	err = n.setJoinings(func(all []Joining) []Joining {
		all = slices.DeleteFunc(all, func(o Joining) bool { return o.Show })
		return append(all, j)
	})
	return JoinState{ID: j.ID}, j.Code, err
}

// Joined says how a joining stands; false if there is none of that name (any
// more).
func (n *Node) Joined(id string) (JoinState, bool) {
	for _, j := range n.cfg.Keys.Joinings() {
		if j.ID == id {
			s := JoinState{ID: id, Last: j.Last, Over: j.Over}
			if code, err := protocol.ParseCode(j.Code); err == nil {
				if inv, ok := code.(*protocol.Invite); ok {
					s.Circle = inv.Circle
				}
			}
			return s, true
		}
	}
	return JoinState{}, false
}

// maxJoinings bounds the codes kept at once; the oldest that is over goes first.
const maxJoinings = 16

func (n *Node) newJoining(text, name string) (Joining, error) {
	if len(n.cfg.Keys.Joinings()) >= maxJoinings {
		return Joining{}, circle.Refuse(circle.Kept, "no.many_knocks")
	}
	me, err := n.newIdentity()
	if err != nil {
		return Joining{}, err
	}
	id, err := n.joiningID()
	return Joining{ID: id, Code: text, Name: name, Identity: me, Since: n.now().UnixMilli()}, err
}

// joiningID makes a new name for a joining.
func (n *Node) joiningID() (string, error) {
	var id [8]byte
	_, err := io.ReadFull(rand.Reader, id[:])
	return hex.EncodeToString(id[:]), err
}

// setJoinings changes the kept joinings, and leaves out what is long over.
func (n *Node) setJoinings(change func([]Joining) []Joining) error {
	n.entrance.mu.Lock()
	defer n.entrance.mu.Unlock()
	all := slices.DeleteFunc(change(n.cfg.Keys.Joinings()), func(j Joining) bool {
		age := n.now().Sub(time.UnixMilli(j.Since))
		return (j.Show && age > faceLive) || (j.Over != "" && age > inviteLongest)
	})
	if err := n.cfg.Keys.SetJoinings(all); err != nil {
		return fmt.Errorf("keep the code: %w", err)
	}
	n.moves.send(Move{Knocking: true})
	return nil
}

func (n *Node) joining(id string) (Joining, protocol.Code, error) {
	for _, j := range n.cfg.Keys.Joinings() {
		if j.ID == id {
			code, err := protocol.ParseCode(j.Code)
			return j, code, err
		}
	}
	return Joining{}, nil, errors.New("no such joining")
}

// shows reports whether a code of this home's own is live.
func (e *entrance) shows() bool { _, ok := e.shown(); return ok }

func (e *entrance) shown() (Joining, bool) {
	for _, j := range e.node.cfg.Keys.Joinings() {
		if j.Show && j.Over == "" && e.node.now().Sub(time.UnixMilli(j.Since)) <= faceLive {
			return j, true
		}
	}
	return Joining{}, false
}

// awaits reports whether a peer stands in a code this home has read.
func (e *entrance) awaits(peer membership.PeerKey) bool {
	for _, k := range e.node.Knocks() {
		if slices.ContainsFunc(k.Contacts, func(c protocol.Contact) bool { return c.Peer == peer }) {
			return true
		}
	}
	return slices.ContainsFunc(e.node.Visits(), func(v Visit) bool { return v.Peer == peer })
}

// Knocks lists the bearer codes this home is not yet let in by.
func (n *Node) Knocks() []Knocking {
	var out []Knocking
	for _, j := range n.cfg.Keys.Joinings() {
		if j.Show || j.Over != "" {
			continue
		}
		code, err := protocol.ParseCode(j.Code)
		if err != nil {
			continue
		}
		if inv, ok := code.(*protocol.Invite); ok {
			out = append(out, Knocking{ID: j.ID, Back: j.ComingBack(), Contacts: inv.Contacts})
		}
	}
	return out
}

// Knock is message 1 of a knocking.
func (n *Node) Knock(id string) (protocol.Knock, error) {
	_, inv, err := n.invited(id)
	if err != nil {
		return protocol.Knock{}, err
	}
	k := protocol.Knock{Invite: inv.ID()}
	_, err = io.ReadFull(n.cfg.Rand, k.NonceJ[:])
	return k, err
}

func (n *Node) invited(id string) (Joining, *protocol.Invite, error) {
	j, code, err := n.joining(id)
	if err != nil {
		return Joining{}, nil, err
	}
	inv, ok := code.(*protocol.Invite)
	if !ok {
		return Joining{}, nil, errors.New("not an invite")
	}
	return j, inv, nil
}

// Prove checks the doorkeeper's answer and makes message 3. It says nothing
// further to a door whose certificate is not its own.
func (n *Node) Prove(id string, door membership.PeerKey, k protocol.Knock, a protocol.DoorAnswer) (protocol.Prove, error) {
	j, inv, err := n.invited(id)
	if err != nil {
		return protocol.Prove{}, err
	}
	if a.Cert.Circle != inv.Circle && !a.Cert.Circle.IsZero() || a.Cert.Peer != door {
		return protocol.Prove{}, errors.New("the door's certificate is for something else")
	}
	t := membership.JoinTranscript(membership.JoinBearer, inv.Circle, k.Invite, n.peerKey(), door, k.NonceJ, a.NonceD, j.Inception)
	p := n.proof(&j, inv.Circle, t)
	p.SigInvite = ed25519.Sign(inv.Key(), t[:])
	return p, nil
}

func (n *Node) proof(j *Joining, circle crdt.ID, t [32]byte) protocol.Prove {
	return protocol.Prove{Inception: j.Inception, Cert: n.certify(&j.Identity, circle),
		SigRoot: sign(j.RootSeed, t[:]), SigPeer: sign(n.cfg.Keys.TransportSeed(), t[:])}
}

// Turned notes how one door answered.
func (n *Node) Turned(id string, _ membership.PeerKey, told string, err error) {
	j, inv, jerr := n.invited(id)
	if jerr != nil || j.Over != "" { // one door is enough to know that it is over
		return
	}
	over := ""
	switch {
	case n.now().Unix()/3600 >= int64(inv.Expiry):
		over = "typed.run_out"
	case told == protocol.DoorTakenBack.String():
		over = "typed.taken_back"
	case told == protocol.DoorNo.String():
		over = "typed.used_up"
	}
	last := told
	if err != nil {
		last = "no answer"
		n.log.Debug("a door did not open", "err", err)
	}
	if over == j.Over && last == j.Last {
		return
	}
	if err := n.setJoinings(func(all []Joining) []Joining {
		for i := range all {
			if all[i].ID == id {
				all[i].Last, all[i].Over = last, over
			}
		}
		return all
	}); err != nil {
		n.log.Warn("the door's answer could not be kept", "err", err)
	}
}

// Faced is a member who came to the code this home shows. The secret in the code
// keeps a stranger from drawing this home into a circle of his own.
func (n *Node) Faced(_ context.Context, door membership.PeerKey, h protocol.FaceHello) (protocol.FaceProve, error) {
	j, ok := n.entrance.shown()
	if !ok {
		return protocol.FaceProve{}, errors.New("no code is shown")
	}
	_, parsed, err := n.joining(j.ID)
	if err != nil {
		return protocol.FaceProve{}, err
	}
	code, ok := parsed.(*protocol.FaceCode)
	if !ok || !h.CheckMAC(code, n.peerKey(), door) || h.Cert.Peer != door {
		return protocol.FaceProve{}, errors.New("whoever came has not seen the code")
	}
	nonceJ := faceNonce(code.Secret, h)
	t := membership.JoinTranscript(membership.JoinFace, h.Circle, membership.InviteID{}, n.peerKey(), door, nonceJ, h.NonceD, j.Inception)
	p := n.proof(&j, h.Circle, t)
	return protocol.FaceProve{Inception: p.Inception, Cert: p.Cert, SigRoot: p.SigRoot, SigPeer: p.SigPeer, NonceJ: nonceJ}, nil
}

// faceNonce makes the newcomer's nonce of the secret in its code and of what the
// door said, so that the newcomer needs to remember nothing between two messages.
func faceNonce(secret [16]byte, h protocol.FaceHello) [16]byte {
	sum := sha256.New()
	sum.Write([]byte("tend/face-nonce"))
	sum.Write(secret[:])
	sum.Write(h.NonceD[:])
	sum.Write(h.Circle[:])
	return [16]byte(sum.Sum(nil)[:16])
}

// Enter reads message 4 and makes the circle this home's.
func (n *Node) Enter(ctx context.Context, id string, door membership.PeerKey, frames frameSeq) error {
	j, inv, err := n.invited(id)
	if err != nil {
		return err
	}
	return n.enter(ctx, j, inv.Circle, inv.Ctl[:], door, frames)
}

// FaceEnter is Enter for Faced.
func (n *Node) FaceEnter(ctx context.Context, door membership.PeerKey, h protocol.FaceHello, frames frameSeq) error {
	j, ok := n.entrance.shown()
	if !ok {
		return errors.New("no code is shown")
	}
	return n.enter(ctx, j, h.Circle, nil, door, frames)
}

// hasHead reports whether ops hold the control head an invite pins.
func hasHead(ops []crdt.Op, head []byte) bool {
	return len(head) == 0 || slices.ContainsFunc(ops, func(op crdt.Op) bool { return bytes.HasPrefix(op.ID[:], head) })
}
