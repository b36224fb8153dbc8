package node_test

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/protocol"
)

// sharedClock is one wall clock for several homes, moved by the test.
type sharedClock struct{ ms atomic.Int64 }

func (c *sharedClock) now() time.Time { return time.UnixMilli(c.ms.Load()).UTC() }

func (c *sharedClock) pass(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// at makes a home read a test's clock.
func (h *home) at(c *sharedClock) *home {
	h.shut()
	h.now = c.now
	h.start()
	return h
}

func newClock() *sharedClock {
	c := &sharedClock{}
	c.ms.Store(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

// returns lets j ask at d's door, and says what it was told.
func returns(j, d *home) (string, error) {
	j.t.Helper()
	all := j.Knocks()
	if len(all) != 1 || !all[0].Back {
		j.t.Fatalf("%s knocks %v, want one coming back", j.name, all)
	}
	a, b, _ := pipes()
	served := make(chan error, 1)
	go func() {
		first, err := b.Receive(protocol.MaxJoinMessage)
		if err == nil {
			var opening protocol.Opening
			if opening, err = protocol.DecodeOpening(first); err == nil {
				err = d.Recovered(d.t.Context(), j.peer(), *opening.(*protocol.RecoverKnock), b)
			}
		}
		close(b.out)
		served <- err
	}()
	told, err := j.Recover(j.t.Context(), all[0].ID, d.peer(), a)
	close(a.out)
	if serr := <-served; err == nil && serr != nil && serr != io.EOF {
		err = serr
	}
	return told, err
}

func TestBackByTheWords(t *testing.T) { unhurried(t, backByTheWords) }

func backByTheWords(t *testing.T) {
	ann, ben, again := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Ann's new laptop")
	id := ann.begin("Oak Street")
	join(ben, ann, id)
	letter := ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: "for Ben alone", People: 1, To: []crdt.ID{ben.view(id).Me}}}).ID
	meet(ben, ann, id)
	ann.do(id, circle.SetSection{Section: circle.SectionName, Values: []string{"Ann"}})
	meet(ben, ann, id)
	phrase, _ := ann.Phrases()
	seed, err := protocol.ParsePhrase(strings.Join(phrase[0].Words, " "))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.ComeBack(ben.invites(id, node.InviteOptions{}), "Ann", &seed); err != nil {
		t.Fatal(err)
	}
	if told, err := returns(again, ben); err != nil || told != "" {
		t.Fatalf("the door said %q, %v, want in", told, err)
	}
	meet(again, ben, id)
	if got, want := again.view(id).Me, ann.view(id).Me; got != want {
		t.Fatalf("back as %s, want %s", got.Short(), want.Short())
	}
	if _, ok := again.view(id).State.Post(again.env(id), letter); !ok {
		t.Error("what was written to one person did not come back")
	}
	lost := ann.view(id).Dev
	if _, err := again.RevokeDevice(t.Context(), id, lost); err != nil {
		t.Fatalf("the lost laptop is not ended: %v", err)
	}
	if len(again.Knocks()) != 0 {
		t.Error("still knocking")
	}
}

func TestOtherWordsOpenNothing(t *testing.T) {
	ann, ben, thief := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "somebody")
	id := ann.begin("Oak Street")
	join(ben, ann, id)
	if _, err := thief.ComeBack(ben.invites(id, node.InviteOptions{}), "Ann", &[32]byte{1}); err != nil {
		t.Fatal(err)
	}
	if told, err := returns(thief, ben); err != nil || told != "later" {
		t.Fatalf("the door said %q, %v, want later", told, err)
	}
	if len(thief.All()) != 0 {
		t.Error("something was handed out")
	}
}

func TestBackByTrustees(t *testing.T) { unhurried(t, backByTrustees) }

