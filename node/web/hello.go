package web

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"tend/crdt"
	"tend/crdt/circle"
)

// helloModel is what a circle is and how it does things, before its members are told
// a name.
type helloModel struct {
	ID      string
	Name    string
	Purpose string
	Bounds  []sectionLine
	Help    []string
	History template.HTML
	Review  template.HTML
	As      string
	Word    string // what it means to them
}

// knock knocks with an invitation that was shown before. No name goes along.
func (s *Site) knock(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	ctx, cancel := waiting(r.Context())
	defer cancel()
	j, err := s.upkeep.AskIn(ctx, form.Get("code"))
	if err != nil {
		return s.joinAgain(w, r, joinModel{}, err)
	}
	return s.joined(w, r, j)
}

// greeted finds the circle in the address, which waits for a name or for not now.
func (s *Site) greeted(r *http.Request) (crdt.ID, bool, error) {
	c, err := s.found(r)
	if err != nil {
		return crdt.ID{}, false, err
	}
	id, err := crdt.ParseID(c.ID)
	return id, c.Standing == StandingGreeting, err
}

// helloDoor shows a circle that let this home in, as its members agreed on it.
func (s *Site) helloDoor(w http.ResponseWriter, r *http.Request) error {
	return s.drawHello(w, r, nil, nil)
}

func (s *Site) drawHello(w http.ResponseWriter, r *http.Request, form url.Values, wrong error) error {
	id, waits, err := s.greeted(r)
	if err != nil {
		return err
	}
	if !waits {
		http.Redirect(w, r, "/c/"+id.String(), http.StatusSeeOther)
		return nil
	}
	src, err := s.service.View(id)
	if err != nil {
		return err
	}
	h, status := s.frame(r, nil), http.StatusOK
	if wrong != nil {
		if h.Said, status = s.problem(h.Lang, wrong); h.Said == nil {
			return wrong
		}
	}
	charter := src.Charter()
	m := helloModel{ID: id.String(), Name: charter.Name, Purpose: charter.Purpose, Help: charter.OutsideHelp, History: h.Lang.say("history." + charter.History), As: form.Get("as"), Word: form.Get("word")}
	m.Bounds = (&inside{lang: h.Lang}).boundLines(charter.Bounds)
	if charter.ReviewOn != "" {
		m.Review = h.Lang.say("decision.review", "day", h.Lang.when(charter.ReviewOn, src.Env.Now))
	}
	h.Title, h.Body = escaped(charter.Name), m
	return s.draw(w, status, "hello", h)
}

// sayHello tells the members a name, and what the charter means to whoever has it, where
// they say so.
func (s *Site) sayHello(w http.ResponseWriter, r *http.Request) error {
	id, _, err := s.greeted(r)
	if err != nil {
		return err
	}
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	as := strings.TrimSpace(form.Get("as"))
	if as == "" {
		return s.drawHello(w, r, form, &notice{status: http.StatusUnprocessableEntity, key: "hello.name_needed"})
	}
	word := circle.SayOnCharter{Text: strings.ReplaceAll(form.Get("word"), "\r\n", "\n")}
	src, err := s.service.View(id)
	if err != nil {
		return err
	}
	if _, _, err := circle.Decide(src.State, src.Env, word); err != nil { // before anything is said
		return s.drawHello(w, r, form, err)
	}
	if err := s.upkeep.Hello(r.Context(), id, as); err != nil {
		return s.drawHello(w, r, form, err)
	}
	if _, err := s.service.Do(r.Context(), id, word); err != nil {
		return err
	}
	http.Redirect(w, r, "/c/"+id.String()+"?said=joined", http.StatusSeeOther)
	return nil
}

// helloNotNow leaves again; the members were told no name.
func (s *Site) helloNotNow(w http.ResponseWriter, r *http.Request) error {
	id, waits, err := s.greeted(r)
	if err != nil {
		return err
	}
	if waits {
		if err := s.upkeep.Leave(r.Context(), id, ""); err != nil {
			return s.drawHello(w, r, nil, err)
		}
	}
	http.Redirect(w, r, "/?said=not_in", http.StatusSeeOther)
	return nil
}
