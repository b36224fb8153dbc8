package protocol_test

import (
	"crypto/ed25519"
	"fmt"
	"strings"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// joinScenes are about how somebody comes in, gets voice, and goes.
var joinScenes = []scene{
	{"a circle of one", "Ada begins. She has voice by genesis, and nothing to mint with yet.", "Ada", "Ada", 0, func(s *play) {
		s.begin("Ada")
	}},
	{"two people", "Ada lets Bo in face to face. She alone is the majority of those who could decide, and the admission shows that she knows.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		ada := s.begin("Ada")
		s.join(ada, "Bo")
	}},
	{"voice comes with a majority that knows", "Eve is in at once, and has voice when a second of three shows that they know.", "Ada Bo Cy Eve", "Ada Bo Cy Eve", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		s.join(p[0], "Eve")
		s.beats(p[1])
	}},
	{"no voice before", "The same, and nobody has shown yet that they know.", "Ada Bo Cy Eve", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		eve := s.join(p[0], "Eve")
		s.refused(eve.Device(), s.Invite("slip", 1), "an invite needs voice")
		s.refused(eve.Device(), remove(p[1]), "a proposal needs voice")
	}},
	{"an invite used", "Bo is let in by a slip of paper that Ada wrote.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		ada := s.begin("Ada")
		slip := s.says(ada, s.Invite("slip", 1))
		s.says(ada, s.Admit(ada.Device(), s.person("Bo"), slip, "slip"))
	}},
	{"an invite for two used by two", "One poster, two doors, two newcomers: no over-use.", "Ada Bo Eve Fay", "Ada Bo Eve Fay", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		slip := s.says(p[0], s.Invite("poster", 2))
		s.meetAll()
		s.writes(p[0].Device(), s.Admit(p[0].Device(), s.person("Eve"), slip, "poster"))
		s.writes(p[1].Device(), s.Admit(p[1].Device(), s.person("Fay"), slip, "poster"))
		s.beats(p[0], p[1])
	}},
	{"over-use at two doors", "One slip for one, and two doors open at once. Both are members; the one whose admission has the larger id needs a sponsor for voice.", "Ada Bo Cy Eve Fay", "Ada Bo Cy Eve", 0, func(s *play) {
		s.twins()
	}},
	{"over-use, sponsored", "The same, and Cy sponsors both admissions.", "Ada Bo Cy Eve Fay", "Ada Bo Cy Eve Fay", 0, func(s *play) {
		p, a, b := s.twins()
		s.says(p[2], &membership.Sponsor{Admit: a})
		s.says(p[2], &membership.Sponsor{Admit: b})
		s.beats(p...)
	}},
	{"over-use in sequence", "Ada lets in a second by a slip for one, knowing the first: a door is not to, and the rule says it is an over-use.", "Ada Bo Eve Fay", "Ada Bo Eve", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		slip := s.says(p[0], s.Invite("slip", 1))
		s.says(p[0], s.Admit(p[0].Device(), s.person("Eve"), slip, "slip"))
		s.says(p[0], s.Admit(p[0].Device(), s.person("Fay"), slip, "slip"))
		s.beats(p[1])
	}},
	{"one person at two doors is one use", "Eve knocked twice with her slip and was let in twice.", "Ada Bo Eve", "Ada Bo Eve", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		slip := s.says(p[0], s.Invite("slip", 1))
		s.meetAll()
		eve := s.person("Eve")
		s.writes(p[0].Device(), s.Admit(p[0].Device(), eve, slip, "slip"))
		s.writes(p[1].Device(), s.Admit(p[1].Device(), eve, slip, "slip"))
		s.beats(p[0], p[1])
	}},
	{"an invite revoked by its author", "Nobody who knows of it may let in by it.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		slip := s.says(p[0], s.Invite("slip", 1))
		s.says(p[0], &membership.InviteRevoke{Invite: slip})
		s.knowsAll(p[1].Device())
		s.refused(p[1].Device(), s.Admit(p[1].Device(), s.person("Eve"), slip, "slip"), "the invite was revoked")
	}},
	{"an invite revoked meanwhile", "Bo lets Eve in while Ada revokes the slip: the admission does not stand.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		s.revokedMeanwhile()
	}},
	{"an invite revoked meanwhile, and a sponsor who knows", "The same, and Cy, who knows both, sponsors Eve.", "Ada Bo Cy Eve", "Ada Bo Cy Eve", 0, func(s *play) {
		p, admit := s.revokedMeanwhile()
		s.says(p[2], &membership.Sponsor{Admit: admit})
		s.beats(p...)
	}},
	{"an invite revoked by another", "Bo alone cannot revoke Ada's slip: Cy lets Eve in.", "Ada Bo Cy Eve", "Ada Bo Cy Eve", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		slip := s.says(p[0], s.Invite("slip", 1))
		s.says(p[1], &membership.InviteRevoke{Invite: slip})
		s.says(p[1], &membership.InviteRevoke{Invite: slip})
		s.says(p[2], s.Admit(p[2].Device(), s.person("Eve"), slip, "slip"))
		s.beats(p[0])
	}},
	{"an invite revoked by two others", "Bo and Cy together can.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		slip := s.says(p[0], s.Invite("slip", 1))
		s.says(p[1], &membership.InviteRevoke{Invite: slip})
		s.says(p[2], &membership.InviteRevoke{Invite: slip})
		s.knowsAll(p[0].Device())
		s.refused(p[0].Device(), s.Admit(p[0].Device(), s.person("Eve"), slip, "slip"), "two others revoked the invite")
	}},
	{"an invite without voice to revoke it", "Eve has no voice: she may not revoke Ada's slip.", "Ada Bo Cy Eve", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		slip := s.says(p[0], s.Invite("slip", 1))
		eve := s.join(p[0], "Eve")
		s.refused(eve.Device(), &membership.InviteRevoke{Invite: slip}, "another's invite needs voice")
	}},
	{"invites that last", "How long an invite may last, counted from its author's clock, and when it has run out.", "Ada Eve", "Ada Eve", 0, func(s *play) {
		ada := s.begin("Ada")
		for _, x := range []struct {
			uses, hours uint64
			refused     bool
		}{{1, 721, false}, {1, 722, true}, {2, 73, false}, {2, 74, true}} {
			b := s.Invite(fmt.Sprint("slip ", x.uses, x.hours), x.uses)
			b.Expiry = uint64(s.Now/hour) + x.hours
			if x.refused {
				s.refused(s.knowsAll(ada.Device()), b, "it lasts an hour too long")
				continue
			}
			s.says(ada, b)
		}
		slip := s.says(ada, s.Invite("slip", 2))
		s.Now = (s.Now/hour+48)*hour - 1000
		s.says(ada, s.Admit(ada.Device(), s.person("Eve"), slip, "slip"))
		s.Pass(1)
		s.refused(ada.Device(), s.Admit(ada.Device(), s.person("Fay"), slip, "slip"), "the invite had expired a millisecond before")
	}},
	{"false proofs", "Admissions whose proofs are for something else.", "Ada", "Ada", 0, func(s *play) {
		ada := s.begin("Ada")
		d := ada.Device()
		slip := s.says(ada, s.Invite("slip", 1))
		eve := s.person("Eve")
		good := s.Admit(d, eve, slip, "slip")
		for _, x := range []struct {
			why   string
			spoil func(a *membership.Admit)
		}{
			{"the invite's signature is of another seed", func(a *membership.Admit) {
				key, _ := membertest.InviteKey("another slip")
				a.Proofs.SigInvite = ed25519.Sign(key, make([]byte, 32))
			}},
			{"the root did not sign", func(a *membership.Admit) { a.Proofs.SigRoot = a.Proofs.SigPeer }},
			{"the transport key did not sign", func(a *membership.Admit) { a.Proofs.SigPeer = a.Proofs.SigRoot }},
			{"another nonce of the newcomer", func(a *membership.Admit) { a.Proofs.NonceJ[0] ^= 1 }},
			{"another nonce of the door", func(a *membership.Admit) { a.Proofs.NonceD[0] ^= 1 }},
			{"face to face, with proofs of a slip", func(a *membership.Admit) { a.Invite, a.Proofs.SigInvite = crdt.ID{}, nil }},
			{"an invite that is none", func(a *membership.Admit) { a.Invite = s.ID }},
		} {
			bad := *good
			x.spoil(&bad)
			s.refused(s.knowsAll(d), &bad, x.why)
		}
		other := s.device(ada)
		s.refused(s.knowsAll(d), s.Admit(other, eve, slip, "slip"), "proofs given to another door")
	}},
	{"objections to a newcomer", "Five have voice. Two of them object to Eve before she has voice: she gets none.", "Ada Bo Cy Dee Eve Fay", "Ada Bo Cy Dee Fay", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee", "Fay")
		eve := s.join(p[0], "Eve")
		s.says(p[1], object(eve.Admission))
		s.says(p[2], object(eve.Admission))
		s.beats(p...)
	}},
	{"one objection to a newcomer", "One of five is not enough to keep voice back.", "Ada Bo Cy Dee Eve Fay", "Ada Bo Cy Dee Eve Fay", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee", "Fay")
		eve := s.join(p[0], "Eve")
		s.says(p[1], object(eve.Admission))
		s.beats(p...)
	}},
	{"objections that come too late", "Two object to Eve after she has voice: nothing changes.", "Ada Bo Cy Dee Eve Fay", "Ada Bo Cy Dee Eve Fay", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee", "Fay")
		eve := s.join(p[0], "Eve")
		s.beats(p...)
		s.says(p[1], object(eve.Admission))
		s.says(p[2], object(eve.Admission))
	}},
	{"a large circle asks for a sponsor", "From eight members on, an admission alone gives no voice; the door's own sponsor counts for nothing.", "Ada Bo Cy Dee Eve Fay Gus Hal Ida", "Ada Bo Cy Dee Eve Fay Gus Hal", 0, func(s *play) {
		p := s.grown(names8...)
		ida := s.join(p[0], "Ida")
		s.says(p[0], &membership.Sponsor{Admit: ida.Admission})
		s.beats(p...)
	}},
	{"a large circle, with a sponsor", "The same, and Bo sponsors.", "Ada Bo Cy Dee Eve Fay Gus Hal Ida", "Ada Bo Cy Dee Eve Fay Gus Hal Ida", 0, func(s *play) {
		p := s.grown(names8...)
		ida := s.join(p[0], "Ida")
		s.says(p[1], &membership.Sponsor{Admit: ida.Admission})
		s.beats(p...)
	}},
	{"voice by the witness of a sponsor", "Bo lets Eve in on his own branch, while others could decide who never hear of it; Ada's sponsor is known to a majority.", "Ada Bo Cy Eve", "Ada Bo Cy Eve", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		eve := s.join(p[1], "Eve")
		s.says(p[0], &membership.Sponsor{Admit: eve.Admission})
	}},
	{"a hall of mirrors", "Bo lets in thirty-two people whom nobody else has seen. They have no voice, and he may not let in another.", puppets(), "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		for i := range membership.MaxUnvoiced {
			s.Pass(1000)
			s.writes(p[1].Device(), s.Admit(p[1].Device(), s.person(fmt.Sprintf("Puppet %02d", i+1)), crdt.ID{}, ""))
		}
		s.refused(p[1].Device(), s.Admit(p[1].Device(), s.person("Puppet 33"), crdt.ID{}, ""), "32 without voice")
	}},
	{"leaving", "Bo leaves, naming what he wrote on his first device. What his second device writes meanwhile is void.", "Ada", "Ada", 2, func(s *play) {
		s.left()
	}},
	{"leaving and coming back", "The same, and Ada lets Bo in again: what was void stays so, since she did not vouch for it, and Bo writes on.", "Ada Bo", "Ada Bo", 2, func(s *play) {
		ada, bo := s.left()
		s.refused(bo.Device(), &membership.Beat{}, "he has left, and knows it")
		s.post(bo.Device(), "level-2", "he has left, and knows it")
		s.says(ada, s.Admit(ada.Device(), bo, crdt.ID{}, ""))
		s.knowsAll(bo.Device())
		s.post(bo.Device(), "", "")
		s.writes(bo.Device(), &membership.Prekey{Box: bo.Device().Box})
	}},
	{"let in again while leaving", "Ada lets Bo in a second time before she hears that he leaves: the leave wins.", "Ada", "Ada", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		s.writes(p[1].Device(), &membership.Leave{Seen: membertest.Seen(p[1])})
		s.writes(p[0].Device(), s.Admit(p[0].Device(), p[1], crdt.ID{}, ""))
	}},
	{"away and back", "Bo is away, and comes back; Cy is away until a day.", "Ada Bo Cy", "Ada Bo Cy", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy")
		s.says(p[1], &membership.Away{})
		s.says(p[1], &membership.Back{})
		s.says(p[2], &membership.Away{Until: 20_500})
	}},
	{"those away are not waited for", "With Cy away, the majority of those who could decide about Eve is Ada and Bo.", "Ada Bo Cy Dee Eve", "Ada Bo Cy Dee Eve", 0, func(s *play) {
		p := s.grown("Ada", "Bo", "Cy", "Dee")
		s.says(p[2], &membership.Away{})
		s.join(p[0], "Eve")
		s.beats(p[1])
	}},
	{"a way back that knows only one of two", "Two devices of Bo say away at once; the back knows one of them.", "Ada Bo", "Ada Bo", 0, func(s *play) {
		p := s.grown("Ada", "Bo")
		second := s.device(p[1])
		s.writes(s.knowsAll(second), &membership.DeviceAdd{Cert: p[1].Cert(s.ID, second)})
		s.meet(p[1])
		s.writes(p[1].Device(), &membership.Away{})
		s.writes(second, &membership.Away{})
		s.writes(p[1].Device(), &membership.Back{})
	}},
}

