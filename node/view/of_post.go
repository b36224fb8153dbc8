package view

import (
	"encoding/hex"

	"tend/crdt/circle"
)

// Posts returns the needs or the offers that a filter takes, newest first.
func (s Source) Posts(kind string, f Filter) []Post {
	w, out := s.pen(), []Post{}
	s.State.EachPost(s.Env, f.of(kind), w.line(&out))
	return out
}

// line writes the posts of a list to out.
func (w *pen) line(out *[]Post) func(i, of int, p *circle.Post) {
	return func(i, of int, p *circle.Post) {
		if i == 0 {
			*out = make([]Post, of)
		}
		w.post(&(*out)[i], p)
	}
}

var signUps = map[uint64]string{circle.SignUpOpen: "open", circle.SignUpAskFirst: "ask-first"}

var hows = map[uint64]string{circle.HowCall: "call", circle.HowText: "text", circle.HowSit: "sit"}

func (s Source) post(p *circle.Post) (v Post) {
	s.pen().post(&v, p)
	return v
}

// Agreements returns the agreements that a filter takes, newest first.
func (s Source) Agreements(f Filter) []Agreement {
	w, out := s.pen(), []Agreement{}
	s.State.EachAgreement(s.Env, f.of(""), func(i, of int, a *circle.Agreement) {
		if i == 0 {
			out = make([]Agreement, of)
		}
		w.agreement(&out[i], a)
	})
	return out
}

func (s Source) agreement(a circle.Agreement) (v Agreement) {
	s.pen().agreement(&v, &a)
	return v
}

// texts are the versions of an agreement, oldest first.
func (s Source) texts(a circle.Agreement) []Text {
	var out []Text
	for _, t := range a.Texts {
		by, made := s.Person(t.By), s.at(t.HLC)
		out = append(out, Text{Rev: hex.EncodeToString(t.Rev[:]), What: t.Terms.What, When: t.Terms.When, Area: t.Terms.Area,
			Costs: t.Terms.Costs, Slot: a.Slot, Newest: t.Newest, By: &by, Made: &made})
	}
	return out
}
