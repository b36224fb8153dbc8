package main

import "tend/node/view"

// status says where this home stands, with the words the page uses too.
func (s *speaker) status(st view.Status) {
	switch st.State {
	case "caught_up":
		s.say("status.caught_up")
	case "travelling":
		waiting := 0
		for _, c := range st.Circles {
			waiting += c.Waiting
		}
		if waiting > 0 {
			s.say("status.travelling_some", "n", waiting)
		} else {
			s.say("status.travelling")
		}
	case "alone":
		s.say("status.alone")
	case "knocking":
		s.say("status.knocking")
	default:
		s.line("%s", plain(st.State))
	}
	if st.Reason != "" {
		s.line("  %s", plain(st.Reason))
	}
	for _, cure := range st.Cures {
		s.line("  - %s", plain(cure))
	}
	if st.PeerID != "" {
		s.under("status.node", "id", st.PeerID)
		for _, a := range st.Listen {
			s.line("    %s", a)
		}
	}
	for _, c := range st.Circles {
		s.circleStatus(c)
	}
	if len(st.Care) > 0 {
		s.line("")
	}
	for _, word := range st.Care {
		s.line("%s", plain(word))
	}
}

func (s *speaker) circleStatus(c view.CircleStatus) {
	s.line("")
	s.line("%s  %s", short(c.ID), stands(c.Name, c.Standing))
	s.under("status.circle", "members", count(c.Members, "count.members"), "ops", count(c.Ops, "count.ops"), "name", name(c.Me))
	if p := c.Parting; p != nil {
		s.parting(p)
		return
	}
	if e := c.Ended; e != nil {
		s.ended(e)
		return
	}
	if c.Waiting > 0 {
		s.under("status.waiting", "n", c.Waiting)
	}
	if c.Newer > 0 {
		s.under("status.newer", "n", c.Newer)
	}
	if len(c.Connected) > 0 {
		s.under("status.connected", "people", names(c.Connected))
	}
	for _, h := range c.Heard {
		word := sentence("status.has_everything")
		if h.Behind > 0 {
			word = sentence("status.lacks", "ops", count(h.Behind, "count.ops"))
		}
		s.under("status.heard", "name", name(h.Member), "ago", s.ago(h.At), "state", word)
	}
}

// stands is a circle's name, and how this home stands in it where that is not simply
// in it: gone or asked to go; not in, when whoever let its person in was gone by then;
// coming back; or a device that was ended, whose owner may well be in.
func stands(name, as string) string {
	if word := called("standing", as); word != "" {
		return plain(name) + " " + word
	}
	return plain(name)
}

func (s *speaker) circles(list []view.Circle) {
	if len(list) == 0 {
		s.say("circles.none")
		s.under("circles.begin")
		s.under("circles.join")
		return
	}
	for _, c := range list {
		s.line("%s  %s", short(c.ID), sentence("circles.line", "circle", stands(c.Name, c.Standing), "members", count(c.Members, "count.members"), "name", name(c.Me)))
	}
}

func (s *speaker) peers(list []view.Peer) {
	if len(list) == 0 {
		s.say("peers.none")
		return
	}
	for _, p := range list {
		who := sentence("peers.a_home")
		if p.Member != nil {
			who = name(*p.Member)
		}
		state := sentence("peers.not_connected")
		switch {
		case p.Relayed:
			state = sentence("peers.relayed")
		case p.Connected:
			state = sentence("peers.connected")
		case p.Reason != "":
			state = plain(p.Reason)
		}
		if p.Last != nil {
			state = sentence("peers.last", "state", state, "ago", s.ago(*p.Last))
		}
		s.line("%s  %s", who, state)
		s.line("  %s", p.PeerID)
		for _, a := range p.Addresses {
			s.line("    %s", plain(a))
		}
	}
}

func (s *speaker) checks(list []view.Check) {
	for _, c := range list {
		mark := sentence("check.ok")
		if !c.OK {
			mark = sentence("check.look")
		}
		s.line("%-4s  %s  %s", mark, plain(c.Check), plain(c.Finding))
		if !c.OK && c.Remedy != "" {
			s.line("        %s", plain(c.Remedy))
		}
	}
}
