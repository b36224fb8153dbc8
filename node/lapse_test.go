package node_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tend/crdt/circle"
	"tend/crdt/membership"
)

// gatheredWithVoice is homes whose members all decide.
func gatheredWithVoice(t *testing.T, names ...string) (homes []*home, meetAll func()) {
	t.Helper()
	for _, name := range names {
		homes = append(homes, newHome(t, name))
	}
	ann := homes[0]
	id := ann.begin("Elm Street")
	for _, h := range homes[1:] {
		join(h, ann, id)
	}
	meetAll = func() {
		for range 2 {
			for _, h := range homes[1:] {
				meet(h, ann, id)
			}
		}
	}
	for range 10 {
		time.Sleep(time.Minute)
		meetAll()
	}
	if n := len(ann.view(id).People.Voices()); n != len(homes) {
		t.Fatalf("%d have voice, want %d", n, len(homes))
	}
	return homes, meetAll
}

// TestAVoiceSetAsideComesBackByItself: after months of silence two set the third
// one's voice aside; their home's first sign of life, once it knows, ends it.
func TestAVoiceSetAsideComesBackByItself(t *testing.T) {
	if testing.Short() {
		t.Skip("it lives through every minute of three months")
	}
	synctest.Test(t, func(t *testing.T) {
		homes, meetAll := gatheredWithVoice(t, "Ann", "Ben", "Cem")
		ann, ben, cem := homes[0], homes[1], homes[2]
		id := ann.Circles()[0]
		cem.shut()
		time.Sleep(95 * day)
		meet(ben, ann, id)
		meet(ann, ben, id)
		p := ann.do(id, circle.ProposeForCircle{What: membership.Lapse, Target: cem.view(id).Me, Reason: "We have not heard of Cem."}).ID
		meet(ben, ann, id)
		ben.do(id, circle.SayOnDecision{ID: p, Value: circle.WordConsent})
		meet(ben, ann, id)
		ann.do(id, circle.EnactDecision{ID: p})
		who := cem.view(id).Me
		if m, _ := ann.view(id).People.Member(who); !m.Lapsed || m.Voice || m.Standing != membership.In {
			t.Fatalf("after the lapse Cem is %v, lapsed %v, voice %v", m.Standing, m.Lapsed, m.Voice)
		}
		cem.start()
		time.Sleep(5 * time.Minute)
		for range 3 {
			meetAll()
			time.Sleep(2 * time.Minute)
		}
		meetAll()
		for _, h := range homes {
			if m, _ := h.view(id).People.Member(who); m.Lapsed || !m.Voice {
				t.Errorf("%s: Cem is back, lapsed %v, voice %v", h.name, m.Lapsed, m.Voice)
			}
		}
		ops := ann.view(id).Ops
		for range 3 {
			time.Sleep(2 * time.Minute)
			meetAll()
		}
		if more := ann.view(id).Ops - ops; more > 1 { // one may be a mint
			t.Errorf("%d more ops by homes that have nothing to say", more)
		}
	})
}
