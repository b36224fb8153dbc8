package node_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/node/words"
	"tend/protocol"
)

// looks returns the sentences that a home is shown of one kind.
func (h *home) looks(id crdt.ID, kind string) []string {
	var out []string
	for _, at := range h.view(id).State.Look(h.env(id)) {
		if at.Kind == kind {
			out = append(out, words.Told.Tell(at.Said))
		}
	}
	return out
}

// TestLetInByWhoWasParted: while two part from Max, he lets Nina in, and Dee, who has
// heard of nothing, meets both. When the parting is known everywhere, Nina is in
// nowhere, whatever she and Max had written meanwhile; who decides is told, and may let
// her in again, and then her words are there again, and Max's are not.
func TestLetInByWhoWasParted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		homes, meetAll := gatheredWithVoice(t, "Ann", "Ben", "Dee", "Max")
		ann, ben, dee, max := homes[0], homes[1], homes[2], homes[3]
		id := ann.Circles()[0]
		nina := newHome(t, "Nina")
		meetAll()

		p := ann.do(id, circle.ProposeForCircle{What: membership.Remove, Target: max.view(id).Me, Reason: "Enough."}).ID
		meet(ben, ann, id)
		ben.do(id, circle.SayOnDecision{ID: p, Value: circle.WordConsent})
		meet(ben, ann, id)
		join(nina, max, id)
		known := nina.do(id, wish("a chair, by Nina")).ID
		nina.do(id, circle.SetSection{Section: circle.SectionName, Values: []string{"Nina"}})
		meet(nina, max, id)
		unseen := max.do(id, wish("a table, by Max")).ID
		onIt := max.do(id, circle.WriteNote{On: known, Text: "a note of Max"}).ID
		meet(dee, max, id)
		who := nina.view(id).Me
		if m, ok := dee.view(id).People.Member(who); !ok || m.Standing != membership.In || !dee.view(id).State.Has(unseen) || !dee.view(id).State.Has(onIt) {
			t.Fatalf("before Dee hears of the parting, Nina is %v (%v)", m.Standing, ok)
		}
		ann.do(id, circle.EnactDecision{ID: p})
		stay := []*home{ann, ben, dee}
		settle(t, id, stay...)
		settle(t, id, stay...)
		for _, h := range stay {
			v := h.view(id)
			if m, ok := v.People.Member(who); !ok || m.Standing != membership.Stranger {
				t.Errorf("%s sees Nina as %v (%v), want one who was let in by nobody", h.name, m.Standing, ok)
			}
			if v.State.Has(unseen) || strings.Contains(h.reads(id), "a note of Max") {
				t.Errorf("%s holds what Max wrote and nobody who decided had seen", h.name)
			}
			if got := h.looks(id, circle.LookLetInMeanwhile); len(got) != 1 || !strings.Contains(got[0], "Max let Nina in") {
				t.Errorf("%s is told %q, want that Max let Nina in meanwhile", h.name, got)
			}
			e := v.Frontier().Epoch
			if slices.Contains(v.People.EpochRoster(e), nina.view(id).Dev) || len(h.KeysFor(id, nina.peer(), []membership.EpochID{e})) > 0 {
				t.Errorf("%s would give Nina the keys", h.name)
			}
		}
		equal(t, id, stay...)
		if err := try(nina, ann, id); err == nil {
			t.Error("Nina's home is spoken with as if she were in")
		}
		for _, h := range stay { // what was worked out anew is what a start works out
			h.crash()
			if h.view(id).State.Has(unseen) {
				t.Errorf("after a crash %s holds what has no effect", h.name)
			}
		}
		equal(t, id, stay...)

		// Nina's home is told, and says so; what it held stays.
		of, bye, owed := ann.Goodbye(nina.peer())
		if !owed || of != id {
			t.Fatal("Nina's home is owed no goodbye")
		}
		if err := nina.TakeGoodbye(t.Context(), id, ann.peer(), bye); err != nil {
			t.Fatalf("Nina takes the goodbye: %v", err)
		}
		if s := nina.view(id); s.Standing != membership.Stranger || !s.ToldGoodbye || !s.State.Has(known) {
			t.Errorf("Nina's home stands %v, told %v", s.Standing, s.ToldGoodbye)
		}
		if got := nina.looks(id, circle.LookLetInMeanwhile); len(got) != 1 || !strings.Contains(got[0], "Max let you in") {
			t.Errorf("Nina is told %q", got)
		}
		if _, err := nina.Do(t.Context(), id, wish("more")); err == nil {
			t.Error("Nina's home writes on")
		}

		// An invitation that knows of all that.
		join(nina, ann, id)
		settle(t, id, ann, ben, dee, nina)
		settle(t, id, ann, ben, dee, nina)
		for _, h := range []*home{ann, ben, dee, nina} {
			if m, _ := h.view(id).People.Member(who); m.Standing != membership.In {
				t.Errorf("%s sees Nina as %v after she was let in again", h.name, m.Standing)
			}
			h.mustRead(id, "with Nina", "a chair, by Nina")
			if h.view(id).State.Has(unseen) || strings.Contains(h.reads(id), "a note of Max") {
				t.Errorf("%s: letting Nina in brought back what Max wrote", h.name)
			}
			if got := h.looks(id, circle.LookLetInMeanwhile); len(got) > 0 {
				t.Errorf("%s is told still: %q", h.name, got)
			}
		}
		equal(t, id, ann, ben, dee, nina)
	})
}

