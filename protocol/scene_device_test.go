package protocol_test

import (
	"crypto/ed25519"
	"slices"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
	"tend/protocol"
)

// deviceScenes are about a person's devices and root.
var deviceScenes = []scene{
	{"a second device", "Bo's second device writes its own device.add; his first certifies a third.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		second := s.addDevice(p[1])
		third := s.device(p[1])
		s.says(p[1], &membership.DeviceAdd{Cert: p[1].Cert(s.ID, third)})
		s.writes(s.knowsAll(third), &membership.Beat{})
		s.refused(s.knowsAll(second), &membership.DeviceAdd{Cert: p[0].Cert(s.ID, s.device(p[0]))}, "the certificate is another member's")
		fourth := s.device(p[1])
		s.refused(s.knowsAll(fourth), &membership.Beat{}, "nobody certified it, and it does not itself")
		forged := p[1].Cert(s.ID, fourth)
		forged.SigRoot = ed25519.Sign(p[0].Root, forged.Signed())
		s.refused(s.knowsAll(fourth), &membership.DeviceAdd{Cert: forged}, "another's root signed it")
		stolen := p[1].Cert(s.ID, p[0].Device())
		s.refused(s.knowsAll(p[1].Device()), &membership.DeviceAdd{Cert: stolen}, "the device is Ada's")
	}},
	{"a device claimed by two", "Ada and Bo each certify one device, apart from each other: it is of whoever's op has the smaller id.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		shared := s.device(p[0])
		s.meetAll()
		s.writes(p[0].Device(), &membership.DeviceAdd{Cert: p[0].Cert(s.ID, shared)})
		s.writes(p[1].Device(), &membership.DeviceAdd{Cert: p[1].Cert(s.ID, shared)})
		s.writes(s.knowsAll(shared), &membership.Away{})
	}},
	{"revoked by a sibling", "Bo's laptop is stolen; his other device revokes it, naming what it has of it. What the thief writes meanwhile is void, and once known, refused.", "Ada Bo", "Ada Bo", 2, func(s *play) {
		p := s.grown("Ada", "Bo")
		second := s.addDevice(p[1])
		laptop := p[1].Device()
		s.post(laptop, "", "")
		s.meetAll()
		s.writes(second, &membership.DeviceRevoke{Dev: laptop.Key, Seen: []membership.Seen{{Dev: laptop.Key, Tip: laptop.Prev}}})
		s.post(laptop, "", "")
		s.writes(laptop, s.Invite("slip", 1))
		s.knowsAll(laptop)
		s.refused(laptop, &membership.Beat{}, "the device is revoked, and knows it")
		s.post(laptop, "level-2", "the device is revoked, and knows it")
	}},
	{"revoked by the root", "Ada passes on the revocation that Bo's root signed.", "Ada Bo", "Ada Bo", 1, func(s *play) {
		p := s.grown("Ada", "Bo")
		s.meetAll()
		b := &membership.DeviceRevoke{Dev: p[1].Device().Key}
		s.refused(p[0].Device(), b, "not her device, and no signature")
		bad := *b
		bad.SigRoot = ed25519.Sign(p[0].Root, b.Signed(s.ID, p[1].ID))
		s.refused(p[0].Device(), &bad, "another's root signed it")
		s.refused(p[0].Device(), &membership.DeviceRevoke{Dev: crdt.Device{1}}, "nobody's device")
		b.SigRoot = ed25519.Sign(p[1].Root, b.Signed(s.ID, p[1].ID))
		s.writes(p[0].Device(), b)
		s.writes(p[1].Device(), &membership.Away{})
	}},
	{"two devices revoke each other", "Both are out; Bo is a member without a device.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		second := s.addDevice(p[1])
		s.meetAll()
		s.writes(p[1].Device(), &membership.DeviceRevoke{Dev: second.Key})
		s.writes(second, &membership.DeviceRevoke{Dev: p[1].Device().Key})
	}},
	{"box keys", "Of Bo's two new box keys, written at once with one clock on one device's two branches, the one with the larger id is used; Ada's newest.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		box := func(d *membertest.Device, n int) *membership.Prekey {
			return &membership.Prekey{Box: slices.Repeat(membertest.Box(d.Of.Name, n)[:32], membership.BoxSize/32)}
		}
		for n := range 3 {
			s.says(p[0], box(p[0].Device(), n))
		}
		twin := fork(p[1].Device())
		at := s.Now + 1000
		s.writes(p[1].Device(), box(twin, 1))
		s.Now = at - 1000
		s.writes(twin, box(twin, 2))
	}},
	{"a new root", "Bo puts the root in force that his first had committed to, by a new device. His old device goes on; what the old root signs counts no more.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		bo := p[1]
		next, hash := roots(bo, 2)
		other := s.device(bo)
		wrong, _ := roots(bo, 3)
		s.refused(s.knowsAll(other), s.rotate(bo, other, wrong, hash, bo.Root), "not the root committed to")
		s.refused(other, s.rotate(bo, other, next, hash, next), "the old root did not sign")
		s.writes(other, s.rotate(bo, other, next, hash, bo.Root))
		third := s.device(bo)
		s.refused(s.knowsAll(third), &membership.DeviceAdd{Cert: bo.Cert(s.ID, third)}, "certified by the old root")
		bo.Root = next
		s.writes(third, &membership.DeviceAdd{Cert: bo.Cert(s.ID, third)})
		s.beats(bo)
	}},
	{"two new roots at once", "Both rotations are to the root committed to, with another next one each: of concurrent ones the larger id is in force.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		bo := p[1]
		next, hash := roots(bo, 2)
		one, two := s.device(bo), s.device(bo)
		s.Sync(s.knowsAll(one))
		s.Sync(s.knowsAll(two))
		s.writes(one, s.rotate(bo, one, next, hash, bo.Root))
		s.writes(two, s.rotate(bo, two, next, membertest.Seed("another next"), bo.Root))
	}},
	{"trustees bring somebody back", "Bo named three, of whom two must stand. After 72 hours by the trustees' own clocks Ada enacts it; Bo's old device is out, and his new one rotates.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p, prop, laptop := s.recovery(2, nil)
		s.says(p[2], stand(prop))
		s.Pass(3 * day)
		s.beats(p[2], p[0])
		e := s.says(p[0], enact(prop))
		s.refused(s.knowsAll(p[1].Device()), &membership.Beat{}, "a recovery put the old devices out")
		s.writes(s.knowsAll(laptop), s.recovered(p[1], laptop, e))
		s.beats(p[0])
		s.writes(s.knowsAll(laptop), &membership.Beat{})
	}},
	{"trustees, too early", "An hour before the 72 hours are over: it does not count, and the rotation is refused.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p, prop, laptop := s.recovery(2, nil)
		s.says(p[2], stand(prop))
		s.Pass(3*day - hour)
		s.beats(p[2], p[0])
		e := s.says(p[0], enact(prop))
		s.refused(s.knowsAll(laptop), s.recovered(p[1], laptop, e), "the decision does not count")
	}},
	{"an old device objects", "Bo's old device objects: it takes one trustee more, and there are three.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p, prop, laptop := s.recovery(2, nil)
		s.says(p[2], stand(prop))
		s.says(p[1], object(prop))
		s.Pass(3 * day)
		s.beats(p[2], p[0])
		two := s.says(p[0], enact(prop))
		s.says(p[3], stand(prop))
		s.Pass(3 * day)
		s.beats(p[3])
		three := s.says(p[0], enact(prop))
		s.refused(s.knowsAll(laptop), s.recovered(p[1], laptop, two), "two of the needed three")
		s.writes(s.knowsAll(laptop), s.recovered(p[1], laptop, three))
	}},
	{"other trustees than named", "The proposal opens a list that Bo never named.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p, prop, _ := s.recovery(2, func(r *membership.Recovery) { r.Salt = make([]byte, 16) })
		s.says(p[2], stand(prop))
		s.Pass(3 * day)
		s.beats(p...)
		s.says(p[0], enact(prop))
	}},
	{"back without trustees", "Bo named none: two with voice bring him back.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p, prop, laptop := s.recovery(0, nil)
		s.says(p[2], stand(prop))
		s.Pass(3 * day)
		s.beats(p[2], p[0])
		e := s.says(p[0], enact(prop))
		s.writes(s.knowsAll(laptop), s.recovered(p[1], laptop, e))
	}},
	{"back in a circle of two", "The other one alone, after 72 hours.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		laptop := s.device(p[1])
		prop := s.says(p[0], recover(p[1], membership.Recovery{}))
		s.Pass(3 * day)
		s.beats(p[0])
		e := s.says(p[0], enact(prop))
		s.writes(s.knowsAll(laptop), s.recovered(p[1], laptop, e))
	}},
	{"back for the second time", "Bo loses the recovered laptop too. The second recovery puts it out, and what its root certifies is in, in spite of the first; a root that follows it by rotation as well.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p, prop, laptop := s.recovery(0, nil)
		s.says(p[2], stand(prop))
		s.Pass(3 * day)
		s.beats(p[2], p[0])
		first := s.says(p[0], enact(prop))
		s.writes(s.knowsAll(laptop), s.recovered(p[1], laptop, first))
		second, after := roots(p[1], 11)
		prop = s.says(p[0], &membership.Propose{What: membership.Recover, Target: p[1].ID, Payload: membership.EncodeRecovery(membership.Recovery{
			NewRoot: [32]byte(second.Public().(ed25519.PublicKey)), NextRootHash: after})})
		s.says(p[2], stand(prop))
		s.Pass(3 * day)
		s.beats(p[2], p[0])
		e := s.says(p[0], enact(prop))
		s.refused(s.knowsAll(laptop), &membership.Beat{}, "the second recovery put it out")
		phone := s.device(p[1])
		back := s.rotate(p[1], phone, second, after, second)
		back.SigOld, back.Enact = nil, e
		s.writes(s.knowsAll(phone), back)
		s.writes(s.knowsAll(phone), &membership.Beat{})
		third, last := roots(p[1], 12)
		s.writes(s.knowsAll(phone), s.rotate(p[1], phone, third, last, second))
		tablet := s.device(p[1])
		p[1].Root = third
		s.writes(s.knowsAll(tablet), &membership.DeviceAdd{Cert: p[1].Cert(s.ID, tablet)})
		s.writes(s.knowsAll(tablet), &membership.Beat{})
	}},
	{"a thief writes while the trustees act", "What the old device writes that no decider had seen is void.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 2, func(s *play) {
		p, prop, laptop := s.recovery(0, nil)
		s.says(p[2], stand(prop))
		s.Pass(3 * day)
		s.beats(p[2], p[0])
		s.post(p[1].Device(), "", "")
		s.writes(p[1].Device(), s.Invite("slip", 1))
		p[0].Device().Knows = append(p[0].Device().Knows, p[2].Device().Prev)
		e := s.writes(p[0].Device(), enact(prop))
		s.writes(s.knowsAll(laptop), s.recovered(p[1], laptop, e))
	}},
	{"trustees by another root", "A list of trustees that the member's own root did not sign is refused.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		b := &membership.Trustees{Hash: membertest.Seed("list"), K: 1}
		b.SigRoot = ed25519.Sign(p[0].Root, b.Signed(s.ID, p[1].ID))
		s.refused(p[1].Device(), b, "another's root signed it")
		b.SigRoot = ed25519.Sign(p[1].Root, b.Signed(s.ID, p[1].ID))
		s.says(p[1], b)
	}},
}

