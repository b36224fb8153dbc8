package membership_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// summary is what a view says, in words that can be compared.
func summary(v *membership.View) map[string]bool {
	out := map[string]bool{}
	for _, m := range v.Members() {
		out["in "+m.ID.Short()] = true
		out["voice "+m.ID.Short()] = m.Voice
		out["away "+m.ID.Short()] = m.Away
		out["lapsed "+m.ID.Short()] = m.Lapsed
	}
	return out
}

func (w *meaning) summary() map[string]bool {
	out := map[string]bool{}
	for id := range w.members {
		out["in "+id.Short()] = true
		out["voice "+id.Short()] = w.voice[id]
		out["away "+id.Short()] = w.away[id]
		out["lapsed "+id.Short()] = w.lapsed[id]
	}
	return out
}

func agree(t *rapid.T, what string, got, want map[string]bool) {
	if !maps.Equal(got, want) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// TestRuleAsWritten holds the view against the rule in plain sets.
func TestRuleAsWritten(t *testing.T) {
	var shares tally
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		m := newModel(h.c.Ops)
		v := h.c.Set.View()
		want := m.meaning(m.everything(), nil)
		agree(t, "members", summary(v), want.summary())
		for _, o := range h.c.Ops {
			if v.VoidControl(o.ID) != want.void[o.ID] {
				t.Fatalf("VoidControl(%s %s) = %v, want %v", membership.KindName(o.Says.Kind()), o.ID.Short(), v.VoidControl(o.ID), want.void[o.ID])
			}
		}
		for _, o := range h.c.Ops {
			for _, id := range o.Ctl {
				if h.op(id).HLC >= o.HLC {
					t.Fatalf("%s is not later than what its author knew: no log would hold this history", o.ID.Short())
				}
			}
		}
		for _, p := range v.Proposals() {
			for _, e := range h.c.Ops {
				if b, ok := e.Says.(*membership.Enact); ok && b.Proposal == p.ID && slices.Contains(p.Enacts, e.ID) != want.counted[e.ID] {
					t.Fatalf("enact %s counts: want %v", e.ID.Short(), want.counted[e.ID])
				}
			}
		}
		if v.Charter().Name != want.charter.Name {
			t.Fatalf("Charter = %q, want %q", v.Charter().Name, want.charter.Name)
		}
		for _, d := range v.Roster() {
			if got, _ := v.Device(d); got.Revoked != m.revoked(m.everything(), want, got.Member, d) {
				t.Fatalf("device %s: revoked is %v, want %v", d.Short(), got.Revoked, !got.Revoked)
			}
		}
		shares.add(m, want)
	})
	t.Log(shares.String())
}

// TestAnyOrderOneMeaning delivers each history anew in random orders, looking at
// the view in between: same verdicts, also on what was refused, and the same view.
func TestAnyOrderOneMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		want := h.c.Set.View()
		pasts := crdt.NewPasts()
		again := membership.NewSet(pasts)
		for _, o := range anyOrder(t, append(slices.Clone(h.c.Ops), h.c.Refused...)) {
			body, err := membertest.Open(h.c.ID, &o.Op)
			if err != nil {
				t.Fatalf("Open(%s): %v", o.ID.Short(), err)
			}
			working := again.Clone()
			err = working.Judge(&o.Op, body)
			if refused := !h.c.Set.Has(o.ID); refused != errors.Is(err, membership.ErrRefused) {
				t.Fatalf("Judge in another order: %v, and refused before: %v", err, refused)
			}
			if err != nil {
				continue
			}
			if _, err := pasts.Add(o.ID, o.Ctl); err != nil {
				t.Fatal(err)
			}
			working.Add(&o.Op, body)
			if again.Has(o.ID) {
				t.Fatal("a working copy changed the set it was made of")
			}
			again = working
			if below(t, 4, "look") == 0 {
				again.View()
			}
		}
		got := again.View()
		agree(t, "members in another order", summary(got), summary(want))
		if got.VoidDigest() != want.VoidDigest() {
			t.Fatal("VoidDigest differs in another order")
		}
		if !slices.Equal(got.Roster(), want.Roster()) {
			t.Fatal("Roster differs in another order")
		}
		if got.Charter().Name != want.Charter().Name {
			t.Fatal("Charter differs in another order")
		}
		if !reflect.DeepEqual(got.Proposals(), want.Proposals()) {
			t.Fatal("Proposals differ in another order")
		}
		for _, m := range want.Everyone() {
			if !reflect.DeepEqual(got.Doubts(m.Admission), want.Doubts(m.Admission)) || !slices.Equal(got.Welcomers(m), want.Welcomers(m)) {
				t.Fatalf("who welcomed %s, or has a concern, differs in another order", m.ID.Short())
			}
		}
		if !reflect.DeepEqual(got.Epochs(), want.Epochs()) || got.MintReason() != want.MintReason() {
			t.Fatal("Epochs differ in another order")
		}
	})
}

