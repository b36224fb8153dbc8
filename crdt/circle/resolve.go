package circle

import (
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"tend/crdt"
)

// Resolve finds what an id or a prefix of it names: a record that is known, or a
// note on one. The error is a [*Problem]: Usage for what is no prefix, NotFound
// with the candidates in IDs where there is none or several.
func (s *State) Resolve(prefix string) (crdt.ID, error) {
	nibbles, err := readPrefix(prefix)
	if err != nil {
		return crdt.ID{}, err
	}
	var found []crdt.ID
	s.records.under(nibbles, func(id crdt.ID, r *record) bool {
		if _, known := r.maker(); known {
			found = append(found, id)
		} else if _, gone := s.Retraction(id); gone {
			found = append(found, id)
		}
		return true
	})
	s.where.under(nibbles, func(id, in crdt.ID) bool {
		r := s.record(in)
		if i := r.find(id); i >= 0 {
			if _, note := r.parts[i].Body.(NoteWritten); note {
				found = append(found, id)
			}
		}
		return true
	})
	return one(found, prefix, "thing")
}

func readPrefix(prefix string) ([]byte, error) {
	p := strings.ToLower(strings.TrimSpace(prefix))
	if len(p) < MinPrefix {
		return nil, usage("no.id.short", prefix)
	}
	if len(p) > 2*len(crdt.ID{}) {
		return nil, usage("no.id.long", prefix)
	}
	raw, err := hex.DecodeString(p + "0"[:len(p)%2])
	if err != nil {
		return nil, usage("no.id", prefix)
	}
	nibbles := make([]byte, len(p))
	for i := range nibbles {
		nibbles[i] = raw[i/2] >> (4 * (1 - i%2)) & 15
	}
	return nibbles, nil
}

func one(found []crdt.ID, word, thing string) (crdt.ID, error) {
	slices.SortFunc(found, crdt.ID.Compare)
	found = slices.Compact(found)
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return crdt.ID{}, notFound("no.nothing_there", thing, word)
	}
	p := notFound("no.several", word, shorts(found))
	p.IDs = found
	return crdt.ID{}, p
}

// shorts lists ids by as many digits as tell them apart.
func shorts(ids []crdt.ID) string {
	n := 8
	for n < 64 {
		seen := map[string]bool{}
		for _, id := range ids {
			seen[id.String()[:n]] = true
		}
		if len(seen) == len(ids) {
			break
		}
		n += 4
	}
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = id.String()[:n]
	}
	return strings.Join(words, ", ")
}

// ResolveMember finds a member by name, whole or its beginning, in any case, or by
// a prefix of the id. "me" is oneself.
func (s *State) ResolveMember(env Env, word string) (crdt.ID, error) {
	w := fold(strings.TrimSpace(word))
	if w == "" {
		return crdt.ID{}, usage("no.whom")
	}
	if w == "me" {
		return env.Me, nil
	}
	var whole, begins, ids []crdt.ID
	for _, m := range env.Members {
		name := fold(s.Name(m))
		switch {
		case name == w:
			whole = append(whole, m)
		case strings.HasPrefix(name, w):
			begins = append(begins, m)
		}
		if len(w) >= MinPrefix && strings.HasPrefix(m.String(), w) {
			ids = append(ids, m)
		}
	}
	for _, found := range [][]crdt.ID{whole, ids, begins} {
		if len(found) > 0 {
			return one(found, word, "member")
		}
	}
	return crdt.ID{}, notFound("no.member", word)
}

// fold makes two spellings of a word compare equal: lower case, single blanks.
func fold(s string) string {
	if folded(s) {
		return s
	}
	return strings.Join(strings.Fields(strings.ToLower(s)), " ")
}

// folded reports whether s is seen at a glance to be folded already.
func folded(s string) bool {
	blank := true
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' || c < ' ' || c == ' ' && blank {
			return false
		}
		blank = c == ' '
	}
	return s == "" || !blank
}
