package sim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node"
	"tend/node/replica"
	"tend/protocol"
	"tend/storage"
)

// store is the circle's place in what the home keeps, without faults.
func (h *home) store() storage.Circle {
	c, err := h.mem.Circle(h.w.circle)
	if err != nil {
		h.w.fail("store", "%s: %v", h.name, err)
	}
	return c
}

// here are the honest homes that take part in the circle, as they see it.
func (w *World) here() []*home {
	return slices.DeleteFunc(slices.Clone(w.homes), func(h *home) bool { return h.gone || !h.honest() || h.view() == nil })
}

// fellows reports whether two homes take each other for members' devices, and
// whether only the first does.
func (w *World) fellows(a, b *home) (both, one bool) {
	x, y := a.wire.fellow(b), b.wire.fellow(a)
	return x && y, x && !y
}

// apart says what still keeps homes from holding the same, once all is healed: "" if
// nothing. waiting says that something waits here or there.
func (w *World) apart() (late string, waiting bool) {
	here := w.here()
	for i, a := range here {
		s := a.view()
		if !a.on() {
			return a.name + " is off", true
		}
		if !a.in() {
			switch {
			case s.Standing == membership.Stranger && s.Waiting > 0:
				waiting = true // let in by a clock that is ahead
			case s.Standing == membership.Stranger && slices.ContainsFunc(here, func(h *home) bool { return len(h.view().Frontier().Forked) > 0 }):
				// let in by a device that forked, as others may know and nobody can tell it
				// here: that is void, and somebody else must do it
			case s.Standing == membership.Stranger:
				late = a.name + " has keys of the circle and no place in it"
			}
			continue
		}
		if w.awaits(a) {
			waiting = true
		}
		if (!s.Arrived || s.Handed > 0) && w.reached(a) {
			late = fmt.Sprintf("%s's copy is still arriving: %d ops, %d handed over", a.name, s.Ops, s.Handed)
		}
		for _, b := range here[:i] {
			both, one := w.fellows(a, b)
			_, other := w.fellows(b, a)
			x, y := s.Frontier(), b.view().Frontier()
			switch {
			case both && x.Digest != y.Digest:
				late = fmt.Sprintf("%s holds %d ops (%s), %s %d (%s)", a.name, x.Ops, x.Digest.Short(), b.name, y.Ops, y.Digest.Short())
			case one && a.in() && b.knows(a) && !w.doubled(a):
				late = fmt.Sprintf("%s takes %s for a member's home, and not the other way", a.name, b.name)
			case other && b.in() && a.knows(b) && !w.doubled(b):
				late = fmt.Sprintf("%s takes %s for a member's home, and not the other way", b.name, a.name)
			}
		}
		if late == "" {
			late = w.keyless(a)
		}
	}
	return late, waiting
}

// keyless says which key a home may have and has not, though a fellow has it.
func (w *World) keyless(a *home) string {
	wanted := a.hand.Wanted(w.circle)
	if s := a.view(); len(wanted) == 0 || s.Frontier().Forked[s.Dev] {
		return "" // a forked device cannot publish a prekey in place of one that it lost
	}
	for _, b := range w.here() {
		if both, _ := w.fellows(a, b); !both {
			continue
		}
		held := b.keysOf()
		for _, id := range wanted {
			if slices.Contains(held, id) {
				return fmt.Sprintf("%s has no key of epoch %v, which %s has", a.name, id, b.name)
			}
		}
	}
	return ""
}

// knows reports whether a home ever heard of another's device. Where it did not, there
// is nobody left who could tell it.
func (h *home) knows(o *home) bool {
	v := h.view().People
	return slices.ContainsFunc(v.ByPeer(o.peer), func(d membership.Device) bool {
		m, ok := v.Member(d.Member)
		// Whose admission is void, as that of a device that forked, is told nothing: there
		// is no parting to show.
		return ok && m.Standing != membership.Stranger
	})
}

// doubled reports whether somebody else has a home's keys: a goodbye is said once to a
// key, and may have been said to the other.
func (w *World) doubled(h *home) bool {
	return slices.ContainsFunc(w.homes, func(o *home) bool { return o != h && o.peer == h.peer })
}

