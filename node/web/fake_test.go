package web_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/view"
	"tend/node/web"
)

// home is a home in memory: one circle of three with a real state, written to by
// real commands. It behaves like a node whose network is off.
type home struct {
	mu             sync.Mutex // guards what follows
	state          *circle.State
	groups         map[string][]crdt.ID // lists of Ann's own
	made           uint64
	me             crdt.ID         // whose page it is; none for Ann's
	wrote          []circle.Change // all that was written, for the homes of the others
	invites        []view.Invite
	empty          bool   // no circle yet
	called         string // the circle's name
	purpose        string
	drawn          map[string]bool // screens
	crowd          int             // how many people, where they are more than three
	joins          []web.Joining
	greets         bool // let in, and no name said yet
	restored, back bool // came back from a backup; somebody comes back
	coming         bool // others come back
	linking        *web.Linking
	keeping        web.Keeping
	asking         []view.Asking
	own            ownDeeds
	broken         error
	panics         bool
	clock          time.Time
	rule           *ruled // who belongs; nil for three of whom no more is known

	kept      []circle.Waiting // Ann's, whose page it is
	alone     circle.Own       // what she keeps for herself
	revisions chan web.Revision
}

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.FixedZone("CET", 3600))

func named(word string) crdt.ID { return sha256.Sum256([]byte(word)) }

var (
	oak   = named("oak street")
	ann   = named("ann")
	bela  = named("bela")
	farid = named("farid")
)

// inviteText is an invitation's text as far as a code goes.
const inviteText = "TEND:ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

func newHome(t testing.TB) *home {
	t.Helper()
	h := &home{groups: map[string][]crdt.ID{}, state: circle.NewState(oak), clock: noon, called: "Oak Street", purpose: "to look after one another", drawn: map[string]bool{}, revisions: make(chan web.Revision, 16)}
	for i, name := range []string{"Ann", "Béla", "فريد"} {
		h.as(t, []crdt.ID{ann, bela, farid}[i], circle.SetSection{Section: circle.SectionName, Values: []string{name}})
	}
	return h
}

// as carries out a command of any member.
func (h *home) as(t testing.TB, who crdt.ID, cmd circle.Command) circle.Result {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	result, err := h.write(h.state, who, cmd)
	if err != nil {
		t.Fatalf("%T as %s: %v", cmd, who.Short(), err)
	}
	return result
}

// apart carries out a command of a member who knows no more than state.
func (h *home) apart(t testing.TB, state *circle.State, who crdt.ID, cmd circle.Command) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, err := h.write(state, who, cmd); err != nil {
		t.Fatalf("%T as %s: %v", cmd, who.Short(), err)
	}
}

func (h *home) write(known *circle.State, who crdt.ID, cmd circle.Command) (circle.Result, error) {
	env := h.env()
	me := env.Me
	if env.Me = who; who != me {
		env.Kept, env.Own = nil, circle.Own{}
	}
	drafts, result, err := circle.Decide(known, env, cmd)
	if err != nil {
		return circle.Result{}, err
	}
	next := h.state.Fork()
	var made []crdt.ID
	for _, d := range drafts {
		if d.Make == nil && h.rule == nil { // an op of membership, which this home keeps none of
			return circle.Result{}, &circle.Problem{Code: circle.NotYet, Said: circle.Words("That cannot be done here.")}
		}
		if d.Make == nil {
			id, err := h.rule.write(h.clock, who, d.Control(made))
			if err != nil {
				return circle.Result{}, err
			}
			made = append(made, id)
			continue
		}
		h.made++
		id := crdt.ID(sha256.Sum256(binary.BigEndian.AppendUint64([]byte("op"), h.made)))
		audience := circle.Audience{Members: d.To}
		if d.To != nil {
			audience.Nook = membership.EpochID{1}
		}
		c := circle.Change{Meta: circle.Meta{ID: id, Author: who, HLC: crdt.At(h.clock.UnixMilli() + int64(h.made)*1000), Audience: audience}, Body: d.Make(made)}
		next.Apply(c)
		h.wrote = append(h.wrote, c)
		made = append(made, id)
	}
	h.state = next
	done := result(made)
	if g := done.Group; g != nil && len(g.Members) > 0 {
		h.groups[g.Name] = g.Members
	} else if g != nil {
		delete(h.groups, g.Name)
	}
	if who == me {
		h.alone = h.alone.With(done.Own...)
	}
	for _, k := range done.Keep {
		if who != me {
			break
		}
		h.kept = slices.DeleteFunc(h.kept, func(o circle.Waiting) bool { return o.Talk == k.Talk && o.Verb == k.Verb })
		if k.Text != "" {
			h.kept = append(h.kept, k)
		}
	}
	return done, nil
}

