package node

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/protocol"
	"tend/storage"
	"tend/storage/crashpoint"
)

// BeginOptions say what circle to begin.
type BeginOptions struct {
	Charter membership.Charter // Name is the circle's; see [membership.DefaultCharter]
	// OutsideHelp are texts of help from outside the circle. Each becomes a decision of
	// its own, adopted at once, since the founder is all there is to hear.
	OutsideHelp []string
	As          string // what the others will call this member
}

// Begin makes a new circle with this member as its founder and only member, its
// first epoch, and the member's name. It returns the circle's id once the circle
// is durable; a name that could not be written yet is tried again, as a newcomer's
// is.
func (n *Node) Begin(ctx context.Context, o BeginOptions) (crdt.ID, error) {
	if err := checkName(o.As); err != nil {
		return crdt.ID{}, err
	}
	if err := o.Charter.Check(); err != nil {
		return crdt.ID{}, circle.Refuse(circle.Usage, "no.charter", err.Error())
	}
	for _, text := range o.OutsideHelp {
		if err := checkHelp(text); err != nil {
			return crdt.ID{}, err
		}
	}
	me, err := n.newIdentity()
	if err != nil {
		return crdt.ID{}, err
	}
	logKey, err := protocol.NewSecret(n.cfg.Rand)
	if err != nil {
		return crdt.ID{}, err
	}
	genesis, err := n.genesis(&me, o.Charter, logKey)
	if err != nil {
		return crdt.ID{}, err
	}
	id := genesis.ID
	// The store before the keys: without them nobody sees the circle, so a crash
	// between the two leaves nothing that is half begun.
	if err := n.putGenesis(&genesis); err != nil {
		return crdt.ID{}, err
	}
	crashpoint.At("genesis written")
	if err := n.cfg.Keys.SetCircle(id, CircleKeys{Identity: me, LogKey: logKey, Name: o.As}); err != nil {
		return crdt.ID{}, fmt.Errorf("keep the new circle's keys: %w", err)
	}
	crashpoint.At("circle's keys kept")
	x, err := n.add(id)
	if err != nil {
		return crdt.ID{}, err
	}
	if err := x.said(ctx); err != nil {
		return crdt.ID{}, err
	}
	n.moves.send(Move{Circle: id, People: true, Epoch: true, Frontier: true})
	for _, text := range slices.Backward(o.OutsideHelp) { // the newest is shown first
		if _, err := n.Do(ctx, id, circle.Propose{Text: text, Tag: circle.TagOutsideHelp}); err != nil {
			return id, fmt.Errorf("write down the help from outside: %w", err)
		}
	}
	return id, nil
}

// checkHelp says what is wrong with a text of help from outside, before anything is made.
func checkHelp(text string) error {
	err := circle.Check(circle.DecisionOpened{Text: text, Closes: 1, Tag: circle.TagOutsideHelp})
	if err == nil {
		return nil
	}
	return circle.Refuse(circle.Usage, "no.charter.outside_help", err.Error())
}

// checkName says what is wrong with a name, before anything is made.
func checkName(name string) error {
	if circle.Check(circle.MemberSectionSet{Member: crdt.ID{1}, Section: circle.SectionName, Values: []string{name}}) == nil {
		return nil
	}
	return circle.Refuse(circle.Usage, "no.name_long", circle.MaxName)
}

// genesis makes the op a circle begins with. Every place of the circle's id in it
// is 32 zero bytes.
func (n *Node) genesis(me *Identity, charter membership.Charter, logKey protocol.Secret) (crdt.Op, error) {
	g := &membership.Genesis{Charter: charter, Inception: me.Inception, Cert: n.certify(me, crdt.ID{})}
	if _, err := io.ReadFull(n.cfg.Rand, g.Nonce[:]); err != nil {
		return crdt.Op{}, err
	}
	kind, payload := membership.Encode(g)
	dev := me.Device()
	body, err := protocol.SealBody(n.cfg.Rand, logKey, crdt.ID{}, dev, 1, kind, payload)
	if err != nil {
		return crdt.Op{}, err
	}
	return crdt.Sign(crdt.ID{}, crdt.Header{Dev: dev, Seq: 1, Class: crdt.Control, HLC: n.clock()}, body, signer(me.DevSeed))
}

// putGenesis makes the circle's place in the store and writes its first op.
func (n *Node) putGenesis(op *crdt.Op) error {
	store, err := n.cfg.Store.Circle(op.ID)
	if err != nil {
		return err
	}
	log, err := crdt.NewLog(op.ID, store, crdt.NewPasts(), crdt.State{})
	if err != nil {
		return err
	}
	fact, err := log.Check(op)
	if err != nil {
		return err
	}
	added, err := log.Add(op, fact, false)
	if err != nil {
		return err
	}
	state := log.State()
	return store.Append(storage.Batch{Ops: []storage.Entry{{Op: *op, Fact: added.Fact}}, State: &state, Sync: true})
}

type freshBox struct {
	kept   Box
	public []byte
}

func newBox(rand io.Reader, now time.Time) (freshBox, error) {
	key, err := protocol.NewBoxKey(rand)
	if err != nil {
		return freshBox{}, fmt.Errorf("make a prekey: %w", err)
	}
	return freshBox{kept: Box{Key: key.Bytes(), Made: now.UnixMilli()}, public: key.Public()}, nil
}

// certify makes the certificate of this device: signed by the member's root, and
// by the device's and the transport key, so that nobody can claim another's.
func (n *Node) certify(me *Identity, id crdt.ID) membership.DeviceCert {
	box, err := protocol.ParseBoxKey(me.Boxes[0].Key)
	if err != nil {
		panic(fmt.Sprintf("a prekey of our own does not parse: %v", err))
	}
	c := membership.DeviceCert{V: 1, Circle: id, Member: me.Member(), Dev: me.Device(), Box: box.Public(),
		Peer: n.peerKey(), NotBefore: n.clock()}
	msg := c.Signed()
	c.SigRoot = sign(me.RootSeed, msg)
	c.SigDev = sign(me.DevSeed, msg)
	c.SigPeer = sign(n.cfg.Keys.TransportSeed(), msg)
	return c
}

func sign(seed [32]byte, msg []byte) []byte {
	return ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), msg)
}

func signer(seed [32]byte) crdt.Signer {
	key := ed25519.NewKeyFromSeed(seed[:])
	return func(msg []byte) ([]byte, error) { return ed25519.Sign(key, msg), nil }
}
