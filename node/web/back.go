package web

import (
	"context"
	"html/template"
	"net/http"
	"strings"

	"tend/node/view"
)

// backModel is coming back with nothing left but an invitation, and words on paper
// or people who know one's voice.
type backModel struct {
	Words string // as typed
	Code  string // the invitation, once it was read
	As    string
}

func (s *Site) backDoor(w http.ResponseWriter, r *http.Request) error {
	return s.plainScreen(w, r, http.StatusOK, "back", "back.title", backModel{})
}

// readBack reads the invitation. It dials nobody.
func (s *Site) readBack(w http.ResponseWriter, r *http.Request) error {
	words, fields, err := readWords(w, r)
	m := backModel{Words: fields["words"]}
	if err == nil {
		var code view.Code
		code, err = s.readInvite(r.Context(), words)
		m.Code = code.Text
	}
	if err != nil {
		return s.ownScreen(w, r, "back", "back.title", m, err)
	}
	return s.plainScreen(w, r, http.StatusOK, "backwith", "back.title", m)
}

// comeBack asks to be known again. The words of the phrase are in the form's body
// alone, and are not sent back.
func (s *Site) comeBack(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	m := backModel{Code: form.Get("code"), As: strings.TrimSpace(form.Get("as"))}
	phrase, byPeople := strings.Join(strings.Fields(form.Get("phrase")), " "), form.Get("way") == "people"
	again := func(err error) error { return s.ownScreen(w, r, "backwith", "back.title", m, err) }
	switch {
	case m.As == "":
		return again(&notice{status: http.StatusUnprocessableEntity, key: "back.name_needed"})
	case byPeople:
		phrase = ""
	case phrase == "":
		return again(&notice{status: http.StatusUnprocessableEntity, key: "back.no_phrase"})
	}
	ctx, cancel := waiting(r.Context())
	defer cancel()
	if byPeople { // it takes days: there is nothing to wait for here
		ctx, cancel = context.WithCancel(ctx)
		cancel()
	}
	j, err := s.upkeep.ComeBack(ctx, m.Code, m.As, phrase)
	switch {
	case err != nil:
		return again(err)
	case byPeople:
		http.Redirect(w, r, "/back/code", http.StatusSeeOther)
	case j.State == "knocking":
		http.Redirect(w, r, "/knocking", http.StatusSeeOther)
	default:
		http.Redirect(w, r, "/c/"+j.Circle+"?said=back_in", http.StatusSeeOther)
	}
	return nil
}

// backCodeModel is what to show to those who may stand for one.
type backCodeModel struct {
	Code  template.HTML // as a picture
	Words string        // the same in words
	Six   string
	Done  bool // nobody comes back here any more
	In    bool // and this home is in a circle: whoever did is back
}

// backCode shows it until this home is back; it looks again by itself.
func (s *Site) backCode(w http.ResponseWriter, r *http.Request) error {
	rec, coming := s.upkeep.ComingBack(r.Context())
	h := s.frame(r, nil)
	m := backCodeModel{Words: rec.Text, Six: rec.Words, Done: !coming}
	if m.Done {
		all, err := s.upkeep.Circles(r.Context())
		if err != nil {
			return err
		}
		m.In = len(all) > 0
	}
	if coming {
		var err error
		if m.Code, err = drawn(rec.Text, h.Lang.plain("back.picture")); err != nil {
			return err
		}
	}
	h.Title, h.Body, h.Self = h.Lang.say("back.title"), m, "/back/code"
	return s.draw(w, http.StatusOK, "backcode", h)
}
