package web

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/view"
	"tend/node/words"
	"tend/storage"
)

//go:embed templates/*.html
var templateFS embed.FS

// Config says whose page it is.
type Config struct {
	Service Service
	Upkeep  Upkeep
	// Label is the page's own name below .localhost: random, made once per home.
	Label string
	// Port and LAN are those of the [Door] that the page is served at. LAN tells the
	// addresses on local networks whenever it is asked; it may be nil where the page is
	// on loopback alone.
	Port int
	LAN  func() []netip.Addr
	// Calendar returns the calendar that a secret opens; false if it opens none. It may
	// be nil.
	Calendar func(secret string) ([]byte, bool, error)
	// Now is the clock, in the zone of the home.
	Now func() time.Time
	// Log gets what went wrong inside, never what members wrote.
	Log *slog.Logger
}

// Site is the page of one home. It is safe for concurrent use.
type Site struct {
	service    Service
	upkeep     Upkeep
	places     places
	lan        func() []netip.Addr                       // never nil
	calendarOf func(secret string) ([]byte, bool, error) // never nil
	now        func() time.Time
	log        *slog.Logger
	sessions   *sessions
	assets     http.Handler
	streams    chan struct{} // a token for each open event stream
	handler    http.Handler
	drawn      map[string]map[string]*template.Template // by language, by screen
	tell       func(screen string)                      // a test's ear; nil else
}

// New returns the page of a home.
func New(c Config) *Site {
	on := places{label: c.Label, port: portText(c.Port), lan: c.LAN != nil}
	if c.LAN == nil {
		c.LAN = func() []netip.Addr { return nil }
	}
	if c.Calendar == nil {
		c.Calendar = func(string) ([]byte, bool, error) { return nil, false, nil }
	}
	s := &Site{service: c.Service, upkeep: c.Upkeep, places: on, lan: c.LAN, calendarOf: c.Calendar,
		now: c.Now, log: c.Log, sessions: newSessions(c.Now), assets: http.HandlerFunc(serveAsset),
		streams: make(chan struct{}, maxStreams), drawn: parsed()}
	s.handler = s.walled(s.routes())
	return s
}

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Address is where the page is, without a secret.
func (s *Site) Address() string { return s.places.base(false) }

// Link makes a one-time link to open the page with; plain, under 127.0.0.1.
func (s *Site) Link(plain bool) view.PageLink {
	text, until := s.sessions.invite(false)
	return view.PageLink{Link: s.places.base(plain) + "/enter?code=" + text, Expires: until}
}

// Screens lists the other devices that show this page.
func (s *Site) Screens() []view.Screen {
	out := []view.Screen{}
	for _, one := range s.sessions.screens() {
		out = append(out, view.Screen{ID: one.id, Name: one.agent, Since: one.since.Truncate(time.Second), Seen: one.seen.Truncate(time.Second)})
	}
	return out
}

// Dismiss sends another device away; false if there is none of that id.
func (s *Site) Dismiss(id string) bool { return s.sessions.end(id) }

// Pair makes a one-time link for another device on a local network; false where the
// page is not served there.
func (s *Site) Pair() (view.PageLink, bool) {
	lan := s.lan()
	if len(lan) == 0 {
		return view.PageLink{}, false
	}
	text, until := s.sessions.invite(true)
	at := "http://" + netip.AddrPortFrom(lan[0], portOf(s.places.port)).String()
	return view.PageLink{Link: at + "/enter?code=" + text, Expires: until}, true
}

// notice is an error with a sentence of the catalogue.
type notice struct {
	status int
	key    string
}

func (n *notice) Error() string { return n.key }

// handle is a screen or a wish. What it returns as an error is drawn.
type handle func(http.ResponseWriter, *http.Request) error

// safely draws the error of h, and a panic, which is our own mistake, as one that
// tells nothing of the inside.
func (s *Site) safely(h handle) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.log.Error("a screen panicked", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			s.shell(w, r, http.StatusInternalServerError, "shell.inside")
		}()
		if err := h(w, r); err != nil {
			s.failed(w, r, err)
		}
	})
}

