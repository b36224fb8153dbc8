package web

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// cookieName carries the session. It has no Domain, so it goes back to the one
// host that set it.
const cookieName = "tend"

// secret is what a session or a code is known by inside: the hash of what the
// browser holds, so that a look at this process's memory by mistake (a log, a
// crash) opens nothing.
type secret [sha256.Size]byte

func newSecret() (text string, s secret) {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails, or the program ends
	text = base64.RawURLEncoding.EncodeToString(raw[:])
	return text, sha256.Sum256([]byte(text))
}

// code is a one-time link that was given out.
type code struct {
	until  time.Time
	screen bool   // for a phone
	opened secret // the session that its use began; zero before
}

// session is one browser that was let in.
type session struct {
	id     string // hex, short: how people name it
	screen bool   // another device's, let in by a pairing link
	since  time.Time
	seen   time.Time
	agent  string // what the browser calls itself
}

// sessions are the browsers let in by this process, and the links to let in more.
// They are gone with the process.
type sessions struct {
	now func() time.Time

	mu    sync.Mutex // guards what follows
	open  map[secret]*session
	codes map[secret]*code
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, open: map[secret]*session{}, codes: map[secret]*code{}}
}

// invite makes a one-time code.
func (s *sessions) invite(screen bool) (text string, until time.Time) {
	life := linkLife
	if screen {
		life = pairLife
	}
	text, key := newSecret()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	maps.DeleteFunc(s.codes, func(_ secret, c *code) bool { return now.After(c.until) })
	if len(s.codes) >= maxCodes {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(s.codes)), func(a, b secret) int { return s.codes[a].until.Compare(s.codes[b].until) })
		delete(s.codes, oldest)
	}
	s.codes[key] = &code{until: now.Add(life), screen: screen}
	return text, now.Add(life)
}

// enter begins a session by a code. A code that was used already ends the session
// it began: two came by one link, and one of them was not meant.
func (s *sessions) enter(text, agent string) (token string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	c := s.codes[sha256.Sum256([]byte(text))]
	if c == nil || now.After(c.until) {
		return "", false
	}
	if c.opened != (secret{}) {
		delete(s.open, c.opened)
		return "", false
	}
	token, key := newSecret()
	c.opened = key
	if len(s.open) >= maxSessions {
		quietest := slices.MinFunc(slices.Collect(maps.Keys(s.open)), func(a, b secret) int { return s.open[a].seen.Compare(s.open[b].seen) })
		delete(s.open, quietest)
	}
	s.open[key] = &session{id: hex.EncodeToString(key[:4]), screen: c.screen, since: now, seen: now, agent: agent[:min(len(agent), 200)]}
	return token, true
}

// of finds the session of a request.
func (s *sessions) of(r *http.Request) (session, bool) {
	cookies := r.CookiesNamed(cookieName)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range cookies {
		if one := s.open[sha256.Sum256([]byte(c.Value))]; one != nil {
			one.seen = s.now()
			return *one, true
		}
	}
	return session{}, false
}

// screens lists the sessions of other devices, the newest first.
func (s *sessions) screens() []session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []session
	for _, one := range s.open {
		if one.screen {
			out = append(out, *one)
		}
	}
	slices.SortFunc(out, func(a, b session) int { return cmp.Or(b.since.Compare(a.since), cmp.Compare(a.id, b.id)) })
	return out
}

// end ends the other device's session with that id.
func (s *sessions) end(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, one := range s.open {
		if one.screen && one.id == id {
			delete(s.open, key)
			return true
		}
	}
	return false
}