// of is the home of another of the three, with what has reached them: all that is for
// the circle, and of the rest what is sealed to them.
func (h *home) of(who crdt.ID) *home {
	h.mu.Lock()
	defer h.mu.Unlock()
	theirs := &home{me: who, groups: map[string][]crdt.ID{}, state: circle.NewState(oak), clock: h.clock, called: h.called, purpose: h.purpose, drawn: map[string]bool{},
		made: h.made, revisions: make(chan web.Revision, 16)}
	for _, c := range h.wrote {
		if c.Audience.Whole() || slices.Contains(c.Audience.Members, who) {
			theirs.state.Apply(c)
			theirs.wrote = append(theirs.wrote, c)
		}
	}
	return theirs
}

func (h *home) env() circle.Env {
	me := h.me
	if me == (crdt.ID{}) {
		me = ann
	}
	e := circle.Env{Me: me, Now: h.clock, Zone: "Europe/Berlin", Members: []crdt.ID{ann, bela, farid}, Groups: maps.Clone(h.groups), Kept: slices.Clone(h.kept), Own: h.alone}
	if h.rule != nil {
		return h.rule.env(e)
	}
	return e
}

func (h *home) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clock
}

func (h *home) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = h.clock.Add(d)
}

func (h *home) Do(_ context.Context, id crdt.ID, cmd circle.Command) (circle.Result, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.panics:
		panic("secret inside")
	case h.broken != nil:
		return circle.Result{}, h.broken
	case id != oak:
		return circle.Result{}, &circle.Problem{Code: circle.NotFound, Said: circle.As("no.circle")}
	}
	return h.write(h.state, h.env().Me, cmd)
}

func (h *home) View(crdt.ID) (view.Source, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var who view.People = people{h}
	switch {
	case h.rule != nil:
		who = h.rule.view()
	case h.crowd > 0:
		who = crowd{people{h}, h.crowd}
	}
	return view.Source{Circle: oak, State: h.state, People: who, Env: h.env(), Asking: h.asking,
		Heard: func(crdt.ID) (time.Time, int, bool) { return noon.Add(-time.Hour), 0, true }}, nil
}

func (h *home) Watch(ctx context.Context) iter.Seq[web.Revision] {
	return func(yield func(web.Revision) bool) {
		for {
			select {
			case <-ctx.Done():
				return
			case v := <-h.revisions:
				if !yield(v) {
					return
				}
			}
		}
	}
}

func (h *home) Signals(ctx context.Context) iter.Seq[string] {
	return func(func(string) bool) { <-ctx.Done() }
}

// people is a circle of three; Farid is new. Some may be coming back.
type people struct{ *home }

func (people) Members() []membership.Member {
	return []membership.Member{
		{ID: ann, Standing: membership.In, Voice: true, Welcomed: true, Devices: []membership.Device{{}}},
		{ID: bela, Standing: membership.In, Voice: true, Welcomed: true},
		{ID: farid, Standing: membership.In},
	}
}

func (p people) Everyone() []membership.Member { return p.Members() }

func (p people) Member(id crdt.ID) (membership.Member, bool) {
	for _, m := range p.Members() {
		if m.ID == id {
			return m, true
		}
	}
	return membership.Member{}, false
}

