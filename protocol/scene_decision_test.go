package protocol_test

import (
	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// decisionScenes are about what several decide together.
var decisionScenes = []scene{
	{"removal at once", "Two of the three others stand up for it: a plain majority, at once.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		s.removes(p[3], p[0], p[1])
	}},
	{"removal by too few", "One of three others enacts it: it does not count.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		s.removes(p[3], p[0])
	}},
	{"no removal among two", "In a circle of two nobody removes the other, even alone with the rule.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		s.removes(p[1], p[0])
	}},
	{"removal among three", "It takes both others.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		s.removes(p[2], p[0], p[1])
	}},
	{"removal by consent", "Five others: two stand up for it, three have known it for a week by their own clocks, nobody objects.", "Ada Bo Cy Dee Eve", "Ada Bo Cy Dee Eve", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee", "Eve", "Fay")
		prop := s.says(p[0], remove(p[5]))
		s.says(p[1], stand(prop))
		s.beats(p[0], p[2])
		s.Pass(7 * day)
		s.beats(p[2], p[1])
		s.says(p[0], enact(prop))
	}},
	{"removal by consent, too early", "The same, an hour before the week is over.", "Ada Bo Cy Dee Eve Fay", "Ada Bo Cy Dee Eve Fay", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee", "Eve", "Fay")
		prop := s.says(p[0], remove(p[5]))
		s.says(p[1], stand(prop))
		s.beats(p[0], p[2])
		s.Pass(7*day - hour)
		s.beats(p[2], p[1])
		s.says(p[0], enact(prop))
	}},
	{"removal by consent, seen by too few", "The week is over, and only two of five have shown that they knew.", "Ada Bo Cy Dee Eve Fay", "Ada Bo Cy Dee Eve Fay", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee", "Eve", "Fay")
		prop := s.says(p[0], remove(p[5]))
		s.says(p[1], stand(prop))
		s.Pass(7 * day)
		s.beats(p[2], p[1])
		s.says(p[0], enact(prop))
	}},
	{"removal by consent, with two concerns", "Two of five object: that is b(5), and it does not count.", "Ada Bo Cy Dee Eve Fay", "Ada Bo Cy Dee Eve Fay", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee", "Eve", "Fay")
		prop := s.says(p[0], remove(p[5]))
		s.says(p[1], stand(prop))
		s.says(p[3], object(prop))
		s.says(p[4], object(prop))
		s.beats(p[0], p[2])
		s.Pass(7 * day)
		s.beats(p[2], p[1])
		s.says(p[0], enact(prop))
	}},
	{"a stand taken back", "Bo stands, and then objects, knowing his stand: of his words the last counts.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		prop := s.says(p[0], remove(p[3]))
		s.says(p[1], stand(prop))
		s.says(p[1], object(prop))
		s.says(p[0], enact(prop))
	}},
	{"a concern taken back", "Bo objects, and then stands, knowing his concern.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		prop := s.says(p[0], remove(p[3]))
		s.says(p[1], object(prop))
		s.says(p[1], stand(prop))
		s.says(p[0], enact(prop))
	}},
	{"two minds on two devices", "Bo's devices stand and object without knowing of each other: the concern counts.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		second := s.device(p[1])
		s.writes(s.knowsAll(second), &membership.DeviceAdd{Cert: p[1].Cert(s.ID, second)})
		prop := s.says(p[0], remove(p[3]))
		s.meetAll()
		s.writes(p[1].Device(), stand(prop))
		s.writes(second, object(prop))
		s.says(p[0], enact(prop))
	}},
	{"an enact that did not know enough", "Ada enacts before she has heard that Bo stands; Cy enacts later, knowing it.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		prop := s.says(p[0], remove(p[3]))
		s.meetAll()
		s.writes(p[1].Device(), stand(prop))
		s.writes(p[0].Device(), enact(prop))
		s.says(p[2], enact(prop))
	}},
	{"deciding without a right to", "Ops about decisions that nobody may write, as far as they know.", "Ada Bo Cy", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		invite := s.says(p[0], s.Invite("slip", 1))
		cy := s.join(p[0], "Cy")
		prop := s.says(p[0], remove(p[1]))
		d := s.knowsAll(p[0].Device())
		s.refused(d, stand(invite), "an invite is no proposal")
		s.refused(d, enact(s.ID), "genesis is no proposal")
		s.refused(d, object(invite), "one objects to a proposal or an admission")
		s.refused(d, &membership.Sponsor{Admit: prop}, "a proposal is no admission")
		s.refused(d, &membership.InviteRevoke{Invite: prop}, "a proposal is no invite")
		s.refused(p[1].Device(), stand(prop), "he has not heard of the proposal")
		for _, b := range []membership.Body{stand(prop), object(prop), enact(prop), &membership.Sponsor{Admit: cy.Admission}, s.Admit(cy.Device(), s.person("Dee"), crdt.ID{}, "")} {
			s.refused(s.knowsAll(cy.Device()), b, "it needs voice")
		}
	}},
	{"what the removed had written", "Dee's content and prekey that the deciders named or knew stay; those they had not seen are void, whatever their clocks say.", "Ada Bo Cy", "Ada Bo Cy", 3, func(s *play) {
		s.parted()
	}},
	{"let in again", "Cy, who knows of the removal, lets Dee in again: he writes on, and what was void stays void.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 3, func(s *play) {
		p := s.parted()
		s.says(p[2], s.Admit(p[2].Device(), p[3], crdt.ID{}, ""))
		s.beats(p[:3]...)
		s.knowsAll(p[3].Device())
		s.post(p[3].Device(), "", "")
	}},
	{"removal and re-admission at once", "Cy lets Dee in anew without having heard of the removal: the removal wins.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		s.meetAll()
		s.writes(p[2].Device(), s.Admit(p[2].Device(), p[3], crdt.ID{}, ""))
		prop := s.writes(p[0].Device(), remove(p[3]))
		s.meet(p[0], p[1])
		s.writes(p[1].Device(), stand(prop))
		s.writes(p[1].Device(), enact(prop))
	}},
	{"mutual removal", "Cut in two, Ada and Bo remove Dee, while Dee and Cy remove Ada and Bo with stands that Eve gave to both. Stands are never void: all of it counts.", "Cy Eve", "Cy Eve", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee", "Eve")
		a := s.says(p[0], remove(p[3]))
		b := s.says(p[3], remove(p[0]))
		c := s.says(p[3], remove(p[1]))
		s.says(p[1], stand(a))
		for _, prop := range []crdt.ID{a, b, c} {
			s.says(p[4], stand(prop))
		}
		s.says(p[2], stand(b))
		s.says(p[2], stand(c))
		s.meetAll()
		s.writes(p[0].Device(), enact(a))
		s.writes(p[3].Device(), enact(b))
		s.writes(p[3].Device(), enact(c))
	}},
	{"let in by somebody being removed", "Dee lets Eve in while the others part from Dee: nobody who decided knew Eve.", "Ada Bo Cy", "Ada Bo Cy", 1, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		s.writes(p[3].Device(), s.Admit(p[3].Device(), s.person("Eve"), crdt.ID{}, ""))
		prop := s.writes(p[0].Device(), remove(p[3]))
		s.meet(p[0], p[1])
		s.writes(p[1].Device(), stand(prop))
		s.writes(p[1].Device(), enact(prop))
	}},
	{"let in before, and known", "The same, but the others had heard of Eve when they decided.", "Ada Bo Cy Eve", "Ada Bo Cy Eve", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		s.writes(p[3].Device(), s.Admit(p[3].Device(), s.person("Eve"), crdt.ID{}, ""))
		s.removes(p[3], p[0], p[1], p[2])
	}},
	{"a proposal of Dee after the removal", "Dee, who has not heard that she was removed, proposes; it is evidence and never void, and her invite is void.", "Ada Bo Cy", "Ada Bo Cy", 1, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		s.meetAll()
		s.writes(p[3].Device(), remove(p[0]))
		s.writes(p[3].Device(), s.Invite("slip", 1))
		prop := s.writes(p[0].Device(), remove(p[3]))
		s.meet(p[0], p[1])
		s.writes(p[1].Device(), stand(prop))
		s.writes(p[1].Device(), enact(prop))
	}},
	{"a charter by everybody", "All with voice stand for it and nobody objects: at once.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		prop := s.says(p[0], charter("Our larger circle", 3))
		s.says(p[1], stand(prop))
		s.says(p[2], stand(prop))
		s.says(p[2], enact(prop))
		s.inForce("Our larger circle")
	}},
	{"a charter by consent", "Two of four stand for it, three have known it for a week, nobody objects.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		prop := s.says(p[0], charter("Our larger circle", 3))
		s.says(p[1], stand(prop))
		s.beats(p[0], p[2])
		s.Pass(7 * day)
		s.beats(p[1], p[2])
		s.says(p[0], enact(prop))
		s.inForce("Our larger circle")
	}},
	{"a charter with one concern", "The same, and one objects: not even the majority that waited can.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		prop := s.says(p[0], charter("Our larger circle", 3))
		s.says(p[1], stand(prop))
		s.says(p[2], stand(prop))
		s.says(p[3], object(prop))
		s.Pass(7 * day)
		s.beats(p...)
		s.says(p[0], enact(prop))
		s.inForce("Our circle")
	}},
	{"two charters at once", "Both are enacted by everybody, apart from each other: the one whose enact has the larger id is in force.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		one := s.says(p[0], charter("North", 3))
		two := s.says(p[1], charter("South", 4))
		s.says(p[0], stand(two))
		s.says(p[1], stand(one))
		s.meetAll()
		s.writes(p[0].Device(), enact(one))
		s.writes(p[1].Device(), enact(two))
	}},
	{"three charters, of which one knows another", "North is enacted apart from South, and West after South. Of the two that no other knows, North's enact has the larger id: it is in force, in whichever order they come, though South's is larger still.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		var of []crdt.ID
		for _, name := range []string{"North", "South", "West"} {
			prop := s.says(p[0], charter(name, 3))
			s.says(p[1], stand(prop))
			of = append(of, prop)
		}
		s.meetAll()
		s.writesSuch(p[0].Device(), enact(of[0]), func(id crdt.ID) bool { return id[0] > 0x60 && id[0] < 0xa0 })
		s.writesSuch(p[1].Device(), enact(of[1]), func(id crdt.ID) bool { return id[0] > 0xa0 })
		s.writesSuch(p[1].Device(), enact(of[2]), func(id crdt.ID) bool { return id[0] < 0x60 })
		s.inForce("North")
	}},
	{"a charter after a charter", "The later knows the earlier, and wins.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		for _, name := range []string{"North", "South", "West"} {
			prop := s.says(p[0], charter(name, 3))
			s.says(p[1], stand(prop))
			s.says(p[1], enact(prop))
		}
		s.inForce("West")
	}},
	{"a charter's window", "A charter with a window of one day is in force where the enact was written: a removal by consent takes a day.", "Ada Bo Cy Dee Eve", "Ada Bo Cy Dee Eve", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee", "Eve", "Fay")
		ch := s.says(p[0], charter("Quick", 1))
		for _, q := range p[1:] {
			s.says(q, stand(ch))
		}
		s.says(p[0], enact(ch))
		prop := s.says(p[0], remove(p[5]))
		s.says(p[1], stand(prop))
		s.beats(p[0], p[2])
		s.Pass(day)
		s.beats(p[2], p[1])
		s.says(p[0], enact(prop))
		s.inForce("Quick")
	}},
	{"the voice of one long silent", "Cy has said nothing for ninety days: Ada and Bo let his voice sleep. He stays a member, and is in no new epoch.", "Ada Bo Cy", "Ada Bo", 0, func(s *play) {
		p := s.asleep()
		s.says(p[0], s.epoch(s.knowsAll(p[0].Device()), "after"))
	}},
	{"awake again", "Cy comes back: his voice wakes.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.asleep()
		s.says(p[2], &membership.Back{})
	}},
	{"a lapse too soon", "The stands are a day short of ninety days.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		s.Pass(89 * day)
		s.beats(p[0], p[1])
		prop := s.says(p[0], lapse(p[2]))
		s.says(p[1], stand(prop))
		s.says(p[0], enact(prop))
	}},
	{"a lapse refuted", "Cy had written something within the ninety days that Ada and Bo had not seen.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		s.meetAll()
		s.Pass(50 * day)
		s.writes(p[2].Device(), &membership.Beat{})
		s.Pass(45 * day)
		s.meet(p[0], p[1])
		prop := s.writes(p[0].Device(), lapse(p[2]))
		s.meet(p[0], p[1])
		s.writes(p[1].Device(), stand(prop))
		s.writes(p[1].Device(), enact(prop))
	}},
	{"a sleeper with puppets", "Dee's device slept for months. Alone on its branch it lapses the others, lets in two puppets and removes Ada with them; at the first merge the others' own ops refute it all.", "Ada Bo Cy Dee Puppet Zebra", "Ada Bo Cy Dee", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		d := p[3].Device()
		s.Pass(60 * day)
		s.beats(p[:3]...)
		s.Pass(60 * day)
		for _, q := range p[:3] {
			prop := s.writes(d, lapse(q))
			s.writes(d, enact(prop))
		}
		var puppets []*membertest.Person
		for _, name := range []string{"Puppet", "Zebra"} {
			q := s.person(name)
			q.Device().Knows = []crdt.ID{s.writes(d, s.Admit(d, q, crdt.ID{}, ""))}
			puppets = append(puppets, q)
		}
		s.meet(append(puppets, p[3])...)
		for _, q := range puppets {
			s.writes(q.Device(), &membership.Beat{})
		}
		s.meet(append(puppets, p[3])...)
		prop := s.writes(d, remove(p[0]))
		for _, q := range puppets {
			q.Device().Knows = []crdt.ID{prop}
			s.writes(q.Device(), stand(prop))
		}
		s.meet(append(puppets, p[3])...)
		s.writes(d, enact(prop))
		s.beats(p[1])
	}},
	{"lapsing all but one", "Everybody else in a circle of three is silent: Ada alone can let their voices sleep.", "Ada Bo Cy", "Ada", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		s.Pass(100 * day)
		for _, q := range p[1:] {
			s.says(p[0], enact(s.says(p[0], lapse(q))))
		}
	}},
	{"back-dated", "Dee, removed, writes an invite with a clock from before: it is void. Ada's proposal with a clock of a week ago makes no week of witness.", "Ada Bo Cy Eve Fay", "Ada Bo Cy Eve Fay", 1, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee", "Eve", "Fay")
		before := s.Now
		s.Pass(8 * day)
		prop := s.says(p[0], remove(p[3]))
		for _, q := range p[1:3] {
			s.says(q, stand(prop))
		}
		s.says(p[4], stand(prop))
		s.writes(p[4].Device(), enact(prop))
		now := s.Now
		s.Now = before
		s.writes(p[3].Device(), s.Invite("slip", 1))
		back := s.writes(p[5].Device(), remove(p[0]))
		s.Now = now
		s.says(p[1], stand(back))
		s.beats(p[2])
		s.says(p[5], enact(back))
	}},
	{"a fork before its stand", "Bo's device had written two ops with one seq before it stood up against Dee: the stand counts no more once that is shown, and Dee is a member. Keys stay withheld from her.", "Ada Bo Cy Dee", "Ada Bo Cy Dee", 1, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		s.says(p[0], s.epoch(s.knowsAll(p[0].Device()), "one"))
		s.meetAll()
		twin := fork(p[1].Device())
		first := s.writes(twin, &membership.Away{})
		prop := s.writes(p[0].Device(), remove(p[3]))
		p[1].Device().Knows = []crdt.ID{prop}
		second := s.writes(p[1].Device(), stand(prop))
		s.writes(p[1].Device(), enact(prop))
		s.says(p[2], membership.NewForkProof(s.op(first), s.op(second)))
	}},
	{"a fork after its stand", "The fork came later: the stand counts, and both of what was written twice is void.", "Ada Bo Cy", "Ada Bo Cy", 2, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		prop := s.says(p[0], remove(p[3]))
		s.says(p[1], stand(prop))
		s.says(p[0], enact(prop))
		s.meetAll()
		twin := fork(p[1].Device())
		first := s.writes(twin, &membership.Away{})
		second := s.writes(p[1].Device(), &membership.Beat{})
		s.refused(s.knowsAll(p[2].Device()), &membership.ForkProof{A: signedHeader(s.op(first)), B: signedHeader(s.op(first))}, "one op is no fork")
		s.says(p[2], membership.NewForkProof(s.op(first), s.op(second)))
	}},
	{"a kind of the future", "A control op of kind 25 by somebody with voice is kept without effect; by somebody without, it is refused.", "Ada Bo Cy", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		s.says(p[0], &membership.Unknown{Number: 25, Payload: []byte{0x81, 0x01}})
		cy := s.join(p[0], "Cy")
		s.refused(cy.Device(), &membership.Unknown{Number: 25, Payload: []byte{0x81, 0x01}}, "it needs voice")
		s.refused(s.knowsAll(p[0].Device()), &membership.Unknown{Number: 64, Payload: []byte{0x80}}, "64 is content")
	}},
	{"what contradicts its ancestors", "Ops that level 1 refuses.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		d := p[0].Device()
		s.beats(p...)
		s.knowsAll(d)
		note := s.post(p[1].Device(), "", "")
		s.contradicts(d, "a clock that is its parent's", func(h *crdt.Header) { h.HLC = s.op(d.Prev).HLC })
		s.contradicts(d, "it un-knows what its device knew", func(h *crdt.Header) { h.Ctl = []crdt.ID{s.ID} })
		s.contradicts(d, "it names content as a control head", func(h *crdt.Header) { h.Ctl = []crdt.ID{note} })
		s.contradicts(d, "its dep knew more than it says it knows", func(h *crdt.Header) { h.Deps, h.Ctl = []crdt.ID{note}, []crdt.ID{d.Prev} })
		s.contradicts(d, "prev is another device's", func(h *crdt.Header) { h.Prev = p[1].Device().Prev })
		s.contradicts(d, "prev is not the seq before", func(h *crdt.Header) { h.Seq++ })
	}},
}