// reached reports whether a home has anybody to ask.
func (w *World) reached(a *home) bool {
	return slices.ContainsFunc(w.here(), func(b *home) bool { both, _ := w.fellows(a, b); return both && a != b })
}

// leap lets the time come until which ops are held whose clocks were ahead; false if
// nothing is held.
func (w *World) leap() bool {
	var last crdt.HLC
	for _, h := range w.here() {
		for _, tips := range h.view().Frontier().Tips {
			for _, t := range tips {
				last = max(last, t.HLC)
			}
		}
	}
	to := last.Time().Sub(began)
	if to <= w.now+replica.MaxAhead*1e6 {
		return false
	}
	w.say("and then it is %v later", formatSpan(to-w.now))
	w.now = to
	for _, h := range w.homes {
		h.stirIfOn()
	}
	return true
}

// check holds what there is now against the invariants (ARCHITECTURE.md), when all
// is healed and quiet.
func (w *World) check() {
	for _, step := range []func(){w.checkSets, w.checkStates, w.checkKept, w.checkForged, w.checkFresh, w.checkWords} {
		if w.first == nil {
			step()
		}
	}
}

// opSet is a digest of the set of ops a home holds.
func (h *home) opSet() [32]byte {
	var ids []crdt.ID
	for s, err := range h.store().Arrivals(1) {
		if err != nil {
			h.w.fail("store", "%s: %v", h.name, err)
		}
		ids = append(ids, s.Op.ID)
	}
	slices.SortFunc(ids, crdt.ID.Compare)
	sum := sha256.New()
	for _, id := range ids {
		sum.Write(id[:])
	}
	return [32]byte(sum.Sum(nil))
}

// crowded reports whether a device has more ends than the digest counts.
func (h *home) crowded() bool {
	state, err := h.store().Log()
	if err != nil {
		return true
	}
	n := map[crdt.Device]int{}
	for _, t := range state.Tips {
		if n[t.Dev]++; n[t.Dev] > crdt.MaxFreeTips {
			return true
		}
	}
	return false
}

// checkSets: the same ops are the same frontier digest, and the other way round.
func (w *World) checkSets() {
	here := w.here()
	for i, a := range here {
		for _, b := range here[:i] {
			if a.crowded() || b.crowded() {
				continue
			}
			same, digests := a.opSet() == b.opSet(), a.view().Frontier().Digest == b.view().Frontier().Digest
			if same != digests {
				w.fail("frontier digest", "%s and %s: same ops %v, same digest %v", a.name, b.name, same, digests)
			}
		}
	}
}

// keysOf are the circle's epochs that a home holds keys of.
func (h *home) keysOf() []membership.EpochID {
	var out []membership.EpochID
	k, _ := h.keys.Circle(h.w.circle)
	held := map[membership.EpochID]bool{}
	for _, s := range k.Secrets {
		held[s.EpochID()] = true
	}
	for _, e := range h.view().People.Epochs() {
		if held[e.Epoch.ID] {
			out = append(out, e.Epoch.ID)
		}
	}
	return out
}

// checkStates: the same ops and keys, and nothing that waits, are the same state.
func (w *World) checkStates() {
	here := w.here()
	keys := map[*home][]membership.EpochID{}
	for _, h := range here {
		keys[h] = h.keysOf()
	}
	for i, a := range here {
		for _, b := range here[:i] {
			x, errA := a.hand.Status(w.circle)
			y, errB := b.hand.Status(w.circle)
			if errA != nil || errB != nil {
				w.fail("status", "%v, %v", errA, errB)
				return
			}
			if x.Frontier != y.Frontier || x.Waiting+y.Waiting > 0 || a.crowded() || !slices.Equal(keys[a], keys[b]) {
				continue
			}
			if x.StateDigest != y.StateDigest && !w.withheld(a, b) {
				w.fail("state digest", "%s sees %s, %s sees %s, of the same %d ops: %s", a.name, x.StateDigest.Short(), b.name, y.StateDigest.Short(), x.Ops, w.unlike(a, b))
			}
		}
	}
}