func (p people) Charter() membership.Charter {
	return membership.Charter{Name: p.called, Purpose: p.purpose, Bounds: membership.Bounds{Reply: p.purpose, Radius: "ten minutes on foot"}}
}

// drew notes that a screen was drawn.
func (h *home) drew(screen string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drawn[screen] = true
}

func (h *home) Circles(context.Context) ([]view.Circle, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.empty {
		return nil, nil
	}
	standing := "in"
	switch {
	case h.greets:
		standing = web.StandingGreeting
	case h.restored:
		standing = "coming_back"
	}
	return []view.Circle{{ID: oak.String(), Name: h.called, Standing: standing, Me: view.Person{ID: h.env().Me.String(), Name: h.state.Name(h.env().Me)}, Members: 3}}, nil
}

func (h *home) Begin(_ context.Context, o web.BeginOptions) (crdt.ID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if strings.Contains(o.Name, "!") {
		return crdt.ID{}, &circle.Problem{Code: circle.Usage, Said: circle.As("no.charter")}
	}
	h.empty = false
	return oak, nil
}

func (h *home) Welcome(_ context.Context, _, member crdt.ID) (crdt.ID, error) { return member, nil }
func (h *home) Leave(context.Context, crdt.ID, string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.own.left, h.empty = true, h.greets
	return nil
}

func (h *home) Invite(_ context.Context, _ crdt.ID, o web.InviteOptions) (view.Invite, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := view.Invite{ID: named(fmt.Sprint("invite", len(h.invites))).String(), Text: inviteText, Expires: noon.Add(72 * time.Hour), Uses: 1, For: o.For}
	h.invites = append([]view.Invite{i}, h.invites...)
	return i, nil
}

func (h *home) Invites(context.Context, crdt.ID) ([]view.Invite, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]view.Invite{}, h.invites...), nil
}

func (h *home) RevokeInvite(_ context.Context, _ crdt.ID, prefix string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.invites {
		if strings.HasPrefix(h.invites[i].ID, prefix) {
			h.invites[i].Revoked = true
			return nil
		}
	}
	return &circle.Problem{Code: circle.NotFound, Said: circle.As("no.invitation")}
}

func (h *home) ReadCode(_ context.Context, text string) (view.Code, error) {
	if !strings.HasPrefix(text, "TEND:") {
		return view.Code{}, &circle.Problem{Code: circle.Usage, Said: circle.As("no.not_invite")}
	}
	if strings.HasPrefix(text, "TEND:FACE") {
		return view.Code{Kind: "face", Text: text}, nil
	}
	expires := noon.Add(time.Hour)
	return view.Code{Kind: "invite", Text: text, Circle: oak.String(), Expires: &expires, Addresses: []string{"/ip4/192.0.2.7/udp/4001/quic-v1"}}, nil
}

func (h *home) AskIn(_ context.Context, code string) (view.Joining, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !strings.HasPrefix(code, "TEND:") {
		return view.Joining{}, &circle.Problem{Code: circle.Usage, Said: circle.Words("This is not an invitation, or not all of it.")}
	}
	h.joins = []web.Joining{{Joining: view.Joining{State: "knocking"}}}
	return h.joins[0].Joining, nil
}

func (h *home) Hello(_ context.Context, _ crdt.ID, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.greets, h.own.name = false, name
	return nil
}

func (h *home) ShowCode(context.Context, string) (view.Shown, error) {
	return view.Shown{Text: "TEND:FACE234"}, nil
}

func (h *home) Joins(context.Context) ([]web.Joining, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.joins, nil
}

func (h *home) LetIn(_ context.Context, _ crdt.ID, code string) (crdt.ID, error) {
	if strings.HasPrefix(code, "TEND:FACE") {
		return farid, nil
	}
	return crdt.ID{}, &circle.Problem{Code: circle.Usage, Said: circle.As("no.not_face_code")}
}