// keyScenes are about epochs.
var keyScenes = []scene{
	{"epochs in a row", "Each epoch is one generation after the greatest that its author knew; another is refused, and so is an id that is taken.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		one := s.epoch(p[0].Device(), "one")
		s.says(p[0], one)
		s.says(p[1], s.epoch(s.knowsAll(p[1].Device()), "two"))
		d := s.knowsAll(p[0].Device())
		skip := s.epoch(d, "three")
		skip.Gen++
		s.refused(d, skip, "generation 4 after 2")
		again := s.epoch(d, "one")
		s.refused(d, again, "the id is taken")
	}},
	{"an epoch that leaks", "Bo is removed: the epoch he is in is written with no more, and after the next one all is well.", "Ada Cy Dee", "Ada Cy Dee", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		s.says(p[0], s.epoch(p[0].Device(), "one"))
		s.removes(p[1], p[0], p[2])
		s.says(p[2], s.epoch(s.knowsAll(p[2].Device()), "two"))
	}},
	{"an epoch wanted after a removal", "The same, before anybody has minted.", "Ada Cy Dee", "Ada Cy Dee", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		s.says(p[0], s.epoch(p[0].Device(), "one"))
		s.removes(p[1], p[0], p[2])
	}},
	{"an epoch wanted after a leave", "Bo left, and can read the newest.", "Ada", "Ada", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		s.says(p[0], s.epoch(p[0].Device(), "one"))
		s.says(p[1], &membership.Leave{Seen: membertest.Seen(p[1])})
	}},
	{"epochs after a partition", "Two sides each mint the second generation; both are good, and the greater id is written with. The next has both in its past.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		s.says(p[0], s.epoch(p[0].Device(), "one"))
		s.meetAll()
		s.writes(p[0].Device(), s.epoch(p[0].Device(), "north"))
		s.writes(p[1].Device(), s.epoch(p[1].Device(), "south"))
	}},
	{"each side removes another", "North removes Eve, south removes Fay, and each mints: after the merge neither epoch can be written with.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee", "Eve", "Fay")
		e := s.says(p[0], remove(p[4]))
		f := s.says(p[2], remove(p[5]))
		for _, q := range p[:4] {
			for _, prop := range []crdt.ID{e, f} {
				s.says(q, stand(prop))
			}
		}
		s.meetAll()
		s.writes(p[0].Device(), enact(e))
		s.writes(p[0].Device(), s.epoch(p[0].Device(), "north"))
		s.writes(p[2].Device(), enact(f))
		s.writes(p[2].Device(), s.epoch(p[2].Device(), "south"))
	}},
	{"history from joining", "Bo may not read what was before he joined, and so nobody writes with that.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		ada := s.begin("Ada", func(c *membership.Charter) { c.History = membership.HistoryFromJoining })
		s.says(ada, s.epoch(ada.Device(), "one"))
		s.join(ada, "Bo")
	}},
	{"history from joining, minted anew", "The same, with a second epoch; and a device certified at the same time as it is entitled, too.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		ada := s.begin("Ada", func(c *membership.Charter) { c.History = membership.HistoryFromJoining })
		s.says(ada, s.epoch(ada.Device(), "one"))
		bo := s.join(ada, "Bo")
		d := s.device(bo)
		s.Sync(s.knowsAll(d))
		s.knowsAll(ada.Device())
		s.writes(ada.Device(), s.epoch(ada.Device(), "two"))
		s.writes(d, &membership.DeviceAdd{Cert: bo.Cert(s.ID, d)})
	}},
	{"an epoch by somebody who was leaving", "Bo minted before he heard that he had left on his other device: the epoch is void, stays readable, and is not written with.", "Ada", "Ada", 1, func(s *play) {
		p := s.grown("Ada", "Bo")
		second := s.addDevice(p[1])
		s.meetAll()
		s.writes(p[1].Device(), &membership.Leave{Seen: membertest.Seen(p[1])})
		s.writes(second, s.epoch(second, "one"))
	}},
	{"one id claimed twice", "Bo claims the epoch id of Ada's with another commitment, apart from hers: both are accepted.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		s.meetAll()
		one := s.epoch(p[0].Device(), "one")
		claim := *one
		claim.Commit = fill[[32]byte]("nothing")
		s.writes(p[0].Device(), one)
		s.writes(p[1].Device(), &claim)
	}},
	{"a nook", "Ada makes an audience of Bo and herself.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		_, e, err := protocol.SealNook(stream("nook"), s.ID, []crdt.ID{p[0].ID, p[1].ID}, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		e.Boxes = nil
		s.says(p[0], &e)
	}},
	{"a beat over many heads", "Eight people wrote at once; one beat joins the heads.", "Ada Bo Cy Dee Eve Fay Gus Hal", "Ada Bo Cy Dee Eve Fay Gus Hal", 0, func(s *play) {
		p := s.grown(names8...)
		s.meetAll()
		for _, q := range p {
			s.writes(q.Device(), &membership.Prekey{Box: q.Device().Box})
		}
		s.beats(p[0])
	}},
}

