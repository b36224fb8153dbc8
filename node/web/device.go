package web

import (
	"html/template"
	"net/http"
	"strconv"
	"time"

	"tend/crdt/circle"
	"tend/node/view"
)

// deviceModel is this device: how the page looks here, other screens, what keeps
// this home, and whether all is well.
type deviceModel struct {
	Languages []option
	Themes    []option
	Letters   bool
	LAN       bool
	Pair      template.HTML // the code that another screen's camera opens
	PairLink  string
	Screens   []screenLine
	Circle    bool // there is one, and so something to keep
	Checks    []checkLine
	Address   string
	Version   string
	Back      string
}

type screenLine struct {
	ID, Name string
	Since    template.HTML
}

type checkLine struct {
	OK                     bool
	Check, Finding, Remedy template.HTML
}

func (s *Site) device(w http.ResponseWriter, r *http.Request) error {
	return s.drawDevice(w, r, view.PageLink{})
}

func (s *Site) drawDevice(w http.ResponseWriter, r *http.Request, pair view.PageLink) error {
	h := s.frame(r, nil)
	m := deviceModel{Letters: h.Letters != "", LAN: !h.Phone && len(s.lan()) > 0, Address: s.Address(), Version: s.upkeep.Version().Version}
	for _, l := range languages {
		m.Languages = append(m.Languages, option{Value: l.Tag(), Label: template.HTML(`<bdi lang="` + l.Tag() + `">` + l.name + `</bdi>`), On: l == h.Lang})
	}
	for _, theme := range []string{"", "light", "dark"} {
		key := "device.theme_" + theme
		if theme == "" {
			key = "device.theme_system"
		}
		m.Themes = append(m.Themes, option{Value: theme, Label: h.Lang.say(key), On: theme == h.Theme})
	}
	now := s.now()
	if !h.Phone {
		for _, one := range s.sessions.screens() {
			m.Screens = append(m.Screens, screenLine{ID: one.id, Name: one.agent, Since: h.Lang.say("device.since", "when", h.Lang.ago(one.since, now))})
		}
	}
	if pair.Link != "" {
		var err error
		if m.Pair, err = drawn(pair.Link, h.Lang.plain("device.pair_picture")); err != nil {
			return err
		}
		m.PairLink = pair.Link
	}
	if err := s.fillHealth(r, &m, speaker{lang: h.Lang, now: now}); err != nil {
		return err
	}
	h.Title, h.Body, h.Place = h.Lang.say("device.title"), m, "device"
	return s.draw(w, http.StatusOK, "device", h)
}

func (s *Site) fillHealth(r *http.Request, m *deviceModel, by speaker) error {
	checks, err := s.upkeep.Doctor(r.Context())
	if err != nil {
		return err
	}
	for _, c := range checks {
		m.Checks = append(m.Checks, checkOf(by, c))
	}
	all, err := s.upkeep.Circles(r.Context())
	if err != nil {
		return err
	}
	m.Circle = len(all) > 0
	if m.Circle {
		m.Back = "/c/" + all[0].ID
	}
	return nil
}

func checkOf(by speaker, c view.Check) checkLine {
	line := checkLine{OK: c.OK, Check: by.say(circle.As("check."+c.Check), c.Check), Finding: by.say(c.Found, c.Finding)}
	if c.Remedy != "" {
		line.Remedy = by.say(c.Cure, c.Remedy)
	}
	return line
}

// year is how long a look stays as it was chosen.
const year = 365 * 24 * time.Hour

// setLook keeps in cookies how the page looks on this screen. They hold no secret.
func (s *Site) setLook(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	keep := func(name, value string) {
		c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: int(year.Seconds())}
		if value == "" {
			c.MaxAge = -1
		}
		http.SetCookie(w, c)
	}
	if l := tagged(form.Get("language")); l != nil {
		keep(langCookie, l.Tag())
	}
	switch theme := form.Get("theme"); theme {
	case "light", "dark":
		keep(themeCookie, theme)
	default:
		keep(themeCookie, "")
	}
	letters := ""
	if form.Get("letters") != "" {
		letters = "clear"
	}
	keep(lettersCookie, letters)
	http.Redirect(w, r, "/device", http.StatusSeeOther)
	return nil
}

// pair shows the code that opens this page on another screen. A screen that was
// itself let in so lets in no further ones.
func (s *Site) pair(w http.ResponseWriter, r *http.Request) error {
	if sessionOf(r.Context()).screen {
		return &notice{status: http.StatusForbidden, key: "device.not_from_here"}
	}
	link, ok := s.Pair()
	if !ok {
		return &notice{status: http.StatusConflict, key: "device.no_lan"}
	}
	return s.drawDevice(w, r, link)
}

func (s *Site) dismiss(w http.ResponseWriter, r *http.Request) error {
	if sessionOf(r.Context()).screen {
		return &notice{status: http.StatusForbidden, key: "device.not_from_here"}
	}
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	s.Dismiss(form.Get("screen")) // one that is gone already is as it should be
	http.Redirect(w, r, "/device", http.StatusSeeOther)
	return nil
}

func portOf(text string) uint16 {
	n, _ := strconv.ParseUint(text, 10, 16) // it was a number when the door opened
	return uint16(n)
}
