package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
	"tend/storage"
	"tend/storage/crashpoint"
)

// frameSeq is a stream of frames as the network reads or writes them.
type frameSeq = iter.Seq2[protocol.Frame, error]

// Knocked answers message 1: whether the invite is one this home may open to.
// A home that does not know the invite yet says later, not no.
func (n *Node) Knocked(_ context.Context, newcomer membership.PeerKey, k protocol.Knock) (protocol.DoorAnswer, error) {
	later := protocol.DoorAnswer{Verdict: protocol.DoorLater}
	x, info, ok := n.inviteOf(k.Invite)
	if !ok {
		return later, nil
	}
	s := x.snap.Load()
	switch {
	case !s.People.HasVoice(s.Me):
		return later, nil
	case n.letInAlready(s.People, newcomer, info):
	case info.Revoked || info.Lost:
		return protocol.DoorAnswer{Verdict: protocol.DoorTakenBack}, nil
	case !live(info, uint64(n.now().UnixMilli()/3_600_000)):
		return protocol.DoorAnswer{Verdict: protocol.DoorNo}, nil
	}
	d, ok := s.People.Device(s.Dev)
	if !ok {
		return later, nil
	}
	a := protocol.DoorAnswer{Verdict: protocol.DoorOpen, Cert: d.Cert, WallMS: uint64(n.now().UnixMilli())}
	_, err := io.ReadFull(n.cfg.Rand, a.NonceD[:])
	return a, err
}

// letInAlready reports whether the newcomer was admitted by this very invite, and
// only missed the answer.
func (n *Node) letInAlready(v *membership.View, newcomer membership.PeerKey, info membership.InviteInfo) bool {
	return slices.ContainsFunc(v.ByPeer(newcomer), func(d membership.Device) bool {
		m, ok := v.Member(d.Member)
		return ok && m.Standing == membership.In && m.Invite == info.Op
	})
}

func (n *Node) inviteOf(id membership.InviteID) (*runner, membership.InviteInfo, bool) {
	for _, x := range n.runners() {
		s := x.snap.Load()
		if !s.In() {
			continue
		}
		if info, ok := s.People.InviteByID(id); ok {
			return x, info, true
		}
	}
	return nil, membership.InviteInfo{}, false
}

// Proved checks message 3, admits the newcomer, and returns message 4.
func (n *Node) Proved(ctx context.Context, newcomer membership.PeerKey, k protocol.Knock, a protocol.DoorAnswer, p protocol.Prove) (frameSeq, error) {
	x, info, ok := n.inviteOf(k.Invite)
	if !ok {
		return nil, errors.New("the invite is gone")
	}
	admit := &membership.Admit{Member: p.Inception.ID(), Inception: p.Inception, Cert: p.Cert, Invite: info.Op,
		Proofs: membership.Proofs{NonceJ: k.NonceJ, NonceD: a.NonceD, SigInvite: p.SigInvite, SigRoot: p.SigRoot, SigPeer: p.SigPeer}}
	return n.admit(ctx, x, newcomer, admit)
}

// errUsedUp is what the door says when the invite ended while a newcomer proved
// themselves: two may have knocked with one slip of paper.
var errUsedUp = errors.New("the invite was used up, revoked or ran out meanwhile")

// stillLive reports whether an admission's invite, if it names one, may be used now.
func stillLive(v *membership.View, invite crdt.ID, now time.Time) bool {
	if invite.IsZero() {
		return true
	}
	return slices.ContainsFunc(v.Invites(), func(i membership.InviteInfo) bool {
		return i.Op == invite && live(i, uint64(now.UnixMilli()/3_600_000))
	})
}

// admit writes the admission, and an epoch with it unless one is fresh. Whether
// the proofs hold is judged where every replica judges it: when the op is taken in.
func (n *Node) admit(ctx context.Context, x *runner, newcomer membership.PeerKey, a *membership.Admit) (frameSeq, error) {
	if a.Cert.Peer != newcomer {
		return nil, errors.New("the certificate is for another peer")
	}
	err := n.control(ctx, x, func(w *replica.Replica, clock crdt.HLC) error {
		if m, ok := w.People().Member(a.Member); ok && m.Standing == membership.In {
			if !slices.ContainsFunc(w.People().ByPeer(newcomer), func(d membership.Device) bool { return d.Member == a.Member && d.Dev == a.Cert.Dev }) {
				return errors.New("a member already, with another device")
			}
			return nil
		}
		if !stillLive(w.People(), a.Invite, n.now()) {
			return errUsedUp
		}
		if _, err := w.Propose(a, clock); err != nil {
			return err
		}
		return w.MintForNewcomer(clock)
	})
	if err != nil {
		return nil, err
	}
	crashpoint.At("admission written")
	return x.welcomePack(a.Cert.Dev)
}