func (h *home) Glance(context.Context) (view.Status, error) {
	return view.Status{State: "caught_up", Care: []string{"A backup would be good.", "Something does not check."}, Cared: []circle.Said{
		circle.As("care.backup", circle.As("found.backup_none")), circle.As("care.findings", circle.As("span.findings", 2))},
		Circles: []view.CircleStatus{{ID: oak.String(), Members: 3, Connected: []view.Person{{ID: bela.String(), Name: "Béla"}},
			Heard: []view.Heard{{Member: view.Person{ID: bela.String(), Name: "Béla"}, At: noon.Add(-time.Minute)}}}}}, nil
}

func (h *home) Doctor(context.Context) ([]view.Check, error) {
	return []view.Check{{Check: "disk", OK: true}, view.Check{Check: "clock"}.Find(circle.As("found.clock_slow", circle.As("span.hours", 3),
		circle.As("span.homes", 2))).Wants(circle.As("cure.clock_network"))}, nil
}

func (h *home) Version() view.Version { return view.Version{Version: "test", Go: "go", API: "v1"} }

const label = "abcdefghijklmnop"

func site(h *home) *web.Site {
	return web.New(web.Config{Service: h, Upkeep: h, Label: label, Port: 4711, Now: h.now, Log: silent})
}

// browser asks a page as a browser does that has its session.
type browser struct {
	t      testing.TB
	site   http.Handler
	cookie []*http.Cookie
	lang   string
}

func newBrowser(t testing.TB, s *web.Site) *browser {
	t.Helper()
	b := &browser{t: t, site: s, lang: "en"}
	link, err := url.Parse(s.Link(false).Link)
	if err != nil {
		t.Fatal(err)
	}
	w := b.ask(http.MethodGet, link.RequestURI(), nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/entered" {
		t.Fatalf("GET %s = %d to %q", link.Path, w.Code, w.Header().Get("Location"))
	}
	b.cookie = w.Result().Cookies()
	return b
}

func (b *browser) ask(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, path, body)
	r.Host = label + ".localhost:4711"
	r.Header.Set("Accept-Language", b.lang)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range b.cookie {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, r)
	return w
}

// get draws a screen.
func (b *browser) get(path string) string {
	b.t.Helper()
	w := b.ask(http.MethodGet, path, nil)
	if w.Code != http.StatusOK {
		b.t.Fatalf("GET %s = %d:\n%s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// post says a wish and follows where it leads.
func (b *browser) post(path string, form url.Values) string {
	b.t.Helper()
	w := b.ask(http.MethodPost, path, form)
	if w.Code != http.StatusSeeOther {
		b.t.Fatalf("POST %s = %d:\n%s", path, w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

var errBroken = errors.New("/home/ann/secret: the disk went away")

var base = "/c/" + oak.String()

// silent is a log that nobody reads.
var silent = slog.New(slog.DiscardHandler)

// siteOn is the page of a home that serves a local network too.
func siteOn(h *home, lan netip.Addr) *web.Site {
	return web.New(web.Config{Service: h, Upkeep: h, Label: label, Port: 4711, LAN: func() []netip.Addr { return []netip.Addr{lan} }, Now: h.now, Log: silent})
}

func sha(data []byte) [32]byte { return sha256.Sum256(data) }

// walk visits every file below dir.
func walk(dir string, visit func(name string)) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			visit(filepath.ToSlash(name))
		}
		return err
	})
}

// served serves a page over TCP and returns a reader of the lines of one address,
// empty ones left out.
func served(t *testing.T, b *browser) (*httptest.Server, func(path string) func() string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = label + ".localhost:4711" // the test's server has a port of its own
		b.site.ServeHTTP(w, r)
	}))
	return server, func(path string) func() string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range b.cookie {
			r.AddCookie(c)
		}
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		lines := bufio.NewScanner(answer.Body)
		return func() string {
			for lines.Scan() {
				if text := lines.Text(); text != "" {
					return text
				}
			}
			return ""
		}
	}
}

// siteAt is the page of a home at a real port.
func siteAt(h *home, port int) *web.Site {
	return web.New(web.Config{Service: h, Upkeep: h, Label: label, Port: port, Now: h.now, Log: silent})
}
