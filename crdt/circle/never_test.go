package circle_test

import (
	"slices"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
)

// TestNever4MakeNoExpensive: every no is whole without a word, and a not now is seen by
// the one it is said to and by nobody else.
func TestNever4MakeNoExpensive(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	soup, lift := ann.do("ask", "text", "soup"), ann.do("ask", "text", "a lift")
	walk := ann.do("may-i", "member", "Ben", "text", "a walk")
	w.meet()
	yes := ben.do("yes", "id", lift.String())
	for _, no := range [][]string{{"not-now", "id", soup.String()}, {"cannot", "id", yes.String()}, {"not-now", "id", walk.String()}, {"room", "text", "resting"}} {
		ben.do(no[0], no[1:]...)
	}
	w.meet()
	for _, one := range []struct {
		home *home
		sees bool
	}{{ann, true}, {cleo, false}} {
		p, ok := one.home.state.Post(one.home.env(), soup)
		if !ok || (len(p.NotNow) > 0) != one.sees {
			t.Errorf("%s sees the not now: %t", one.home.name, !one.sees)
		}
	}
	if len(ben.state.Look(ben.env())) > 0 {
		t.Errorf("after his no Ben is told to look at %+v", ben.state.Look(ben.env()))
	}
}

// TestNever5ForceDisclosure: a few words are a whole need, for whoever is named, and an
// exact place is in nothing that is written before somebody agreed.
func TestNever5ForceDisclosure(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann := w.homes["Ann"]
	ann.do("ask", "text", "company")
	before := len(ann.wrote)
	res, err := ann.try("ask", "text", "a ride", "to", "Ben", "place", "Mill Lane 3, code 12")
	if err != nil || res.Place != "Mill Lane 3, code 12" {
		t.Fatalf("ask = %+v, %v", res, err)
	}
	for _, c := range ann.wrote[before:] {
		if _, payload := circle.Encode(c.Body); slices.Contains(splitWords(string(payload)), "code") || c.Audience.Whole() {
			t.Errorf("what is written holds the place, or is for all: %+v", c.Body)
		}
	}
}

// splitWords splits at whatever is no letter.
func splitWords(s string) []string {
	var out []string
	word := ""
	for _, c := range s + " " {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			word += string(c)
		} else if word != "" {
			out, word = append(out, word), ""
		}
	}
	return out
}

// TestNever7GateBeforeAsking: who came a moment ago and never gave anything asks, and it
// is open at once for all.
func TestNever7GateBeforeAsking(t *testing.T) {
	w := newWorld(t, "Ann", "New")
	id := w.homes["New"].do("ask", "text", "a bed")
	w.meet()
	ann := w.homes["Ann"]
	if p, ok := ann.state.Post(ann.env(), id); !ok || p.Status != "open" {
		t.Errorf("what a newcomer asks is %q", p.Status)
	}
	if could := ann.state.Today(ann.env()).ICould; len(could) != 1 {
		t.Errorf("others could do %d things, want that one", len(could))
	}
}

// TestNever10LoseOrDecideSilently: two yeses both stay and are shown; a yes whose terms
// moved stays what it was; and time alone takes nothing from the lists.
func TestNever10LoseOrDecideSilently(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	soup := ann.do("ask", "text", "soup", "when", "2026-12-02")
	shelf := ann.do("offer", "text", "a shelf")
	old := ann.do("ask", "text", "someone to read to me")
	w.meet()
	one, two := ben.do("yes", "id", soup.String()), cleo.do("yes", "id", soup.String())
	w.meet()
	for _, h := range []*home{ann, ben, cleo} {
		for _, id := range []crdt.ID{one, two} {
			if a, ok := h.state.Agreement(h.env(), id); !ok || a.State != circle.StateAgreed {
				t.Errorf("at %s a yes of two is %q", h.name, a.State)
			}
		}
		if !slices.ContainsFunc(h.state.Look(h.env()), func(a circle.Attention) bool { return a.Kind == circle.LookTwoYeses }) {
			t.Errorf("%s is not shown that two said yes", h.name)
		}
	}
	w.now = w.now.AddDate(2, 0, 0).Add(time.Hour)
	for _, f := range []circle.Filter{{Offers: true}, {Needs: true}} {
		list := ben.state.Posts(ben.env(), f)
		if !slices.ContainsFunc(list, func(p circle.Post) bool { return p.ID == shelf || p.ID == old }) {
			t.Errorf("two years later the list is %+v", list)
		}
	}
	if a, _ := ben.state.Agreement(ben.env(), one); a.State != circle.StatePassed {
		t.Errorf("a yes whose day is gone is %q, want that it passed and was fine", a.State)
	}
}

