package view

import (
	"slices"
	"strings"

	"tend/crdt"
	"tend/crdt/circle"
)

// lookNewer is the kind of Attention about what a newer version wrote.
const lookNewer = "newer_version"

// newer says that there is something only a newer version can show. Nobody is
// named: an op of an unknown kind says nothing of what it is about.
func (s Source) newer() []circle.Attention {
	if len(s.Newer) == 0 {
		return nil
	}
	return []circle.Attention{circle.Attention{Kind: lookNewer}.Saying("looks.newer")}
}

// isNewer reports whether a word names an op of a newer version.
func (s Source) isNewer(word string) bool {
	word = strings.ToLower(word)
	return len(word) >= circle.MinPrefix && slices.ContainsFunc(s.Newer, func(id crdt.ID) bool { return strings.HasPrefix(id.String(), word) })
}
