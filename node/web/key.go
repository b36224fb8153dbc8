package web

import (
	"html/template"
	"net/http"
	"slices"
)

// wordsModel is the 24 words: first a step that says what they are, and then they.
type wordsModel struct {
	Locked  bool
	Shown   bool
	Phrases []phraseLine
}

// phraseLine is one phrase and where it brings its member back; none where no words
// do.
type phraseLine struct {
	Circles template.HTML
	Words   []string
}

func (s *Site) wordsDoor(w http.ResponseWriter, r *http.Request) error {
	return s.drawWordsDoor(w, r, nil)
}

func (s *Site) drawWordsDoor(w http.ResponseWriter, r *http.Request, wrong error) error {
	locked, err := s.locked(r.Context())
	if err != nil {
		return err
	}
	return s.ownScreen(w, r, "words", "words.title", wordsModel{Locked: locked}, wrong)
}

// showWords answers with the words: an answer to a form, which no address brings
// back and no browser keeps.
func (s *Site) showWords(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	all, err := s.upkeep.Phrases(r.Context(), form.Get("passphrase"))
	if err != nil {
		return s.drawWordsDoor(w, r, err)
	}
	l, m := languageOf(r, nil), wordsModel{Shown: true}
	for _, p := range all {
		var names []template.HTML
		for _, c := range p.Circles {
			names = append(names, isolated(c))
		}
		m.Phrases = append(m.Phrases, phraseLine{Circles: l.list(names), Words: p.Words})
	}
	return s.plainScreen(w, r, http.StatusOK, "words", "words.title", m)
}

// keyModel is where this home's key is.
type keyModel struct {
	Key    string
	Now    template.HTML
	Locked bool
	Places []keyPlace
}

// keyPlace is a place that it may go to.
type keyPlace struct {
	Place string
	Fresh bool // a passphrase is to be set there
}

func (s *Site) key(w http.ResponseWriter, r *http.Request) error { return s.drawKey(w, r, nil) }

func (s *Site) drawKey(w http.ResponseWriter, r *http.Request, wrong error) error {
	k, err := s.upkeep.Keeping(r.Context())
	if err != nil {
		return err
	}
	m := keyModel{Key: k.Key, Now: languageOf(r, nil).say("key.now_" + k.Key), Locked: k.Key == keyInPassphrase}
	for _, place := range []string{keyInPassphrase, keyInKeyring, keyInFile} {
		if place != k.Key || place == keyInPassphrase {
			m.Places = append(m.Places, keyPlace{Place: place, Fresh: place == keyInPassphrase})
		}
	}
	return s.ownScreen(w, r, "key", "key.title", m, wrong)
}

// moveKey moves it. A passphrase is in the form's body alone, and never sent back.
func (s *Site) moveKey(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	place, fresh := form.Get("place"), form.Get("fresh")
	switch {
	case !slices.Contains([]string{keyInFile, keyInKeyring, keyInPassphrase}, place):
		return &notice{status: http.StatusUnprocessableEntity, key: "form.unreadable"}
	case place == keyInPassphrase && fresh != form.Get("again"):
		return s.drawKey(w, r, &notice{status: http.StatusUnprocessableEntity, key: "key.differ"})
	}
	if _, err := s.upkeep.MoveKey(r.Context(), place, form.Get("passphrase"), fresh); err != nil {
		return s.drawKey(w, r, err)
	}
	http.Redirect(w, r, "/key?said=key_"+place, http.StatusSeeOther)
	return nil
}
