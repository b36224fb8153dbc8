package circle_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
)

// inPod has others say yes to being in h's pod.
func (w *world) inPod(of string, names ...string) {
	w.t.Helper()
	for _, n := range names {
		w.homes[of].pod("add", n)
	}
	w.meet()
	for _, n := range names {
		w.homes[n].pod("yes", of)
	}
	w.meet()
	w.homes[of].follow()
	w.meet()
}

// wishes writes a standing consent down.
func (h *home) wishes(iff, then string, more ...string) {
	h.w.t.Helper()
	h.do("consent-in-advance", append([]string{"text", "add", "text", iff, "text", then}, more...)...)
}

func (h *home) dropsWish(n int) {
	h.w.t.Helper()
	h.do("consent-in-advance", "text", "drop", "text", strconv.Itoa(n))
}

// actsFor asks for a member under one of their wishes.
func (h *home) actsFor(member, title string, n int) crdt.ID {
	h.w.t.Helper()
	return h.do("ask", "text", title, "for", member, "under", strconv.Itoa(n))
}

func (h *home) consents(of *home) []circle.Consent { return h.state.Consents(h.env(), of.id) }

func TestAWishBeforehandIsReadByThoseItIsFor(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo", "Dan", "Eve")
	ann, ben, cleo, dan, eve := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"], w.homes["Dan"], w.homes["Eve"]
	w.inPod("Ann", "Ben", "Cleo")
	ann.wishes("I am in hospital", "feed the cat")
	ann.again("consent-in-advance", "text", "add", "text", "I am in hospital", "text", "feed the cat")
	ann.wishes("I do not answer for two days", "knock at my door", "who", "Dan", "until", "2026-12-31")
	ann.wishes("it snows", "clear my steps", "to", "circle", "who", "pod")
	w.meet()
	for _, tt := range []struct {
		reader *home
		want   []int
	}{{ann, []int{1, 2, 3}}, {ben, []int{1, 2, 3}}, {dan, []int{2, 3}}, {eve, []int{3}}} {
		var got []int
		for _, c := range tt.reader.consents(ann) {
			got = append(got, c.N)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s reads wishes %v, want %v", tt.reader.name, got, tt.want)
		}
	}
	if c := ben.consents(ann)[0]; c.If != "I am in hospital" || c.Then != "feed the cat" || !c.Pod || !slices.Equal(c.Who, sorted(ben.id, cleo.id)) {
		t.Errorf("Ben reads %+v, want the cat, for Ben and Cleo", c)
	}
	if c := eve.consents(ann)[0]; !c.Pod || len(c.Who) != 0 {
		t.Errorf("Eve, who is in no pod, reads who is in Ann's: %+v", c)
	}
	if c := dan.consents(ann)[0]; !slices.Equal(c.Who, []crdt.ID{dan.id}) || c.Until != "2026-12-31" {
		t.Errorf("Dan reads %+v, want his name and a day", c)
	}

	// Whoever comes into the pod reads what is for it; whoever is let go does no more.
	w.inPod("Ann", "Eve")
	if got := eve.consents(ann); len(got) != 3 {
		t.Errorf("Eve, in the pod now, reads %+v", got)
	}
	ann.do("pod", "text", "remove", "member", "Eve")
	ann.follow()
	w.meet()
	if got := eve.consents(ann); len(got) != 1 {
		t.Errorf("Eve, out of the pod, still reads %+v", got)
	}
	if got := dan.consents(ann); len(got) != 2 {
		t.Errorf("Dan, whom it names, reads %+v after the pod changed", got)
	}

	// Whoever has left is named to nobody, and nothing is sealed anew for that more than once.
	dan.left = true
	ann.follow()
	w.meet()
	before := len(ann.wrote)
	if ann.follow(); len(ann.wrote) > before {
		t.Errorf("Ann's home seals what Dan was named in again and again: %+v", ann.wrote[before:])
	}
	if got := ben.consents(ann)[1]; len(got.Who) != 0 {
		t.Errorf("Dan has left, and the wish is for %v", got.Who)
	}
	dan.left = false

	ann.dropsWish(1)
	ann.refuses(circle.NotFound, "consent-in-advance", "text", "drop", "text", "1")
	ann.wishes("I travel", "water the plants")
	w.meet()
	if got := ben.consents(ann); len(got) != 3 || got[2].N != 4 {
		t.Errorf("Ben reads %+v, want a fourth and no first", got)
	}
	w.now = w.now.AddDate(0, 2, 0)
	if got := dan.consents(ann); len(got) != 1 {
		t.Errorf("in February Dan reads %+v, want what has run out gone", got)
	}
}