// welcomePack is message 4: the log key, the control log, the epochs' keys, and
// where history is from joining the keys of what a newcomer needs to see.
func (x *runner) welcomePack(dev crdt.Device) (frameSeq, error) {
	var boxes []protocol.Lockbox
	var ops []crdt.Op
	var pack []protocol.PackedKey
	var digest crdt.ID
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := x.ask(ctx, job{do: func(w *replica.Replica, now time.Time) error {
		var err error
		if boxes, err = w.ForDevice(dev); err != nil {
			return err
		}
		if pack, err = w.PackFor(dev, now, x.node.cfg.Zone); err != nil {
			return err
		}
		ops, err = w.ControlLog()
		digest = w.Frontier().Digest
		return err
	}})
	if err != nil {
		return nil, err
	}
	if len(boxes) == 0 {
		return nil, errors.New("no key may be handed to the newcomer")
	}
	return func(yield func(protocol.Frame, error) bool) {
		if !yield(&protocol.Keys{Boxes: boxes[:1]}, nil) {
			return
		}
		for part := range chunks(ops) {
			if !yield(protocol.PackByID(part, func(*crdt.Op) bool { return true }), nil) {
				return
			}
		}
		for rest := range slices.Chunk(boxes[1:], maxWanted) {
			if !yield(&protocol.Keys{Boxes: rest}, nil) {
				return
			}
		}
		for part := range slices.Chunk(pack, protocol.MaxPack) {
			if !yield(&protocol.Pack{Keys: part}, nil) {
				return
			}
		}
		yield(&protocol.Edge{Digest: digest, Sent: uint64(len(ops))}, nil)
	}, nil
}

// Bounds of the control log a newcomer reads, in ops and in bytes.
const (
	maxControlLog   = 100_000
	maxControlBytes = 128 << 20
)

// enter reads message 4 and, if the log it holds leads from the circle's genesis
// to the door's own certificate and to this home's admission, makes the circle
// this home's. Otherwise it keeps nothing.
func (n *Node) enter(ctx context.Context, j Joining, id crdt.ID, head []byte, door membership.PeerKey, frames frameSeq) error {
	h, err := readWelcome(id, frames)
	if err != nil {
		return err
	}
	keys := CircleKeys{Identity: j.Identity, Name: j.Name}
	v, err := n.checkHanded(id, &keys, head, door, h)
	if err != nil {
		return err
	}
	if m, ok := v.Member(keys.Member()); !ok || m.Standing != membership.In {
		return errNotLetIn
	}
	if err := n.noteNameless(id, j.Name); err != nil {
		return err
	}
	if _, ok := n.cfg.Keys.Circle(id); !ok {
		if err := n.cfg.Keys.SetCircle(id, keys); err != nil {
			return fmt.Errorf("keep the circle's keys: %w", err)
		}
	}
	crashpoint.At("let in, keys kept")
	x, err := n.add(id)
	if err != nil {
		return err
	}
	if err := x.takeControl(ctx, h.ops); err != nil {
		return err
	}
	crashpoint.At("let in, control log kept")
	if x.snap.Load().Standing != membership.In {
		return errors.New("the door has not heard yet that this home had left: it knocks again")
	}
	if err := x.comeBack(ctx, j.Name); err != nil {
		return err
	}
	if err := x.takeKeys(ctx, h.boxes); err != nil {
		n.log.Debug("some keys handed over did not open", "err", err)
	}
	if err := x.takePack(ctx, h.pack); err != nil {
		return err
	}
	crashpoint.At("let in, pack kept")
	if err := n.setJoinings(func(all []Joining) []Joining {
		return slices.DeleteFunc(all, func(o Joining) bool { return o.ID == j.ID })
	}); err != nil {
		return err
	}
	crashpoint.At("let in")
	n.moves.send(Move{Circle: id, People: true, Epoch: true, Knocking: true})
	n.revisions.send(Revision{Circle: id, N: x.snap.Load().Revision})
	return nil
}

// errNotLetIn is what a control log is refused with by which this home would not
// be in the circle.
var errNotLetIn = errors.New("the control log handed over does not let this home in")

