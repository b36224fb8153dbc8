package membership_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// scene is a circle of four with voice, and Eve, who is new.
type scene struct {
	*membertest.Circle
	ada, bo, cy, dee, eve *membertest.Person
	invite                crdt.ID // by Ada, for one
}

func newScene() *scene {
	c, p := membertest.Grown(4)
	s := &scene{Circle: c, ada: p[0], bo: p[1], cy: p[2], dee: p[3]}
	s.invite = c.Tell(s.ada, c.Invite("slip", 1))
	s.eve = c.Join(s.bo, "Eve")
	for _, q := range p {
		q.Device().Knows = c.Heads()
	}
	return s
}

func TestJudgeRefuses(t *testing.T) {
	rows := []struct {
		name string
		says string // part of the error
		try  func(s *scene) (*membertest.Device, membership.Body)
	}{
		{"invite without voice", "no voice", func(s *scene) (*membertest.Device, membership.Body) {
			return s.eve.Device(), s.Invite("eve's", 1)
		}},
		{"invite that lasts too long", "lasts more", func(s *scene) (*membertest.Device, membership.Body) {
			b := s.Invite("long", 1)
			b.Expiry += 31 * 24
			return s.ada.Device(), b
		}},
		{"invite for many that lasts too long", "lasts more", func(s *scene) (*membertest.Device, membership.Body) {
			b := s.Invite("long", 2)
			b.Expiry += 48
			return s.ada.Device(), b
		}},
		{"invite for too many", "uses", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), s.Invite("crowd", membership.MaxInviteUses+1)
		}},
		{"revocation of another's invite without voice", "no voice", func(s *scene) (*membertest.Device, membership.Body) {
			return s.eve.Device(), &membership.InviteRevoke{Invite: s.invite}
		}},
		{"revocation of what is no invite", "no such invite", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.InviteRevoke{Invite: s.eve.Admission}
		}},
		{"admit without voice", "no voice", func(s *scene) (*membertest.Device, membership.Body) {
			return s.eve.Device(), s.Admit(s.eve.Device(), membertest.NewPerson("Fay"), crdt.ID{}, "")
		}},
		{"admit with the root's proof for another door", "does not verify", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), s.Admit(s.bo.Device(), membertest.NewPerson("Fay"), crdt.ID{}, "")
		}},
		{"admit with the proof of another invite", "invite's signature", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), s.Admit(s.ada.Device(), membertest.NewPerson("Fay"), s.invite, "other")
		}},
		{"admit after the invite's expiry", "expired", func(s *scene) (*membertest.Device, membership.Body) {
			s.Pass(3 * day)
			return s.ada.Device(), s.Admit(s.ada.Device(), membertest.NewPerson("Fay"), s.invite, "slip")
		}},
		{"admit by an invite that is none", "no such invite", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), s.Admit(s.ada.Device(), membertest.NewPerson("Fay"), s.ID, "slip")
		}},
		{"admit with a certificate of another circle", "for circle", func(s *scene) (*membertest.Device, membership.Body) {
			fay := membertest.NewPerson("Fay")
			b := s.Admit(s.ada.Device(), fay, crdt.ID{}, "")
			b.Cert = fay.Cert(s.invite, fay.Device())
			return s.ada.Device(), b
		}},
		{"admit with a certificate of another root", "root's signature", func(s *scene) (*membertest.Device, membership.Body) {
			fay := membertest.NewPerson("Fay")
			fay.Root = s.ada.Root
			return s.ada.Device(), s.Admit(s.ada.Device(), fay, crdt.ID{}, "")
		}},
		{"admit of somebody with a member's device", "another member's", func(s *scene) (*membertest.Device, membership.Body) {
			fay := membertest.NewPerson("Fay")
			fay.Devices[0].Key, fay.Devices[0].Private = s.bo.Device().Key, s.bo.Device().Private
			return s.ada.Device(), s.Admit(s.ada.Device(), fay, crdt.ID{}, "")
		}},
		{"admit of a device without its key's signature", "own signature", func(s *scene) (*membertest.Device, membership.Body) {
			fay := membertest.NewPerson("Fay")
			fay.Devices[0].Private = s.ada.Device().Private
			return s.ada.Device(), s.Admit(s.ada.Device(), fay, crdt.ID{}, "")
		}},
		{"admit with a transport key of somebody else", "transport key's signature", func(s *scene) (*membertest.Device, membership.Body) {
			fay := membertest.NewPerson("Fay")
			fay.Devices[0].PeerKey = s.ada.Device().PeerKey
			return s.ada.Device(), s.Admit(s.ada.Device(), fay, crdt.ID{}, "")
		}},
		{"admit with a low-order root", "low order", func(s *scene) (*membertest.Device, membership.Body) {
			fay := membertest.NewPerson("Fay")
			fay.Inception.Root = [32]byte{1}
			fay.ID = fay.Inception.ID()
			return s.ada.Device(), s.Admit(s.ada.Device(), fay, crdt.ID{}, "")
		}},
		{"sponsor of nothing", "no such admission", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.Sponsor{Admit: s.invite}
		}},
		{"object without voice", "no voice", func(s *scene) (*membertest.Device, membership.Body) {
			return s.eve.Device(), &membership.Object{Target: s.eve.Admission}
		}},
		{"stand on nothing", "no such proposal", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.Stand{Proposal: s.invite}
		}},
		{"enact of nothing", "no such proposal", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.Enact{Proposal: s.invite}
		}},
		{"propose what nobody knows", "kind 9", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.Propose{What: 9, Target: s.bo.ID}
		}},
		{"propose a removal with a payload", "payload", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.Propose{What: membership.Remove, Target: s.bo.ID, Payload: []byte{1}}
		}},
		{"epoch of a generation too high", "generation", func(s *scene) (*membertest.Device, membership.Body) {
			b := s.Epoch(s.ada.Device(), "e")
			b.Gen++
			return s.ada.Device(), b
		}},
		{"epoch with a known id", "taken", func(s *scene) (*membertest.Device, membership.Body) {
			s.Tell(s.ada, s.Epoch(s.ada.Device(), "e"))
			s.bo.Device().Knows = s.Heads()
			return s.bo.Device(), s.Epoch(s.bo.Device(), "e")
		}},
		{"nook with an odd number of lockboxes", "lockboxes", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.Epoch{Scope: membership.ScopeNook, ID: membership.EpochID{1}, SealedRoster: []byte{1},
				Boxes: []membership.Box{{Enc: make([]byte, membership.EncSize), CT: make([]byte, membership.LockboxSize)}}}
		}},
		{"device.add by another root", "root's signature", func(s *scene) (*membertest.Device, membership.Body) {
			d := s.bo.NewDevice()
			d.Knows = s.Heads()
			root := s.bo.Root
			s.bo.Root = s.ada.Root
			cert := s.bo.Cert(s.ID, d)
			s.bo.Root = root
			return d, &membership.DeviceAdd{Cert: cert}
		}},
		{"device.add for somebody else", "another member's", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.DeviceAdd{Cert: s.bo.Cert(s.ID, s.bo.NewDevice())}
		}},
		{"an uncertified device", "nobody's device", func(s *scene) (*membertest.Device, membership.Body) {
			d := s.bo.NewDevice()
			d.Knows = s.Heads()
			return d, &membership.Beat{}
		}},
		{"a revoked device", "was revoked", func(s *scene) (*membertest.Device, membership.Body) {
			d := s.AddDevice(s.bo)
			s.Tell(s.bo, &membership.DeviceRevoke{Dev: d.Key})
			d.Knows = s.Heads()
			return d, &membership.Beat{}
		}},
		{"device.revoke of another's device", "another member's", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.DeviceRevoke{Dev: s.bo.Device().Key}
		}},
		{"device.revoke with another root's signature", "root's signature", func(s *scene) (*membertest.Device, membership.Body) {
			b := &membership.DeviceRevoke{Dev: s.bo.Device().Key}
			b.SigRoot = ed25519.Sign(s.ada.Root, b.Signed(s.ID, s.bo.ID))
			return s.ada.Device(), b
		}},
		{"trustees without the root", "root's signature", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.Trustees{K: 1, SigRoot: make([]byte, 64)}
		}},
		{"rotate to a root that was not committed to", "committed", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), s.rotation(s.ada, s.bo.NextRoot)
		}},
		{"one who left", "no member", func(s *scene) (*membertest.Device, membership.Body) {
			s.Tell(s.bo, &membership.Leave{})
			return s.bo.Device(), &membership.Beat{}
		}},
		{"leave that saw too many tips", "limit 16", func(s *scene) (*membertest.Device, membership.Body) {
			b := &membership.Leave{}
			for i := range membership.MaxSeen + 1 {
				b.Seen = append(b.Seen, membership.Seen{Dev: crdt.Device{byte(i)}, Tip: crdt.ID{1}})
			}
			return s.bo.Device(), b
		}},
		{"an unknown kind without voice", "no voice", func(s *scene) (*membertest.Device, membership.Body) {
			return s.eve.Device(), &membership.Unknown{Number: 40, Payload: []byte{0xf6}}
		}},
		{"a content kind", "not a control kind", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.Unknown{Number: 64, Payload: []byte{0xf6}}
		}},
		{"prekey of the wrong size", "box key", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.Prekey{Box: make([]byte, membership.BoxSize-1)}
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newScene()
			d, b := row.try(s)
			_, err := s.TryWrite(d, b)
			if !errors.Is(err, membership.ErrRefused) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("error = %v, want ErrRefused with %q", err, row.says)
			}
		})
	}
}