// left begins a circle of two of whom Bo leaves, with a second device that did
// not hear of it.
func (s *play) left() (ada, bo *membertest.Person) {
	p := s.grown("Ada", "Bo")
	ada, bo = p[0], p[1]
	s.post(bo.Device(), "", "")
	seen := membertest.Seen(bo)
	second := s.device(bo)
	s.writes(s.knowsAll(second), &membership.DeviceAdd{Cert: bo.Cert(s.ID, second)})
	s.meet(bo)
	s.writes(bo.Device(), &membership.Leave{Seen: seen})
	s.post(second, "", "")
	s.writes(second, &membership.Prekey{Box: second.Box})
	s.beats(ada)
	return ada, bo
}

// twins lets Eve and Fay in by one slip at two doors at once.
func (s *play) twins() (p []*membertest.Person, first, second crdt.ID) {
	p = s.grown("Ada", "Bo", "Cy")
	slip := s.says(p[0], s.Invite("slip", 1))
	s.meetAll()
	eve, fay := s.person("Eve"), s.person("Fay")
	first = s.writes(p[0].Device(), s.Admit(p[0].Device(), eve, slip, "slip"))
	second = s.writes(p[1].Device(), s.Admit(p[1].Device(), fay, slip, "slip"))
	s.beats(p...)
	return p, first, second
}

func (s *play) revokedMeanwhile() (p []*membertest.Person, admit crdt.ID) {
	p = s.grown("Ada", "Bo", "Cy")
	slip := s.says(p[0], s.Invite("slip", 1))
	s.meetAll()
	s.writes(p[0].Device(), &membership.InviteRevoke{Invite: slip})
	admit = s.writes(p[1].Device(), s.Admit(p[1].Device(), s.person("Eve"), slip, "slip"))
	return p, admit
}

// puppets are the names of the hall of mirrors, after the others.
func puppets() string {
	names := []string{"Ada", "Bo", "Cy"}
	for i := range membership.MaxUnvoiced {
		names = append(names, fmt.Sprintf("Puppet %02d", i+1))
	}
	return strings.Join(names, " ")
}
