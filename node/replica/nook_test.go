package replica

import (
	"fmt"
	"slices"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/protocol"
)

// TestANookClaimedTwice: whoever holds a nook's secret and writes another op for
// it adds nobody; it is for those in both rosters, in whatever order the two come
// and whether what stands under it was read before.
func TestANookClaimedTwice(t *testing.T) {
	for _, order := range []string{"abc", "bac", "acb", "bca", "cab", "cba"} {
		t.Run(order, func(t *testing.T) {
			b := newBench(t, 4)
			ann, ben, cem, dan := b.people[0], b.people[1], b.people[2], b.people[3]
			nook := b.secret()
			b.more = append(b.more, nook)
			claim := func(of int, ids ...crdt.ID) crdt.Op {
				body, err := protocol.SealNook(b.rand, nook, b.ID, ids, nil)
				if err != nil {
					t.Fatal(err)
				}
				d := b.people[of].Device()
				op := b.Make(d, b.Heads(), &body)
				d.Seq, d.Prev, d.Clock = op.Seq, op.ID, op.HLC.Millis()
				d.Knows = []crdt.ID{op.ID}
				return op
			}
			first := claim(0, ann.ID, ben.ID, cem.ID)
			second := claim(2, ann.ID, ben.ID, dan.ID)
			d := ben.Device()
			h := b.next(d)
			h.Ctl, h.HLC = []crdt.ID{first.ID}, first.HLC+1
			kind, payload := circle.Encode(circle.NeedPosted{Title: "for us", People: 1})
			post := b.sign(d, h, b.seal(nook, b.ID, d.Key, h.Seq, kind, payload))
			ops := map[rune]crdt.Op{'a': first, 'b': second, 'c': post}
			for _, c := range order {
				want := New
				if c == 'c' && !b.r.set.Has(first.ID) {
					want = Parked
				}
				b.mustBe(want, b.give(ops[c], from(1)))
			}
			both := []crdt.ID{ann.ID, ben.ID}
			slices.SortFunc(both, crdt.ID.Compare)
			at := crdt.At(b.now())
			digest := b.r.State().Digest(at)
			for i := range 2 { // as it came, and from the store
				n, ok := b.r.nookByID(nook.EpochID())
				if !ok || fmt.Sprint(n.members) != fmt.Sprint(both) {
					t.Errorf("the nook is for %d (%t), want those in both", len(n.members), ok)
				}
				for j, p := range b.people {
					dev, _ := b.r.People().Device(p.Device().Key)
					if may := b.r.mayRead(b.r.People(), dev, nook.EpochID()); may != (j < 2) {
						t.Errorf("%s may be handed the secret: %t", p.Name, may)
					}
				}
				if !b.r.State().Has(post.ID) {
					t.Error("what stands under it is not read")
				}
				if got := b.r.State().Digest(at); got != digest {
					t.Errorf("start %d: the state is another", i)
				}
				b.reopen()
			}
		})
	}
}

// TestANookOfTheCircle: an epoch that all can read is nobody's nook.
func TestANookOfTheCircle(t *testing.T) {
	b := newBench(t, 3)
	body, err := protocol.SealNook(b.rand, b.epoch, b.ID, []crdt.ID{b.people[0].ID, b.people[1].ID}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := b.people[1].Device()
	b.mustBe(New, b.give(b.Make(d, []crdt.ID{b.Ops[len(b.Ops)-2].ID}, &body), from(1))) // as one who does not know of the epoch
	other := b.people[2].Device()
	post := b.write(other, b.next(other), "Soup")
	b.mustBe(New, b.give(post, from(1)))
	for range 2 {
		if _, ok := b.r.nookByID(b.epoch.EpochID()); ok {
			t.Error("the circle's epoch is taken for a nook")
		}
		if !b.r.State().Has(post.ID) {
			t.Error("what the circle reads is gone")
		}
		if _, of := b.r.People().Device(other.Key); !of || !b.r.People().CircleEpoch(b.epoch.EpochID(), b.epoch.Commit()) {
			t.Error("the circle's epoch is no epoch any more")
		}
		b.reopen()
	}
}

// TestWhatIsForAFewWaitsForItsNook: a home that kept its keys and lost its log gets
// words for a few before the op that says for whom they are. They are nobody's
// until then, and never the circle's.
func TestWhatIsForAFewWaitsForItsNook(t *testing.T) {
	for _, spoiled := range []bool{false, true} {
		b := newBench(t, 3)
		ann, ben := b.people[0], b.people[1]
		nook := b.secret()
		b.more = append(b.more, nook)
		body, err := protocol.SealNook(b.rand, nook, b.ID, []crdt.ID{ann.ID, ben.ID}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if spoiled {
			body.SealedRoster[len(body.SealedRoster)-1] ^= 1
		}
		claim := b.Make(ann.Device(), b.Heads(), &body)
		d := ben.Device()
		h := b.next(d)
		kind, payload := circle.Encode(circle.NeedPosted{Title: "for us", People: 1})
		post := b.sign(d, h, b.seal(nook, b.ID, d.Key, h.Seq, kind, payload))
		at := crdt.At(b.now())
		want := b.r.State().Digest(at)
		check := func(when string, reads bool) {
			t.Helper()
			for range 2 {
				p, ok := b.r.State().Post(circle.Env{}, post.ID)
				if ok != reads || ok && len(p.Audience) != 2 {
					t.Errorf("spoiled %t, %s: read %t, want %t, by %d people", spoiled, when, ok, reads, len(p.Audience))
				}
				if b.r.State().Digest(at) != want {
					t.Errorf("spoiled %t, %s: it is part of what the circle reads", spoiled, when)
				}
				b.reopen()
			}
		}
		b.mustBe(New, b.give(post, from(1)))
		check("before its nook", false)
		b.mustBe(New, b.give(claim, from(1)))
		check("after", !spoiled)
	}
}

// TestWhatIsForTheCircleWaitsForItsEpoch: the same for an epoch of the circle.
func TestWhatIsForTheCircleWaitsForItsEpoch(t *testing.T) {
	b := newBench(t, 3)
	next := b.secret()
	b.more = append(b.more, next)
	e := b.Epoch(b.Founder.Device(), "next")
	e.ID, e.Commit = next.EpochID(), next.Commit()
	claim := b.Make(b.Founder.Device(), b.Heads(), e)
	d := b.people[1].Device()
	h := b.next(d)
	kind, payload := circle.Encode(circle.NeedPosted{Title: "Soup", People: 1})
	post := b.sign(d, h, b.seal(next, b.ID, d.Key, h.Seq, kind, payload))
	b.mustBe(New, b.give(post, from(1)))
	if b.r.State().Has(post.ID) {
		t.Error("it is read before it is known for whom it is")
	}
	b.mustBe(New, b.give(claim, from(1)))
	for range 2 {
		if p, ok := b.r.State().Post(circle.Env{}, post.ID); !ok || p.Audience != nil {
			t.Errorf("it is read by %v (%t), want the circle", p.Audience, ok)
		}
		b.reopen()
	}
}
