package p2p_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node/p2p"
	"tend/protocol"
	"tend/protocol/frontier"
	"tend/storage"
)

// village is a circle whose membership is a list the test keeps, so that the
// network is tested without the rules of joining; its logs are real.
type village struct {
	t       testing.TB
	genesis crdt.Op
	topic   string

	mu      sync.Mutex
	members map[p2p.PeerKey]*house
}

// house is a behaving p2p.Home over a log in memory.
type house struct {
	v    *village
	name string
	key  ed25519.PrivateKey
	peer p2p.PeerKey
	dev  crdt.Device

	ops    sync.Mutex // held while the log changes
	log    *crdt.Log
	parked map[crdt.ID]crdt.Op
	gaps   atomic.Pointer[[]p2p.Gap]
	cir    storage.Circle
	now    atomic.Pointer[frontier.Snapshot]

	mu       sync.Mutex
	listener map[chan struct{}]*[]p2p.Move
	rows     map[p2p.PeerKey][]byte
	door     bool
	owed     map[p2p.PeerKey]bool
	removed  bool
	kin      *house               // met in another circle
	byes     int                  // GOODBYEs heard
	lacks    []membership.EpochID // of somebody who left
	asked    []membership.EpochID // for keys
	handed   []membership.EpochID // of keys that came
	gossiped int
	sessions int // batches committed
	taken    int // ops in them
	knocks   []p2p.Knocking
	visits   []p2p.Visit
	told     []string // what doors said
	entered  int
	letIn    []p2p.PeerKey
	hold     chan struct{} // a commit waits for it
}

func newVillage(t testing.TB) *village {
	t.Helper()
	v := &village{t: t, members: map[p2p.PeerKey]*house{}}
	seed := sha256.Sum256([]byte("founder"))
	key := ed25519.NewKeyFromSeed(seed[:])
	op, err := crdt.Sign(crdt.ID{}, crdt.Header{Dev: crdt.Device(key.Public().(ed25519.PublicKey)), Seq: 1, Class: crdt.Control,
		HLC: crdt.At(1)}, []byte("genesis"), signer(key))
	if err != nil {
		t.Fatal(err)
	}
	v.genesis = op
	sum := sha256.Sum256(op.ID[:])
	v.topic = hex.EncodeToString(sum[:16])
	return v
}

func signer(key ed25519.PrivateKey) crdt.Signer {
	return func(msg []byte) ([]byte, error) { return ed25519.Sign(key, msg), nil }
}

// house makes a home outside the circle; join puts it in.
func (v *village) house(name string) *house {
	v.t.Helper()
	seed := sha256.Sum256([]byte("house " + name))
	key := ed25519.NewKeyFromSeed(seed[:])
	pub := key.Public().(ed25519.PublicKey)
	h := &house{v: v, name: name, key: key, peer: p2p.PeerKey(pub), dev: crdt.Device(pub),
		listener: map[chan struct{}]*[]p2p.Move{}, rows: map[p2p.PeerKey][]byte{}, owed: map[p2p.PeerKey]bool{}, parked: map[crdt.ID]crdt.Op{}}
	cir, err := storage.NewMem().Circle(v.genesis.ID)
	if err != nil {
		v.t.Fatal(err)
	}
	h.cir = cir
	if h.log, err = crdt.NewLog(v.genesis.ID, cir, crdt.NewPasts(), crdt.State{}); err != nil {
		v.t.Fatal(err)
	}
	if _, err := h.add([]crdt.Op{v.genesis}, p2p.PeerKey{}); err != nil {
		v.t.Fatal(err)
	}
	return h
}

func (v *village) join(houses ...*house) {
	v.mu.Lock()
	for _, h := range houses {
		v.members[h.peer] = h
	}
	v.mu.Unlock()
	v.stir()
}

// part takes a home out. What the others owe it stands before it is out, for to a home
// it is a member until it is one who parted, and never a stranger in between.
func (v *village) part(h *house) {
	v.mu.Lock()
	all := maps.Clone(v.members)
	v.mu.Unlock()
	delete(all, h.peer)
	h.mu.Lock()
	h.removed = true
	h.mu.Unlock()
	for _, other := range all {
		other.mu.Lock()
		other.owed[h.peer] = true
		other.mu.Unlock()
	}
	v.mu.Lock()
	delete(v.members, h.peer)
	v.mu.Unlock()
	v.stir()
}

func (v *village) stir() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, h := range v.members {
		h.tell(p2p.Move{Circle: v.genesis.ID, People: true, Epoch: true})
	}
}

