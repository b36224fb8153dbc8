package web

import (
	"net/http"
	"strings"

	"tend/node/view"
)

// calendarPath is where programs for calendars read, with no session: the secret in
// the address is all that they can bring.
const (
	calendarPath   = "/calendar/"
	calendarSuffix = ".ics"
)

// CalendarAt returns the addresses of the calendar that a secret opens: the one on
// this machine, under a name that every program knows, and those on local networks.
func (s *Site) CalendarAt(secret string) (own string, network []string) {
	path := calendarPath + secret + calendarSuffix
	for _, at := range s.lan() {
		host := at.String()
		if at.Is6() {
			host = "[" + host + "]"
		}
		network = append(network, "http://"+host+":"+s.places.port+path)
	}
	return s.places.base(true) + path, network
}

// calendar answers a program that reads a calendar. Nothing of the address is logged
// or said again, and whatever opens nothing gets the same answer.
func (s *Site) calendar(w http.ResponseWriter, r *http.Request) {
	secret, named := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, calendarPath), calendarSuffix)
	if !named || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	data, ok, err := s.calendarOf(secret)
	switch {
	case err != nil:
		s.log.Error("a calendar cannot be read", "err", err)
		http.Error(w, "Something went wrong inside Tend.", http.StatusInternalServerError)
	case !ok:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		_, _ = w.Write(data) // a reader that went away needs no answer
	}
}

// linkedModel is the door to the secret address of one's own calendar: what it holds,
// and, once asked for, the address.
type linkedModel struct {
	To    string
	Shown bool
	Link  view.CalendarLink
	LAN   bool
}

func (in *inside) linkedDoor() error { return in.drawLinked(linkedModel{}) }

func (in *inside) drawLinked(m linkedModel) error {
	m.To, m.LAN = in.head.Circle.Base+"/calendar", len(in.site.lan()) > 0
	return in.show("calendar", "week", in.lang.say("calendar.title"), m)
}

// linked answers with the address: an answer to a form, which nothing brings back.
func (in *inside) linked() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	fresh := form.Get("fresh") != ""
	link, err := in.site.upkeep.CalendarLink(in.r.Context(), in.id, fresh)
	if err != nil {
		return in.problemAt(err, in.linkedDoor)
	}
	if fresh {
		in.head.Said = &said{Text: in.lang.say("calendar.ended"), Gently: true}
	}
	return in.drawLinked(linkedModel{Shown: true, Link: link})
}
