package membership_test

import (
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// history draws a random history that aims at decisions: people let one another
// in, propose, stand, object and enact while they know different things.
type history struct {
	*rapid.T
	c      *membertest.Circle
	people []*membertest.Person
	forked map[crdt.Device][]crdt.Op
	// trustees are those whom somebody named last, if anybody saw it or not
	trustees map[*membertest.Person][]crdt.ID
	n        int
	tally    map[string]int
}

func drawHistory(t *rapid.T) *history {
	h := &history{T: t, forked: map[crdt.Device][]crdt.Op{}, trustees: map[*membertest.Person][]crdt.ID{}, tally: map[string]int{}}
	h.c, h.people = membertest.Grown(rapid.IntRange(1, 5).Draw(t, "people"))
	for _, p := range h.people {
		p.Device().Knows = h.c.Heads()
		if rapid.IntRange(0, 2).Draw(t, "second device") == 0 {
			h.c.AddDevice(p)
		}
	}
	for range rapid.IntRange(5, 35).Draw(t, "steps") {
		h.step()
	}
	return h
}

func pick[T any](h *history, from []T, what string) T {
	return from[rapid.IntRange(0, len(from)-1).Draw(h.T, what)]
}

// ids returns the ops of a kind that a device may know of: all there are.
func (h *history) ids(kind uint64) []crdt.ID {
	var out []crdt.ID
	for _, o := range h.c.Ops {
		if o.Says.Kind() == kind {
			out = append(out, o.ID)
		}
	}
	return out
}

func (h *history) device() *membertest.Device {
	p := pick(h, h.people, "who")
	return pick(h, p.Devices, "device")
}

func (h *history) step() {
	h.n++
	d := h.device()
	switch rapid.IntRange(0, 28).Draw(h.T, "step") {
	case 0, 1, 2, 3, 4:
		h.c.Sync(d, h.device())
	case 5:
		var all []*membertest.Device
		for _, p := range h.people {
			all = append(all, p.Devices...)
		}
		h.c.Sync(all...)
	case 6:
		h.c.Pass(pick(h, []int64{membertest.Hour, 4 * membertest.Day, 8 * membertest.Day, 95 * membertest.Day}, "time"))
	case 7, 8:
		h.write(d, &membership.Beat{})
	case 9:
		h.write(d, h.c.Invite("slip", uint64(rapid.IntRange(1, 2).Draw(h.T, "uses"))))
	case 10, 11:
		h.admit(d)
	case 12:
		h.onSome(d, membership.KindInvite, func(id crdt.ID) membership.Body { return &membership.InviteRevoke{Invite: id} })
	case 13:
		h.onSome(d, membership.KindAdmit, func(id crdt.ID) membership.Body { return &membership.Sponsor{Admit: id} })
	case 14:
		kind := pick(h, []uint64{membership.KindAdmit, membership.KindPropose}, "object to")
		h.onSome(d, kind, func(id crdt.ID) membership.Body { return &membership.Object{Target: id} })
	case 15, 16, 25, 26, 27:
		h.propose(d)
	case 17, 18:
		h.onSome(d, membership.KindPropose, func(id crdt.ID) membership.Body { return &membership.Stand{Proposal: id} })
	case 19, 20:
		h.onSome(d, membership.KindPropose, func(id crdt.ID) membership.Body { return &membership.Enact{Proposal: id} })
	case 21:
		h.write(d, pick(h, []membership.Body{&membership.Leave{}, &membership.Away{}, &membership.Back{}, &membership.Back{}}, "life"))
	case 22:
		h.write(d, &membership.DeviceRevoke{Dev: pick(h, d.Of.Devices, "revoked").Key})
	case 23:
		h.fork(d)
	case 24:
		h.recover()
	case 28:
		list := []crdt.ID{pick(h, h.people, "trustee").ID, pick(h, h.people, "trustee").ID}
		slices.SortFunc(list, crdt.ID.Compare)
		h.trustees[d.Of] = slices.Compact(list)
		b := &membership.Trustees{Hash: membership.TrusteesHash(salt, h.trustees[d.Of]), K: 1}
		b.SigRoot = ed25519.Sign(d.Of.Root, b.Signed(h.c.ID, d.Of.ID))
		if h.write(d, b) {
			h.tally["trustees"]++
		}
	}
}

var salt = make([]byte, 16)

// write lets a device write something, if it may.
func (h *history) write(d *membertest.Device, b membership.Body) bool {
	if len(h.forked[d.Key]) > 0 && rapid.Bool().Draw(h.T, "forked device rests") {
		return false
	}
	_, err := h.c.TryWrite(d, b)
	return err == nil
}

func (h *history) onSome(d *membertest.Device, kind uint64, make func(crdt.ID) membership.Body) {
	if ids := h.ids(kind); len(ids) > 0 {
		h.write(d, make(pick(h, ids, "which")))
	}
}

func (h *history) admit(d *membertest.Device) {
	p := pick(h, h.people, "again")
	if rapid.IntRange(0, 3).Draw(h.T, "newcomer") > 0 {
		p = membertest.NewPerson(fmt.Sprint("Newcomer ", h.n))
	}
	invite := crdt.ID{}
	if ids := h.ids(membership.KindInvite); len(ids) > 0 && rapid.Bool().Draw(h.T, "by invite") {
		invite = pick(h, ids, "invite")
	}
	if id, err := h.c.TryWrite(d, h.c.Admit(d, p, invite, "slip")); err == nil {
		p.Admission = id
		if !slices.Contains(h.people, p) {
			h.people = append(h.people, p)
			p.Device().Knows = []crdt.ID{id}
		}
	}
}

func (h *history) propose(d *membertest.Device) {
	target := pick(h, h.people, "target")
	b := &membership.Propose{What: pick(h, []uint64{1, 1, 1, 2, 2, 3, 4}, "what"), Target: target.ID}
	switch b.What {
	case membership.Lapse:
		// A long time in which some wrote, unseen by whoever proposes.
		h.c.Pass(95 * membertest.Day)
		for _, p := range h.people {
			if rapid.IntRange(0, 3).Draw(h.T, "alive") == 0 && h.write(p.Device(), &membership.Beat{}) && rapid.Bool().Draw(h.T, "heard") {
				h.c.Sync(d, p.Device())
			}
		}
	case membership.ChangeTo:
		b.Target = crdt.ID{}
		charter := membership.DefaultCharter(fmt.Sprint("Charter ", h.n))
		charter.KDiv, charter.BDiv, charter.SponsorsFrom = 2, 3, uint64(rapid.IntRange(1, 8).Draw(h.T, "sponsors from"))
		b.Payload = membership.EncodeCharter(charter)
	case membership.Recover:
		_, pub := membertest.Key("recovered", target.Name)
		r := membership.Recovery{NewRoot: pub, NextRootHash: membertest.Seed("after", target.Name), List: h.trustees[target]}
		if len(r.List) > 0 {
			r.Salt = salt
		}
		b.Payload = membership.EncodeRecovery(r)
	}
	id, err := h.c.TryWrite(d, b)
	if err != nil || rapid.IntRange(0, 3).Draw(h.T, "left at that") == 0 {
		return
	}
	// Let the others see it, and some stand up for it.
	for _, p := range h.people {
		if asleep := b.What == membership.Lapse && p == target; !asleep && rapid.IntRange(0, 3).Draw(h.T, "hears") > 0 {
			h.c.Sync(d, p.Device())
			h.write(p.Device(), pick(h, []membership.Body{&membership.Stand{Proposal: id}, &membership.Stand{Proposal: id}, &membership.Beat{}, &membership.Object{Target: id}}, "says"))
			h.c.Sync(d, p.Device())
		}
	}
	if b.What == membership.Recover || rapid.Bool().Draw(h.T, "waits") {
		h.c.Pass(8 * membertest.Day)
		for _, p := range h.people {
			h.write(p.Device(), &membership.Beat{})
			h.c.Sync(d, p.Device())
		}
	}
	h.write(d, &membership.Enact{Proposal: id})
	if b.What == membership.Recover {
		h.recover()
	}
}

// fork lets a device write twice from one place, and sometimes proves it.
func (h *history) fork(d *membertest.Device) {
	twin := *d
	if !h.write(d, &membership.Beat{}) {
		return
	}
	first := h.c.Ops[len(h.c.Ops)-1].Op
	if _, err := h.c.TryWrite(&twin, &membership.Away{}); err != nil {
		return
	}
	second := h.c.Ops[len(h.c.Ops)-1].Op
	h.forked[d.Key] = []crdt.Op{first, second}
	if rapid.Bool().Draw(h.T, "goes on with the twin") {
		*d, twin = twin, *d
	}
	if rapid.Bool().Draw(h.T, "proven") {
		by := h.device()
		h.write(by, membership.NewForkProof(&first, &second))
	}
}

// recover lets somebody whose recovery was enacted come back with a new device.
func (h *history) recover() {
	for _, id := range h.ids(membership.KindEnact) {
		i := slices.IndexFunc(h.c.Ops, func(o membertest.Op) bool { return o.ID == id })
		p := slices.IndexFunc(h.c.Ops, func(o membertest.Op) bool { return o.ID == h.c.Ops[i].Says.(*membership.Enact).Proposal })
		b := h.c.Ops[p].Says.(*membership.Propose)
		if b.What != membership.Recover {
			continue
		}
		who := h.people[slices.IndexFunc(h.people, func(q *membertest.Person) bool { return q.ID == b.Target })]
		r := recovery(b)
		old := who.Root
		who.Root, _ = membertest.Key("recovered", who.Name)
		d := who.NewDevice()
		d.Knows = []crdt.ID{id}
		rotate := &membership.Rotate{NewRoot: r.NewRoot, NextRootHash: r.NextRootHash, Enact: id, Cert: who.Cert(h.c.ID, d)}
		who.Root = old
		if _, err := h.c.TryWrite(d, rotate); err == nil {
			h.tally["rotate"]++
			return
		}
		who.Devices = who.Devices[:len(who.Devices)-1]
	}
}

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
	tally := map[string]int{}
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
		if v.Charter().Name != want.charter.Name {
			t.Fatalf("Charter = %q, want %q", v.Charter().Name, want.charter.Name)
		}
		for id := range want.counted {
			_, b := m.proposal(m.ops[id])
			tally[fmt.Sprint("decision ", b.What)]++
		}
		tally["void"] += len(want.void)
		tally["fork"] += len(want.forks)
		tally["rotate"] += h.tally["rotate"]
		tally["trustees"] += h.tally["trustees"]
		for _, o := range h.c.Ops {
			if o.Says.Kind() == membership.KindEnact && want.left[o.ID] {
				tally["refuted"]++
			}
		}
	})
	t.Log(tally)
	for _, aim := range []string{"decision 1", "void", "fork"} { // often enough never to be missed
		if tally[aim] == 0 {
			t.Errorf("no history had: %s", aim)
		}
	}
}