func (v *village) in(peer p2p.PeerKey) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.members[peer] != nil
}

// start puts a home on loopback.
func (h *house) start(change func(*p2p.Config)) *p2p.Net {
	h.v.t.Helper()
	c := p2p.Config{Home: h, Listen: []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}, NoMDNS: true, NoPortMap: true,
		Log: h.logs(h.v.t)}
	if change != nil {
		change(&c)
	}
	n, err := p2p.Start(context.Background(), c)
	if err != nil {
		h.v.t.Fatalf("Start: %v", err)
	}
	h.v.t.Cleanup(func() { n.Close() })
	return n
}

// logs is where a home says what it does, for whoever watches the tests.
func (h *house) logs(t testing.TB) *slog.Logger {
	if !testing.Verbose() {
		return slog.New(slog.DiscardHandler)
	}
	w := &untilOver{to: t.Output()}
	t.Cleanup(w.over)
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})).With("home", h.name)
}

// untilOver writes until its test is over: what ends with a connection may say so later.
type untilOver struct {
	mu sync.Mutex
	to io.Writer // nil: it is over
}

func (w *untilOver) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.to == nil {
		return len(p), nil
	}
	return w.to.Write(p)
}

func (w *untilOver) over() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = nil
}

// meet gives h another home's address, as a record would.
func (h *house) meet(from *p2p.Net, of *house) {
	row, err := p2p.RowFor(from)
	if err != nil {
		h.v.t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rows[of.peer] = row
}

func (h *house) tell(m p2p.Move) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c, queue := range h.listener {
		*queue = append(*queue, m)
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// write adds one own op and announces it.
func (h *house) write(text string) crdt.ID {
	h.v.t.Helper()
	h.ops.Lock()
	header, ok := h.log.Draft(h.dev, crdt.Content, crdt.At(time.Now().UnixMilli()))
	h.ops.Unlock()
	if !ok {
		h.v.t.Fatal("Draft: the device forked")
	}
	op, err := crdt.Sign(h.v.genesis.ID, header, []byte(text), signer(h.key))
	if err != nil {
		h.v.t.Fatal(err)
	}
	if r, err := h.add([]crdt.Op{op}, p2p.PeerKey{}); err != nil || r.Applied != 1 {
		h.v.t.Fatalf("add own op = %+v, %v", r, err)
	}
	data, err := protocol.EncodeFrame(protocol.PackByID([]crdt.Op{op}, func(*crdt.Op) bool { return true }))
	if err != nil {
		h.v.t.Fatal(err)
	}
	h.tell(p2p.Move{Circle: h.v.genesis.ID, Announce: [][]byte{data}})
	return op.ID
}

// bulk adds many own ops at once without announcing them.
func (h *house) bulk(n int) {
	for i := range n {
		h.bulkOne(crdt.At(time.Now().UnixMilli()), i)
	}
}

func (h *house) bulkOne(at crdt.HLC, i int) {
	h.ops.Lock()
	header, _ := h.log.Draft(h.dev, crdt.Content, at)
	h.ops.Unlock()
	op, err := crdt.Sign(h.v.genesis.ID, header, fmt.Appendf(nil, "%s %d", h.name, i), signer(h.key))
	if err != nil {
		h.v.t.Fatal(err)
	}
	if _, err := h.add([]crdt.Op{op}, p2p.PeerKey{}); err != nil {
		h.v.t.Fatal(err)
	}
}

// add puts ops into the log, parks those whose parents are missing, and tries the
// parked ones again.
func (h *house) add(ops []crdt.Op, from p2p.PeerKey) (frontier.Result, error) {
	h.ops.Lock()
	defer h.ops.Unlock()
	r, err := h.append(ops)
	for again := r.Applied > 0; again && err == nil; {
		var more frontier.Result
		waiting := slices.Collect(maps.Values(h.parked))
		clear(h.parked)
		more, err = h.append(waiting)
		again = more.Applied > 0
	}
	var gaps []p2p.Gap
	for _, op := range h.parked {
		for id := range op.Parents {
			if _, ok, _ := h.log.Fact(id); !ok {
				gaps = append(gaps, p2p.Gap{Want: id, Author: op.Dev, From: from, Writer: p2p.PeerKey(op.Dev)})
			}
		}
	}
	h.gaps.Store(&gaps)
	if len(gaps) > 0 {
		h.tell(p2p.Move{Circle: h.v.genesis.ID, Gap: true})
	}
	return r, err
}

func (h *house) append(ops []crdt.Op) (frontier.Result, error) {
	var r frontier.Result
	b := storage.Batch{FirstSet: uint32(h.log.Pasts().KnownLen())}
	for i := range ops {
		if _, ok, err := h.log.Fact(ops[i].ID); err != nil || ok {
			r.Known++
			continue
		}
		fact, err := h.log.Check(&ops[i])
		var missing *crdt.MissingError
		switch {
		case errors.As(err, &missing):
			r.Waiting = append(r.Waiting, missing.IDs...)
			h.parked[ops[i].ID] = ops[i]
			continue
		case err != nil:
			r.Refused = append(r.Refused, ops[i].ID)
			continue
		}
		added, err := h.log.Add(&ops[i], fact, false)
		if err != nil {
			return r, err
		}
		b.Ops = append(b.Ops, storage.Entry{Op: ops[i], Fact: added.Fact})
		r.Applied++
	}
	for i := int(b.FirstSet); i < h.log.Pasts().KnownLen(); i++ {
		b.Sets = append(b.Sets, h.log.Pasts().KnownIDs(uint32(i)))
	}
	state := h.log.State()
	b.State = &state
	if err := h.cir.Append(b); err != nil {
		return r, err
	}
	h.log.Settled()
	s := &frontier.Snapshot{Circle: h.v.genesis.ID, Tips: map[crdt.Device][]crdt.Tip{}, Digest: h.log.Digest(), Last: h.log.Last(), Ops: h.log.Last()}
	for _, d := range h.log.Devices() {
		s.Tips[d] = h.log.Qualifying(d)
		s.Roster = append(s.Roster, d)
	}
	h.now.Store(s)
	return r, nil
}

func (h *house) digest() crdt.ID { return h.now.Load().Digest }

func (h *house) count() uint64 { return h.now.Load().Ops }

// Gate

func (h *house) TransportKey() ed25519.PrivateKey { return h.key }

func (h *house) Standing(peer p2p.PeerKey) p2p.Standing {
	if h.shares(peer) {
		return p2p.Fellow
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.kin != nil && h.kin.peer == peer {
		return p2p.Fellow
	}
	if h.owed[peer] {
		return p2p.Parted
	}
	if slices.ContainsFunc(h.visits, func(v p2p.Visit) bool { return v.Peer == peer }) {
		return p2p.Host
	}
	for _, k := range h.knocks {
		if slices.ContainsFunc(k.Contacts, func(c protocol.Contact) bool { return c.Peer == peer }) {
			return p2p.Host
		}
	}
	return p2p.Stranger
}

// shares reports whether this home takes the peer for one in the circle with it.
func (h *house) shares(peer p2p.PeerKey) bool {
	if h.v.in(h.peer) && h.v.in(peer) {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.removed && h.byes == 0 && h.v.in(peer) // nobody has told it
}

func (h *house) DoorOpen() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.door
}

func (h *house) Shared(peer p2p.PeerKey) []crdt.ID {
	if h.shares(peer) {
		return []crdt.ID{h.v.genesis.ID}
	}
	return nil
}

func (h *house) Goodbye(peer p2p.PeerKey) (crdt.ID, []protocol.Goodbye, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	table := protocol.PackByID([]crdt.Op{h.v.genesis}, func(*crdt.Op) bool { return true })
	return h.v.genesis.ID, []protocol.Goodbye{{Table: *table}, {Table: *table}}, h.owed[peer]
}

func (h *house) SaidGoodbye(peer p2p.PeerKey, _ crdt.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.owed, peer)
}

func (h *house) Holds(circle crdt.ID) bool { return circle == h.v.genesis.ID }

func (h *house) TakeGoodbye(_ context.Context, _ crdt.ID, _ p2p.PeerKey, frames []protocol.Goodbye) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(frames) != 2 {
		return fmt.Errorf("%d frames of a goodbye, want 2", len(frames))
	}
	h.byes++
	return nil
}

// Syncer

func (h *house) Open(circle crdt.ID, peer p2p.PeerKey) (frontier.Config, error) {
	if circle != h.v.genesis.ID || !h.shares(peer) {
		return frontier.Config{}, errors.New("not a circle of both")
	}
	c := frontier.Config{Snapshot: func() *frontier.Snapshot { return h.now.Load() }, Log: h.cir}
	c.Nonce = [16]byte(sha256.New().Sum(fmt.Appendf(nil, "%s %d padding", h.name, time.Now().UnixNano()))[:16])
	return c, nil
}

func (h *house) Commit(ctx context.Context, _ crdt.ID, from p2p.PeerKey, b frontier.Batch) (frontier.Result, error) {
	h.mu.Lock()
	h.sessions++
	h.taken += len(b.Ops)
	hold := h.hold
	h.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return frontier.Result{}, ctx.Err()
		}
	}
	return h.add(b.Ops, from)
}

