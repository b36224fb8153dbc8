package replica

import (
	"crypto/hkdf"
	"crypto/sha256"
	"slices"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
	"tend/protocol"
)

// sealRoster seals any roster for a nook whose secret is known, as a member may
// whose home is no honest one.
func (b *bench) sealRoster(s protocol.Secret, members ...crdt.ID) []byte {
	b.t.Helper()
	slices.SortFunc(members, crdt.ID.Compare)
	text := append(canon.MustMarshal([]any{[32]byte{1}, members}), 0x80)
	key, err := hkdf.Key(sha256.New, s[:], nil, "tend/nook/1", 32)
	if err != nil {
		b.t.Fatal(err)
	}
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		b.t.Fatal(err)
	}
	return aead.Seal(nil, make([]byte, 12), text, canon.MustMarshal([]any{"tend/nook/1", b.ID, s.NookID()}))
}

// tells makes a device's next control op.
func (b *bench) tells(d *membertest.Device, body membership.Body) crdt.Op {
	op := b.Make(d, b.Heads(), body)
	d.Seq, d.Prev, d.Clock = op.Seq, op.ID, op.HLC.Millis()
	d.Knows = []crdt.ID{op.ID}
	return op
}

// forFew makes a device's next post, for the few of a nook.
func (b *bench) forFew(d *membertest.Device, s protocol.Secret, at crdt.HLC, ctl ...crdt.ID) crdt.Op {
	b.t.Helper()
	h := b.next(d)
	h.Ctl, h.HLC = ctl, max(at, h.HLC)
	kind, payload := circle.Encode(&circle.NeedPosted{Title: "for us", People: 1})
	body, err := protocol.SealNookBody(b.rand, s, b.ID, d.Key, h.Seq, kind, payload)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.sign(d, h, body)
}

// TestANookClaimedTwice: whoever holds a nook's secret can neither add anybody, nor
// take anybody out, nor make it the circle's: whatever they announce, in whatever
// order it comes, and whether what stands under it was read before.
func TestANookClaimedTwice(t *testing.T) {
	for _, claim := range []string{"for others", "for fewer", "for the circle", "for the circle, by the nook's own id", "by nobody of it"} {
		for _, order := range []string{"abc", "bac", "acb", "bca", "cab", "cba"} {
			t.Run(claim+"/"+order, func(t *testing.T) {
				b := newBench(t, 4)
				ann, ben, cem, dan := b.people[0], b.people[1], b.people[2], b.people[3]
				three := []crdt.ID{ann.ID, ben.ID, cem.ID}
				slices.SortFunc(three, crdt.ID.Compare)
				nook, honest, err := protocol.SealNook(b.rand, b.ID, three, nil)
				if err != nil {
					t.Fatal(err)
				}
				b.more = append(b.more, nook)
				id, by := nook.NookID(), cem
				forged := honest
				switch claim {
				case "for others":
					forged.SealedRoster = b.sealRoster(nook, ann.ID, ben.ID, cem.ID, dan.ID)
				case "for fewer":
					forged.SealedRoster = b.sealRoster(nook, cem.ID)
				case "for the circle":
					forged = membership.Epoch{Gen: 2, ID: nook.EpochID(), Commit: nook.Commit()}
				case "for the circle, by the nook's own id":
					forged = membership.Epoch{Gen: 2, ID: id, Commit: nook.Commit()}
				case "by nobody of it":
					by = dan
				}
				first := b.tells(ann.Device(), &honest)
				second := b.tells(by.Device(), &forged)
				post := b.forFew(ben.Device(), nook, first.HLC+1, first.ID)
				at := crdt.At(b.now())
				digest := b.r.State().Digest(at)
				ops := map[rune]crdt.Op{'a': first, 'b': second, 'c': post}
				for _, c := range order {
					want := New
					if c == 'c' && !b.r.set.Has(first.ID) {
						want = Parked
					}
					b.mustBe(want, b.give(ops[c], from(1)))
				}
				for i := range 2 { // as it came, and from the store
					n, ok := b.r.nookByID(id)
					if !ok || !slices.Equal(n.members, three) || !slices.Equal(n.ops, []crdt.ID{first.ID}) {
						t.Errorf("the nook is for %d (%t), want the three", len(n.members), ok)
					}
					for j, p := range b.people {
						dev, _ := b.r.People().Device(p.Device().Key)
						if may := b.r.mayRead(b.r.People(), dev, id); may != (j < 3) {
							t.Errorf("%s may be handed the secret: %t", p.Name, may)
						}
					}
					if e, ok := b.r.writeEpoch(); !ok || e.Epoch.ID == id {
						t.Error("what is for the circle is written under the nook's id")
					}
					p, ok := b.r.State().Post(circle.Env{}, post.ID)
					if !ok || !slices.Equal(p.Audience, three) {
						t.Errorf("what stands under it is read by %d (%t), want the three", len(p.Audience), ok)
					}
					if got := b.r.State().Digest(at); got != digest {
						t.Errorf("start %d: it is part of what the circle reads", i)
					}
					b.reopen()
				}
			})
		}
	}
}

// TestANookOfTheCircle: nobody makes a nook of what all can read, by neither of the
// names that its secret could have.
func TestANookOfTheCircle(t *testing.T) {
	for _, name := range []string{"its own", "a nook's"} {
		b := newBench(t, 3)
		claim := membership.Epoch{Scope: membership.ScopeNook, ID: b.epoch.EpochID(), Commit: b.epoch.Commit(),
			SealedRoster: b.sealRoster(b.epoch, b.people[0].ID, b.people[1].ID)}
		if name == "a nook's" {
			claim.ID, claim.Commit = b.epoch.NookID(), b.epoch.NookCommit()
		}
		d := b.people[1].Device()
		b.mustBe(New, b.give(b.Make(d, []crdt.ID{b.Ops[len(b.Ops)-2].ID}, &claim), from(1))) // as one who does not know of the epoch
		other := b.people[2].Device()
		post := b.write(other, b.next(other), "Soup")
		b.mustBe(New, b.give(post, from(1)))
		for range 2 {
			if len(b.r.nooks) > 0 {
				t.Errorf("by %s name: the circle's epoch is taken for a nook", name)
			}
			if p, ok := b.r.State().Post(circle.Env{}, post.ID); !ok || p.Audience != nil {
				t.Errorf("by %s name: what the circle reads is for %v (%t)", name, p.Audience, ok)
			}
			if !b.r.holdsCircle(b.epoch.EpochID()) {
				t.Errorf("by %s name: the circle's epoch is no epoch any more", name)
			}
			b.reopen()
		}
	}
}

// TestWhatIsForAFewWaitsForItsNook: a home that kept its keys and lost its log gets
// words for a few before the op that says for whom they are. They are nobody's
// until then, and never the circle's.
func TestWhatIsForAFewWaitsForItsNook(t *testing.T) {
	for _, spoiled := range []bool{false, true} {
		b := newBench(t, 3)
		ann, ben := b.people[0], b.people[1]
		nook, body, err := protocol.SealNook(b.rand, b.ID, []crdt.ID{ann.ID, ben.ID}, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.more = append(b.more, nook)
		if spoiled {
			body.SealedRoster[len(body.SealedRoster)-1] ^= 1
		}
		claim := b.Make(ann.Device(), b.Heads(), &body)
		post := b.forFew(ben.Device(), nook, 0, ben.Device().Knows...)
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
	kind, payload := circle.Encode(&circle.NeedPosted{Title: "Soup", People: 1})
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
