package replica

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
	"tend/protocol"
	"tend/storage"
)

// bench is a replica that only reads, over a store in memory, with a history from
// which it is given ops.
type bench struct {
	t testing.TB
	*membertest.Circle
	people []*membertest.Person
	logKey protocol.Secret
	epoch  protocol.Secret
	more   []protocol.Secret // further ones that are held
	rand   io.Reader
	store  storage.Circle
	r      *Replica
}

// benchKeys are the keys of a bench.
type benchKeys struct{ b *bench }

func (k benchKeys) Sign([]byte) ([]byte, error) { panic("a replica that only reads signs") }
func (k benchKeys) Key(id membership.EpochID) (*protocol.Key, bool) {
	for _, s := range slices.Concat(k.b.more, []protocol.Secret{k.b.logKey, k.b.epoch}) {
		if key, named := s.KeyOf(id); named {
			return key, true
		}
	}
	return nil, false
}
func (k benchKeys) Packed(crdt.ID) (protocol.PackedKey, bool) { return protocol.PackedKey{}, false }
func (k benchKeys) Boxes() []protocol.BoxKey                  { return nil }

// benchRows reads a store as a replica does.
type benchRows struct{ storage.Circle }

func (s benchRows) Rows(prefix []byte) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for row, err := range s.Scan(prefix) {
			if !yield(Row(row), err) {
				return
			}
		}
	}
}

// newBench makes a circle of n people with an epoch, all of it in the replica.
func newBench(t testing.TB, n int) *bench {
	t.Helper()
	b := &bench{t: t, rand: rand.NewChaCha8([32]byte{7})}
	b.logKey, b.epoch = b.secret(), b.secret()
	coder := membertest.Coder{
		Seal: func(id crdt.ID, dev crdt.Device, seq, kind uint64, payload []byte) []byte {
			return b.seal(b.logKey, id, dev, seq, kind, payload)
		},
		Open: func(id crdt.ID, op *crdt.Op) (membership.Body, error) {
			if op.IsBeat() {
				return membership.Decode(id, op, membership.KindBeat, nil)
			}
			opened, err := protocol.OpenBody(b.logKey, op.Context(id), op.Dev, op.Seq, op.Body)
			if err != nil {
				return nil, err
			}
			return membership.Decode(id, op, opened.Kind, opened.Payload)
		},
	}
	b.Circle = membertest.BeginSealed(membertest.NewPerson("Ann"), membership.DefaultCharter("Elm Street"), coder)
	b.people = []*membertest.Person{b.Founder}
	for i := 1; i < n; i++ {
		b.Pass(membertest.Hour)
		b.people = append(b.people, b.Join(b.Founder, fmt.Sprint("Friend ", i)))
		if n > membership.MaxUnvoiced {
			b.welcome(i)
		}
	}
	e := b.Epoch(b.Founder.Device(), "x")
	e.ID, e.Commit = b.epoch.EpochID(), b.epoch.Commit()
	b.Tell(b.Founder, e)
	b.Pass(membertest.Hour)
	for _, p := range b.people {
		p.Device().Knows = b.Heads()
	}
	store, err := storage.NewMem().Circle(b.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.store = store
	genesis := b.Ops[0].Op
	log, err := crdt.NewLog(b.ID, store, crdt.NewPasts(), crdt.State{})
	if err != nil {
		t.Fatal(err)
	}
	fact, err := log.Check(&genesis)
	if err != nil {
		t.Fatal(err)
	}
	added, err := log.Add(&genesis, fact, false)
	if err != nil {
		t.Fatal(err)
	}
	state := log.State()
	if err := store.Append(storage.Batch{Ops: []storage.Entry{{Op: genesis, Fact: added.Fact}}, State: &state}); err != nil {
		t.Fatal(err)
	}
	b.reopen()
	var rest []crdt.Op
	for _, op := range b.Ops[1:] {
		rest = append(rest, op.Op)
	}
	for _, v := range b.giveAll(rest, Source{}) {
		b.mustBe(New, v)
	}
	return b
}

// welcome lets newcomer i of a large circle come to voice, and so makes room for
// others: now and then everybody shows that they know.
func (b *bench) welcome(i int) {
	if i > 7 {
		b.Tell(b.people[1], &membership.Sponsor{Admit: b.people[i].Admission})
	}
	if i < 8 || i%16 == 0 {
		for _, p := range b.people {
			b.Tell(p, &membership.Beat{})
		}
	}
}

// BenchmarkAdmission is all that becomes of one op that comes from afar, in a circle of
// 300 with 600 devices: form, signature, cause, right, opening, the state and the store
// (in memory), in a batch of its own. After a control op that is the whole view anew.
func BenchmarkAdmission(b *testing.B) {
	for _, of := range []string{"content", "control"} {
		b.Run(of, func(b *testing.B) {
			c := newBench(b, 300)
			for _, p := range c.people {
				d := p.NewDevice()
				d.Knows = c.Heads()
				c.Must(d, &membership.DeviceAdd{Cert: p.Cert(c.ID, d)})
				c.mustBe(New, c.give(c.Ops[len(c.Ops)-1].Op, Source{}))
			}
			if n := len(c.r.People().Roster()); n != 600 {
				b.Fatalf("%d devices, want 600", n)
			}
			c.Pass(membertest.Hour)
			knows := c.Heads()
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				p := c.people[i%len(c.people)]
				d := p.Device()
				var op crdt.Op
				if of == "content" {
					d.Knows = knows
					op = c.write(d, c.next(d), "soup")
				} else {
					c.Tell(p, &membership.Beat{})
					op = c.Ops[len(c.Ops)-1].Op
				}
				envelope := op.Envelope()
				b.StartTimer()
				came, err := crdt.ParseEnvelope(c.ID, envelope)
				if err != nil {
					b.Fatal(err)
				}
				came.Body = op.Body
				c.mustBe(New, c.give(came, from(1)))
			}
		})
	}
}

