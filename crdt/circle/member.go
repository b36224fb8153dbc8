package circle

import (
	"slices"
	"strings"
	"time"

	"tend/crdt"
)

// Sections of a member's page that this package reads. Card and bounds sections
// are "card." and "bounds." with one of [CardKeys] or [BoundsKeys] after it.
const (
	SectionName      = "name"
	SectionTrustees  = "trustees" // list and salt, for the trustees alone; nobody here reads it
	SectionLanguages = "languages"
	SectionContact   = "contact"
	SectionPlace     = "place"
	SectionFree      = "free"
	SectionRoom      = "room"
	SectionListening = "listening"
	SectionPresence  = "presence"
	SectionProxy     = "proxy"
	SectionListed    = "listed"
)

// listedNo in the section listed asks that no printed list has the member on it.
const listedNo = "no"

// CardKeys and BoundsKeys are the keys of the care card and of the bounds.
var (
	CardKeys   = []string{"lands", "not", "food", "access", "house", "words", "low", "thanks"}
	BoundsKeys = []string{"ways", "quiet", "reply", "radius", "area", "who", "not-from-me", "emergency"}
)

// Section is one section of a member's page as the reader may see it.
type Section struct {
	Values []string
	Until  string
	HLC    crdt.HLC
	to     []crdt.ID
}

// Section returns the newest of what the member wrote for that section; false if
// there is nothing, or it was emptied.
func (s *State) Section(member crdt.ID, section string) (Section, bool) {
	c, ok := s.section(member, section)
	if !ok {
		return Section{}, false
	}
	b := c.Body.(MemberSectionSet)
	return Section{Values: b.Values, Until: b.Until, HLC: c.HLC, to: c.Audience.Members}, len(b.Values) > 0
}

func (s *State) section(member crdt.ID, section string) (*Change, bool) {
	return s.sectionBy(member, section, every)
}

// sectionBy is section for those who read nothing but what use lets through.
func (s *State) sectionBy(member crdt.ID, section string, use func(*Change) bool) (*Change, bool) {
	r := s.record(member)
	var best *Change
	for i := range r.parts {
		c := &r.parts[i].Change
		if b, ok := c.Body.(MemberSectionSet); ok && b.Section == section && c.Author == member && use(c) && (best == nil || later(c, best)) {
			best = c
		}
	}
	return best, best != nil
}

// Name returns the name a member gave themselves; "" if none has arrived.
func (s *State) Name(member crdt.ID) string {
	if n, ok := s.Section(member, SectionName); ok {
		return n.Values[0]
	}
	return ""
}

// Unlisted reports whether a member asked not to stand on lists that are printed.
func (s *State) Unlisted(member crdt.ID) bool {
	l, ok := s.Section(member, SectionListed)
	return ok && l.Values[0] == listedNo
}

// Card returns the sections of a member's care card that the reader may see, by key.
func (s *State) Card(member crdt.ID) map[string]string { return s.group(member, "card.") }

// Bounds returns the member's bounds that the reader may see, by key.
func (s *State) Bounds(member crdt.ID) map[string]string { return s.group(member, "bounds.") }

func (s *State) group(member crdt.ID, prefix string) map[string]string {
	newest := map[string]*Change{}
	r := s.record(member)
	for i := range r.parts {
		c := &r.parts[i].Change
		b, ok := c.Body.(MemberSectionSet)
		if !ok || c.Author != member || !strings.HasPrefix(b.Section, prefix) {
			continue
		}
		if old := newest[b.Section]; old == nil || later(c, old) {
			newest[b.Section] = c
		}
	}
	out := map[string]string{}
	for section, c := range newest {
		if values := c.Body.(MemberSectionSet).Values; len(values) > 0 {
			out[section[len(prefix):]] = strings.Join(values, "\n")
		}
	}
	return out
}

// Room levels.
const (
	RoomOpen    = "open"
	RoomSome    = "some"
	RoomLittle  = "little"
	RoomResting = "resting"
)

var roomLevels = []string{RoomOpen, RoomSome, RoomLittle, RoomResting}

// Room returns what a member can carry now and until when that was said; false if
// it was not said, or not lately: that is never "available".
func (s *State) Room(member crdt.ID, now time.Time) (level, until string, ok bool) {
	r, ok := s.Section(member, SectionRoom)
	if !ok || untilPast(r.Until, now) || !slices.Contains(roomLevels, r.Values[0]) {
		return "", "", false
	}
	return r.Values[0], r.Until, true
}

// Listening returns until when a member is open to listening; false if not now.
func (s *State) Listening(member crdt.ID, now time.Time) (until string, ok bool) {
	l, ok := s.Section(member, SectionListening)
	if !ok || untilPast(l.Until, now) || l.Values[0] != "yes" {
		return "", false
	}
	return l.Until, true
}

// untilPast reports whether a date, whose day counts, or a time is over.
func untilPast(until string, now time.Time) bool {
	if until == "" {
		return false
	}
	t, timed, err := parsePoint(until)
	if err != nil {
		return true
	}
	if !timed {
		t = t.AddDate(0, 0, 1)
	}
	return !t.After(local(now))
}

// SetSection sets one section of one's own page. An empty list removes it.
type SetSection struct {
	Section string
	Values  []string
	Until   string
	// To is whom it is for: nil keeps the audience it has (at first its default);
	// Circle makes it the circle's, Pod that of one's pod, whoever is in it then.
	To     []crdt.ID
	Circle bool
	Pod    bool
}

func (c SetSection) decide(s *State, env Env) (plan, error) {
	b := MemberSectionSet{Member: env.Me, Section: c.Section, Values: c.Values, Until: c.Until}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	old, had := s.section(env.Me, c.Section)
	to, mark := c.readers(s, env, old)
	if !had && len(c.Values) == 0 {
		return unchanged(env.Me), nil
	}
	var drafts []Draft
	if had {
		was := old.Body.(MemberSectionSet)
		same := slices.Equal(old.Audience.Members, to)
		if same && slices.Equal(was.Values, b.Values) && was.Until == b.Until {
			return unchanged(env.Me), nil
		}
		if !same && len(was.Values) > 0 {
			// Empty to its old readers first, or they would read the old value for ever.
			drafts = append(drafts, fixed(old.Audience.Members, MemberSectionSet{Member: env.Me, Section: c.Section}))
		}
	}
	if was, _ := s.Section(env.Me, toSection+c.Section); !slices.Equal(was.Values, mark) {
		drafts = append(drafts, fixed([]crdt.ID{env.Me}, MemberSectionSet{Member: env.Me, Section: toSection + c.Section, Values: mark}))
	}
	drafts = append(drafts, fixed(to, b))
	if c.Section == SectionRoom || c.Section == SectionListening {
		drafts = append(drafts, s.withoutHistory(env.Me, c.Section)...)
	}
	return about(env.Me, drafts...), nil
}

// maxTakenBack is how many older values are taken back with one new one: more are there
// only of times when none was.
const maxTakenBack = 16

// withoutHistory takes back what a person said of their room before: how much somebody
// could carry, and when, is nobody's to look up later.
func (s *State) withoutHistory(me crdt.ID, section string) []Draft {
	r := s.record(me)
	var out []Draft
	for i := range r.parts {
		c := &r.parts[i].Change
		if b, ok := c.Body.(MemberSectionSet); ok && b.Section == section && c.Author == me && len(out) < maxTakenBack {
			out = append(out, fixed(nil, Retracted{Op: c.ID}))
		}
	}
	return out
}
