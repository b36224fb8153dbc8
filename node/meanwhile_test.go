package node_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// looks returns the sentences that a home is shown of one kind.
func (h *home) looks(id crdt.ID, kind string) []string {
	var out []string
	for _, at := range h.view(id).State.Look(h.env(id)) {
		if at.Kind == kind {
			out = append(out, at.Text)
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
