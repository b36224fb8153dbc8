package circle_test

import (
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// A parted is a circle of five in which Cem proposes to part from Eve, while others, who
// have not heard of it, welcome her.
type parted struct {
	*world
	circle   *membertest.Circle
	people   map[string]*membertest.Person
	proposal crdt.ID
}

func newParted(t *testing.T, welcomers ...string) *parted {
	names := []string{"Ann", "Ben", "Cem", "Dora", "Eve"}
	c, people := membertest.Grown(len(names))
	p := &parted{world: newWorld(t, names...), circle: c, people: map[string]*membertest.Person{}}
	for i, n := range names {
		p.people[n], p.homes[n].id = people[i], people[i].ID
	}
	for _, n := range names { // once more, as those that they are by membership
		p.homes[n].do("me", "name", n)
	}
	c.Now = p.now.UnixMilli()
	apart := c.Heads()
	p.proposal = c.Tell(p.people["Cem"], &membership.Propose{What: membership.Remove, Target: p.people["Eve"].ID, Payload: []byte{}})
	for _, n := range welcomers {
		d := p.people[n].Device()
		d.Knows = apart
		c.Must(d, &membership.Sponsor{Admit: p.people["Eve"].Admission})
	}
	p.hear()
	return p
}

// hear gives everyone all that was written, of the membership as well.
func (p *parted) hear() {
	p.meet()
	p.world.people = p.circle.Set.View()
}

// says runs a choice of somebody as they would, with words of their own where it wants
// some; and everyone hears of it.
func (p *parted) says(name, do string) {
	p.t.Helper()
	h, words := p.homes[name], splitLine(do)
	given := map[string][]string{
		"concern":     {"id", words[2], "text", "I know her well."},
		"stand-aside": {"id", words[2]},
		"consent":     {"id", words[2]},
		"talk":        {"step", words[2], "member", words[min(3, len(words)-1)], "text", "About Eve"},
	}[words[1]]
	cmd, err := circle.ParseCommand(h.state, h.env(), words[1], args(given))
	if err != nil {
		p.t.Fatalf("%s: %s: %v", name, do, err)
	}
	drafts, _, err := circle.Decide(h.state, h.env(), cmd)
	if err != nil {
		p.t.Fatalf("%s: %s: %v", name, do, err)
	}
	var made []crdt.ID
	for _, d := range drafts {
		if d.Make != nil {
			made = append(made, h.write([]circle.Draft{{To: d.To, Make: func([]crdt.ID) circle.Body { return d.Make(made) }}})...)
			continue
		}
		made = append(made, p.circle.Tell(p.people[name], d.Control(made)))
	}
	p.hear()
}

// TestEveryChoiceSettlesAWelcomeAndAParting: whoever welcomed somebody, and whoever
// proposed to part from them, apart, look at it together, and nobody else does. Each
// choice of each, as it is offered, settles it for both.
func TestEveryChoiceSettlesAWelcomeAndAParting(t *testing.T) {
	begin := func(t *testing.T) *parted { return newParted(t, "Ben") }
	for name, want := range map[string][]string{"Ben": {"concern", "stand-aside", "consent", "talk"}, "Cem": {"talk"}} {
		p := begin(t)
		for _, n := range p.order {
			switch n {
			case "Ben", "Cem":
				p.homes[n].wantLooks(circle.LookWelcomed)
			case "Eve":
				p.homes[n].wantLooks(circle.LookAboutYou)
			default:
				p.homes[n].wantLooks()
			}
		}
		var verbs []string
		for _, c := range p.homes[name].state.Look(p.homes[name].env())[0].Choices {
			verbs = append(verbs, splitLine(c.Do)[1])
			t.Run(name+" says "+verbs[len(verbs)-1], func(t *testing.T) {
				again := begin(t)
				again.says(name, c.Do)
				for _, n := range again.order[:4] {
					again.homes[n].wantLooks()
				}
				if d, ok := again.homes["Ann"].state.Decision(again.homes["Ann"].env(), again.proposal); !ok || d.State != circle.DecisionOpen {
					t.Errorf("the decision itself is %q, want it open", d.State)
				}
			})
		}
		if !slices.Equal(verbs, want) {
			t.Errorf("%s may choose %v, want %v", name, verbs, want)
		}
	}
}

// TestHearingEachOtherFirst: while the two talk it is not asked about; after a "not now",
// or a talk that ended without a word on it, it is to be looked at again.
func TestHearingEachOtherFirst(t *testing.T) {
	p := newParted(t, "Ben")
	ben, cem := p.homes["Ben"], p.homes["Cem"]
	talk := func(h *home) string {
		t.Helper()
		look := h.state.Look(h.env())
		if len(look) != 1 || look[0].Kind != circle.LookWelcomed {
			t.Fatalf("%s looks at %+v", h.name, look)
		}
		return look[0].Choices[len(look[0].Choices)-1].Do
	}
	p.says("Ben", talk(ben))
	ben.wantLooks()
	cem.wantLooks()
	id := cem.state.Talks(cem.env(), circle.Filter{})[0].ID
	cem.step(id, "later")
	cem.wantLooks()
	cem.step(id, "not-now")
	ben.wantLooks(circle.LookWelcomed)
	cem.wantLooks(circle.LookWelcomed)

	p.says("Cem", talk(cem))
	ben.wantLooks()
	id = ben.state.Talks(ben.env(), circle.Filter{})[0].ID
	ben.step(id, "yes")
	ben.step(id, "pause")
	ben.wantLooks()
	ben.step(id, "end")
	ben.wantLooks(circle.LookWelcomed)
	cem.wantLooks(circle.LookWelcomed)
	p.says("Ben", "tend stand-aside "+p.proposal.String()[:16])
	ben.wantLooks()
	cem.wantLooks()
}

// TestATalkFromBeforeIsOpened: two who are in a talk already are shown what crossed, and
// are led into that talk: they could not begin another.
func TestATalkFromBeforeIsOpened(t *testing.T) {
	p := newParted(t)
	ben, cem := p.homes["Ben"], p.homes["Cem"]
	p.clock -= crdt.At(crdt.DayMillis) // the day before
	id := ben.invite(cem)
	d := p.people["Ben"].Device()
	p.clock += crdt.At(crdt.DayMillis)
	d.Knows = []crdt.ID{p.people["Eve"].Admission}
	p.circle.Must(d, &membership.Sponsor{Admit: p.people["Eve"].Admission})
	p.hear()
	for _, h := range []*home{ben, cem} {
		h.wantLooks(circle.LookWelcomed)
		choices := h.state.Look(h.env())[0].Choices
		if got, want := choices[len(choices)-1].Do, "tend show "+id.String()[:16]; got != want {
			t.Errorf("%s is offered %q, want %q", h.name, got, want)
		}
	}
}

// TestEachWhoWelcomedSaysSo: of two who welcomed, each is asked until they said how they
// see it, or talk with the one who proposed; who proposed looks at it until both did.
func TestEachWhoWelcomedSaysSo(t *testing.T) {
	p := newParted(t, "Ben", "Dora")
	looks := func(ben, cem, dora bool) {
		t.Helper()
		for name, want := range map[string]bool{"Ben": ben, "Cem": cem, "Dora": dora, "Ann": false} {
			if got := slices.Contains(p.homes[name].looks(), circle.LookWelcomed); got != want {
				t.Errorf("%s looks at it: %t", name, got)
			}
		}
	}
	looks(true, true, true)
	cem := p.homes["Cem"]
	choices := func() string { return cem.state.Look(cem.env())[0].Choices[0].Do }
	first := choices()
	p.says("Cem", first)
	if second := choices(); first == second || !strings.HasPrefix(second, "tend talk with ") {
		t.Errorf("after %q Cem is offered %q, want a talk with the other", first, second)
	}
	with := map[bool]string{true: "Ben", false: "Dora"}
	talked := strings.Contains(first, p.homes["Ben"].id.String()[:16])
	looks(!talked, true, talked)
	p.says(with[!talked], "tend stand-aside "+p.proposal.String()[:16])
	looks(false, false, false)
}

// TestWhoLeftIsNotWaitedFor: who welcomed somebody and is not in the circle any more will
// not say how they see it, and nobody waits for that.
func TestWhoLeftIsNotWaitedFor(t *testing.T) {
	p := newParted(t, "Ben")
	p.homes["Cem"].wantLooks(circle.LookWelcomed)
	p.homes["Ben"].left = true
	p.homes["Cem"].wantLooks()
}
