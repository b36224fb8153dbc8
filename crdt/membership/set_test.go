package membership_test

import (
	"errors"
	"slices"
	"testing"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

const day = membertest.Day

func standing(t *testing.T, c *membertest.Circle, p *membertest.Person) membership.Member {
	t.Helper()
	m, ok := c.Set.View().Member(p.ID)
	if !ok {
		t.Fatalf("Member(%s): not known", p.Name)
	}
	return m
}

func TestFounderBegins(t *testing.T) {
	c := membertest.NewCircle("Ada")
	v := c.Set.View()
	m := standing(t, c, c.Founder)
	if m.Standing != membership.In || !m.Voice || !m.Welcomed || !m.Admission.IsZero() {
		t.Errorf("founder = %+v, want in, with voice, welcomed, without an admission", m)
	}
	if v.Len() != 1 || v.Founder() != c.Founder.ID || v.Charter().Name != "Our circle" {
		t.Errorf("Len, Founder, Charter = %d, %s, %q", v.Len(), v.Founder().Short(), v.Charter().Name)
	}
	if v.MintReason() != membership.MintFirst {
		t.Errorf("MintReason = %d, want MintFirst", v.MintReason())
	}
}

func TestNewcomerHasVoiceOnceAMajorityKnows(t *testing.T) {
	c, people := membertest.Grown(3)
	eve := c.Join(people[1], "Eve")
	if m := standing(t, c, eve); m.Standing != membership.In || m.Voice {
		t.Fatalf("newcomer in = %v, voice = %v; want in without voice", m.Standing, m.Voice)
	}
	for _, p := range []*membertest.Person{people[0], people[2]} {
		if !c.Set.View().BeatWanted(p.ID) {
			t.Errorf("BeatWanted(%s) = false, want true", p.Name)
		}
	}
	if c.Set.View().BeatWanted(people[1].ID) {
		t.Error("BeatWanted(doorkeeper) = true: the admission itself says that she knows")
	}
	c.Tell(people[0], &membership.Beat{})
	if m := standing(t, c, eve); !m.Voice {
		t.Error("two of three know of the newcomer, and she has no voice")
	}
	if c.Set.View().BeatWanted(people[2].ID) {
		t.Error("BeatWanted after the majority = true")
	}
}

func TestWelcomed(t *testing.T) {
	c, people := membertest.Grown(4)
	eve := c.Join(people[0], "Eve")
	if standing(t, c, eve).Welcomed {
		t.Error("one of four let her in: already welcomed")
	}
	sponsor := c.Tell(people[2], &membership.Sponsor{Admit: eve.Admission})
	if !standing(t, c, eve).Welcomed {
		t.Error("a second of four sponsors her: still a newcomer")
	}
	if v := c.Set.View(); !v.Sponsored(eve.Admission, people[2].ID) || v.Sponsored(eve.Admission, people[1].ID) {
		t.Errorf("Sponsored after %s is wrong", sponsor.Short())
	}
}

func TestInviteUsesAndRevocation(t *testing.T) {
	c, people := membertest.Grown(3)
	ada, bo, cy := people[0], people[1], people[2]
	invite := c.Tell(ada, c.Invite("slip", 1))
	c.Sync(ada.Device(), bo.Device(), cy.Device())
	// Two doors, one slip, at one time.
	eve, fay := membertest.NewPerson("Eve"), membertest.NewPerson("Fay")
	first := c.Must(ada.Device(), c.Admit(ada.Device(), eve, invite, "slip"))
	second := c.Must(bo.Device(), c.Admit(bo.Device(), fay, invite, "slip"))
	c.Tell(cy, &membership.Beat{})
	c.Tell(ada, &membership.Beat{})
	v := c.Set.View()
	info, ok := v.InviteByID(c.Invite("slip", 1).ID)
	if !ok || info.Used != 2 || !info.OverUsed || info.Op != invite {
		t.Fatalf("InviteByID = %+v, %v; want two uses, over-used", info, ok)
	}
	over, under := fay, eve
	if first.Compare(second) > 0 {
		over, under = eve, fay
	}
	if v.HasVoice(over.ID) || !v.HasVoice(under.ID) {
		t.Errorf("voice of the over-use = %v, of the other = %v; want false, true", v.HasVoice(over.ID), v.HasVoice(under.ID))
	}
	if !slices.ContainsFunc(v.Members(), func(m membership.Member) bool { return m.ID == over.ID }) {
		t.Error("an over-use is no member; want both to stand")
	}

	revoked := c.Tell(ada, c.Invite("other", 1))
	c.Sync(ada.Device(), bo.Device(), cy.Device())
	c.Must(ada.Device(), &membership.InviteRevoke{Invite: revoked})
	gil := membertest.NewPerson("Gil")
	admit := c.Must(bo.Device(), c.Admit(bo.Device(), gil, revoked, "other"))
	if m := standing(t, c, gil); m.Standing != membership.Stranger {
		t.Errorf("admitted while the invite was revoked: %v, want stranger", m.Standing)
	}
	c.Tell(cy, &membership.Sponsor{Admit: admit})
	if m := standing(t, c, gil); m.Standing != membership.In {
		t.Errorf("sponsored by one who knew both: %v, want in", m.Standing)
	}
	bo.Device().Knows = c.Heads()
	_, err := c.TryWrite(bo.Device(), c.Admit(bo.Device(), membertest.NewPerson("Hal"), revoked, "other"))
	if !errors.Is(err, membership.ErrRefused) {
		t.Errorf("admit by an invite known to be revoked: %v, want ErrRefused", err)
	}
}

func TestLeaveVoidsWhatNobodyHadSeen(t *testing.T) {
	c, people := membertest.Grown(3)
	ada, bo := people[0], people[1]
	c.Sync(ada.Device(), bo.Device())
	epoch := c.Epoch(ada.Device(), "one")
	c.Tell(ada, epoch)
	second := c.AddDevice(bo)
	leave := c.Tell(bo, &membership.Leave{Seen: membertest.Seen(bo)[:1]})
	late := c.Must(second, &membership.Prekey{Box: membertest.Box("late")})
	v := c.Set.View()
	if m := standing(t, c, bo); m.Standing != membership.Left {
		t.Errorf("after a leave: %v, want left", m.Standing)
	}
	if !v.VoidControl(late) || v.VoidControl(leave) {
		t.Errorf("VoidControl(late, leave) = %v, %v; want true, false", v.VoidControl(late), v.VoidControl(leave))
	}
	if v.MintReason() != membership.MintLeave {
		t.Errorf("MintReason = %d, want MintLeave", v.MintReason())
	}
	if _, ok := v.WriteEpoch(func(membership.EpochID) bool { return true }); ok {
		t.Error("WriteEpoch: an epoch the leaver can read is still written with")
	}
	if v.Entitled(bo.Device().Key, epoch.ID) || !v.Entitled(ada.Device().Key, epoch.ID) {
		t.Error("Entitled: want the leaver out, the founder in")
	}
	known, err := c.Pasts.Known([]crdt.ID{epoch2(c, ada)})
	if err != nil {
		t.Fatal(err)
	}
	if v.VoidContent(bo.Device().Key, known, func(crdt.ID) bool { return true }) {
		t.Error("VoidContent of what the leave had seen = true")
	}
	before, err := c.Pasts.Known([]crdt.ID{c.ID})
	if err != nil {
		t.Fatal(err)
	}
	if !v.VoidContent(bo.Device().Key, before, func(crdt.ID) bool { return false }) {
		t.Error("VoidContent of what nobody had seen = false")
	}
	if v.VoidContent(ada.Device().Key, before, func(crdt.ID) bool { return false }) {
		t.Error("VoidContent of one who is in = true")
	}
	c.Tell(ada, c.Epoch(ada.Device(), "three"))
	if _, ok := c.Set.View().WriteEpoch(func(membership.EpochID) bool { return true }); !ok {
		t.Error("WriteEpoch after a new epoch: none")
	}
	if roster := c.Set.View().EpochRoster(c.Epoch(ada.Device(), "three").ID); slices.Contains(roster, bo.Device().Key) || len(roster) != 2 {
		t.Errorf("EpochRoster has %d devices, want those of the two who are in", len(roster))
	}
}

func epoch2(c *membertest.Circle, p *membertest.Person) crdt.ID {
	return c.Tell(p, c.Epoch(p.Device(), "two"))
}

func TestRemovalAndReturn(t *testing.T) {
	c, people := membertest.Grown(4)
	ada, bo, cy, dee := people[0], people[1], people[2], people[3]
	p := c.Tell(ada, &membership.Propose{What: membership.Remove, Target: dee.ID})
	c.Tell(bo, &membership.Stand{Proposal: p})
	c.Tell(ada, &membership.Enact{Proposal: p, Seen: membertest.Seen(dee)})
	if m := standing(t, c, dee); m.Standing != membership.Removed || m.Voice {
		t.Fatalf("after a certified removal: %v, voice %v", m.Standing, m.Voice)
	}
	known, err := c.Pasts.Known(c.Heads())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Set.JudgeContent(dee.Device().Key, known); !errors.Is(err, membership.ErrRefused) {
		t.Errorf("JudgeContent of one who knows of the removal = %v, want ErrRefused", err)
	}
	if err := c.Set.JudgeContent(cy.Device().Key, known); err != nil {
		t.Errorf("JudgeContent of a member = %v", err)
	}
	c.Tell(cy, c.Admit(cy.Device(), dee, crdt.ID{}, ""))
	if m := standing(t, c, dee); m.Standing != membership.In {
		t.Errorf("let in again: %v, want in", m.Standing)
	}
}

func TestRemovalWithoutSupportDoesNotCount(t *testing.T) {
	c, people := membertest.Grown(4)
	p := c.Tell(people[0], &membership.Propose{What: membership.Remove, Target: people[3].ID})
	c.Tell(people[0], &membership.Enact{Proposal: p})
	if m := standing(t, c, people[3]); m.Standing != membership.In {
		t.Errorf("removed by one of three: %v, want in", m.Standing)
	}
}

func TestConsentNeedsTheWindow(t *testing.T) {
	c, people := membertest.Grown(6)
	p := c.Tell(people[0], &membership.Propose{What: membership.Remove, Target: people[5].ID})
	c.Tell(people[1], &membership.Stand{Proposal: p})
	for _, q := range people[:3] {
		c.Tell(q, &membership.Beat{})
	}
	early := c.Tell(people[0], &membership.Enact{Proposal: p})
	if m := standing(t, c, people[5]); m.Standing != membership.In {
		t.Fatalf("two of five, before the window (%s): %v, want in", early.Short(), m.Standing)
	}
	if due, ok := c.Set.View().BeatAt(people[2].ID); !ok || due == 0 {
		t.Errorf("BeatAt of a witness = %d, %v; want a time after the window", due, ok)
	}
	c.Pass(8 * day)
	for _, q := range people[:3] {
		c.Tell(q, &membership.Beat{})
	}
	c.Tell(people[0], &membership.Enact{Proposal: p})
	if m := standing(t, c, people[5]); m.Standing != membership.Removed {
		t.Errorf("two of five stand and three waited: %v, want removed", m.Standing)
	}
}

func TestLapseIsRefutedByASignOfLife(t *testing.T) {
	c, people := membertest.Grown(4)
	c.Sync(people[0].Device(), people[1].Device(), people[2].Device(), people[3].Device())
	sleeper := people[0].Device()
	c.Pass(100 * day)
	alive := c.Must(people[1].Device(), &membership.Beat{})
	c.Pass(day)
	for _, q := range people[1:] {
		p := c.Must(sleeper, &membership.Propose{What: membership.Lapse, Target: q.ID})
		c.Must(sleeper, &membership.Enact{Proposal: p})
	}
	v := c.Set.View()
	if m := standing(t, c, people[1]); m.Lapsed || !m.Voice {
		t.Errorf("%s wrote %s in the alleged silence: lapsed %v, voice %v", m.ID.Short(), alive.Short(), m.Lapsed, m.Voice)
	}
	if m := standing(t, c, people[2]); !m.Lapsed || m.Voice || m.Standing != membership.In {
		t.Errorf("one really silent: lapsed %v, voice %v, %v", m.Lapsed, m.Voice, m.Standing)
	}
	if v.Len() != 4 {
		t.Errorf("Len = %d, want 4: a lapse takes voice, not membership", v.Len())
	}
	c.Tell(people[2], &membership.Back{})
	if m := standing(t, c, people[2]); m.Lapsed || !m.Voice {
		t.Errorf("after back: lapsed %v, voice %v", m.Lapsed, m.Voice)
	}
}

func TestSockPuppetsOfASleeperHaveNoVoice(t *testing.T) {
	c, people := membertest.Grown(5)
	var all []*membertest.Device
	for _, p := range people {
		all = append(all, p.Device())
	}
	c.Sync(all...)
	sleeper := people[0].Device()
	c.Pass(100 * day)
	for _, q := range people[1:] {
		c.Must(q.Device(), &membership.Beat{})
	}
	c.Pass(day)
	for _, q := range people[1:] {
		p := c.Must(sleeper, &membership.Propose{What: membership.Lapse, Target: q.ID})
		c.Must(sleeper, &membership.Enact{Proposal: p})
	}
	puppet := membertest.NewPerson("Puppet")
	c.Must(sleeper, c.Admit(sleeper, puppet, crdt.ID{}, ""))
	if v := c.Set.View(); v.HasVoice(puppet.ID) {
		t.Error("let in while all others were lapsed by silence that is refuted: voice")
	}
}

func TestForkTakesAuthority(t *testing.T) {
	c, people := membertest.Grown(3)
	bo := people[1]
	d := *bo.Device()
	d.Knows = c.Heads()
	one := c.Make(&d, c.Heads(), &membership.Prekey{Box: membertest.Box("one")})
	two := c.Make(&d, c.Heads(), &membership.Prekey{Box: membertest.Box("two")})
	for _, op := range []crdt.Op{one, two} {
		body, err := membertest.Open(c.ID, &op)
		if err != nil {
			t.Fatal(err)
		}
		c.Put(op, body, bo)
	}
	c.Tell(people[0], membership.NewForkProof(&one, &two))
	v := c.Set.View()
	if seq, ok := v.ForkedFrom(bo.Device().Key); !ok || seq != one.Seq {
		t.Errorf("ForkedFrom = %d, %v; want %d", seq, ok, one.Seq)
	}
	if !v.VoidControl(one.ID) || !v.VoidControl(two.ID) {
		t.Error("control ops of a forked device still count")
	}
}

func TestHeldOpsHaveNoEffect(t *testing.T) {
	c, people := membertest.Grown(2)
	before := c.Set.View().VoidDigest()
	leave := c.Tell(people[1], &membership.Leave{})
	c.Set.Hold(leave)
	if m := standing(t, c, people[1]); m.Standing != membership.In {
		t.Errorf("a held leave: %v, want in", m.Standing)
	}
	c.Set.Unhold(leave)
	if m := standing(t, c, people[1]); m.Standing != membership.Left {
		t.Errorf("after Unhold: %v, want left", m.Standing)
	}
	if c.Set.View().VoidDigest() == before {
		t.Error("VoidDigest did not change with a leave")
	}
}