func signedHeader(op *crdt.Op) membership.SignedHeader {
	return membership.SignedHeader{Payload: op.Payload, Sig: op.Sig}
}

// addDevice certifies a further device of a person; the device writes it itself.
func (s *play) addDevice(p *membertest.Person) *membertest.Device {
	d := s.device(p)
	s.writes(s.knowsAll(d), &membership.DeviceAdd{Cert: p.Cert(s.ID, d)})
	return d
}

// roots returns a person's next root, and the hash of the one after.
func roots(p *membertest.Person, n int) (next ed25519.PrivateKey, after [32]byte) {
	next = p.NextRoot
	if n > 2 {
		next, _ = membertest.Key("root", p.Name, n)
	}
	_, pub := membertest.Key("root", p.Name, n+1)
	return next, membership.RootHash(pub)
}

// rotate certifies a device with a new root that an old one signed.
func (s *play) rotate(p *membertest.Person, d *membertest.Device, root ed25519.PrivateKey, after [32]byte, old ed25519.PrivateKey) *membership.Rotate {
	b := &membership.Rotate{NewRoot: [32]byte(root.Public().(ed25519.PublicKey)), NextRootHash: after}
	b.SigOld = ed25519.Sign(old, b.Signed(s.ID, p.ID))
	was := p.Root
	p.Root = root
	b.Cert = p.Cert(s.ID, d)
	p.Root = was
	return b
}