func TestWishesThatCannotBeKept(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann := w.homes["Ann"]
	for _, tt := range []struct {
		code  circle.Code
		words []string
	}{
		{circle.Usage, nil},
		{circle.Usage, []string{"text", "add", "text", "it rains"}},
		{circle.Usage, []string{"text", "add", "text", " ", "text", "come"}},
		{circle.Usage, []string{"text", "add", "text", "it rains", "text", "come", "until", "2026-11-01"}},
		{circle.Usage, []string{"text", "add", "text", "it rains", "text", "come", "who", "circle"}},
		{circle.NotFound, []string{"text", "add", "text", "it rains", "text", "come", "who", "Zoe"}},
		{circle.Usage, []string{"text", "add", "text", "it rains", "text", "come", "who", "pod", "to", "Ben"}},
		{circle.Usage, []string{"text", "drop", "text", "none"}},
		{circle.Usage, []string{"text", "drop", "text", "1001"}},
		{circle.NotFound, []string{"text", "drop", "text", "7"}},
	} {
		ann.refuses(tt.code, "consent-in-advance", tt.words...)
	}
	ann.wishes("told to Ben alone", "come", "to", "Ben")
	w.meet()
	if got := w.homes["Ben"].consents(ann); len(got) != 1 || got[0].Pod || !slices.Equal(got[0].Who, []crdt.ID{w.homes["Ben"].id}) {
		t.Errorf("what is told to Ben alone is for %+v", got)
	}
	for i := range circle.MaxNumbered - 1 {
		ann.wishes("case "+strconv.Itoa(i), "come")
	}
	ann.refuses(circle.Usage, "consent-in-advance", "text", "add", "text", "one more", "text", "come")
	ann.dropsWish(3)
	ann.wishes("one more", "come")
}

// Two devices that have not met may give one number twice; neither wish is lost.
func TestTwoDevicesWriteWishesDown(t *testing.T) {
	w := newWorld(t, "Ann", "Ann's phone")
	w.homes["Ann's phone"].id = w.homes["Ann"].id
	ann, phone := w.homes["Ann"], w.homes["Ann's phone"]
	phone.dev = crdt.Device{7, 7}
	ann.wishes("it rains", "come")
	phone.wishes("it snows", "come")
	w.meet()
	if got := ann.consents(phone); len(got) != 2 || got[0].N != 1 || got[1].N != 1 {
		t.Errorf("the two devices hold %+v, want both", got)
	}
}

func TestActingOnAWish(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo", "Dan")
	ann, ben, cleo, dan := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"], w.homes["Dan"]
	w.inPod("Ann", "Ben")
	ann.wishes("I am in hospital", "meals for the children")
	w.meet()
	p := dan.refuses(circle.Kept, "ask", "text", "Meals", "for", "Ann", "under", "1")
	if hint(p) == "" {
		t.Error("no hint at the open way")
	}
	ben.refuses(circle.Kept, "ask", "text", "Meals", "for", "Ann", "under", "2")
	ann.refuses(circle.Usage, "ask", "text", "Meals", "for", "me", "under", "1")
	ann.do("bounds", "text", "who", "text", "pod")
	w.meet()

	need := ben.actsFor("Ann", "Meals", 1)
	w.meet()
	for _, h := range []*home{ann, ben, cleo, dan} { // open at once, for all alike
		if got := h.post(need); got.Status != "open" || got.Under != 1 || got.Owner != ann.id {
			t.Errorf("%s reads %+v, want it open", h.name, got)
		}
	}
	ann.wantLooks(circle.LookAsWished)
	for _, h := range []*home{ben, cleo, dan} {
		h.wantLooks()
	}
	told := func(h *home) (n int) {
		for _, i := range h.state.Interrupts(h.env()) {
			if i.ID == need && !i.Agreed {
				n++
			}
		}
		return n
	}
	if got := ann.state.ToTell(ann.env(), 1).Asked; told(ann) != 1 || len(got) != 1 || got[0].Post == nil || got[0].Post.ID != need {
		t.Errorf("Ann is told of %+v, want what was opened for her", got)
	}
	if told(cleo)+told(dan)+told(ben) > 0 {
		t.Error("others are interrupted by what was opened for Ann")
	}
	yes := cleo.do("yes", "id", need.Short())
	ann.settle(0) // good, thank you
	w.meet()
	ann.wantLooks()
	ben.wantLooks()
	cleo.wantState(yes, circle.StateAgreed)
	ann.refuses(circle.Kept, "yes", "id", need.Short())

	few := ben.do("ask", "text", "A walk with the dog", "for", "Ann", "under", "1", "to", "Cleo")
	w.meet()
	if got := ann.post(few).Audience; !slices.Equal(got, sorted(ann.id, ben.id, cleo.id)) {
		t.Errorf("what is for Ann and asked of Cleo is read by %v", got)
	}
	ann.settle(1) // one tap closes it
	w.meet()
	ann.wantLooks()
	if got := cleo.post(few).Status; got != "withdrawn" {
		t.Errorf("closed by Ann it reads %s to Cleo", got)
	}
	cleo.do("bounds", "text", "who", "text", "pod")
	w.meet()
	ben.refuses(circle.Kept, "ask", "text", "Soup", "for", "Ann", "under", "1", "to", "Cleo") // Cleo's own bounds hold
}