// TestNever5WhoReadsWhatOneSaysOfOneself: what a person says of themselves goes, unless
// they say otherwise, to their pod; the circle reads what everyone has to honour, and how
// care lands. What a section is for stays what it was when its text changes.
func TestNever5WhoReadsWhatOneSaysOfOneself(t *testing.T) {
	sections := map[string][]string{}
	for _, key := range circle.CardKeys {
		sections["card."+key] = []string{"card", "text", key, "text", "words"}
	}
	for _, key := range circle.BoundsKeys {
		text := map[string]string{"quiet": "22:00-07:00", "who": "known"}[key]
		if text == "" {
			text = "words"
		}
		sections["bounds."+key] = []string{"bounds", "text", key, "text", text}
	}
	sections[circle.SectionName] = []string{"me", "name", "words"}
	sections[circle.SectionLanguages] = []string{"me", "languages", "de"}
	sections[circle.SectionContact] = []string{"me", "contact", "call 0123"}
	sections[circle.SectionPlace] = []string{"me", "area", "by the mill"}
	sections[circle.SectionPresence] = []string{"me", "presence", "hidden"}
	sections[circle.SectionListed] = []string{"me", "listed", "no"}
	sections[circle.SectionFree] = []string{"free", "text", "2026-12-01"}
	sections[circle.SectionRoom] = []string{"room", "text", "little"}
	sections[circle.SectionListening] = []string{"listen", "text", "yes"}
	sections[circle.SectionCheckIns] = []string{"pod", "text", "check-ins", "check_ins", "open"}
	forFew := []string{"card.access", "card.low", circle.SectionLanguages, circle.SectionContact, circle.SectionPlace, circle.SectionFree, circle.SectionCheckIns}
	for section, words := range sections {
		w := newWorld(t, "Ann", "Ben", "Cleo")
		ann, ben := w.homes["Ann"], w.homes["Ben"]
		ann.pod("add", "Ben")
		w.meet()
		ben.pod("yes", "Ann")
		w.meet()
		says := func(more ...string) circle.Audience {
			t.Helper()
			before := len(ann.wrote)
			ann.do(words[0], append(slices.Clone(words[1:]), more...)...)
			if len(ann.wrote) == before {
				t.Fatalf("%s: nothing is written", section)
			}
			last := len(ann.wrote) - 1
			for ; ; last-- { // after it, what was said before may be taken back
				if _, ok := ann.wrote[last].Body.(circle.MemberSectionSet); ok {
					return ann.wrote[last].Audience
				}
			}
		}
		few := slices.Contains(forFew, section)
		if to := says(); to.Whole() == few || few && !slices.Equal(to.Members, sorted(ann.id, ben.id)) {
			t.Errorf("%s goes to %v, for the whole circle: %t", section, to.Members, to.Whole())
		}
		if few && section != circle.SectionCheckIns {
			ann.pod("remove", "Ben")
			if again := says(); !slices.Equal(again.Members, []crdt.ID{ann.id}) {
				t.Errorf("%s goes to %v after Ben was let go", section, again.Members)
			}
		}
		if section == circle.SectionCheckIns {
			continue // open or closed, and always the pod's
		}
		if to := says("to", "Cleo"); to.Whole() || slices.Contains(to.Members, ben.id) {
			t.Errorf("%s for Cleo goes to %v", section, to.Members)
		}
		words[len(words)-1] = map[string]string{"words": "other words", "de": "ar", "hidden": "shown", "2026-12-01": "2026-12-02", "little": "some", "22:00-07:00": "21:00-07:00", "known": "pod", "call 0123": "knock", "by the mill": "uphill"}[words[len(words)-1]]
		if words[len(words)-1] == "" {
			continue // it says yes, and no more
		}
		if to := says(); to.Whole() || slices.Contains(to.Members, ben.id) {
			t.Errorf("%s, changed, goes to %v", section, to.Members)
		}
	}
}
