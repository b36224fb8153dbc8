package circle

import (
	"slices"
	"strings"

	"tend/crdt"
)

// CharterWord is what the circle's charter means to a member, in their own words.
type CharterWord struct {
	Member crdt.ID
	Text   string
}

// CharterWords returns each member's own word on the charter, ascending by member;
// of words that two devices gave apart, the newest. Nobody needs to have one.
func (s *State) CharterWords(env Env) []CharterWord {
	newest := map[crdt.ID]string{}
	for _, w := range s.record(s.circle).words() { // ascending by clock
		if w.value == WordSaid && slices.Contains(env.Members, w.by) {
			newest[w.by] = w.note
		}
	}
	out := []CharterWord{}
	for member, text := range newest {
		if text != "" {
			out = append(out, CharterWord{member, text})
		}
	}
	slices.SortFunc(out, func(a, b CharterWord) int { return a.Member.Compare(b.Member) })
	return out
}

// SayOnCharter says what the charter means to oneself, in place of what one said
// before; an empty text takes that back.
type SayOnCharter struct{ Text string }

func (c SayOnCharter) decide(s *State, env Env) (plan, error) {
	text := strings.TrimSpace(c.Text)
	i := slices.IndexFunc(s.CharterWords(env), func(w CharterWord) bool { return w.Member == env.Me })
	if i < 0 && text == "" || i >= 0 && s.CharterWords(env)[i].Text == text {
		return unchanged(s.circle), nil
	}
	b := WordGiven{On: s.circle, Value: WordSaid, Note: text, Replaces: s.record(s.circle).replacing(env.Me)}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(s.circle, fixed(nil, b)), nil
}

// charterWord reads "word" and the text after it.
func (p *parser) charterWord() Command {
	words := p.all("text")
	if len(words) != 2 || words[0] != "word" {
		p.fail(usage("no.charter_word"))
		return SayOnCharter{}
	}
	return SayOnCharter{Text: words[1]}
}