// What Ann wished changed while Ben, who had not heard, acted on it.
func TestAWishChangedWhileSomebodyActedOnIt(t *testing.T) {
	for _, tt := range []struct {
		name    string
		changes func(ann, ben *home)
	}{
		{"dropped before, unheard", func(ann, ben *home) { ann.dropsWish(1); ben.actsFor("Ann", "Meals", 1) }},
		{"dropped after, unheard", func(ann, ben *home) { ben.actsFor("Ann", "Meals", 1); ann.dropsWish(1) }},
		{"let go from the pod", func(ann, ben *home) {
			ann.do("pod", "text", "remove", "member", "Ben")
			ann.follow()
			ben.actsFor("Ann", "Meals", 1)
		}},
	} {
		for _, settle := range []struct {
			by     string
			choice int
			status string
		}{{"Ann", 0, "open"}, {"Ann", 1, "withdrawn"}, {"Ben", 0, "withdrawn"}} {
			t.Run(tt.name+", "+settle.by+" "+settle.status, func(t *testing.T) {
				w := newWorld(t, "Ann", "Ben", "Cleo")
				ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
				w.inPod("Ann", "Ben", "Cleo")
				ann.wishes("I am in hospital", "meals for the children")
				w.meet()
				tt.changes(ann, ben)
				w.meet()
				ann.wantLooks(circle.LookConsentChanged)
				ben.wantLooks(circle.LookConsentChanged)
				cleo.wantLooks()
				need := ann.state.Look(ann.env())[0].About[0]
				if got := cleo.post(need).Status; got != "open" {
					t.Errorf("Cleo reads %s meanwhile, want open: nobody decides for the two", got)
				}
				w.homes[settle.by].settle(settle.choice)
				w.meet()
				ann.wantLooks()
				ben.wantLooks()
				if got := cleo.post(need).Status; got != settle.status {
					t.Errorf("settled it reads %s, want %s", got, settle.status)
				}
			})
		}
	}
}

func TestAWishThatRanOut(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	w.inPod("Ann", "Ben")
	ann.wishes("I am in hospital", "meals", "until", "2026-12-05")
	w.meet()
	ben.actsFor("Ann", "Meals", 1)
	w.now = w.now.AddDate(0, 0, 7)
	w.clock = crdt.At(w.now.UnixMilli())
	w.meet()
	ann.wantLooks(circle.LookAsWished) // it held when Ben acted
	ben.wantLooks()
	ben.refuses(circle.Kept, "ask", "text", "Soup", "for", "Ann", "under", "1")
	ann.settle(0)
	// The same said anew, with another day, is another wish.
	ann.wishes("I am in hospital", "meals", "until", "2027-01-05")
	w.meet()
	ben.actsFor("Ann", "Soup", 2)
	w.meet()
	ann.wantLooks(circle.LookAsWished)
}