// rotation rotates to a root by the signature of the one in force.
func (s *scene) rotation(p *membertest.Person, to ed25519.PrivateKey) *membership.Rotate {
	b := &membership.Rotate{NewRoot: [32]byte(to.Public().(ed25519.PublicKey)), NextRootHash: membertest.Seed("third")}
	b.SigOld = ed25519.Sign(p.Root, b.Signed(s.ID, p.ID))
	old := p.Root
	p.Root = to
	b.Cert = p.Cert(s.ID, p.Device())
	p.Root = old
	return b
}

func TestJudgeAccepts(t *testing.T) {
	rows := []struct {
		name string
		try  func(s *scene) (*membertest.Device, membership.Body)
	}{
		{"one's own invite revoked", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.InviteRevoke{Invite: s.invite}
		}},
		{"an admit by a bearer's invite", func(s *scene) (*membertest.Device, membership.Body) {
			return s.bo.Device(), s.Admit(s.bo.Device(), membertest.NewPerson("Fay"), s.invite, "slip")
		}},
		{"a rotation to the root committed to", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), s.rotation(s.ada, s.ada.NextRoot)
		}},
		{"a revocation with the root's signature", func(s *scene) (*membertest.Device, membership.Body) {
			b := &membership.DeviceRevoke{Dev: s.bo.Device().Key}
			b.SigRoot = ed25519.Sign(s.bo.Root, b.Signed(s.ID, s.bo.ID))
			return s.ada.Device(), b
		}},
		{"trustees signed by the root", func(s *scene) (*membertest.Device, membership.Body) {
			b := &membership.Trustees{Hash: membertest.Seed("list"), K: 2}
			b.SigRoot = ed25519.Sign(s.ada.Root, b.Signed(s.ID, s.ada.ID))
			return s.ada.Device(), b
		}},
		{"a nook", func(s *scene) (*membertest.Device, membership.Body) {
			return s.eve.Device(), &membership.Epoch{Scope: membership.ScopeNook, ID: membership.EpochID{1}, SealedRoster: []byte{1}}
		}},
		{"an unknown kind with voice", func(s *scene) (*membertest.Device, membership.Body) {
			return s.ada.Device(), &membership.Unknown{Number: 40, Payload: []byte{0xf6}}
		}},
		{"a newcomer's beat", func(s *scene) (*membertest.Device, membership.Body) {
			return s.eve.Device(), &membership.Beat{}
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newScene()
			d, b := row.try(s)
			if _, err := s.TryWrite(d, b); err != nil {
				t.Errorf("error = %v, want accepted", err)
			}
		})
	}
}