// checkHanded holds what a door handed over against the code that led there: it
// must be that circle's log, know the control op that the code pins, hold from its
// first op to its last, and have the door itself among the devices of members
// (SPEC.md §6.3). It sets the log key in keys, and keeps nothing.
func (n *Node) checkHanded(id crdt.ID, keys *CircleKeys, head []byte, door membership.PeerKey, h handed) (*membership.View, error) {
	if len(h.ops) == 0 || h.ops[0].ID != id || !hasHead(h.ops, head) {
		return nil, errors.New("the control log handed over is not this circle's, or is old")
	}
	var err error
	if keys.LogKey, err = n.openLogKey(keys, id, h.boxes, h.ops); err != nil {
		return nil, err
	}
	v, err := n.tryControl(id, *keys, h.ops)
	if err != nil {
		return nil, err
	}
	if replica.Departed(v, door) {
		return nil, errors.New("whoever handed the control log over is no member by it")
	}
	return v, nil
}

// tryControl reads a control log on a copy that nothing is kept of, and says who
// belongs by it: it must hold from its first op to its last.
func (n *Node) tryControl(id crdt.ID, keys CircleKeys, ops []crdt.Op) (*membership.View, error) {
	if len(ops) == 0 || ops[0].ID != id {
		return nil, errors.New("the control log handed over is not this circle's")
	}
	store, err := storage.NewMem().Circle(id)
	if err != nil {
		return nil, err
	}
	ring := &ring{circle: id}
	if err := ring.load(keys); err != nil {
		return nil, err
	}
	r, err := replica.Open(replica.Config{Circle: id, Member: keys.Member(), Dev: keys.Device(), LogKey: keys.LogKey.EpochID(),
		Keys: ring, Store: reader{store}, Rand: n.cfg.Rand})
	if err != nil {
		return nil, err
	}
	w := r.Begin()
	if err := w.TakeControl(ops); err != nil {
		return nil, err
	}
	return w.People(), nil
}

// takeControl keeps a control log that was handed over and checked, safe from a power
// cut: without it a home that is in knows neither whom to meet nor a door to knock at.
func (x *runner) takeControl(ctx context.Context, ops []crdt.Op) error {
	for part := range chunks(ops) {
		size := 0
		for i := range part {
			size += part[i].Size()
		}
		err := x.ask(ctx, job{ops: len(part), bytes: size, do: func(w *replica.Replica, _ time.Time) error { return w.TakeControl(part) }})
		if err != nil {
			return err
		}
	}
	return x.node.cfg.Store.Sync()
}

// comeBack readies a circle that this home had left, or was asked to leave, for
// another time: the goodbye of then is forgotten, and the name is said again.
func (x *runner) comeBack(ctx context.Context, name string) error {
	if _, told, err := x.store.Get(rowGoodbye); err != nil || !told {
		return err
	}
	if err := x.ring.update(func(c *CircleKeys) { c.Name = name }); err != nil {
		return err
	}
	return x.ask(ctx, job{do: func(w *replica.Replica, _ time.Time) error {
		w.KeepGoodbye(rowGoodbye, nil)
		return nil
	}})
}

// readWelcome reads what a door hands over, in bounds: KEYS, OPS and PACK in any
// order, to EDGE.
func readWelcome(id crdt.ID, frames frameSeq) (handed, error) {
	var h handed
	size := 0
	for f, err := range frames {
		if err != nil {
			return handed{}, err
		}
		switch f := f.(type) {
		case *protocol.Keys:
			h.boxes = append(h.boxes, f.Boxes...)
		case *protocol.Ops:
			more, err := protocol.UnpackByID(id, f)
			if err != nil {
				return handed{}, err
			}
			for i := range more {
				size += more[i].Size()
			}
			h.ops = append(h.ops, more...)
		case *protocol.Pack:
			if len(h.pack)+len(f.Keys) <= replica.MaxPacked {
				h.pack = append(h.pack, f.Keys...)
			}
		case *protocol.Edge:
			return h, nil
		default:
			return handed{}, fmt.Errorf("frame %d while joining", f.Number())
		}
		if len(h.ops) > maxControlLog || len(h.boxes) > maxControlLog || size > maxControlBytes {
			return handed{}, errors.New("more was handed over than a circle can hold")
		}
	}
	return handed{}, errors.New("the door closed before all was handed over")
}

// openLogKey finds the log key among the lockboxes: it is the one that opens
// genesis.
func (n *Node) openLogKey(keys *CircleKeys, id crdt.ID, boxes []protocol.Lockbox, ops []crdt.Op) (protocol.Secret, error) {
	want, err := protocol.BodyEpoch(ops[0].Body)
	if err != nil {
		return protocol.Secret{}, err
	}
	for _, b := range keys.Boxes {
		box, err := protocol.ParseBoxKey(b.Key)
		if err != nil {
			return protocol.Secret{}, err
		}
		for _, lb := range boxes {
			if lb.Epoch != want {
				continue
			}
			if s, err := protocol.OpenLockbox(box, id, keys.Device(), lb); err == nil && s.EpochID() == want {
				return s, nil
			}
		}
	}
	return protocol.Secret{}, errors.New("the circle's log key was not handed over")
}