// A home that keeps to no rule names a wish that is none: whose need it is sees that.
func TestAWishThatWasNeverSaid(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	made := ben.write([]circle.Draft{{Make: func([]crdt.ID) circle.Body {
		return &circle.NeedPosted{Title: "Meals", For: ann.id, People: 1, Under: 9, When: []string{}, Skips: []string{}, To: []crdt.ID{}, How: []uint64{}}
	}}})
	w.meet()
	ann.wantLooks(circle.LookConsentChanged)
	w.homes["Cleo"].wantLooks()
	ann.settle(1)
	w.meet()
	if got := ben.post(made[0]).Status; got != "withdrawn" {
		t.Errorf("closed by Ann it reads %s", got)
	}
}

// Asking for somebody is asking them: their word on who may ask holds, unless they
// wished it beforehand.
func TestAskingForSomebodyKeepsToWhoMayAskThem(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	w.inPod("Ann", "Ben")
	ann.do("bounds", "text", "who", "text", "pod")
	w.meet()
	ben.do("ask", "text", "A lift", "for", "Ann")
	cleo.refuses(circle.Kept, "ask", "text", "A lift", "for", "Ann")
}

// Somebody is asked along into a talk by whoever names them first: their word on who may
// ask holds for that one.
func TestAskingSomebodyAlongKeepsToWhoMayAskThem(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	w.inPod("Cleo", "Ben")
	cleo.do("bounds", "text", "who", "text", "pod")
	w.meet()
	id := ann.invite(ben)
	ben.step(id, "yes")
	if p := ann.refusesStep(id, "third", "member", "Cleo"); hint(p) == "" {
		t.Error("no hint at the open way")
	}
	ben.step(id, "third", "member", "Cleo")
	ann.step(id, "third", "member", "Cleo") // Ben asked her, and Ann agrees
}

func TestHardDays(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	w.inPod("Ann", "Ben")
	adds := func(words ...string) { ann.do("tender-date", append([]string{"text", "add"}, words...)...) }
	adds("text", "2026-12-01", "text", "my mother's operation", "welcome", "a walk, no questions")
	adds("text", "2020-12-03", "text", "the day he died", "yearly", "true", "follow_up", "none")
	w.meet()
	week := func(h *home) (days []string) {
		for _, d := range h.state.Week(h.env()) {
			for _, hard := range d.HardDays {
				days = append(days, hard.Date+" "+hard.After+hard.Welcome)
			}
		}
		return days
	}
	if got, want := week(ben), []string{"2026-12-01 ", "2026-12-03 "}; !slices.Equal(got, want) {
		t.Errorf("Ben's week has %q, want %q", got, want)
	}
	if got := append(week(ann), week(cleo)...); len(got) > 0 {
		t.Errorf("the weeks of Ann herself and of Cleo have %q", got)
	}
	if d := ben.state.ToTell(ben.env(), 7); len(d.HardDays) != 2 || d.HardDays[0].Welcome != "" || d.Empty() {
		t.Errorf("Ben's digest has %+v", d.HardDays)
	}
	if d := cleo.state.ToTell(cleo.env(), 7); !d.Empty() {
		t.Errorf("Cleo's digest has %+v", d)
	}
	today := func(h *home, day string) (said []string) {
		at, err := time.Parse("2006-01-02", day)
		if err != nil {
			t.Fatal(err)
		}
		w.now = at.Add(9 * time.Hour)
		for _, hard := range h.state.Today(h.env()).HardDays {
			said = append(said, hard.Date+" "+hard.After+" "+hard.Welcome)
		}
		return said
	}
	walk := "a walk, no questions"
	for _, tt := range []struct {
		day  string
		want []string
	}{
		{"2026-11-30", nil},
		{"2026-12-01", []string{"2026-12-01  " + walk}},
		{"2026-12-03", []string{"2026-12-01  " + walk, "2026-12-03  "}},
		{"2026-12-07", nil},
		{"2026-12-08", []string{"2026-12-08 1w " + walk}},
		{"2027-01-01", []string{"2027-01-01 1m " + walk}},
		{"2027-03-01", []string{"2027-03-01 3m " + walk}},
		{"2027-06-01", []string{"2027-06-01 6m " + walk}},
		{"2027-12-03", []string{"2027-12-01 12m " + walk, "2027-12-03  "}},
	} {
		if got := today(ben, tt.day); !slices.Equal(got, tt.want) {
			t.Errorf("on %s Ben reads %q, want %q", tt.day, got, tt.want)
		}
		if got := append(today(ann, tt.day), today(cleo, tt.day)...); len(got) > 0 {
			t.Errorf("on %s Ann herself or Cleo reads %q", tt.day, got)
		}
	}

	// What is over is let be by the others, and Ann may still let it go.
	w.now = time.Date(2028, 1, 10, 9, 0, 0, 0, time.UTC)
	if got := ben.state.TenderDates(ben.env(), ann.id); len(got) != 1 || got[0].N != 2 || got[0].Next != "2028-12-03" {
		t.Errorf("in 2028 Ben reads %+v", got)
	}
	if got := ann.state.TenderDates(ann.env(), ann.id); len(got) != 2 || got[0].Next != "" {
		t.Errorf("in 2028 Ann reads %+v", got)
	}
	ann.do("tender-date", "text", "drop", "text", "2")
	w.meet()
	if got := ben.state.TenderDates(ben.env(), ann.id); len(got) != 0 {
		t.Errorf("let go of, Ben still reads %+v", got)
	}

	// Who has left has no hard days here.
	adds("text", "2028-01-10", "text", "a trial")
	w.meet()
	if got := ben.state.Today(ben.env()).HardDays; len(got) != 1 {
		t.Errorf("Ben reads %+v", got)
	}
	ann.left = true
	if got := ben.state.Today(ben.env()).HardDays; len(got) != 0 {
		t.Errorf("Ann has left, and Ben reads %+v", got)
	}
}

