package circle

import (
	"slices"
	"strings"
	"time"

	"tend/crdt"
)

// Consent is a standing consent: what a member wishes some to do, once something
// happens, without asking first.
type Consent struct {
	// N is what it is called by, from 1; a number is never given to another.
	N        int
	If, Then string
	// Who may act on it, ascending, as far as the reader knows; Pod says that their pod
	// may, whoever is in it then.
	Who []crdt.ID
	Pod bool
	// Until is a date, "" for good.
	Until string
	// To are its readers as they were when it was written, nil for the circle.
	To []crdt.ID
}

// whoPod stands among whom a consent names for the pod of the one whose it is.
const whoPod = "pod"

// Consents returns a member's standing consents that the reader may see and that have
// not run out, by number.
func (s *State) Consents(env Env, member crdt.ID) []Consent {
	var out []Consent
	for _, one := range living(s.numbered(member, sectionConsents, every)) {
		if c, ok := s.consent(env, member, one); ok && !untilPast(c.Until, env.Now) {
			out = append(out, c)
		}
	}
	return out
}

// consent reads one. Its values are what happens, what to do then, and who may.
func (s *State) consent(env Env, owner crdt.ID, from numbered) (Consent, bool) {
	v := from.body.Values
	if len(v) < 2 {
		return Consent{}, false
	}
	c := Consent{N: from.n, If: v[0], Then: v[1], Who: alsoFor(env, from.body.Section, v), Pod: slices.Contains(v[2:], whoPod),
		Until: from.body.Until, To: from.change.Audience.Members}
	if c.Pod {
		c.Who = append(c.Who, s.podOf(env, owner)...)
	}
	c.Who = slices.DeleteFunc(c.Who, func(m crdt.ID) bool { return m == owner })
	slices.SortFunc(c.Who, crdt.ID.Compare)
	c.Who = slices.Compact(c.Who)
	return c, true
}

// AddConsent says what to do once something happens. Nobody named is whom it is told,
// and where that is not said either, one's pod.
type AddConsent struct {
	If, Then string
	Who      []crdt.ID
	PodWho   bool
	Until    string
	// To, Circle and Pod are its readers, as in [SetSection]; nothing said is one's pod.
	To          []crdt.ID
	Circle, Pod bool
}

func (c AddConsent) decide(s *State, env Env) (plan, error) {
	if c.If == "" || c.Then == "" {
		return plan{}, usage("no.consent_empty")
	}
	if untilPast(c.Until, env.Now) {
		return plan{}, usage("no.until_past")
	}
	if c.PodWho && c.To != nil {
		return plan{}, usage("no.consent_unread")
	}
	values := []string{c.If, c.Then}
	who := slices.DeleteFunc(slices.Clone(c.Who), func(m crdt.ID) bool { return m == env.Me })
	if len(who) == 0 && !c.PodWho {
		who = slices.DeleteFunc(slices.Clone(c.To), func(m crdt.ID) bool { return m == env.Me }) // whom it is told, may do it
	}
	if c.PodWho || len(who) == 0 {
		values = append(values, whoPod)
	}
	slices.SortFunc(who, crdt.ID.Compare)
	for _, m := range slices.Compact(who) {
		values = append(values, m.String())
	}
	return addNumbered(s, env, sectionConsents, SetSection{Values: values, Until: c.Until, To: c.To, Circle: c.Circle, Pod: c.Pod})
}

// DropConsent lets one go. Whoever acts on it meanwhile hears of it, with thanks.
type DropConsent struct{ N int }

func (c DropConsent) decide(s *State, env Env) (plan, error) {
	return dropNumbered(s, env, sectionConsents, c.N)
}

// consentInAdvance reads what one does about one's standing consents: "text" is add,
// what may happen and what to do then, or drop and a number.
func (p *parser) consentInAdvance() Command {
	words := p.all("text")
	switch {
	case len(words) == 3 && words[0] == "add":
		w, who := p.whom("to"), p.whom("who")
		if who.circle {
			p.fail(usage("no.consent_who"))
		}
		c := AddConsent{If: tidy(words[1]), Then: tidy(words[2]), Until: p.date("until"), Circle: w.circle, Pod: w.pod, PodWho: who.pod}
		if !who.pod {
			c.Who = who.to
		}
		if !w.pod {
			c.To = w.to
		}
		return c
	case len(words) == 2 && words[0] == "drop":
		return DropConsent{N: p.numberIn(words[1])}
	}
	p.fail(usage("no.choice.consent", strings.Join(words, " ")))
	return nil
}

// numberIn reads what one of several is called by.
func (p *parser) numberIn(word string) int {
	n, err := number(word, 1, MaxUnder)
	if err != nil {
		p.fail(usage("no.field.wish", word))
	}
	return n
}

func tidy(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

// wished returns those consents of a number that stood at a clock reading, and at a
// local day, and let somebody act.
func (s *State) wished(env Env, owner crdt.ID, n int, who crdt.ID, at crdt.HLC, day time.Time) []Consent {
	var out []Consent
	for _, one := range living(s.numbered(owner, sectionConsents, func(c *Change) bool { return c.HLC <= at })) {
		c, ok := s.consent(env, owner, one)
		if ok && c.N == n && slices.Contains(c.Who, who) && !untilPast(c.Until, day) {
			out = append(out, c)
		}
	}
	return out
}