// TestVoidLeavesMayGo drops void ops that nothing stands on, evidence and signs
// of life apart: members and voice stay as they are.
func TestVoidLeavesMayGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		m := newModel(h.c.Ops)
		v := h.c.Set.View()
		ops := slices.DeleteFunc(slices.Clone(h.c.Ops), func(o membertest.Op) bool {
			known := slices.ContainsFunc(m.order, func(x *modelOp) bool { return x.past[o.ID] })
			return v.VoidControl(o.ID) && !known && !m.refutes(m.ops[o.ID])
		})
		pasts := crdt.NewPasts()
		less := membership.NewSet(pasts)
		for _, o := range ops {
			if _, err := pasts.Add(o.ID, o.Ctl); err != nil {
				t.Fatal(err)
			}
			less.Add(&o.Op, o.Says)
		}
		agree(t, "members without void leaves", summary(less.View()), summary(v))
	})
}

func (m *model) refutes(o *modelOp) bool {
	return slices.ContainsFunc(m.order, func(e *modelOp) bool {
		if e.says.Kind() != membership.KindEnact {
			return false
		}
		_, b := m.proposal(e)
		return b.What == membership.Lapse && b.Target == o.member && !e.past[o.ID] && o.HLC < e.HLC
	})
}

// TestVerdictsStay hears a history op by op: of what was carried out, nothing is
// taken back by what arrives later, but for proofs of a fork and signs of life that
// refute a silence.
func TestVerdictsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		m := newModel(h.c.Ops)
		pasts := crdt.NewPasts()
		set := membership.NewSet(pasts)
		carriedOut := map[crdt.ID]bool{}
		for _, o := range anyOrder(t, h.c.Ops) {
			if _, err := pasts.Add(o.ID, o.Ctl); err != nil {
				t.Fatal(err)
			}
			set.Add(&o.Op, o.Says)
			now := map[crdt.ID]bool{}
			for _, p := range set.View().Proposals() {
				for _, e := range p.Enacts {
					now[e] = true
				}
			}
			for e := range carriedOut {
				if !now[e] && o.Says.Kind() != membership.KindForkProof && !m.refutes(m.ops[o.ID]) {
					t.Fatalf("%s %s takes back what %s carried out", membership.KindName(o.Says.Kind()), o.ID.Short(), e.Short())
				}
			}
			carriedOut = now
		}
	})
}

// anyOrder draws an order in which each op comes after what it names.
func anyOrder(t *rapid.T, ops []membertest.Op) []membertest.Op {
	var out []membertest.Op
	here := map[crdt.ID]bool{}
	for waiting := slices.Clone(ops); len(waiting) > 0; {
		i := below(t, len(waiting), "next")
		for slices.ContainsFunc(waiting[i].Ctl, func(id crdt.ID) bool { return !here[id] }) {
			i = (i + 1) % len(waiting)
		}
		here[waiting[i].ID] = true
		out = append(out, waiting[i])
		waiting = slices.Delete(waiting, i, i+1)
	}
	return out
}

// TestRostersLeaveOutTheRemoved mints epochs all along, and looks at them with the
// eyes of everybody: nobody whose removal an epoch's author knew is in its roster,
// and nobody writes with an epoch that is for somebody they know to be out.
func TestRostersLeaveOutTheRemoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		for i, p := range h.people {
			h.write(p.Device(), h.c.Epoch(p.Device(), fmt.Sprint("last epoch ", i)))
		}
		m := newModel(h.c.Ops)
		eyes := []set[crdt.ID]{m.everything()}
		for _, p := range h.people {
			knows := set[crdt.ID]{}
			for _, id := range append(slices.Clone(p.Device().Knows), p.Device().Prev) {
				if o := m.ops[id]; o != nil {
					knows[id] = true
					for known := range o.past {
						knows[known] = true
					}
				}
			}
			if knows[m.genesis.ID] {
				eyes = append(eyes, knows)
			}
		}
		for _, knows := range eyes {
			h.rosters(m, knows)
		}
	})
}

