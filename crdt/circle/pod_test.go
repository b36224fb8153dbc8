package circle_test

import (
	"slices"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

// pod runs a verb about pods.
func (h *home) pod(word, member string) { h.do("pod", "text", word, "member", member) }

// follow does what a home does by itself when its pod changed.
func (h *home) follow() {
	h.w.t.Helper()
	drafts, _, err := circle.Decide(h.state, h.env(), circle.FollowPod{})
	if err != nil {
		h.w.t.Fatal(err)
	}
	if len(drafts) > 0 {
		h.write(drafts)
	}
}

func (h *home) wantPod(want ...circle.PodMember) {
	h.w.t.Helper()
	if got := h.state.Pod(h.env()).Mine; !slices.Equal(got, want) {
		h.w.t.Errorf("%s's pod = %v, want %v", h.name, got, want)
	}
}

// sorted orders ids.
func sorted(ids ...crdt.ID) []crdt.ID {
	slices.SortFunc(ids, crdt.ID.Compare)
	return ids
}

func TestAPodIsThoseWhoSaidYes(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo", "Dan")
	ann, ben, cleo, dan := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"], w.homes["Dan"]
	ann.refuses(circle.Kept, "ask", "text", "a walk", "to", "pod")
	ann.refuses(circle.Kept, "pod", "text", "add", "member", "me")
	ben.refuses(circle.Kept, "pod", "text", "yes", "member", "Ann")
	ann.pod("add", "Ben")
	ann.pod("add", "Cleo")
	ann.again("pod", "text", "add", "member", "Ben")
	w.meet()
	ben.wantLooks(circle.LookPodAsked)
	dan.wantLooks()
	ben.pod("yes", "Ann")
	cleo.pod("not-now", "Ann")
	ben.again("pod", "text", "yes", "member", "Ann")
	w.meet()
	ben.wantLooks()
	want := []circle.PodMember{{Member: ben.id, Said: circle.PodYes}, {Member: cleo.id, Said: circle.PodNotNow}}
	slices.SortFunc(want, func(a, b circle.PodMember) int { return a.Member.Compare(b.Member) })
	ann.wantPod(want...)
	if in := ben.state.Pod(ben.env()).IAmIn; !slices.Equal(in, []crdt.ID{ann.id}) {
		t.Errorf("Ben is in %v, want Ann's", in)
	}
	need := ann.do("ask", "text", "a walk", "to", "pod")
	w.meet()
	if got := ben.post(need).Audience; !slices.Equal(got, sorted(ann.id, ben.id)) {
		t.Errorf("a need for the pod is read by %v, want Ann and Ben", got)
	}
	for _, h := range []*home{cleo, dan} {
		if _, ok := h.state.Post(h.env(), need); ok {
			t.Errorf("%s reads a need for a pod they are not in", h.name)
		}
	}
	ben.pod("leave", "Ann")
	w.meet()
	ann.refuses(circle.Kept, "ask", "text", "a walk", "to", "pod")
	ann.pod("remove", "Ben")
	w.meet()
	ben.refuses(circle.Kept, "pod", "text", "yes", "member", "Ann")
	ann.pod("add", "Ben") // asked anew
	w.meet()
	ben.wantLooks(circle.LookPodAsked)
}

func TestSectionsOfMyPageFollowMyPod(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	ann.do("me", "contact", "call 0123")
	ann.do("card", "text", "low", "text", "sit with me")
	ann.do("card", "text", "food", "text", "no nuts")
	ann.do("room", "text", "little", "to", "pod")
	ann.pod("add", "Ben")
	ann.pod("add", "Cleo")
	w.meet()
	reads := func(h *home, section string) bool {
		s, ok := h.state.Section(ann.id, section)
		return ok && len(s.Values) > 0
	}
	for _, section := range []string{circle.SectionContact, "card.low", circle.SectionRoom} {
		if reads(ben, section) {
			t.Errorf("Ben reads %q before he is in the pod", section)
		}
	}
	if !reads(ben, "card.food") {
		t.Error("Ben does not read what is for the circle")
	}
	ben.pod("yes", "Ann")
	w.meet()
	ann.follow()
	w.meet()
	for _, section := range []string{circle.SectionContact, "card.low", circle.SectionRoom} {
		if !reads(ben, section) || reads(cleo, section) {
			t.Errorf("%q: Ben reads it %v, Cleo %v; want Ben alone", section, reads(ben, section), reads(cleo, section))
		}
	}
	cleo.pod("yes", "Ann")
	w.meet()
	ann.follow()
	w.meet()
	need := ben.do("ask", "text", "who walks with Ann?", "to", "pod:Ann")
	if got := ben.post(need).Audience; !slices.Equal(got, sorted(ann.id, ben.id, cleo.id)) {
		t.Errorf("the pod of Ann is %v to Ben, want all three", got)
	}
	cleo.pod("leave", "Ann")
	w.meet()
	ann.follow()
	w.meet()
	for _, section := range []string{circle.SectionContact, "card.low", circle.SectionRoom} {
		if !reads(ben, section) || reads(cleo, section) {
			t.Errorf("%q after Cleo left: Ben reads it %v, Cleo %v; want Ben alone", section, reads(ben, section), reads(cleo, section))
		}
	}
	before := w.writes
	ann.follow()
	if w.writes != before {
		t.Error("following the pod twice writes twice")
	}
	ann.do("me", "contact", "call 0123", "to", "circle")
	ann.pod("remove", "Ben")
	ann.follow()
	w.meet()
	if !reads(cleo, circle.SectionContact) {
		t.Error("what was opened to the circle was taken from it again")
	}
}

func TestCheckInsAreReadByThePodOnlyWhereItIsOpened(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	for _, h := range []*home{ben, cleo} {
		ann.pod("add", h.name)
		w.meet()
		h.pod("yes", "Ann")
		w.meet()
	}
	ann.follow()
	w.meet()
	reads := func(h *home) int { return len(h.state.Notes(ann.id)) }
	ben.do("check-in", "member", "Ann", "text", "tired today")
	w.meet()
	if reads(ann) != 1 || reads(cleo) != 0 {
		t.Errorf("closed: Ann reads %d, Cleo %d; want 1, 0", reads(ann), reads(cleo))
	}
	ann.do("pod", "text", "check-ins", "check_ins", "open")
	w.meet()
	ben.do("check-in", "member", "Ann", "text", "better")
	w.meet()
	if reads(ann) != 2 || reads(cleo) != 1 {
		t.Errorf("open: Ann reads %d, Cleo %d; want 2, 1", reads(ann), reads(cleo))
	}
}

func TestANeedIsGivenToFewerPeople(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo", "Dan")
	ann, ben, cleo, dan := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"], w.homes["Dan"]
	need := ann.do("ask", "text", "a hard letter")
	w.meet()
	ann.refuses(circle.Usage, "edit", "id", need.String(), "to", "circle")
	ben.refuses(circle.Kept, "edit", "id", need.String(), "to", "Cleo")
	yes := cleo.do("yes", "id", need.String())
	w.meet()
	ann.refuses(circle.Kept, "edit", "id", need.String(), "to", "Ben")
	cleo.do("cannot", "id", yes.String())
	w.meet()
	ann.do("edit", "id", need.String(), "to", "Ben", "details", "only for you")
	w.meet()
	ann.wantLooks(circle.LookNarrowed)
	if got := ann.post(need).Audience; !slices.Equal(got, sorted(ann.id, ben.id)) {
		t.Errorf("it is read by %v, want Ann and Ben", got)
	}
	if ben.post(need).Details != "only for you" || dan.post(need).Details != "" {
		t.Error("what was written after the narrowing went to others too")
	}
	ann.refuses(circle.Kept, "edit", "id", need.String(), "to", "Dan")
	ann.do("withdraw", "id", need.String())
	ann.wantLooks()
}

func TestGroupsAreNamesOfMyOwn(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann := w.homes["Ann"]
	env := ann.env()
	parse := func(words ...string) error {
		cmd, err := circle.ParseCommand(ann.state, env, "group", args(words))
		if err != nil {
			return err
		}
		_, result, err := circle.Decide(ann.state, env, cmd)
		if err != nil {
			return err
		}
		if g := result(nil).Group; g != nil {
			env.Groups = map[string][]crdt.ID{g.Name: g.Members}
		}
		return nil
	}
	for _, bad := range []string{"circle", "pod", "pod:Ben", "Ben", ""} {
		if parse("name", bad, "member", "Ben") == nil {
			t.Errorf("a group may be called %q", bad)
		}
	}
	if err := parse("name", "The  Kitchen", "member", "Cleo", "member", "Ben"); err != nil {
		t.Fatal(err)
	}
	cmd, err := circle.ParseCommand(ann.state, env, "ask", args([]string{"text", "soup", "to", "the kitchen"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := cmd.(circle.PostNeed).Posted.To; !slices.Equal(got, sorted(w.homes["Ben"].id, w.homes["Cleo"].id)) {
		t.Errorf("the kitchen is %v, want Ben and Cleo", got)
	}
}