// TestAnyOrderOneMeaning delivers each history anew in random orders, looking at
// the view in between: same verdicts, same view.
func TestAnyOrderOneMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		want := h.c.Set.View()
		pasts := crdt.NewPasts()
		again := membership.NewSet(pasts)
		waiting := slices.Clone(h.c.Ops)
		for len(waiting) > 0 {
			i := rapid.IntRange(0, len(waiting)-1).Draw(t, "next")
			o := waiting[i]
			if slices.ContainsFunc(o.Ctl, func(id crdt.ID) bool { return !again.Has(id) }) {
				i = slices.IndexFunc(waiting, func(o membertest.Op) bool {
					return !slices.ContainsFunc(o.Ctl, func(id crdt.ID) bool { return !again.Has(id) })
				})
				o = waiting[i]
			}
			waiting = slices.Delete(waiting, i, i+1)
			body, err := membertest.Open(h.c.ID, &o.Op)
			if err != nil {
				t.Fatalf("Open(%s): %v", o.ID.Short(), err)
			}
			working := again.Clone()
			if err := working.Judge(&o.Op, body); err != nil {
				t.Fatalf("Judge in another order: %v", err)
			}
			if _, err := pasts.Add(o.ID, o.Ctl); err != nil {
				t.Fatal(err)
			}
			working.Add(&o.Op, body)
			if again.Has(o.ID) {
				t.Fatal("a working copy changed the set it was made of")
			}
			again = working
			if rapid.IntRange(0, 3).Draw(t, "look") == 0 {
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

// TestRostersLeaveOutTheRemoved mints epochs all along: nobody whose removal an
// epoch's author knew is in its roster, and nobody writes with an epoch that
// somebody who is out could read.
func TestRostersLeaveOutTheRemoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		for i, p := range h.people {
			h.write(p.Device(), h.c.Epoch(p.Device(), fmt.Sprint("epoch ", i)))
		}
		m := newModel(h.c.Ops)
		v := h.c.Set.View()
		all := m.meaning(m.everything(), nil)
		for _, e := range v.Epochs() {
			then := m.meaning(m.ops[e.Op].past, nil)
			for _, dev := range v.EpochRoster(e.Epoch.ID) {
				if author, _ := v.Author(dev); !then.members[author] {
					t.Fatalf("roster of an epoch holds %s, whom its author knew to be out", author.Short())
				}
			}
		}
		if e, ok := v.WriteEpoch(func(membership.EpochID) bool { return true }); ok {
			for _, dev := range v.EpochRoster(e.Epoch.ID) {
				if author, _ := v.Author(dev); !all.members[author] {
					t.Fatalf("the epoch to write with is open to %s, who is out", author.Short())
				}
			}
		} else if v.MintReason() == membership.MintNone {
			t.Fatal("no epoch to write with, and no reason to mint")
		}
	})
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