// LetIn begins to let a newcomer in whose code was scanned face to face. It
// returns a name for it; the network dials until the newcomer is in.
func (n *Node) LetIn(id crdt.ID, code *protocol.FaceCode) (string, error) {
	x, err := n.runner(id)
	if err != nil {
		return "", unknownCircle(id)
	}
	s := x.snap.Load()
	if s.Standing != membership.In {
		return "", problem(replica.ErrReadOnly)
	}
	if s.DeviceOut {
		return "", problem(replica.ErrDeviceOut)
	}
	if !s.People.HasVoice(s.Me) {
		return "", noVoice("typed.let_in")
	}
	if code.Peer == n.peerKey() {
		return "", circle.Refuse(circle.Usage, "no.own_code")
	}
	name := hex.EncodeToString(code.Inception[:8])
	e := n.entrance
	e.mu.Lock()
	defer e.mu.Unlock()
	e.prune(n.now())
	if !slices.ContainsFunc(e.visits, func(v visit) bool { return v.id == name && !v.over }) {
		e.visits = append(e.visits, visit{id: name, circle: id, code: *code, since: n.now(), done: make(chan struct{})})
	}
	n.moves.send(Move{Circle: id, Knocking: true})
	return name, nil
}

// AwaitVisit waits until a newcomer is in, or ctx ends.
func (n *Node) AwaitVisit(ctx context.Context, name string) error {
	v, ok := n.entrance.visit(name)
	if !ok {
		return nil
	}
	select {
	case <-v.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *entrance) prune(now time.Time) {
	e.visits = slices.DeleteFunc(e.visits, func(v visit) bool { return now.Sub(v.since) > visitLive })
}

func (e *entrance) visit(name string) (visit, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, v := range e.visits {
		if v.id == name {
			return v, true
		}
	}
	return visit{}, false
}

// Visits lists the newcomers that are being let in face to face.
func (n *Node) Visits() []Visit {
	e := n.entrance
	e.mu.Lock()
	defer e.mu.Unlock()
	e.prune(n.now())
	var out []Visit
	for _, v := range e.visits {
		if !v.over {
			out = append(out, Visit{ID: v.id, Peer: v.code.Peer, Addrs: v.code.Addrs})
		}
	}
	return append(out, n.links.visits()...)
}

// Visit is the message with which a visit begins.
func (n *Node) Visit(name string) (protocol.FaceHello, error) {
	v, ok := n.entrance.visit(name)
	if !ok {
		return protocol.FaceHello{}, errors.New("no such visit")
	}
	x, err := n.runner(v.circle)
	if err != nil {
		return protocol.FaceHello{}, err
	}
	s := x.snap.Load()
	d, ok := s.People.Device(s.Dev)
	if !ok {
		return protocol.FaceHello{}, errors.New("this device is not in the circle")
	}
	h := protocol.FaceHello{Circle: v.circle, Cert: d.Cert}
	if _, err := io.ReadFull(n.cfg.Rand, h.NonceD[:]); err != nil {
		return protocol.FaceHello{}, err
	}
	h.MAC = protocol.FaceMAC(v.code.Secret, h.Circle, v.code.Peer, n.peerKey(), h.NonceD)
	return h, nil
}

// VisitProved is Proved for a visit. The newcomer must be the code's.
func (n *Node) VisitProved(ctx context.Context, name string, h protocol.FaceHello, p protocol.FaceProve) (frameSeq, error) {
	v, ok := n.entrance.visit(name)
	if !ok {
		return nil, errors.New("no such visit")
	}
	if p.Inception.ID() != v.code.Inception {
		return nil, errors.New("somebody else than the one scanned")
	}
	x, err := n.runner(v.circle)
	if err != nil {
		return nil, err
	}
	return n.admit(ctx, x, v.code.Peer, &membership.Admit{Member: p.Inception.ID(), Inception: p.Inception, Cert: p.Cert,
		Proofs: membership.Proofs{NonceJ: p.NonceJ, NonceD: h.NonceD, SigRoot: p.SigRoot, SigPeer: p.SigPeer}})
}

// VisitOver notes how a visit went.
func (n *Node) VisitOver(name string, err error) {
	e := n.entrance
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.visits {
		if v := &e.visits[i]; v.id == name && !v.over {
			v.err = err
			if err == nil {
				v.over = true
				close(v.done)
			}
		}
	}
}
