package circle

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/crdt"
)

// ParseCommand reads a verb of the command line or of the local API. Ids may be
// prefixes, members names, dates as people write them. The error is a [*Problem].
func ParseCommand(s *State, env Env, verb string, args Args) (Command, error) {
	v, ok := verbs[verb]
	if !ok {
		return nil, usage("no.verb", verb)
	}
	p := &parser{s: s, env: env, args: args, used: map[string]bool{}}
	cmd := v(p)
	if p.err == nil {
		p.refuseOthers(verb)
	}
	if p.err != nil {
		return nil, p.err
	}
	return cmd, nil
}

// inBulk marks a command as one of many, if it was given so.
func (p *parser) inBulk(cmd Command) Command {
	if p.flag("bulk") {
		return InBulk{Of: cmd}
	}
	return cmd
}

// Verbs returns the verbs that ParseCommand reads, ascending.
func Verbs() []string {
	out := make([]string, 0, len(verbs))
	for v := range verbs {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

var verbs = map[string]func(*parser) Command{
	"ask": func(p *parser) Command {
		t, place := p.posted(true)
		return p.inBulk(PostNeed{Posted: t, Place: place, Newcomers: p.newcomers()})
	},
	"offer": func(p *parser) Command {
		t, place := p.posted(false)
		return p.inBulk(PostOffer{Posted: t, Place: place, Newcomers: p.newcomers()})
	},
	"edit": (*parser).edit,
	"yes": func(p *parser) Command {
		c := SayYes{ID: p.id(), Slots: p.slots(), When: p.when("when"), Note: p.text("note")}
		c.Every, c.Days = p.every()
		return c
	},
	"not-now":  func(p *parser) Command { return SayNotNow{ID: p.id()} },
	"stand-by": func(p *parser) Command { return StandBy{ID: p.id(), Slots: p.slots(), Not: p.flag("not")} },
	"cannot":   func(p *parser) Command { return Release{ID: p.id(), Slots: p.slots(), Every: p.flag("every")} },
	"both": func(p *parser) Command {
		c := MakeBoth{ID: p.id()}
		if slots := p.slots(); len(slots) > 0 {
			c.Slot = &slots[0]
		}
		return c
	},
	"done": func(p *parser) Command { return MarkDone{ID: p.id(), Slots: p.slots(), Not: p.flag("not")} },
	"change": func(p *parser) Command {
		c := ChangeTerms{ID: p.id(), Slots: p.slots(), What: p.maybe("what"), Area: p.maybe("area"), Costs: p.maybe("costs"), With: p.members("with")}
		if p.has("when") {
			w := p.when("when")
			c.When = &w
		}
		if c.Review = p.date("review"); p.has("review") && c.Review == "" {
			p.fail(usage("no.date.review", p.text("review")))
		}
		return c
	},
	"place": func(p *parser) Command {
		return SetPlace{ID: p.id(), Slots: p.slots(), Where: p.maybe("where"), Code: p.maybe("code"), Phone: p.maybe("phone")}
	},
	"thank": func(p *parser) Command { return GiveThanks{ID: p.id(), Text: p.text("text")} },
	"note": func(p *parser) Command {
		to, _ := p.some("to")
		return WriteNote{On: p.anything(), Text: p.text("text"), To: to}
	},
	"pod":                (*parser).pod,
	"pair-note":          (*parser).pairNote,
	"consent-in-advance": (*parser).consentInAdvance,
	"tender-date":        (*parser).tenderDate,
	"part":               func(p *parser) Command { return Part{Member: p.member(), Text: p.text("text")} },
	"ceiling":            (*parser).setCeiling,
	"follow":             (*parser).follow,
	"remind":             (*parser).remind,
	"digest":             (*parser).digest,
	"distance":           func(p *parser) Command { return KeepDistance{Member: p.member(), Not: p.flag("not")} },
	"reflect":            func(p *parser) Command { return Reflect{Text: p.text("text")} },
	"group":              (*parser).myGroup,
	"retract":            func(p *parser) Command { return Retract{ID: p.id()} },
	"widen": func(p *parser) Command {
		p.flag("yes") // whether it was asked about is the command line's matter
		to, named := p.some("to")
		if !named {
			p.fail(usage("no.to_whom"))
		}
		return Widen{ID: p.id(), To: to, Title: p.maybe("text"), Details: p.maybe("details")}
	},
	"enough":     status(StatusEnough),
	"met":        status(StatusMet),
	"withdraw":   status(StatusWithdrawn),
	"reopen":     status(StatusOpen),
	"rest":       status(StatusResting),
	"still-true": status(StatusStillTrue),
	"may-i": func(p *parser) Command {
		return AskMayI{Member: p.member(), Text: p.text("text"), When: p.when("when")}
	},
	"check-in": func(p *parser) Command {
		m := p.member()
		return WriteNote{On: m, Kind: NoteCheckIn, Text: p.text("text"), To: p.s.checkInReaders(p.env, m)}
	},
	"me":      (*parser).me,
	"room":    (*parser).room,
	"listen":  (*parser).listen,
	"away":    func(p *parser) Command { return GoAway{Until: p.until()} },
	"back":    func(*parser) Command { return ComeBack{} },
	"card":    (*parser).card,
	"bounds":  (*parser).bounds,
	"charter": (*parser).charterWord,

	"propose":     (*parser).propose,
	"reshape":     (*parser).reshape,
	"consent":     onDecision(WordConsent),
	"stand-aside": onDecision(WordStandAside),
	"concern":     onDecision(WordConcern),
	"enact":       func(p *parser) Command { return EnactDecision{ID: p.decision()} },
	"free":        (*parser).free,
	"talk":        (*parser).talk,
}

func status(to uint64) func(*parser) Command {
	return func(p *parser) Command { return SetPostStatus{ID: p.id(), Status: to} }
}

// parser reads the arguments of one verb and keeps the first problem.
type parser struct {
	s    *State
	env  Env
	args Args
	used map[string]bool
	err  error
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// refuseOthers complains about arguments that the verb does not know.
func (p *parser) refuseOthers(verb string) {
	var others []string
	for name := range p.args {
		if !p.used[name] {
			others = append(others, name)
		}
	}
	if slices.Sort(others); len(others) > 0 {
		p.fail(usage("no.field.unknown", verb, strings.ReplaceAll(others[0], "_", "-")))
	}
}

func (p *parser) all(name string) []string {
	p.used[name] = true
	return p.args[name]
}

func (p *parser) has(name string) bool { return len(p.all(name)) > 0 }

// text returns the one value of name, without blanks around it; "" if there is none.
func (p *parser) text(name string) string {
	all := p.all(name)
	if len(all) > 1 {
		p.fail(usage("no.field.twice", strings.ReplaceAll(name, "_", "-")))
	}
	if len(all) == 0 {
		return ""
	}
	return strings.TrimSpace(strings.ReplaceAll(all[0], "\r\n", "\n"))
}

func (p *parser) maybe(name string) *string {
	if !p.has(name) {
		return nil
	}
	t := p.text(name)
	return &t
}

func (p *parser) flag(name string) bool {
	t := p.text(name)
	if t == "" {
		return p.has(name)
	}
	on, err := strconv.ParseBool(t)
	if err != nil {
		p.fail(usage("no.field.flag", strings.ReplaceAll(name, "_", "-"), t))
	}
	return on
}

func (p *parser) number(name string, otherwise, least, most int) uint64 {
	t := p.text(name)
	if t == "" {
		return uint64(otherwise)
	}
	n, err := number(t, least, most)
	if err != nil {
		p.fail(usage("no.field.value", name, saidBy(err)))
	}
	return uint64(n)
}

func (p *parser) id() crdt.ID {
	id, err := p.s.Resolve(p.text("id"))
	if err != nil {
		p.fail(err)
	}
	return id
}

// anything finds a record or a member.
func (p *parser) anything() crdt.ID {
	word := p.text("id")
	id, err := p.s.ResolveIn(p.env, word)
	if err == nil {
		return id
	}
	if m, no := p.s.ResolveMember(p.env, word); no == nil {
		return m
	}
	p.fail(err)
	return crdt.ID{}
}

func (p *parser) member() crdt.ID { return p.named(p.text("member")) }

func (p *parser) named(word string) crdt.ID {
	m, err := p.s.ResolveMember(p.env, word)
	if err != nil {
		p.fail(err)
	}
	return m
}

func (p *parser) members(name string) []crdt.ID {
	var out []crdt.ID
	for _, w := range p.all(name) {
		out = append(out, p.named(w))
	}
	return out
}

func (p *parser) when(name string) string {
	t := p.text(name)
	if t == "" {
		return ""
	}
	return p.readWhen(t)
}

func (p *parser) readWhen(t string) string {
	w, err := ReadWhen(t, p.env.Now)
	if err != nil {
		p.fail(err)
		return ""
	}
	return w.String()
}

// date reads a date; a time in it is dropped.
func (p *parser) date(name string) string {
	w := p.when(name)
	return w[:min(len(w), len(dateForm))]
}

// slots reads --slot; a word for a date does as well. Nil if there is none.
func (p *parser) slots() []string {
	var out []string
	for _, t := range p.all("slot") {
		if t == "" {
			out = append(out, "")
			continue
		}
		w, err := ReadWhen(t, p.env.Now)
		if err != nil || !w.End.IsZero() {
			p.fail(usage("no.date.slot", t))
			continue
		}
		out = append(out, w.slot())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// every reads --every all|tue,….
func (p *parser) every() (bool, []time.Weekday) {
	t := p.text("every")
	if t == "" || t == "all" || t == "true" {
		return p.has("every"), nil
	}
	var days []time.Weekday
	for _, d := range strings.Split(strings.ToLower(t), ",") {
		day, ok := weekdayOf(strings.TrimSpace(d))
		if !ok {
			p.fail(usage("no.weekday", d))
		}
		days = append(days, day)
	}
	return true, days
}

var howNames = []string{"call", "text", "sit"}

// posted reads what a new post holds.
func (p *parser) posted(need bool) (Posted, string) {
	t := Posted{People: 1, Zone: p.env.Zone}
	p.fields(&t)
	if len(t.How) > 0 {
		t.Tender = true
		if t.Title == "" {
			t.Title = "someone to talk to"
		}
	}
	if !p.has("tender") && TenderCategory(t.Category) {
		t.Tender = true
	}
	if t.Tender && !p.has("fade") {
		t.Fade = TenderFade
	}
	if p.has("for") {
		t.For = p.named(p.text("for"))
	}
	if t.Under = p.number("under", 0, 1, MaxUnder); t.Under > 0 && t.For.IsZero() {
		p.fail(usage("no.under_for"))
	}
	to, named := p.some("to")
	if t.To = to; !named && len(t.How) > 0 && t.For.IsZero() {
		t.To = listeners(p.s, p.env)
	}
	place := p.text("place")
	if t.Title == "" {
		if need {
			p.fail(usage("no.need_empty"))
		} else {
			p.fail(usage("no.offer_empty"))
		}
	}
	if err := ruleWhere.check(place); err != nil {
		p.fail(unfit(err))
	}
	return t, place
}

// newcomers reads how many places of each date are kept for them.
func (p *parser) newcomers() int { return int(p.number("newcomers", 0, 0, MaxPeople)) }

// fields sets those fields of t that the arguments name, and returns their numbers.
func (p *parser) fields(t *Posted) []uint64 {
	var set []uint64
	for _, f := range []struct {
		name  string
		field uint64
		read  func()
	}{
		{"text", FieldTitle, func() { t.Title = p.text("text") }},
		{"details", FieldDetails, func() { t.Details = p.text("details") }},
		{"category", FieldCategory, func() { t.Category = p.text("category") }},
		{"when", FieldWhen, func() { t.When = p.whens() }},
		{"repeat", FieldRule, func() { t.Rule = p.rule() }},
		{"skip", FieldSkips, func() { t.Skips = p.skips() }},
		{"people", FieldPeople, func() { t.People = p.number("people", 1, 1, MaxPeople) }},
		{"extra_ok", FieldExtraOK, func() { t.ExtraOK = p.flag("extra_ok") }},
		{"area", FieldArea, func() { t.Area = p.text("area") }},
		{"by", FieldBy, func() { t.By = p.date("by") }},
		{"sign_up", FieldSignUp, func() { t.SignUp = p.signUp() }},
		{"costs", FieldCosts, func() { t.Costs = p.text("costs") }},
		{"fade", FieldFade, func() { t.Fade = p.days("fade") }},
		{"tender", FieldTender, func() { t.Tender = p.flag("tender") }},
		{"listening", FieldHow, func() { t.How = p.how() }},
	} {
		if p.has(f.name) {
			f.read()
			set = append(set, f.field)
		}
	}
	if p.has("repeat") && len(t.When) == 0 && t.Rule != "" {
		t.When = []string{dayOf(local(p.env.Now)).Format(dateForm)}
		p.startAtFirst(t)
		set = append(set, FieldWhen)
	}
	return set
}

// startAtFirst moves a repeat that was given without a date to its first one.
func (p *parser) startAtFirst(t *Posted) {
	if s := slotsOf(t, nil); len(s.slots) > 0 {
		t.When = []string{s.slots[0]}
	}
}

func (p *parser) whens() []string {
	out := []string{}
	for _, t := range p.all("when") {
		if t != "" {
			out = append(out, p.readWhen(t))
		}
	}
	return out
}

func (p *parser) rule() string {
	t := p.text("repeat")
	if t == "" || t == "none" {
		return ""
	}
	r, err := ReadRule(t, p.env.Now)
	if err != nil {
		p.fail(err)
		return ""
	}
	return r.String()
}

func (p *parser) skips() []string {
	out := []string{}
	for _, t := range p.all("skip") {
		if t == "" {
			continue
		}
		w, err := ReadWhen(t, p.env.Now)
		if err != nil || !w.End.IsZero() {
			p.fail(usage("no.date.skip", t))
			continue
		}
		out = append(out, w.slot())
	}
	return out
}

func (p *parser) signUp() uint64 {
	switch t := p.text("sign_up"); t {
	case "open":
		return SignUpOpen
	case "ask-first":
		return SignUpAskFirst
	default:
		p.fail(usage("no.choice.sign_up", t))
		return 0
	}
}

// days reads a number of days, as 30d or 30; 0 keeps for good.
func (p *parser) days(name string) uint64 {
	n, err := number(strings.TrimSuffix(p.text(name), "d"), 0, MaxFadeDays)
	if err != nil {
		p.fail(usage("no.days", p.text(name)))
	}
	return uint64(n)
}

func (p *parser) how() []uint64 {
	out := []uint64{}
	for _, value := range p.all("listening") {
		for _, w := range strings.FieldsFunc(value, func(c rune) bool { return c == '|' || c == ',' }) {
			i := slices.Index(howNames, w)
			if i < 0 {
				p.fail(usage("no.choice.listening", w))
				continue
			}
			out = append(out, uint64(i))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (p *parser) edit() Command {
	c := EditPost{ID: p.id()}
	c.Set = Posted{People: 1}
	if v, ok := p.s.Post(p.env, c.ID); ok {
		c.Set = v.Posted
	}
	c.Fields = p.fields(&c.Set)
	if p.has("newcomers") {
		n := p.newcomers()
		c.Newcomers = &n
	}
	if w := p.whom("to"); w.circle {
		p.fail(usage("no.edit_wider", c.ID.Short()))
	} else if w.named {
		c.To = audienceWith(w.to, p.env.Me)
	}
	if p.err == nil && len(c.Fields) == 0 && c.To == nil && c.Newcomers == nil {
		p.fail(usage("no.nothing_said"))
	}
	return c
}