// recover is a proposal to give somebody a new root made of their name.
func recover(p *membertest.Person, r membership.Recovery) *membership.Propose {
	key, after := roots(p, 9)
	r.NewRoot, r.NextRootHash = [32]byte(key.Public().(ed25519.PublicKey)), after
	return &membership.Propose{What: membership.Recover, Target: p.ID, Payload: membership.EncodeRecovery(r)}
}

// recovered is the rotation that an enact allows.
func (s *play) recovered(p *membertest.Person, d *membertest.Device, e crdt.ID) *membership.Rotate {
	key, after := roots(p, 9)
	b := s.rotate(p, d, key, after, key)
	b.SigOld, b.Enact = nil, e
	return b
}

// recovery begins a circle of four where Bo's identity is to be recovered, k of
// three trustees standing; none are named if k is zero. Ada proposed it.
func (s *play) recovery(k uint64, spoil func(*membership.Recovery)) (p []*membertest.Person, proposal crdt.ID, laptop *membertest.Device) {
	p = s.grown("Ada", "Bo", "Cy", "Dee")
	var r membership.Recovery
	if k > 0 {
		r.Salt = slices.Repeat([]byte{7}, 16)
		r.List = []crdt.ID{p[0].ID, p[2].ID, p[3].ID}
		slices.SortFunc(r.List, crdt.ID.Compare)
		b := &membership.Trustees{Hash: membership.TrusteesHash(r.Salt, r.List), K: k}
		b.SigRoot = ed25519.Sign(p[1].Root, b.Signed(s.ID, p[1].ID))
		s.says(p[1], b)
	}
	if spoil != nil {
		spoil(&r)
	}
	laptop = s.device(p[1])
	s.meetAll()
	return p, s.says(p[0], recover(p[1], r)), laptop
}
