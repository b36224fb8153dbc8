package circle

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"time"

	"tend/crdt"
)

// Own is what a person keeps for themselves in one circle, on this home alone: notes
// about people, a ceiling, answers to a question. It is in no op, so in nothing that
// travels. The zero Own is empty; an Own is never changed.
type Own struct{ rows map[string][]byte }

// OwnRow is one row of it, as a home stores it. A nil Value lets the row go.
type OwnRow struct {
	Key   string
	Value []byte
}

// Rows of what is one's own. They stand in backups, so a key never changes its meaning.
const (
	ownNote       = "n|" // member(32), when(16): pairNote
	ownCeiling    = "c"  // ceiling
	ownReflection = "r|" // when(16): text
	ownFollowed   = "f"  // []string
	ownRemind     = "m"  // hours
	ownDigest     = "d"  // rhythm
	ownTold       = "t"  // told
	ownMail       = "e"  // where the digest goes by mail: text
	ownDistance   = "q|" // member(32): 1
)

// MaxOwn is how many rows of one's own a circle may have, as a home keeps them in
// memory.
const MaxOwn = 2000

// OwnOf returns what the rows of a home say. What cannot be read is passed over.
func OwnOf(rows ...OwnRow) Own { return Own{}.With(rows...) }

// With returns o with rows in place of those that have their keys.
func (o Own) With(rows ...OwnRow) Own {
	next := maps.Clone(o.rows)
	if next == nil {
		next = map[string][]byte{}
	}
	for _, r := range rows {
		if r.Value == nil {
			delete(next, r.Key)
		} else {
			next[r.Key] = r.Value
		}
	}
	return Own{next}
}

// rowsOf returns the rows below prefix, ascending by key.
func (o Own) rowsOf(prefix string) []OwnRow {
	var out []OwnRow
	for key, value := range o.rows {
		if strings.HasPrefix(key, prefix) {
			out = append(out, OwnRow{key, value})
		}
	}
	slices.SortFunc(out, func(a, b OwnRow) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// stamped is the part of a key that orders rows by when they were written, and keeps
// two of one moment apart: 8 bytes of milliseconds, 8 of a hash.
func stamped(now time.Time, value []byte) string {
	sum := sha256.Sum256(value)
	return string(append(binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli())), sum[:8]...))
}

// stampOf reads when a row was written from the end of its key.
func stampOf(key string) (at time.Time, ok bool) {
	if len(key) < 16 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64([]byte(key[len(key)-16:])))), true
}

// keptAlone is the plan that writes nothing into the circle and has the home keep
// rows; id is what they are about.
func keptAlone(env Env, id crdt.ID, rows ...OwnRow) (plan, error) {
	if len(env.Own.With(rows...).rows) > max(MaxOwn, len(env.Own.rows)) {
		return plan{}, usage("no.many_own")
	}
	return plan{result: func([]crdt.ID) Result { return Result{ID: id, Own: rows} }}, nil
}