func TestQuotaOfNewcomers(t *testing.T) {
	c, people := membertest.Grown(4)
	for i := range membership.MaxUnvoiced {
		c.Join(people[0], fmt.Sprint("Newcomer ", i))
	}
	people[0].Device().Knows = c.Heads()
	one := c.Admit(people[0].Device(), membertest.NewPerson("One more"), crdt.ID{}, "")
	if _, err := c.TryWrite(people[0].Device(), one); !errors.Is(err, membership.ErrRefused) {
		t.Errorf("newcomer %d without voice by one member: %v, want ErrRefused", membership.MaxUnvoiced+1, err)
	}
}

func TestRotatedRootCertifiesDevices(t *testing.T) {
	s := newScene()
	s.Tell(s.ada, s.rotation(s.ada, s.ada.NextRoot))
	old := s.ada.NewDevice()
	old.Knows = s.Heads()
	if _, err := s.TryWrite(old, &membership.DeviceAdd{Cert: s.ada.Cert(s.ID, old)}); !errors.Is(err, membership.ErrRefused) {
		t.Errorf("device certified by the root that was rotated out: %v, want ErrRefused", err)
	}
	s.ada.Root = s.ada.NextRoot
	fresh := s.ada.NewDevice()
	fresh.Knows = s.Heads()
	if _, err := s.TryWrite(fresh, &membership.DeviceAdd{Cert: s.ada.Cert(s.ID, fresh)}); err != nil {
		t.Errorf("device certified by the root in force: %v", err)
	}
}