func backByTrustees(t *testing.T) {
	clock := &sharedClock{}
	clock.ms.Store(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC).UnixMilli())
	ann, ben, cem, again := newHome(t, "Ann").at(clock), newHome(t, "Ben").at(clock), newHome(t, "Cem").at(clock), newHome(t, "Ann's new laptop").at(clock)
	dan := newHome(t, "Dan").at(clock)
	id := ann.begin("Oak Street")
	for _, j := range []*home{ben, cem, dan} {
		join(j, ann, id)
	}
	all := func() {
		t.Helper()
		for range 2 {
			clock.pass(time.Minute)
			meet(ben, cem, id)
			meet(ben, dan, id)
			meet(cem, dan, id)
		}
	}
	meet(ben, ann, id)
	meet(cem, ann, id)
	allHaveVoice(t, clock, id, ann, ben, cem, dan)
	me := ann.view(id).Me
	if _, err := ann.NameTrustees(t.Context(), id, []crdt.ID{ben.view(id).Me, cem.view(id).Me}, 2); err != nil {
		t.Fatal(err)
	}
	ann.do(id, wish("written before the loss"))
	allHaveVoice(t, clock, id, ann, ben, cem, dan)

	// The laptop is gone. A new one asks at Dan's door, who is no trustee.
	if _, err := again.ComeBack(dan.invites(id, node.InviteOptions{Until: 30 * 24 * time.Hour}), "Ann", nil); err != nil {
		t.Fatal(err)
	}
	if told, err := returns(again, dan); err != nil || told != "later" {
		t.Fatalf("the door said %q, %v, want later", told, err)
	}
	code, ok := again.ComingBackCode()
	if !ok {
		t.Fatal("there is no code to show")
	}
	if parsed, err := protocol.ParseCode(code.Text()); err != nil || parsed.(*protocol.RecoverCode).Words() != code.Words() {
		t.Fatalf("ParseCode(%q) = %v, %v", code.Text(), parsed, err)
	}
	all()
	if _, err := dan.StandFor(t.Context(), me, &code); err == nil {
		t.Error("somebody stood who was not named")
	}
	if _, err := ben.StandFor(t.Context(), me, &code); err != nil {
		t.Fatal(err)
	}
	all()
	if _, err := dan.Return(t.Context(), id, me); !notYet(err) {
		t.Errorf("Return with one of two = %v, want not yet", err)
	}
	if _, err := cem.StandFor(t.Context(), me, &code); err != nil {
		t.Fatal(err)
	}
	all()
	if _, err := dan.Return(t.Context(), id, me); !notYet(err) {
		t.Errorf("Return at once = %v, want not yet", err)
	}
	clock.pass(73 * time.Hour)
	for _, h := range []*home{ben, cem} {
		h.do(id, wish("three days on")) // content is no sign
	}
	all()
	if _, err := dan.Return(t.Context(), id, me); !notYet(err) {
		t.Errorf("Return before those who stand showed themselves = %v, want not yet", err)
	}
	for _, h := range []*home{ben, cem} {
		if at, ok := h.view(id).People.BeatAt(h.view(id).Me); !ok || at.Millis() > clock.ms.Load() {
			t.Errorf("%s is not asked for a sign: %v, %v", h.name, at, ok)
		}
		h.restart() // its upkeep gives it
	}
	deadline(t, func() bool {
		all()
		_, err := dan.Return(t.Context(), id, me)
		return err == nil
	})
	if got := dan.Standing(ann.peer()); got == node.Fellow {
		t.Error("the lost laptop is still let in")
	}
	if told, err := returns(again, dan); err != nil || told != "" {
		t.Fatalf("the door said %q, %v, want in", told, err)
	}
	meet(again, dan, id)
	if again.view(id).Me != me {
		t.Fatal("back as somebody else")
	}
	made := again.do(id, wish("I am back")).ID
	all()
	meet(dan, again, id)
	all()
	if _, ok := ben.view(id).State.Post(ben.env(id), made); !ok {
		t.Error("Ben does not see what Ann wrote since")
	}
	found := again.view(id).State.Posts(again.env(id), circle.Filter{Needs: true, Text: "before the loss"})
	if len(found) != 1 {
		t.Errorf("%d of her own came back, want 1", len(found))
	}
	m, _ := ben.view(id).People.Member(me)
	for _, d := range m.Devices {
		if d.Revoked != (d.Dev != again.view(id).Dev) {
			t.Errorf("device %s: out is %t", d.Dev.Short(), d.Revoked)
		}
	}
	if m.Standing != membership.In {
		t.Error("Ann is not in")
	}
}

func notYet(err error) bool {
	p, ok := err.(*circle.Problem)
	return ok && p.Code == circle.NotYet
}

// allHaveVoice lets all homes meet until everybody who can has voice.
func allHaveVoice(t *testing.T, clock *sharedClock, id crdt.ID, homes ...*home) {
	t.Helper()
	deadline(t, func() bool {
		clock.pass(time.Minute)
		for _, a := range homes {
			for _, b := range homes {
				if a != b {
					meet(a, b, id)
				}
			}
		}
		for _, h := range homes {
			s := h.view(id)
			for _, o := range homes {
				if !s.People.HasVoice(o.view(id).Me) {
					h.restart()
					return false
				}
			}
		}
		return true
	})
}

// restart opens the home again: its upkeep runs soon after.
func (h *home) restart() { h.shut(); h.start() }

func deadline(t *testing.T, done func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("it never came to that")
		}
	}
}

// TestMoreThanHalfOfTheTrusteesStand: three of five where nothing else is said.
func TestMoreThanHalfOfTheTrusteesStand(t *testing.T) {
	ann := newHome(t, "Ann")
	id := ann.begin("Oak Street")
	var list []crdt.ID
	for i := range 5 {
		list = append(list, crdt.ID{byte(i + 1)})
		if _, err := ann.NameTrustees(t.Context(), id, list, 0); err != nil {
			t.Fatal(err)
		}
		named, ok := ann.view(id).People.TrusteesOf(ann.view(id).Me)
		if want := uint64(len(list)/2 + 1); !ok || named.K != want {
			t.Errorf("of %d trustees %d have to stand, want %d", len(list), named.K, want)
		}
	}
}