func (h *house) Pulled(_ crdt.ID, _ p2p.PeerKey, f protocol.Pull) ([]protocol.Frame, error) {
	var out []protocol.Frame
	for _, w := range f.Wants {
		if op, _, ok, err := h.cir.Op(w.Want); err == nil && ok {
			out = append(out, protocol.PackByID([]crdt.Op{op}, func(*crdt.Op) bool { return true }))
		}
	}
	return out, nil
}

func (h *house) Gaps(crdt.ID) []p2p.Gap                      { return *h.gaps.Load() }
func (h *house) Heard(crdt.ID, p2p.PeerKey, frontier.Step)   {}
func (h *house) Circles() []crdt.ID                          { return []crdt.ID{h.v.genesis.ID} }
func (h *house) Topics(crdt.ID) (write string, all []string) { return h.v.topic, []string{h.v.topic} }

func (h *house) Gossiped(circle crdt.ID, from p2p.PeerKey, data []byte) p2p.Verdict {
	f, err := protocol.DecodeFrame(data)
	if err != nil {
		return p2p.Reject
	}
	packed, ok := f.(*protocol.Ops)
	if !ok {
		return p2p.Reject
	}
	ops, err := protocol.UnpackByID(circle, packed)
	if err != nil {
		return p2p.Reject
	}
	if _, err := h.add(ops, from); err != nil {
		return p2p.Ignore
	}
	h.mu.Lock()
	h.gossiped++
	h.mu.Unlock()
	return p2p.Accept
}