func TestDaysOfATenderDate(t *testing.T) {
	w := newWorld(t, "Ann")
	ann := w.homes["Ann"]
	for _, tt := range []struct {
		name, day, follow, now, next string
		yearly                       bool
	}{
		{"a month without that day", "2026-12-31", "2m", "2027-01-01", "2027-02-28", false},
		{"a leap day", "2024-02-29", "none", "2026-11-30", "2027-02-28", true},
		{"follow-ups of a day gone by", "2026-11-10", "", "2026-11-30", "2026-12-10", false},
		{"days and weeks", "2026-11-30", "3d,2w", "2026-12-04", "2026-12-14", false},
		{"all over", "2026-11-01", "none", "2026-11-30", "", false},
		{"far ahead", "2030-05-01", "none", "2026-11-30", "2030-05-01", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, err := time.Parse("2006-01-02", tt.now)
			if err != nil {
				t.Fatal(err)
			}
			w.now = at
			words := []string{"text", "add", "text", tt.day, "text", tt.name}
			if tt.follow != "" {
				words = append(words, "follow_up", tt.follow)
			}
			if tt.yearly {
				words = append(words, "yearly", "true")
			}
			ann.do("tender-date", words...)
			got := ann.state.TenderDates(ann.env(), ann.id)
			if last := got[len(got)-1]; last.Next != tt.next {
				t.Errorf("next = %q, want %q", last.Next, tt.next)
			}
		})
	}
	for _, words := range [][]string{
		{"text", "add", "text", "2026-12-01"},
		{"text", "add", "text", "2026-02-30", "text", "x"},
		{"text", "add", "text", "2026-12-01", "text", " "},
		{"text", "add", "text", "2026-12-01", "text", "x", "follow_up", "soon"},
		{"text", "add", "text", "2026-12-01", "text", "x", "follow_up", "1d,2d,3d,4d,5d,6d,7d,8d,9d,10d,11d,12d,13d"},
		{"text", "keep"},
	} {
		ann.refuses(circle.Usage, "tender-date", words...)
	}
}

func TestFirstSteps(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	wants := func(h *home, want ...string) {
		t.Helper()
		if got := h.state.Today(h.env()).First; !slices.Equal(got, want) {
			t.Errorf("%s is met with %q, want %q", h.name, got, want)
		}
	}
	wants(ann, circle.FirstAsk, circle.FirstOffer)
	need := ann.do("ask", "text", "Plants")
	w.meet()
	wants(ann) // something is there, and nobody is new
	wants(ben)
	ann.do("met", "id", need.Short())
	w.meet()
	wants(ann, circle.FirstOffer)
	wants(ben, circle.FirstAsk, circle.FirstOffer)
}