// withheld reports whether one of two homes has a body that its own author, who
// cheats, told the other to be gone: in a circle of two there is nobody else to ask
// (SPEC.md §3.1).
func (w *World) withheld(a, b *home) bool {
	liars := w.liars(a, "gone")
	for s, err := range a.store().Arrivals(1) {
		if err != nil {
			return false
		}
		if !liars[s.Op.Dev] {
			continue
		}
		other, _, ok, err := b.store().Op(s.Op.ID)
		if err == nil && ok && (len(other.Body) == 0) != (len(s.Op.Body) == 0) {
			return true
		}
	}
	return false
}

// liars are the devices of those who cheat in one of some ways, as a home knows them.
func (w *World) liars(as *home, ways ...string) map[crdt.Device]bool {
	out := map[crdt.Device]bool{}
	for _, h := range w.homes {
		id, known := w.member(h.name)
		if !known || !slices.ContainsFunc(ways, func(way string) bool { return h.cheats[way] }) {
			continue
		}
		m, _ := as.view().People.Member(id)
		for _, d := range m.Devices {
			out[d.Dev] = true
		}
	}
	return out
}

// awaits reports whether something waits at a home that can still come. The text of
// somebody who cheats, and gave it to nobody before they went, cannot.
func (w *World) awaits(h *home) bool {
	n, liars := h.view().Waiting, w.liars(h, "gone", "drop", "invalid")
	for _, g := range h.hand.Gaps(w.circle) {
		if _, _, here, err := h.store().Op(g.Want); err != nil || !here || !liars[g.Author] {
			continue
		}
		if !slices.ContainsFunc(w.here(), func(other *home) bool {
			op, _, ok, err := other.store().Op(g.Want)
			return err == nil && ok && len(op.Body) > 0
		}) {
			n--
		}
	}
	return n > 0
}

// unlike names the records that two homes see differently. What is for few differs by
// design and is named too.
func (w *World) unlike(a, b *home) string {
	var out []string
	for s, err := range a.store().Arrivals(1) {
		if err != nil {
			break
		}
		x, y := a.view().State.EncodeRecord(s.Op.ID), b.view().State.EncodeRecord(s.Op.ID)
		if !bytes.Equal(x, y) {
			out = append(out, fmt.Sprintf("%s (of %s, seq %d): %d and %d bytes", s.Op.ID.Short(), s.Op.Dev.Short(), s.Op.Seq, len(x), len(y)))
		}
	}
	return strings.Join(out, "; ")
}

// checkKept: everything that was answered for is there, and every store is sound.
func (w *World) checkKept() {
	for _, h := range w.here() {
		for _, id := range slices.SortedFunc(maps.Keys(h.acked), crdt.ID.Compare) {
			if _, ok, err := h.store().Fact(id); err != nil || !ok {
				w.fail("acknowledged", "%s was answered for %s and does not hold it (%v)", h.name, id.Short(), err)
				return
			}
		}
		found, err := h.hand.Verify(context.Background())
		if err != nil || len(found) > 0 {
			w.fail("verify", "%s: %v %v", h.name, found, err)
		}
	}
}

// checkForged: what nobody who belongs has written is in no log, and what waits is
// bounded.
func (w *World) checkForged() {
	for _, h := range w.here() {
		for _, id := range slices.SortedFunc(maps.Keys(w.forged), crdt.ID.Compare) {
			if _, here, _ := h.store().Fact(id); here {
				w.fail("non-member", "%s took in %s", h.name, w.forged[id])
			}
		}
		if n := h.view().Waiting; n > replica.MaxWaiting {
			w.fail("waiting", "%s lets %d ops wait", h.name, n)
		}
	}
}

// checkFresh: a home that starts again sees what it saw, and so does one that throws
// away all that is derived.
func (w *World) checkFresh() {
	for i, h := range w.here() {
		before, err := h.hand.Status(w.circle)
		if err != nil {
			w.fail("status", "%s: %v", h.name, err)
			return
		}
		h.stop()
		if i == int(w.scenario.Seed%uint64(len(w.homes))) {
			w.rebuild(h)
		}
		h.start()
		if h.hand == nil {
			w.fail("start", "%s does not start again", h.name)
			return
		}
		after, err := h.hand.Status(w.circle)
		if err != nil || after.Frontier != before.Frontier || after.StateDigest != before.StateDigest {
			w.fail("start", "%s sees something else after a start: %d ops %s, %d ops %s, %v", h.name,
				before.Ops, before.StateDigest.Short(), after.Ops, after.StateDigest.Short(), err)
		}
	}
}