// failed draws an error on a screen of its own.
func (s *Site) failed(w http.ResponseWriter, r *http.Request, err error) {
	var own *notice
	var wish *circle.Problem
	switch {
	case errors.As(err, &own):
		s.shell(w, r, own.status, own.key)
	case errors.As(err, &wish):
		s.shellSaying(w, r, statusOf(wish), s.problemOf(languageOf(r, nil), wish))
	case errors.Is(err, context.Canceled):
		s.shell(w, r, http.StatusServiceUnavailable, "shell.interrupted")
	case storage.IsFull(err):
		s.log.Error("the disk is full", "err", err)
		s.shell(w, r, http.StatusInsufficientStorage, "shell.full")
	default:
		s.log.Error("a screen failed", "path", r.URL.Path, "err", err)
		s.shell(w, r, http.StatusInternalServerError, "shell.inside")
	}
}

func statusOf(p *circle.Problem) int {
	switch p.Code {
	case circle.NotFound:
		return http.StatusNotFound
	case circle.Kept, circle.NotYet:
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// said is a sentence beside a screen: a problem, or that something is done. A hint
// is the page's own: what a command line can do helps nobody in a browser.
type said struct {
	Text   template.HTML
	Hint   template.HTML
	Gently bool // it went well
}

func (s *Site) problemOf(l *language, p *circle.Problem) *said {
	by := speaker{lang: l, now: s.now()}
	return &said{Text: by.say(p.Said, words.Told.Tell(p.Said)), Hint: by.hint(p.Said)}
}

// problem returns what to say beside a form about err; nil if it is none that a
// person can mend there.
func (s *Site) problem(l *language, err error) (*said, int) {
	var own *notice
	var wish *circle.Problem
	switch {
	case errors.As(err, &own):
		return &said{Text: l.say(own.key)}, own.status
	case errors.As(err, &wish):
		return s.problemOf(l, wish), statusOf(wish)
	}
	return nil, 0
}

// head is what the frame around every screen shows.
type head struct {
	Lang    *language
	Theme   string // "light", "dark" or "" for the system's
	Letters string // "clear" or ""
	Title   template.HTML
	Circle  *circleHead // nil outside of one
	Place   string      // which of the five places is lit
	Self    string      // the address that the screen fetches again; "" if it never does
	Often   bool        // it also does so every few seconds, where no event would tell
	Said    *said
	Assets  string
	Phone   bool // another device's screen
	Body    any
}

// circleHead names the circle a screen is in.
type circleHead struct {
	ID, Base, Name string
	People         int
	More           bool // there are other circles on this home
	Out            bool // left, or asked to go
	Coming         bool // came back from a backup, and has met nobody yet
	Ended          bool // this device was ended
}

// out reports whether this member is no longer in a circle.
func out(c view.Circle) bool {
	return c.Standing == "left" || c.Standing == "removed" || c.Standing == "not_in"
}

// coming reports whether this home came back from a backup and has met nobody yet.
func coming(c view.Circle) bool { return c.Standing == "coming_back" }

// saidIn is what an address asks a screen to say: that a wish was carried out.
func (l *language) saidIn(r *http.Request) *said {
	if key := r.URL.Query().Get("said"); r.Method == http.MethodGet && key != "" && l.Has("said."+key) {
		return &said{Text: l.say("said." + key), Gently: true}
	}
	return nil
}

// draw writes a screen.
func (s *Site) draw(w http.ResponseWriter, status int, screen string, h head) error {
	h.Assets = assetsBase
	if s.tell != nil {
		s.tell(screen)
	}
	var out strings.Builder
	if err := s.drawn[h.Lang.Tag()][screen].ExecuteTemplate(&out, "page", h); err != nil {
		return fmt.Errorf("draw %s: %w", screen, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", h.Lang.Tag())
	w.WriteHeader(status)
	_, _ = w.Write([]byte(out.String())) // a reader that went away needs no answer
	return nil
}

// frame begins a head for a request.
func (s *Site) frame(r *http.Request, own []string) head {
	h := head{Lang: languageOf(r, own), Phone: sessionOf(r.Context()).screen}
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		h.Theme = c.Value
	}
	if c, err := r.Cookie(lettersCookie); err == nil && c.Value == "clear" {
		h.Letters = c.Value
	}
	return h
}

// shell draws the frame with one sentence and nothing of anybody's.
func (s *Site) shell(w http.ResponseWriter, r *http.Request, status int, key string) {
	l := languageOf(r, nil)
	s.shellSaying(w, r, status, &said{Text: l.say(key)})
}

func (s *Site) shellSaying(w http.ResponseWriter, r *http.Request, status int, say *said) {
	h := s.frame(r, nil)
	h.Title, h.Said = h.Lang.say("shell.title"), say
	if err := s.draw(w, status, "shell", h); err != nil {
		s.log.Error("the shell cannot be drawn", "err", err)
		http.Error(w, "Something went wrong inside Tend.", http.StatusInternalServerError)
	}
}

// found finds the circle in the address.
func (s *Site) found(r *http.Request) (view.Circle, error) {
	all, err := s.upkeep.Circles(r.Context())
	if err != nil {
		return view.Circle{}, err
	}
	i := slices.IndexFunc(all, func(c view.Circle) bool { return c.ID == r.PathValue("circle") })
	if i < 0 {
		return view.Circle{}, &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}
	return all[i], nil
}

// inside is one request within a circle: the circle as it is now, and the head of
// the screen that answers.
type inside struct {
	site *Site
	w    http.ResponseWriter
	r    *http.Request
	id   crdt.ID
	src  view.Source
	head head
	lang *language
	me   string // this member's id
	now  time.Time
	// form is what was typed, when a screen is drawn again because of it.
	form url.Values
	code int
}

// within makes a handle of one that needs a circle. All that is read under one
// request is read from one snapshot.
func (s *Site) within(serve func(*inside) error) handle {
	return func(w http.ResponseWriter, r *http.Request) error {
		in, err := s.enterCircle(w, r)
		if in == nil || err != nil {
			return err
		}
		return serve(in)
	}
}

// enterCircle returns nil without an error where the request was sent on: whoever
// said no name yet says hello first.
func (s *Site) enterCircle(w http.ResponseWriter, r *http.Request) (*inside, error) {
	c, err := s.found(r)
	if err != nil {
		return nil, err
	}
	if c.Standing == StandingGreeting {
		http.Redirect(w, r, "/hello/"+c.ID, http.StatusSeeOther)
		return nil, nil
	}
	id, err := crdt.ParseID(c.ID)
	if err != nil {
		return nil, err
	}
	all, err := s.upkeep.Circles(r.Context())
	if err != nil {
		return nil, err
	}
	src, err := s.service.View(id)
	if err != nil {
		return nil, err
	}
	in := &inside{site: s, w: w, r: r, id: id, src: src, me: src.Env.Me.String(), now: src.Env.Now, code: http.StatusOK}
	var own []string
	if item, err := src.Show(in.me, false); err == nil && item.Member != nil {
		own = item.Member.Languages
	}
	in.head = s.frame(r, own)
	in.lang = in.head.Lang
	in.head.Circle = &circleHead{ID: c.ID, Base: "/c/" + c.ID, Name: c.Name, People: c.Members, More: len(all) > 1, Out: out(c), Coming: coming(c), Ended: c.Standing == "device_ended"}
	in.head.Said = in.lang.saidIn(r)
	return in, nil
}

// live are the screens that fetch themselves again when something changed. Those
// that are forms above all stay as they are while somebody fills them in.
var live = []string{"home", "post", "agreement", "person", "decision", "talk", "talks", "look", "week", "offers", "circle", "returns"}

// show draws a screen of the circle.
func (in *inside) show(screen, place string, title template.HTML, body any) error {
	in.head.Place, in.head.Title, in.head.Body = place, title, body
	if in.r.Method == http.MethodGet && slices.Contains(live, screen) {
		in.head.Self = in.r.URL.RequestURI() // with what was said: a fresh look must not unsay it
	}
	return in.site.draw(in.w, in.code, screen, in.head)
}

// typed returns what was typed under name.
func (in *inside) typed(name string) string {
	if v := in.form[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// to sends the browser on to a screen of the circle, which says a sentence there.
func (in *inside) to(path, said string) error {
	at := in.head.Circle.Base + path
	if said != "" {
		at += "?said=" + said
	}
	http.Redirect(in.w, in.r, at, http.StatusSeeOther)
	return nil
}
