package node_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/protocol"
	"tend/protocol/frontier"
	"tend/storage"
)

// home is a node with its store and keys, without a network: tests carry what
// would travel.
type home struct {
	t     testing.TB
	name  string
	store storage.Store
	keys  *node.MemKeys
	// keyring is used in place of keys, if it is not nil.
	keyring node.Keyring
	now     func() time.Time
	rand    io.Reader
	log     *slog.Logger // nil: nobody reads it

	tapped bool   // keep all frames that come
	wire   []byte // as they were before transport encryption

	*node.Node
	stop func()
}

// newHome makes a home whose chance is a function of its name.
func newHome(t testing.TB, name string) *home {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	h := &home{t: t, name: name, store: storage.NewMem(), keys: node.NewMemKeys(seed), now: time.Now,
		rand: rand.NewChaCha8(seed)}
	h.start()
	t.Cleanup(func() { h.shut() })
	return h
}

// unhurried runs a test in a time that passes only while the test waits. What homes do by
// themselves, a second after a start or within some after a meeting, they do then, and
// not wherever a busy machine happens to be with the test.
func unhurried(t *testing.T, test func(*testing.T)) {
	t.Helper()
	warm(t)
	synctest.Test(t, test)
}

// warm uses the compressor of frames: it keeps channels, which would belong to the test
// in whose time it was used first.
func warm(t *testing.T) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	header := crdt.Header{Dev: crdt.Device(key.Public().(ed25519.PublicKey)), Seq: 1, Class: crdt.Control, HLC: crdt.At(1)}
	op, err := crdt.Sign(crdt.ID{}, header, []byte("genesis"), func(msg []byte) ([]byte, error) { return ed25519.Sign(key, msg), nil })
	if err != nil {
		t.Fatal(err)
	}
	data, err := protocol.EncodeFrame(protocol.PackByID([]crdt.Op{op}, func(*crdt.Op) bool { return true }))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := protocol.DecodeFrame(data); err != nil {
		t.Fatal(err)
	}
}

// runUnhurried is t.Run of a test in such a time.
func runUnhurried(t *testing.T, name string, test func(*testing.T)) bool {
	t.Helper()
	return t.Run(name, func(t *testing.T) { unhurried(t, test) })
}

// open opens the node over what the home keeps.
func (h *home) open() {
	h.t.Helper()
	log := h.log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	keyring := h.keyring
	if keyring == nil {
		keyring = h.keys
	}
	n, err := node.New(node.Config{Store: h.store, Keys: keyring, Rand: h.rand, Now: h.now, Zone: "Europe/Berlin", Log: log})
	if err != nil {
		h.t.Fatalf("open %s's home: %v", h.name, err)
	}
	h.Node = n
}

// start opens the node and runs it.
func (h *home) start() {
	h.t.Helper()
	h.open()
	n := h.Node
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = n.Run(ctx) }()
	h.stop = func() { cancel(); <-done }
}

// shut stops the node, if it runs.
func (h *home) shut() {
	if h.stop != nil {
		h.stop()
		h.stop = nil
	}
}

// peer is the home's transport key.
func (h *home) peer() membership.PeerKey {
	return membership.PeerKey(h.TransportKey().Public().(ed25519.PublicKey))
}

// begin makes a circle.
func (h *home) begin(name string) crdt.ID {
	h.t.Helper()
	id, err := h.Begin(h.t.Context(), node.BeginOptions{Charter: membership.DefaultCharter(name), As: h.name})
	if err != nil {
		h.t.Fatalf("%s begins %q: %v", h.name, name, err)
	}
	return id
}

// do carries out a wish.
func (h *home) do(id crdt.ID, cmd circle.Command) circle.Result {
	h.t.Helper()
	res, err := h.Do(h.t.Context(), id, cmd)
	if err != nil {
		h.t.Fatalf("%s: %T: %v", h.name, cmd, err)
	}
	return res
}

// view is a circle as the home sees it.
func (h *home) view(id crdt.ID) *node.Snapshot {
	h.t.Helper()
	s, err := h.View(id)
	if err != nil {
		h.t.Fatalf("%s: view %s: %v", h.name, id.Short(), err)
	}
	return s
}

// env is what the home reads wishes with.
func (h *home) env(id crdt.ID) circle.Env {
	h.t.Helper()
	env, err := h.Env(id)
	if err != nil {
		h.t.Fatal(err)
	}
	return env
}

// invites makes an invite and reads it back from its text.
func (h *home) invites(id crdt.ID, o node.InviteOptions) *protocol.Invite {
	h.t.Helper()
	o.Contacts = append(o.Contacts, protocol.Contact{Peer: h.peer(), Addrs: [][]byte{{4, 127, 0, 0, 1, 6, 0, 1}}})
	made, err := h.Invite(h.t.Context(), id, o)
	if err != nil {
		h.t.Fatalf("%s invites: %v", h.name, err)
	}
	code, err := protocol.ParseCode(made.Text)
	if err != nil {
		h.t.Fatalf("%s's invite %q does not parse: %v", h.name, made.Text, err)
	}
	return code.(*protocol.Invite)
}

// knock lets j knock at d with an invite, through all four messages.
func knock(j, d *home, code *protocol.Invite) error {
	state, err := j.Join(code, j.name)
	if err != nil {
		return err
	}
	return knockAs(j, d, state)
}