func (w *World) rebuild(h *home) {
	n, err := node.New(node.Config{Store: h.disk, Keys: h.keys, Rand: h.chance, Now: h.now, Zone: "Europe/Berlin", Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = n.Rebuild(context.Background())
	}
	if err != nil {
		w.fail("rebuild", "%s: %v", h.name, err)
	}
}

// checkWords: no home keeps, in the clear, words that were not meant for it, nor
// words that were taken back.
func (w *World) checkWords() {
	for _, h := range w.here() {
		me, _ := w.member(h.name)
		for _, label := range labelled(string(h.keeps())) {
			t := w.things[label]
			switch {
			case t == nil: // the answer never came; it is the writer's
			case t.to != nil && !slices.Contains(t.to, me):
				w.fail("audience", "%s keeps words of %q, which are for others", h.name, label)
			case t.taken && !t.terms && h.in() && w.holdsAll(h, t.by):
				w.fail("retraction", "%s keeps words of %q, which were taken back", h.name, label)
			}
		}
	}
}

// holdsAll reports whether two homes share the circle, and so hold the same.
func (w *World) holdsAll(a, b *home) bool {
	if a == b {
		return true
	}
	if !b.honest() || b.view() == nil {
		return false
	}
	both, _ := w.fellows(a, b)
	return both
}

// keeps is all that a home's store holds of the circle, end to end.
func (h *home) keeps() []byte {
	var all []byte
	c := h.store()
	for s, err := range c.Arrivals(1) {
		if err != nil {
			h.w.fail("store", "%s: %v", h.name, err)
			return nil
		}
		all = append(append(all, s.Op.Payload...), s.Op.Body...)
	}
	for kind := range 256 {
		if bytes.IndexByte([]byte(storage.OwnLetters), byte(kind)) >= 0 {
			continue
		}
		for row, err := range c.Scan([]byte{byte(kind)}) {
			if err != nil {
				h.w.fail("store", "%s: %v", h.name, err)
				return nil
			}
			all = append(append(all, row.Key...), row.Value...)
		}
	}
	return all
}

// searched looks for words in the clear in what goes over a wire.
func (w *World) searched(h *home, data []byte) {
	if bytes.Contains(data, []byte(canaryMark)) {
		w.fail("wire", "%s sends words in the clear: %q", h.name, labelled(string(data)))
	}
}

// audit looks at ops before they leave a home: none is in the clear, and all that
// it wrote itself is safe on its disk.
func (w *World) audit(h *home, f *protocol.Ops) {
	for i := range f.Rows {
		w.searched(h, f.Rows[i].Body.Bytes)
	}
	s := h.view()
	if s == nil || !h.honest() {
		return
	}
	safe, err := h.mem.Durable().Circle(w.circle)
	if err != nil {
		w.fail("store", "%s: %v", h.name, err)
		return
	}
	for _, t := range s.Frontier().Tips[s.Dev] {
		// What came back from others, after a restore, is no word given anew.
		if _, here, err := safe.Fact(t.ID); h.wrote[t.ID] && (err != nil || !here) {
			w.fail("announced", "%s ships what it holds, and its own %s is not on its disk", h.name, t.ID.Short())
		}
	}
}

// stored is audit for a gossip message.
func (w *World) stored(h *home, data []byte) {
	f, err := protocol.DecodeFrame(data)
	packed, ok := f.(*protocol.Ops)
	if err != nil || !ok {
		w.fail("own frame", "%s gossips what does not decode: %v", h.name, err)
		return
	}
	ops, err := protocol.UnpackByID(w.circle, packed)
	if err != nil {
		w.fail("own frame", "%s gossips what does not unpack: %v", h.name, err)
	}
	for i := range ops {
		h.wrote[ops[i].ID] = true
	}
	w.audit(h, packed)
}