// inForce holds which charter is.
func (s *play) inForce(name string) {
	s.t.Helper()
	if got := s.Set.View().Charter().Name; got != name {
		s.t.Errorf("charter %q is in force, want %q", got, name)
	}
}

func charter(name string, window uint64) *membership.Propose {
	c := membership.DefaultCharter(name)
	c.WindowDays = window
	return &membership.Propose{What: membership.ChangeTo, Payload: membership.EncodeCharter(c)}
}

// asleep begins a circle of three of whom Cy's voice has lapsed.
func (s *play) asleep() []*membertest.Person {
	p := s.grown("Ada", "Bo", "Cy")
	s.Pass(91 * day)
	prop := s.says(p[0], lapse(p[2]))
	s.says(p[1], stand(prop))
	s.says(p[0], enact(prop))
	return p
}

// parted begins a circle of four of whom Dee is removed: she wrote content and
// control that the deciders had seen, and of both some that they had not.
func (s *play) parted() []*membertest.Person {
	p := s.grown("Ada", "Bo", "Cy", "Dee")
	dee := p[3]
	s.post(dee.Device(), "", "")
	seen := membertest.Seen(dee)
	s.writes(dee.Device(), &membership.Prekey{Box: dee.Device().Box})
	prop := s.says(p[0], remove(dee))
	s.post(dee.Device(), "", "")
	s.writes(dee.Device(), &membership.Prekey{Box: membertest.Box("late")})
	s.writes(dee.Device(), s.Invite("late", 1))
	p[1].Device().Knows = []crdt.ID{prop}
	s.writes(p[1].Device(), stand(prop))
	e := enact(prop)
	e.Seen = seen
	s.writes(p[1].Device(), e)
	return p
}