// knockAs knocks at d's door with a code that was read.
func knockAs(j, d *home, state node.JoinState) error {
	k, err := j.Knock(state.ID)
	if err != nil {
		return err
	}
	ctx := j.t.Context()
	a, err := d.Knocked(ctx, j.peer(), k)
	if err != nil {
		return err
	}
	if a.Verdict != protocol.DoorOpen {
		told := a.Verdict.String()
		j.Turned(state.ID, d.peer(), told, nil)
		return fmt.Errorf("the door said %s", told)
	}
	p, err := j.Prove(state.ID, d.peer(), k, a)
	if err != nil {
		return err
	}
	frames, err := d.Proved(ctx, j.peer(), k, a, p)
	if err != nil {
		return err
	}
	return j.Enter(ctx, state.ID, d.peer(), frames)
}

// join invites j by d, lets them in, and syncs the two.
func join(j, d *home, id crdt.ID) {
	j.t.Helper()
	if err := knock(j, d, d.invites(id, node.InviteOptions{})); err != nil {
		j.t.Fatalf("%s joins at %s's door: %v", j.name, d.name, err)
	}
	meet(j, d, id) // their own admission arrives, and they say their name
	j.do(id, circle.SetSection{Section: circle.SectionName, Values: []string{j.name}})
	meet(j, d, id)
}

// awaitVoices lets homes of one circle begin anew, as what is due is done soon after a
// start, and meet the first until all of them have voice.
func awaitVoices(id crdt.ID, first *home, others ...*home) {
	first.t.Helper()
	for _, h := range append([]*home{first}, others...) {
		h.shut()
		h.start()
	}
	waitFor(first.t, func() bool {
		for _, h := range others {
			meet(h, first, id)
		}
		return len(first.view(id).People.Voices()) == len(others)+1
	})
}

// link is one home's side of a session with another.
type link struct {
	*home
	session *frontier.Session
	from    membership.PeerKey
	in      []protocol.Frame
}

// meet syncs two homes' copies of a circle over a session whose frames are
// encoded and decoded, and hands over the keys each lacks.
func meet(a, b *home, id crdt.ID) {
	a.t.Helper()
	if err := try(a, b, id); err != nil {
		a.t.Fatalf("%s meets %s: %v", a.name, b.name, err)
	}
}

func try(a, b *home, id crdt.ID) error {
	ca, err := a.Open(id, b.peer())
	if err != nil {
		return fmt.Errorf("%s opens a session: %w", a.name, err)
	}
	cb, err := b.Open(id, a.peer())
	if err != nil {
		return fmt.Errorf("%s opens a session: %w", b.name, err)
	}
	x := &link{home: a, session: frontier.NewInitiator(ca), from: b.peer()}
	y := &link{home: b, session: frontier.NewResponder(cb), from: a.peer()}
	if err := send(y, x.session.Start(frontier.HelloNow)); err != nil {
		return err
	}
	for range 100_000 {
		moved, err := x.turn(y, id)
		if err != nil {
			return err
		}
		back, err := y.turn(x, id)
		if err != nil {
			return err
		}
		if !moved && !back {
			break
		}
	}
	if err := keys(a, b, id); err != nil {
		return err
	}
	return keys(b, a, id)
}

// turn handles one frame that came, or ships one.
func (l *link) turn(other *link, id crdt.ID) (bool, error) {
	if len(l.in) > 0 {
		f := l.in[0]
		l.in = l.in[1:]
		step, err := l.session.Receive(f)
		if err != nil {
			return false, fmt.Errorf("%s receives frame %d: %w", l.name, f.Number(), err)
		}
		l.Heard(id, l.from, step)
		if err := send(other, step.Send); err != nil {
			return false, err
		}
		for _, batch := range step.Batches {
			res, err := l.Commit(l.t.Context(), id, l.from, batch)
			if err != nil {
				return false, fmt.Errorf("%s commits: %w", l.name, err)
			}
			if err := send(other, l.session.Applied(res)); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	f, more, err := l.session.Next()
	if err != nil || !more {
		return false, err
	}
	return true, send(other, []protocol.Frame{f})
}

func send(to *link, frames []protocol.Frame) error {
	for _, f := range frames {
		data, err := protocol.EncodeFrame(f)
		if err != nil {
			return err
		}
		if to.tapped {
			to.wire = append(to.wire, data...)
		}
		again, err := protocol.DecodeFrame(data)
		if err != nil {
			return err
		}
		to.in = append(to.in, again)
	}
	return nil
}

// farewell lets a home that left hear GOODBYE, if another owes it that, and hand over
// the keys that it is asked for then.
func farewell(left, other *home, id crdt.ID) {
	other.t.Helper()
	of, bye, owed := other.Goodbye(left.peer())
	if !owed || of != id {
		return
	}
	want := other.WantedOf(id, left.peer())
	if err := left.TakeGoodbye(left.t.Context(), id, other.peer(), bye); err != nil {
		other.t.Fatalf("%s hears %s's goodbye: %v", left.name, other.name, err)
	}
	if err := other.TakeKeys(other.t.Context(), id, left.peer(), left.KeysFor(id, other.peer(), want)); err != nil {
		other.t.Fatalf("%s takes keys of %s: %v", other.name, left.name, err)
	}
	other.SaidGoodbye(left.peer(), id)
}

// keys hands to the lockboxes that it wants of from.
func keys(to, from *home, id crdt.ID) error {
	want := to.Wanted(id)
	if len(want) == 0 {
		return nil
	}
	return to.TakeKeys(to.t.Context(), id, from.peer(), from.KeysFor(id, to.peer(), want))
}