func (h *house) Moves(ctx context.Context) iter.Seq[p2p.Move] {
	return func(yield func(p2p.Move) bool) {
		c, queue := make(chan struct{}, 1), &[]p2p.Move{}
		h.mu.Lock()
		h.listener[c] = queue
		h.mu.Unlock()
		for {
			select {
			case <-ctx.Done():
				return
			case <-c:
			}
			h.mu.Lock()
			moves := *queue
			*queue = nil
			h.mu.Unlock()
			for _, m := range moves {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// Keys: bodies are in the clear here.

func (h *house) Wanted(crdt.ID) []membership.EpochID { return nil }
func (h *house) WantedOf(crdt.ID, p2p.PeerKey) []membership.EpochID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lacks
}
func (h *house) KeysFor(_ crdt.ID, _ p2p.PeerKey, ids []membership.EpochID) []protocol.Lockbox {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, ids...)
	var out []protocol.Lockbox
	for _, id := range ids {
		out = append(out, protocol.Lockbox{Epoch: id, Enc: make([]byte, protocol.EncSize), CT: make([]byte, protocol.BoxTextSize)})
	}
	return out
}
func (h *house) TakeKeys(_ context.Context, _ crdt.ID, _ p2p.PeerKey, boxes []protocol.Lockbox) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range boxes {
		h.handed = append(h.handed, b.Epoch)
	}
	return nil
}
func (h *house) PushKeys(crdt.ID, p2p.PeerKey) []protocol.Lockbox { return nil }

// Book

func (h *house) Contacts() []p2p.Contact {
	var out []p2p.Contact
	if h.kin != nil {
		out = append(out, p2p.Contact{Peer: h.kin.peer, Circles: []crdt.ID{h.v.genesis.ID}}) // the circle there is of which addresses are kept
	}
	if !h.v.in(h.peer) {
		return out
	}
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	for peer := range h.v.members {
		if peer != h.peer {
			out = append(out, p2p.Contact{Peer: peer, Circles: []crdt.ID{h.v.genesis.ID}})
		}
	}
	return out
}

func (h *house) Addresses(crdt.ID) iter.Seq2[p2p.PeerKey, []byte] {
	return func(yield func(p2p.PeerKey, []byte) bool) {
		h.mu.Lock()
		rows := make(map[p2p.PeerKey][]byte)
		for k, v := range h.rows {
			rows[k] = v
		}
		h.mu.Unlock()
		for k, v := range rows {
			if !yield(k, v) {
				return
			}
		}
	}
}

func (h *house) PutAddress(_ crdt.ID, peer p2p.PeerKey, row []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rows[peer] = row
	return nil
}

func (h *house) Clock(p2p.PeerKey, time.Duration) {}
func (h *house) Tags(time.Time) []string          { return []string{"_" + h.v.topic[:10] + "._udp"} }

// Doorkeeper: whoever knocks while the door is open is let in.

func (h *house) Knocked(_ context.Context, _ p2p.PeerKey, k protocol.Knock) (protocol.DoorAnswer, error) {
	if k.Invite == (membership.InviteID{}) {
		return protocol.DoorAnswer{Verdict: protocol.DoorNo}, nil
	}
	if k.Invite[0] == 'L' {
		return protocol.DoorAnswer{Verdict: protocol.DoorLater}, nil
	}
	return protocol.DoorAnswer{Verdict: protocol.DoorOpen, Cert: someCert(h), NonceD: [16]byte{1}, WallMS: 1}, nil
}

func (h *house) Proved(_ context.Context, peer p2p.PeerKey, _ protocol.Knock, _ protocol.DoorAnswer, _ protocol.Prove) (iter.Seq2[protocol.Frame, error], error) {
	h.mu.Lock()
	h.letIn = append(h.letIn, peer)
	h.mu.Unlock()
	return h.message4(), nil
}

func (h *house) message4() iter.Seq2[protocol.Frame, error] {
	return func(yield func(protocol.Frame, error) bool) {
		_ = yield(protocol.PackByID([]crdt.Op{h.v.genesis}, func(*crdt.Op) bool { return true }), nil) &&
			yield(&protocol.Edge{Digest: h.digest(), Sent: 1}, nil)
	}
}

func (h *house) Visits() []p2p.Visit {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.visits)
}