// TestLetInByAnInvitationTakenBack: Ann takes an invitation back while Ben, who has not
// heard, lets Nina in by it. Once both know, Nina is in nowhere; her home is told why, and
// those who decide may let her in again.
func TestLetInByAnInvitationTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		homes, meetAll := gatheredWithVoice(t, "Ann", "Ben", "Dee")
		ann, ben, dee := homes[0], homes[1], homes[2]
		id := ann.Circles()[0]
		nina := newHome(t, "Nina")
		code := ann.invites(id, node.InviteOptions{})
		meetAll()
		made, known := ann.view(id).People.InviteByID(code.ID())
		if !known {
			t.Fatal("Ann does not know her invitation")
		}
		if err := ann.RevokeInvite(t.Context(), id, made.Op); err != nil {
			t.Fatal(err)
		}
		if err := knock(nina, ben, code); err != nil {
			t.Fatalf("Ben, who has not heard, lets nobody in: %v", err)
		}
		meet(nina, ben, id)
		wrote := nina.do(id, wish("a chair, by Nina")).ID
		meet(nina, ben, id)
		stay := []*home{ann, ben, dee}
		settle(t, id, stay...)
		settle(t, id, stay...)
		who := nina.view(id).Me
		for _, h := range stay {
			if m, ok := h.view(id).People.Member(who); !ok || m.Standing != membership.Stranger {
				t.Errorf("%s sees Nina as %v (%v), want one who is not in", h.name, m.Standing, ok)
			}
			if got := h.looks(id, circle.LookLetInMeanwhile); len(got) != 1 || !strings.Contains(got[0], "let Nina in by an invitation that had been taken back") {
				t.Errorf("%s is told %q", h.name, got)
			}
		}
		for _, h := range stay {
			of, bye, owed := h.Goodbye(nina.peer())
			if !owed || of != id {
				t.Fatalf("%s owes Nina's home no goodbye", h.name)
			}
			for _, f := range bye { // of the circle it learns what ended the invitation, and no more
				ops, err := protocol.UnpackByID(id, &f.Table)
				if err != nil {
					t.Fatal(err)
				}
				for _, op := range ops {
					if op.Class != crdt.Control {
						t.Errorf("%s hands Nina's home %s, which is no control op", h.name, op.ID.Short())
					}
				}
			}
			if err := nina.TakeGoodbye(t.Context(), id, h.peer(), bye); err != nil {
				t.Fatalf("Nina takes the goodbye: %v", err)
			}
		}
		if s := nina.view(id); s.Standing != membership.Stranger || !s.ToldGoodbye || !s.State.Has(wrote) {
			t.Errorf("Nina's home stands %v, told %v", s.Standing, s.ToldGoodbye)
		}
		if got := nina.looks(id, circle.LookLetInMeanwhile); len(got) != 1 || !strings.Contains(got[0], "Ben let you in by an invitation that had been taken back") || !strings.Contains(got[0], "can invite you") {
			t.Errorf("Nina is told %q", got)
		}
		join(nina, ann, id)
		settle(t, id, ann, ben, dee, nina)
		settle(t, id, ann, ben, dee, nina)
		for _, h := range []*home{ann, ben, dee, nina} {
			if m, _ := h.view(id).People.Member(who); m.Standing != membership.In {
				t.Errorf("%s sees Nina as %v after she was let in again", h.name, m.Standing)
			}
			if got := h.looks(id, circle.LookLetInMeanwhile); len(got) > 0 {
				t.Errorf("%s is told still: %q", h.name, got)
			}
		}
		equal(t, id, ann, ben, dee, nina)
	})
}

// TestDoorSaysTakenBack: whoever knocks with an invitation that was taken back hears that,
// though nothing else opens the door, for three days or until its time is up; then the
// door is shut.
func TestDoorSaysTakenBack(t *testing.T) {
	for _, row := range []struct {
		name  string
		until time.Duration
		open  time.Duration
	}{{"three days", 30 * 24 * time.Hour, 72 * time.Hour}, {"its own time", 5 * time.Hour, 4 * time.Hour}} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
				id := ann.begin("Elm Street")
				code := ann.invites(id, node.InviteOptions{Until: row.until})
				made, _ := ann.view(id).People.InviteByID(code.ID())
				if err := ann.RevokeInvite(t.Context(), id, made.Op); err != nil {
					t.Fatal(err)
				}
				if !ann.DoorOpen() {
					t.Fatal("the door is shut before whoever comes can be told")
				}
				state, err := ben.Join(code, "Ben")
				if err != nil {
					t.Fatal(err)
				}
				if err := knockAs(ben, ann, state); err == nil || !strings.Contains(err.Error(), "taken back") {
					t.Errorf("the door says %v, want that it was taken back", err)
				}
				if now, ok := ben.Joined(state.ID); !ok || !strings.Contains(words.Told.Say(now.Over), "was taken back") {
					t.Errorf("Ben's home says %+v, want that the invitation was taken back", now)
				}
				time.Sleep(row.open - time.Minute)
				if !ann.DoorOpen() {
					t.Error("the door is shut too soon")
				}
				time.Sleep(time.Hour + time.Minute)
				if ann.DoorOpen() {
					t.Error("the door stays open for nothing")
				}
			})
		})
	}
}
