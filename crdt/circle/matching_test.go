package circle_test

import (
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

// order is the spread order as h sees it, with the reasons after a name.
func (h *home) order(post string) []string {
	h.w.t.Helper()
	id, err := h.state.Resolve(post)
	if err != nil {
		h.w.t.Fatal(err)
	}
	all, ok := h.state.Match(h.env(), id)
	if !ok {
		h.w.t.Fatalf("%s is no post", post)
	}
	var out []string
	for _, m := range all {
		var why []string
		for _, s := range m.Why {
			why = append(why, told(s))
		}
		out = append(out, strings.TrimSuffix(h.state.Name(m.Member)+": "+strings.Join(why, ", "), ": "))
	}
	return out
}

func (h *home) wantOrder(post crdt.ID, want ...string) {
	h.w.t.Helper()
	if got := h.order(post.String()); !slices.Equal(got, want) {
		h.w.t.Errorf("%s would ask\n%s\nwant\n%s", h.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSpreadOrder: everyone is in it, with what speaks for asking them in words; who rests
// comes last, and who said yes lately behind who did not.
func TestSpreadOrder(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem", "Dan", "Eve", "Fay")
	ann := w.homes["Ann"]
	for _, one := range [][]string{
		{"Bea", "room", "text", "some"},
		{"Bea", "me", "area", "Hill street", "to", "circle"},
		{"Cem", "room", "text", "resting"},
		{"Cem", "offer", "text", "Lifts anywhere", "category", "lifts"},
		{"Dan", "free", "repeat", "tue", "to", "circle"},
		{"Eve", "room", "text", "little"},
		{"Eve", "offer", "text", "Lifts anywhere", "category", "lifts"},
	} {
		w.homes[one[0]].do(one[1], one[2:]...)
	}
	w.meet()
	need := ann.do("ask", "text", "A lift to the clinic", "category", "Lifts", "when", "2026-12-01T09:00", "area", "Hill Street")
	w.meet()
	dan, fay := "Dan: is free then, not asked lately", "Fay: not asked lately"
	ann.wantOrder(need, "Bea: has room, lives near, not asked lately", dan, fay, "Eve: offered something like it, not asked lately",
		"Cem: not asked lately") // his offer rests with him

	// Who said that they have room comes before who said nothing, where all else is equal.
	plain := ann.do("ask", "text", "Hold the ladder")
	w.meet()
	if order := ann.order(plain.String()); !strings.HasPrefix(order[0], "Bea: has room") {
		t.Errorf("asked without a place or a day the first is %q, want Bea, who has room", order[0])
	}

	// A yes that all can see moves one back, and so does a question of one's own.
	other := ann.do("ask", "text", "Soup")
	w.meet()
	w.homes["Bea"].do("yes", "id", other.Short())
	w.meet()
	ann.do("may-i", "member", "Dan", "text", "bring you eggs")
	ann.wantOrder(need, fay, "Bea: has room, lives near", "Dan: is free then", "Eve: offered something like it, not asked lately",
		"Cem: not asked lately")
	if got := w.homes["Eve"].order(need.String()); slices.Index(got, dan) < 0 {
		t.Errorf("Eve reads %q, and should not know what Ann asked of Dan", got)
	}
	w.pass(15)
	if got := ann.order(other.String()); !slices.Contains(got, "Bea: has room, not asked lately") {
		t.Errorf("after two weeks Ann would ask %q", got)
	}

	// It decides nothing: whoever stands last may say yes all the same.
	w.now = monday
	w.homes["Cem"].do("yes", "id", need.Short())
	w.meet()
	if s := ann.post(need).Slots; len(s) != 1 || len(s[0].Yes) != 1 {
		t.Errorf("slots = %+v, want Cem's yes", s)
	}
}

func TestWhoListensNowComesFirst(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	w.homes["Cem"].do("listen", "text", "yes")
	w.meet()
	need := w.homes["Ann"].do("ask", "listening", "call")
	w.homes["Ann"].wantOrder(need, "Cem: is open to listening now, not asked lately", "Bea: not asked lately")
}

// TestFollowedKindsComeFirst: what one follows is one's own, and an order.
func TestFollowedKindsComeFirst(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	ann.do("ask", "text", "Soup", "category", "meals", "when", "2026-12-01")
	ann.do("ask", "text", "Lift", "category", "lifts", "when", "2026-12-05")
	ann.do("ask", "text", "Talk")
	w.meet()
	titles := func(own circle.Own) (out []string) {
		env := bea.env()
		env.Own = own
		for _, i := range bea.state.Today(env).ICould {
			out = append(out, i.Post.Title)
		}
		return out
	}
	if got := titles(circle.Own{}); !slices.Equal(got, []string{"Soup", "Lift", "Talk"}) {
		t.Errorf("Bea could %q", got)
	}
	own := bea.keepAlone(circle.Own{}, "follow", "text", "Lifts", "text", "pets", "text", "lifts")
	if got := own.Followed(); !slices.Equal(got, []string{"Lifts", "pets"}) {
		t.Errorf("Bea follows %q", got)
	}
	if got := titles(own); !slices.Equal(got, []string{"Lift", "Soup", "Talk"}) {
		t.Errorf("Bea could %q, want what she follows first and all the rest", got)
	}
	if got := bea.keepAlone(own, "follow", "text", "none").Followed(); len(got) > 0 {
		t.Errorf("Bea still follows %q", got)
	}
	bea.refuses(circle.Usage, "follow", "text", " ")
}
