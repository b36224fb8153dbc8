package main

import (
	"fmt"

	"tend/node/view"
)

// status says where this home stands, with the words the page uses too.
func (s *speaker) status(st view.Status) {
	switch st.State {
	case "caught_up":
		s.line("All caught up")
	case "travelling":
		waiting := 0
		for _, c := range st.Circles {
			waiting += c.Waiting
		}
		if waiting > 0 {
			s.line("Still travelling (%d)", waiting)
		} else {
			s.line("Still travelling")
		}
	case "alone":
		s.line("On your own just now")
	case "knocking":
		s.line("Knocking")
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
		s.line("  node %s", st.PeerID)
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
	s.line("%s  %s", short(c.ID), plain(c.Name)+standingWords[c.Standing])
	s.line("  %s, %s, as %s", count(c.Members, "member"), count(c.Ops, "op"), name(c.Me))
	if p := c.Parting; p != nil {
		s.parting(p)
		return
	}
	if e := c.Ended; e != nil {
		s.ended(e)
		return
	}
	if c.Waiting > 0 {
		s.line("  %d still waiting for what they build on", c.Waiting)
	}
	if c.Newer > 0 {
		s.line("  %s written with a newer Tend: kept and passed on, and not to be seen here", count(c.Newer, "thing"))
	}
	if len(c.Connected) > 0 {
		s.line("  connected now: %s", names(c.Connected))
	}
	for _, h := range c.Heard {
		word := "has everything"
		if h.Behind > 0 {
			word = fmt.Sprintf("lacks %s", count(h.Behind, "op"))
		}
		s.line("  %s: heard %s, %s", name(h.Member), s.ago(h.At), word)
	}
}

// standingWords follow a circle's name where its owner is not simply in it.
var standingWords = map[string]string{
	"left":    " (you left)",
	"removed": " (you were asked to go)",
	// Whoever let its owner in was gone by then.
	"not_in":      " (you are not in; an invitation lets you in)",
	"coming_back": " (coming back)",
	// A home that was a device of its owner, who may well be in.
	"device_ended": " (this device was ended)",
}

func (s *speaker) circles(list []view.Circle) {
	if len(list) == 0 {
		s.line("No circle here yet.")
		s.line("  begin one:  tend begin NAME --as ME")
		s.line("  join one:   tend join INVITE")
		return
	}
	for _, c := range list {
		s.line("%s  %s%s, %s, as %s", short(c.ID), plain(c.Name), standingWords[c.Standing], count(c.Members, "member"), name(c.Me))
	}
}

func (s *speaker) peers(list []view.Peer) {
	if len(list) == 0 {
		s.line("No other home is known yet.")
		return
	}
	for _, p := range list {
		who := "a home"
		if p.Member != nil {
			who = name(*p.Member)
		}
		state := "not connected"
		switch {
		case p.Relayed:
			state = "connected, by way of another home"
		case p.Connected:
			state = "connected"
		case p.Reason != "":
			state = plain(p.Reason)
		}
		if p.Last != nil {
			state += ", last " + s.ago(*p.Last)
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
		mark := "ok  "
		if !c.OK {
			mark = "look"
		}
		s.line("%s  %s  %s", mark, plain(c.Check), plain(c.Finding))
		if !c.OK && c.Remedy != "" {
			s.line("        %s", plain(c.Remedy))
		}
	}
}