// TestDecodeRejectsOtherSpellings holds that no body has a second encoding.
func TestDecodeRejectsOtherSpellings(t *testing.T) {
	s := newScene()
	op := s.Ops[len(s.Ops)-1].Op // a control op with a body
	invite := s.Invite("slip", 1)
	_, payload := membership.Encode(invite)
	bound := membership.DefaultCharter(strings.Repeat("n", membership.MaxCharterName))
	over := membership.DefaultCharter(strings.Repeat("n", membership.MaxCharterName+1))
	rows := []struct {
		name    string
		kind    uint64
		payload []byte
		ok      bool
	}{
		{"as written", membership.KindInvite, payload, true},
		{"trailing byte", membership.KindInvite, append(append([]byte{}, payload...), 0), false},
		{"cut short", membership.KindInvite, payload[:len(payload)-1], false},
		{"uses in long form", membership.KindInvite, append(append([]byte{}, payload[:len(payload)-1]...), 0x18, 1), false},
		{"another kind", membership.KindSponsor, payload, false},
		{"a beat with a body", membership.KindBeat, nil, false},
		{"a genesis that names control heads", membership.KindGenesis, payload, false},
		{"kind 0", 0, payload, false},
		{"kind 64", 64, payload, false},
		{"charter at its limit", membership.KindPropose, propose(membership.EncodeCharter(bound)), true},
		{"charter above its limit", membership.KindPropose, propose(membership.EncodeCharter(over)), false},
		{"charter with another spelling", membership.KindPropose, propose(append(membership.EncodeCharter(bound), 0)), false},
		{"optional op of 31 bytes", membership.KindObject, canon.MustMarshal([]any{s.ID, make([]byte, 31)}), false},
		{"optional op left out", membership.KindObject, canon.MustMarshal([]any{s.ID, []byte{}}), true},
		{"epoch of the circle with a nook's scope", membership.KindEpoch, canon.MustMarshal([]any{1, 1, make([]byte, 16), make([]byte, 32)}), false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := membership.Decode(s.ID, &op, row.kind, row.payload)
			if (err == nil) != row.ok || err != nil && !errors.Is(err, membership.ErrRefused) {
				t.Errorf("Decode(%s, %x) = %v, want ok = %v", membership.KindName(row.kind), row.payload, err, row.ok)
			}
		})
	}
}

func propose(payload []byte) []byte {
	_, out := membership.Encode(&membership.Propose{What: membership.ChangeTo, Payload: payload})
	return out
}

func TestForkProofNeedsTwoOps(t *testing.T) {
	s := newScene()
	d := *s.bo.Device()
	one := s.Make(&d, s.Heads(), &membership.Away{})
	two := s.Make(&d, s.Heads(), &membership.Beat{})
	d.Seq++
	d.Prev = one.ID
	three := s.Make(&d, s.Heads(), &membership.Beat{})
	forged := two
	forged.Sig = one.Sig
	for _, row := range []struct {
		name string
		b    *membership.ForkProof
		ok   bool
	}{
		{"two ops at one place", membership.NewForkProof(&two, &one), true},
		{"one op twice", membership.NewForkProof(&one, &one), false},
		{"two places", membership.NewForkProof(&one, &three), false},
		{"a signature of another op", membership.NewForkProof(&one, &forged), false},
		{"in the wrong order", swapped(membership.NewForkProof(&one, &two)), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s.ada.Device().Knows = s.Heads()
			if _, err := s.TryWrite(s.ada.Device(), row.b); (err == nil) != row.ok {
				t.Errorf("error = %v, want ok = %v", err, row.ok)
			}
		})
	}
}

func swapped(b *membership.ForkProof) *membership.ForkProof {
	b.A, b.B = b.B, b.A
	return b
}

// FuzzDecode feeds payloads of every kind: what decodes is the only encoding.
func FuzzDecode(f *testing.F) {
	s := newScene()
	for _, o := range s.Ops {
		kind, payload := membership.Encode(o.Says)
		f.Add(kind, payload)
	}
	f.Add(membership.KindPropose, propose(membership.EncodeCharter(membership.DefaultCharter("x"))))
	op, beat := s.Ops[1].Op, s.Ops[1].Op
	beat.BodyLen = 0
	f.Fuzz(func(t *testing.T, kind uint64, payload []byte) {
		at := &op
		if kind == membership.KindBeat {
			at = &beat
		}
		b, err := membership.DecodeTrusted(s.ID, at, kind, payload)
		if err != nil || kind == membership.KindBeat {
			return
		}
		if k, again := membership.Encode(b); k != kind || string(again) != string(payload) {
			t.Errorf("Encode(Decode(%d, %x)) = %d, %x", kind, payload, k, again)
		}
	})
}