func (h *house) Visit(string) (protocol.FaceHello, error) {
	return protocol.FaceHello{Circle: h.v.genesis.ID, Cert: someCert(h)}, nil
}

func (h *house) VisitProved(_ context.Context, id string, _ protocol.FaceHello, _ protocol.FaceProve) (iter.Seq2[protocol.Frame, error], error) {
	h.mu.Lock()
	for _, v := range h.visits {
		h.letIn = append(h.letIn, v.Peer)
	}
	h.mu.Unlock()
	return h.message4(), nil
}

func (h *house) VisitOver(id string, err error) {
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.visits = nil
}

// Newcomer

func (h *house) Knocks() []p2p.Knocking {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.knocks)
}

func (h *house) Knock(id string) (protocol.Knock, error) {
	return protocol.Knock{Invite: membership.InviteID([]byte((id + "................")[:16])), NonceJ: [16]byte{2}}, nil
}

func (h *house) Prove(string, p2p.PeerKey, protocol.Knock, protocol.DoorAnswer) (protocol.Prove, error) {
	return protocol.Prove{Cert: someCert(h), SigInvite: make([]byte, 64), SigRoot: make([]byte, 64), SigPeer: make([]byte, 64)}, nil
}

func (h *house) Enter(_ context.Context, _ string, _ p2p.PeerKey, frames iter.Seq2[protocol.Frame, error]) error {
	return h.enter(frames)
}

func (h *house) enter(frames iter.Seq2[protocol.Frame, error]) error {
	count := 0
	for _, err := range frames {
		if err != nil {
			return err
		}
		count++
	}
	h.mu.Lock()
	h.entered, h.knocks = count, nil
	h.mu.Unlock()
	h.v.join(h)
	return nil
}

func (h *house) Turned(_ string, _ p2p.PeerKey, told string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if told == "" {
		told = err.Error()
	}
	h.told = append(h.told, told)
}

func (h *house) Faced(context.Context, p2p.PeerKey, protocol.FaceHello) (protocol.FaceProve, error) {
	return protocol.FaceProve{Cert: someCert(h), SigRoot: make([]byte, 64), SigPeer: make([]byte, 64)}, nil
}

func (h *house) FaceEnter(_ context.Context, _ p2p.PeerKey, _ protocol.FaceHello, frames iter.Seq2[protocol.Frame, error]) error {
	return h.enter(frames)
}

// someCert is a certificate of the right form.
func someCert(h *house) membership.DeviceCert {
	return membership.DeviceCert{V: 1, Circle: h.v.genesis.ID, Dev: h.dev, Peer: h.peer, Box: make([]byte, 1216),
		SigRoot: make([]byte, 64), SigDev: make([]byte, 64), SigPeer: make([]byte, 64)}
}

// soon is how long these tests wait for what is done at once: longer than a busy machine
// needs, and shorter than the half minute after which a tick would have done it too.
const soon = 25 * time.Second

// eventually waits until ok holds.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}
