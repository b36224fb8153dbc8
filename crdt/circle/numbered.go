package circle

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"tend/crdt"
)

// Things of which a member has several on their page, each for readers of its own, have
// a section each: "consents.3.9f2c" is the third, by a device whose key begins with
// 9f2c. Two devices that have not met may both write a third; neither is lost then.
const (
	sectionConsents = "consents."
	sectionDates    = "dates."
)

// MaxNumbered is how many standing consents, and how many tender dates, a member may
// have at a time.
const MaxNumbered = 32

// numbered is one of them: the newest that its writer said in that section. Without
// values it is gone, and its number is not given to another.
type numbered struct {
	n      int
	change *Change
	body   MemberSectionSet
}

// numbered returns those that a member wrote below a prefix, by number and then by
// section, as far as use lets them through; those that are gone are among them.
func (s *State) numbered(member crdt.ID, prefix string, use func(*Change) bool) []numbered {
	newest := map[string]numbered{}
	r := s.record(member)
	for i := range r.parts {
		c := &r.parts[i].Change
		b, ok := c.Body.(MemberSectionSet)
		if !ok || c.Author != member || !use(c) {
			continue
		}
		n, ok := numberOf(prefix, b.Section)
		if old, had := newest[b.Section]; ok && (!had || later(c, old.change)) {
			newest[b.Section] = numbered{n: n, change: c, body: b}
		}
	}
	out := make([]numbered, 0, len(newest))
	for _, one := range newest {
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b numbered) int {
		return cmp.Or(cmp.Compare(a.n, b.n), strings.Compare(a.body.Section, b.body.Section))
	})
	return out
}

// numberOf reads the number from the name of a section.
func numberOf(prefix, section string) (int, bool) {
	rest, ok := strings.CutPrefix(section, prefix)
	digits, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n >= 1 && n <= MaxUnder
}

// living are those of some that are not gone.
func living(all []numbered) []numbered {
	return slices.DeleteFunc(slices.Clone(all), func(x numbered) bool { return len(x.body.Values) == 0 })
}

// place is where one with these values stands already, else where it may stand: after
// all numbers that were ever given.
func (s *State) place(env Env, prefix string, values []string, until string) (n int, section string, err error) {
	all := s.numbered(env.Me, prefix, every)
	there := living(all)
	for _, one := range there {
		if slices.Equal(one.body.Values, values) && one.body.Until == until {
			return one.n, one.body.Section, nil
		}
	}
	if len(all) > 0 {
		n = all[len(all)-1].n
	}
	if n++; n > MaxUnder || len(there) >= MaxNumbered {
		return 0, "", usage("no.many_own")
	}
	return n, prefix + strconv.Itoa(n) + "." + hex.EncodeToString(env.Dev[:2]), nil
}

// addNumbered writes one, or says that it is there already.
func addNumbered(s *State, env Env, prefix string, c SetSection) (plan, error) {
	n, section, err := s.place(env, prefix, c.Values, c.Until)
	if err != nil {
		return plan{}, err
	}
	c.Section = section
	p, err := c.decide(s, env)
	if err != nil {
		return plan{}, err
	}
	result := p.result
	p.result = func(made []crdt.ID) Result {
		out := result(made)
		out.N = n
		return out
	}
	return p, nil
}

// dropNumbered lets those of a number go.
func dropNumbered(s *State, env Env, prefix string, n int) (plan, error) {
	var drafts []Draft
	for _, one := range living(s.numbered(env.Me, prefix, every)) {
		if one.n != n {
			continue
		}
		p, err := (SetSection{Section: one.body.Section}).decide(s, env)
		if err != nil {
			return plan{}, err
		}
		drafts = append(drafts, p.drafts...)
	}
	if len(drafts) == 0 {
		return plan{}, notFound("no.numbered")
	}
	return about(env.Me, drafts...), nil
}

// alsoFor is who reads a section beside those it is for: whom a standing consent names
// has to know of it. Who is gone is not among them.
func alsoFor(env Env, section string, values []string) []crdt.ID {
	if len(values) < 2 || !strings.HasPrefix(section, sectionConsents) {
		return nil
	}
	var out []crdt.ID
	for _, v := range values[2:] {
		if id, err := crdt.ParseID(v); err == nil && env.here(id) {
			out = append(out, id)
		}
	}
	return out
}