func (h *history) rosters(m *model, knows set[crdt.ID]) {
	pasts := crdt.NewPasts()
	s := membership.NewSet(pasts)
	for _, o := range h.c.Ops {
		if !knows[o.ID] {
			continue
		}
		if _, err := pasts.Add(o.ID, o.Ctl); err != nil {
			h.Fatal(err)
		}
		s.Add(&o.Op, o.Says)
	}
	v := s.View()
	for _, e := range v.Epochs() {
		past := m.ops[e.Op].past
		then := m.meaning(past, nil)
		for _, dev := range v.EpochRoster(e.Epoch.ID) {
			if author, _ := v.Author(dev); !then.members[author] || then.lapsed[author] || m.revoked(past, then, author, dev) {
				h.Fatalf("roster of an epoch holds a device of %s, whom its author knew to be out", author.Short())
			}
		}
	}
	all := m.meaning(knows, nil)
	e, ok := v.WriteEpoch(func(membership.EpochID) bool { return true })
	if !ok {
		if v.MintReason() == membership.MintNone {
			h.Fatal("no epoch to write with, and no reason to mint")
		}
		return
	}
	for _, dev := range v.EpochRoster(e.Epoch.ID) {
		if author, _ := v.Author(dev); !all.members[author] || m.revoked(knows, all, author, dev) {
			h.Fatalf("the epoch to write with is open to a device of %s, who is out", author.Short())
		}
	}
}

// TestEncodingsAreCanonical reads and writes every body again.
func TestEncodingsAreCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		for _, o := range h.c.Ops {
			kind, payload := membership.Encode(o.Says)
			b, err := membership.DecodeTrusted(h.c.ID, &o.Op, kind, payload)
			if err != nil {
				t.Fatalf("DecodeTrusted(Encode(%s)): %v", membership.KindName(kind), err)
			}
			if _, again := membership.Encode(b); kind != membership.KindBeat && string(again) != string(payload) {
				t.Fatalf("%s: encodes differently after decoding", membership.KindName(kind))
			}
		}
	})
}

// TestLastOfDoesNotDependOnOrder has three charters enacted of which one knows
// another, with ids such that going through them by pairs gives another answer in
// another order.
func TestLastOfDoesNotDependOnOrder(t *testing.T) {
	c, people := membertest.Grown(2)
	ada, bo := people[0], people[1]
	var proposals []crdt.ID
	for _, name := range []string{"North", "South", "West"} {
		p := c.Tell(ada, &membership.Propose{What: membership.ChangeTo, Payload: membership.EncodeCharter(membership.DefaultCharter(name))})
		c.Tell(bo, &membership.Stand{Proposal: p})
		proposals = append(proposals, p)
	}
	c.Sync(ada.Device(), bo.Device())
	enact := func(p *membertest.Person, proposal crdt.ID, least, most byte) {
		for b := (&membership.Enact{Proposal: proposal}); ; c.Pass(1) {
			if op := c.Make(p.Device(), p.Device().Knows, b); op.ID[0] >= least && op.ID[0] <= most {
				c.Must(p.Device(), b)
				return
			}
		}
	}
	enact(ada, proposals[0], 0x60, 0x9f)
	enact(bo, proposals[1], 0xa0, 0xff)
	enact(bo, proposals[2], 0x00, 0x5f)
	north := c.Ops[len(c.Ops)-3]
	others := append(slices.Clone(c.Ops[:len(c.Ops)-3]), c.Ops[len(c.Ops)-2:]...)
	for _, order := range [][]membertest.Op{c.Ops, append(others, north)} {
		p := crdt.NewPasts()
		s := membership.NewSet(p)
		for _, o := range order {
			if _, err := p.Add(o.ID, o.Ctl); err != nil {
				t.Fatal(err)
			}
			s.Add(&o.Op, o.Says)
		}
		if got := s.View().Charter().Name; got != "North" {
			t.Errorf("charter in force = %q, want North: of those that no other knows its id is the largest", got)
		}
	}
}
