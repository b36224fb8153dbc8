package replica

import (
	"errors"
	"fmt"
	"testing"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// TestAccept gives a replica an op of each sort and looks at what becomes of it,
// and why; and that only what is new is in the log.
func TestAccept(t *testing.T) {
	type given struct {
		op      crdt.Op
		src     Source
		missing []crdt.ID
	}
	for _, tt := range []struct {
		name   string
		make   func(b *bench, d *membertest.Device) given
		want   Outcome
		reason error
	}{
		{"a post", func(b *bench, d *membertest.Device) given {
			return given{op: b.need(d, b.next(d), "Soup"), src: from(1)}
		}, New, nil},
		{"a beat", func(b *bench, d *membertest.Device) given {
			return given{op: b.Make(d, b.Heads(), &membership.Beat{})}
		}, New, nil},
		{"a post without its body, in a session", func(b *bench, d *membertest.Device) given {
			op := b.need(d, b.next(d), "Soup")
			op.Body = nil
			return given{op: op, src: from(1)}
		}, New, nil},
		{"a post of the future", func(b *bench, d *membertest.Device) given {
			h := b.next(d)
			h.HLC = crdt.At(b.now() + MaxAhead + 1)
			return given{op: b.need(d, h, "Soup"), src: from(1)}
		}, New, nil},
		{"a post that nobody can open", func(b *bench, d *membertest.Device) given {
			return given{op: b.sign(d, b.next(d), make([]byte, 100)), src: from(1)}
		}, New, nil},
		{"again", func(b *bench, d *membertest.Device) given {
			op := b.write(d, b.next(d), "Soup")
			b.mustBe(New, b.give(op, from(1)))
			return given{op: op, src: from(2)}
		}, Known, nil},
		{"the control log again", func(b *bench, _ *membertest.Device) given { return given{op: b.Ops[0].Op} }, Known, nil},
		{"a post before the one it follows", func(b *bench, d *membertest.Device) given {
			first := b.write(d, b.next(d), "Soup")
			return given{b.need(d, b.next(d), "Bread"), from(1), []crdt.ID{first.ID}}
		}, Parked, nil},
		{"a post that knows what is not here", func(b *bench, d *membertest.Device) given {
			beat := b.Make(b.Founder.Device(), b.Heads(), &membership.Beat{})
			h := b.next(d)
			h.Ctl, h.HLC = []crdt.ID{beat.ID}, beat.HLC+1
			return given{b.need(d, h, "Bread"), from(1), []crdt.ID{beat.ID}}
		}, Parked, nil},
		{"a post without its body, in gossip", func(b *bench, d *membertest.Device) given {
			op := b.need(d, b.next(d), "Soup")
			op.Body = nil
			return given{op, Source{Way: Gossip}, []crdt.ID{op.ID}}
		}, Parked, nil},
		{"without a signature of its own, before its parent", func(b *bench, d *membertest.Device) given {
			first := b.write(d, b.next(d), "Soup")
			op := b.need(d, b.next(d), "Bread")
			op.Sig = nil
			return given{op, from(1), []crdt.ID{first.ID}}
		}, Dropped, nil},
		{"another body", func(b *bench, d *membertest.Device) given {
			op := b.need(d, b.next(d), "Soup")
			op.Body = append([]byte{1}, op.Body[1:]...)
			return given{op: op, src: from(1)}
		}, Refused, crdt.ErrBody},
		{"no later than its parent", func(b *bench, d *membertest.Device) given {
			h := b.next(d)
			h.HLC = crdt.At(membertest.Start)
			return given{op: b.need(d, h, "Soup"), src: from(1)}
		}, Refused, crdt.ErrCause},
		{"after an op of somebody else", func(b *bench, d *membertest.Device) given {
			h := b.next(d)
			h.Seq, h.Prev = 2, b.ID
			return given{op: b.need(d, h, "Soup"), src: from(1)}
		}, Refused, crdt.ErrCause},
		{"one that un-knows", func(b *bench, d *membertest.Device) given {
			b.mustBe(New, b.give(b.write(d, b.next(d), "Soup"), from(1)))
			h := b.next(d)
			h.Ctl = []crdt.ID{d.Of.Admission}
			return given{op: b.need(d, h, "Bread"), src: from(1)}
		}, Refused, crdt.ErrCause},
		{"content as a control head", func(b *bench, d *membertest.Device) given {
			first := b.write(d, b.next(d), "Soup")
			b.mustBe(New, b.give(first, from(1)))
			h := b.next(d)
			h.Ctl = []crdt.ID{first.ID}
			return given{op: b.need(d, h, "Bread"), src: from(1)}
		}, Refused, crdt.ErrCause},
		{"more bytes than a day holds", func(b *bench, d *membertest.Device) given {
			for b.give(b.big(d), from(1)).Outcome == New && d.Seq < 256 {
			}
			return given{op: b.big(d), src: from(1)}
		}, Refused, crdt.ErrBudget},
		{"a post of a stranger", func(b *bench, _ *membertest.Device) given {
			d := membertest.NewPerson("nobody").Device()
			d.Knows = b.Heads()
			return given{op: b.need(d, b.next(d), "Soup"), src: from(1)}
		}, Refused, membership.ErrRefused},
		{"a post of somebody who did not know that they were in", func(b *bench, d *membertest.Device) given {
			h := b.next(d)
			h.Ctl = []crdt.ID{b.ID}
			return given{op: b.need(d, h, "Soup"), src: from(1)}
		}, Refused, membership.ErrRefused},
		{"a control op without its body", func(b *bench, d *membertest.Device) given {
			op := b.Make(d, b.Heads(), b.Epoch(d, "another"))
			op.Body = nil
			return given{op: op, src: from(1)}
		}, Refused, membership.ErrRefused},
		{"a control op under another key", func(b *bench, d *membertest.Device) given {
			h := b.next(d)
			h.Class = crdt.Control
			kind, payload := membership.Encode(b.Epoch(d, "another"))
			return given{op: b.sign(d, h, b.seal(b.epoch, b.ID, d.Key, h.Seq, kind, payload)), src: from(1)}
		}, Refused, membership.ErrRefused},
		{"a beat of a stranger", func(b *bench, _ *membertest.Device) given {
			return given{op: b.Make(membertest.NewPerson("nobody").Device(), b.Heads(), &membership.Beat{}), src: from(1)}
		}, Refused, membership.ErrRefused},
		{"a second genesis", func(b *bench, _ *membertest.Device) given {
			other := membertest.BeginSealed(membertest.NewPerson("Zoe"), membership.DefaultCharter("Oak Street"), b.Coder)
			return given{op: other.Ops[0].Op, src: from(1)}
		}, Refused, membership.ErrRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, 2)
			g := tt.make(b, b.people[1].Device())
			before := b.r.Ops()
			v := b.give(g.op, g.src)
			if v.Outcome != tt.want || !errors.Is(v.Reason, tt.reason) {
				t.Errorf("outcome %d, %v, want %d, %v", v.Outcome, v.Reason, tt.want, tt.reason)
			}
			if fmt.Sprint(v.Missing) != fmt.Sprint(g.missing) {
				t.Errorf("missing are %v, want %v", v.Missing, g.missing)
			}
			want := before
			if tt.want == New {
				want++
			}
			for range 2 { // as it came, and from the store
				if got := b.r.Ops(); got != want {
					t.Errorf("%d ops in the log, want %d", got, want)
				}
				if _, waits := b.r.pool.ops[g.op.ID]; waits != (tt.want == Parked) {
					t.Errorf("the op waits: %t", waits)
				}
				b.reopen()
			}
		})
	}
}

// big is an op of a device with the largest body there is.
func (b *bench) big(d *membertest.Device) crdt.Op {
	op := b.sign(d, b.next(d), make([]byte, crdt.MaxBodySize))
	d.Seq, d.Prev, d.Clock = op.Seq, op.ID, op.HLC.Millis()
	return op
}

// TestParkedTakesEffect: what waits comes in once what it waits for is here, in
// one go, also after a start in between.
func TestParkedTakesEffect(t *testing.T) {
	b := newBench(t, 2)
	d := b.people[1].Device()
	var ops []crdt.Op
	for i := range 5 {
		ops = append(ops, b.write(d, b.next(d), fmt.Sprint("need ", i)))
	}
	for _, op := range []crdt.Op{ops[4], ops[2], ops[3], ops[1]} {
		b.mustBe(Parked, b.give(op, from(1)))
	}
	b.reopen()
	bare := ops[2]
	b.mustBe(Parked, b.give(bare, from(2)))
	b.mustBe(New, b.give(ops[0], from(1)))
	for i, op := range ops {
		if !b.r.State().Has(op.ID) {
			t.Errorf("need %d has no effect", i)
		}
	}
	if n := b.r.Waiting(); n != 0 {
		t.Errorf("%d ops still wait", n)
	}
}