// reopen reads the replica from its store again.
func (b *bench) reopen() {
	b.t.Helper()
	r, err := Open(Config{Circle: b.ID, LogKey: b.logKey.EpochID(), Keys: benchKeys{b}, Store: benchRows{b.store}, Rand: b.rand})
	if err != nil {
		b.t.Fatal(err)
	}
	b.r = r
}

// now is the time in the bench, in Unix milliseconds.
func (b *bench) now() int64 { return b.Now + membertest.Hour }

// give gives the replica one op, and commits.
func (b *bench) give(op crdt.Op, src Source) Verdict {
	b.t.Helper()
	return b.giveAll([]crdt.Op{op}, src)[0]
}

// giveAll gives the replica ops in batches.
func (b *bench) giveAll(ops []crdt.Op, src Source) (out []Verdict) {
	b.t.Helper()
	for len(ops) > 0 {
		n, size := 0, 0
		for n < len(ops) && n < 128 && (n == 0 || size+ops[n].Size() <= 256<<10) {
			size += ops[n].Size()
			n++
		}
		w := b.r.Begin()
		w.Spare(MaxBatchOps-n, MaxBatchBytes-size)
		for _, op := range ops[:n] {
			v, err := w.Receive(op, src, b.now())
			if err != nil {
				b.t.Fatal(err)
			}
			out = append(out, v)
		}
		b.commit(w)
		ops = ops[n:]
	}
	return out
}

func (b *bench) commit(w *Replica) {
	b.t.Helper()
	c, err := w.Finish()
	if err != nil {
		b.t.Fatal(err)
	}
	batch := storage.Batch{State: c.State, Sets: c.Sets, FirstSet: c.FirstSet}
	for _, e := range c.Entries {
		batch.Ops = append(batch.Ops, storage.Entry{Op: e.Op, Fact: e.Fact})
	}
	for _, ch := range c.Bodies {
		batch.Bodies = append(batch.Bodies, storage.BodyChange{ID: ch.ID, Body: ch.Body})
	}
	for _, row := range c.Rows {
		batch.Rows = append(batch.Rows, storage.Row(row))
	}
	if !c.Empty() {
		if err := b.store.Append(batch); err != nil {
			b.t.Fatal(err)
		}
	}
	w.Settle()
	w.Forget()
	b.r = w
}

func (b *bench) mustBe(want Outcome, v Verdict) {
	b.t.Helper()
	if v.Outcome != want {
		b.t.Fatalf("outcome %d (missing %d, %v), want %d", v.Outcome, len(v.Missing), v.Reason, want)
	}
}

func (b *bench) secret() protocol.Secret {
	s, err := protocol.NewSecret(b.rand)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bench) seal(key protocol.Secret, id crdt.ID, dev crdt.Device, seq, kind uint64, payload []byte) []byte {
	body, err := protocol.SealBody(b.rand, key, id, dev, seq, kind, payload)
	if err != nil {
		b.t.Fatal(err)
	}
	return body
}

// sign signs an op of a device as the header has it.
func (b *bench) sign(d *membertest.Device, h crdt.Header, body []byte) crdt.Op {
	b.t.Helper()
	h.Dev = d.Key
	op, err := crdt.Sign(b.ID, h, body, func(msg []byte) ([]byte, error) { return ed25519.Sign(d.Private, msg), nil })
	if err != nil {
		b.t.Fatal(err)
	}
	return op
}

// next is the header of a device's next content op.
func (b *bench) next(d *membertest.Device) crdt.Header {
	return crdt.Header{Seq: d.Seq + 1, Prev: d.Prev, Ctl: d.Knows, HLC: crdt.At(max(b.Now, d.Clock+1)), Class: crdt.Content}
}

// need is a post under the circle's epoch, with a header as given.
func (b *bench) need(d *membertest.Device, h crdt.Header, title string) crdt.Op {
	kind, payload := circle.Encode(&circle.NeedPosted{Title: title, People: 1})
	return b.sign(d, h, b.seal(b.epoch, b.ID, d.Key, h.Seq, kind, payload))
}

// write makes a device's next op, of which it knows then.
func (b *bench) write(d *membertest.Device, h crdt.Header, title string) crdt.Op {
	op := b.need(d, h, title)
	d.Seq, d.Prev, d.Clock = op.Seq, op.ID, op.HLC.Millis()
	return op
}

// orphan is an op of a device whose parent nobody has; n makes it one of its own.
func (b *bench) orphan(d *membertest.Device, n, size int) crdt.Op {
	var prev crdt.ID
	binary.BigEndian.PutUint64(prev[8:], uint64(n)+1)
	copy(prev[16:], d.Key[:16])
	h := crdt.Header{Seq: 1000, Prev: prev, Ctl: d.Knows, HLC: crdt.At(b.Now), Class: crdt.Content}
	return b.sign(d, h, make([]byte, size))
}

// from is the way of a peer's session.
func from(n byte) Source { return Source{Peer: membership.PeerKey{n}, Way: Session} }
