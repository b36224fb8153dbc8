package web

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"tend/node/view"
)

// waitAtDoor is how long a form waits for another home; the node goes on by itself.
const waitAtDoor = 8 * time.Second

func waiting(ctx context.Context) (context.Context, context.CancelFunc) {
	ending, end := untilEnding(ctx)
	ctx, cancel := context.WithTimeout(ending, waitAtDoor)
	return ctx, func() {
		cancel()
		end()
	}
}

// front leads to the circle of this home; without one, it shows three doors.
func (s *Site) front(w http.ResponseWriter, r *http.Request) error {
	all, err := s.upkeep.Circles(r.Context())
	if err != nil {
		return err
	}
	joins, err := s.upkeep.Joins(r.Context())
	if err != nil {
		return err
	}
	_, comingBack := s.upkeep.ComingBack(r.Context())
	switch {
	case len(all) == 1:
		http.Redirect(w, r, "/c/"+all[0].ID, http.StatusSeeOther)
		return nil
	case len(all) > 1:
		http.Redirect(w, r, "/circles", http.StatusSeeOther)
		return nil
	case comingBack:
		http.Redirect(w, r, "/back/code", http.StatusSeeOther)
		return nil
	case slices.ContainsFunc(joins, func(j Joining) bool { return j.State != stateOver }):
		http.Redirect(w, r, "/knocking", http.StatusSeeOther)
		return nil
	}
	return s.plainScreen(w, r, http.StatusOK, "welcome", "welcome.title", nil)
}

// plainScreen draws a screen outside of any circle.
func (s *Site) plainScreen(w http.ResponseWriter, r *http.Request, status int, screen, title string, body any, says ...*said) error {
	h := s.frame(r, nil)
	h.Title, h.Body = h.Lang.say(title), body
	if len(says) > 0 {
		h.Said = says[0]
	} else {
		h.Said = h.Lang.saidIn(r)
	}
	return s.draw(w, status, screen, h)
}

// circlesModel lists the circles of a home that has several.
type circlesModel struct{ Circles []circleHead }

func (s *Site) circles(w http.ResponseWriter, r *http.Request) error {
	all, err := s.upkeep.Circles(r.Context())
	if err != nil {
		return err
	}
	m := circlesModel{}
	for _, c := range all {
		m.Circles = append(m.Circles, circleHead{ID: c.ID, Base: "/c/" + c.ID, Name: c.Name, People: c.Members, Out: out(c), Coming: coming(c)})
	}
	return s.plainScreen(w, r, http.StatusOK, "circles", "circles.title", m)
}

// beginModel is the form that begins a circle.
type beginModel struct{ Name, As, Purpose string }

func (s *Site) beginForm(w http.ResponseWriter, r *http.Request) error {
	return s.plainScreen(w, r, http.StatusOK, "begin", "begin.title", beginModel{})
}

func (s *Site) begin(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	m := beginModel{Name: strings.TrimSpace(form.Get("name")), As: strings.TrimSpace(form.Get("as")), Purpose: form.Get("purpose")}
	again := func(err error) error {
		say, code := s.problem(languageOf(r, nil), err)
		if say == nil {
			return err
		}
		return s.plainScreen(w, r, code, "begin", "begin.title", m, say)
	}
	if m.Name == "" || m.As == "" {
		return again(&notice{status: http.StatusUnprocessableEntity, key: "begin.both"})
	}
	id, err := s.upkeep.Begin(r.Context(), BeginOptions{Name: m.Name, As: m.As, Purpose: strings.TrimSpace(m.Purpose)})
	if err != nil {
		return again(err)
	}
	http.Redirect(w, r, "/c/"+id.String()+"?said=begun", http.StatusSeeOther)
	return nil
}

// joinModel is the door to somebody else's circle, by stages: an invitation is
// read, shown, and only then knocked with.
type joinModel struct {
	Words   string
	As      string
	Code    *codeShown
	Mine    template.HTML // one's own code as a picture, for a member to scan
	MyWords string
}

// codeShown is what an invitation says of itself, before anybody is dialled.
type codeShown struct {
	Text      string
	Until     template.HTML
	Addresses []string
}

func (s *Site) joinDoor(w http.ResponseWriter, r *http.Request) error {
	return s.plainScreen(w, r, http.StatusOK, "join", "join.title", joinModel{})
}

// readCode reads pasted words or a photo, and shows what they are. It dials nobody.
func (s *Site) readCode(w http.ResponseWriter, r *http.Request) error {
	words, fields, err := readWords(w, r)
	m := joinModel{Words: fields["words"], As: fields["as"]}
	if err != nil {
		return s.joinAgain(w, r, m, err)
	}
	code, err := s.readInvite(r.Context(), words)
	if err != nil {
		return s.joinAgain(w, r, m, err)
	}
	return s.showCode(w, r, http.StatusOK, m, code)
}

// readInvite reads an invitation that is good still, as far as it says itself.
func (s *Site) readInvite(ctx context.Context, words string) (view.Code, error) {
	code, err := s.upkeep.ReadCode(ctx, words)
	switch {
	case err != nil:
		return view.Code{}, err
	case code.Kind != "invite":
		return view.Code{}, &notice{status: http.StatusUnprocessableEntity, key: "join.not_invite"}
	case code.Expires != nil && !code.Expires.After(s.now()):
		return view.Code{}, &notice{status: http.StatusConflict, key: "knocking.ran_out"}
	}
	return code, nil
}

func (s *Site) showCode(w http.ResponseWriter, r *http.Request, status int, m joinModel, code view.Code, says ...*said) error {
	l := languageOf(r, nil)
	m.Code = &codeShown{Text: code.Text, Addresses: code.Addresses}
	if code.Expires != nil {
		now := s.now()
		at := code.Expires.In(now.Location())
		m.Code.Until = l.say("date.at", "day", l.day(at, now), "time", at.Format("15:04"))
	}
	return s.plainScreen(w, r, status, "invited", "hello.title", m, says...)
}

func (s *Site) joinAgain(w http.ResponseWriter, r *http.Request, m joinModel, err error) error {
	say, code := s.problem(languageOf(r, nil), err)
	if say == nil {
		return err
	}
	return s.plainScreen(w, r, code, "join", "join.title", m, say)
}

// readFrame looks at one frame of the camera: 200 and the text, or 422. The frame
// is kept in memory for that long and nowhere else.
func (s *Site) readFrame(w http.ResponseWriter, r *http.Request) error {
	arriveWithin(w, lookTime)
	text, err := lookAt(r.Context(), http.MaxBytesReader(w, r.Body, maxPhoto))
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return nil
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text))
	return nil
}

func (s *Site) joined(w http.ResponseWriter, r *http.Request, j view.Joining) error {
	if j.State == "knocking" {
		http.Redirect(w, r, "/knocking", http.StatusSeeOther)
		return nil
	}
	http.Redirect(w, r, "/c/"+j.Circle+"/charter?said=joined", http.StatusSeeOther)
	return nil
}

// stateOver is the State of a joining whose door did not open.
const stateOver = "over"

// knockingModel says how far a joining is.
type knockingModel struct {
	Waiting bool
	In      []circleHead
	Over    template.HTML // why no door opened, where none will
}

// knocking waits at the door; it looks again by itself, and says when it opened, or
// that it will not.
func (s *Site) knocking(w http.ResponseWriter, r *http.Request) error {
	joins, err := s.upkeep.Joins(r.Context())
	if err != nil {
		return err
	}
	h := s.frame(r, nil)
	m := knockingModel{}
	for _, j := range joins {
		switch j.State {
		case "knocking":
			m.Waiting = true
		case stateOver:
			m.Over = h.Lang.say("knocking.used")
			switch {
			case j.RanOut:
				m.Over = h.Lang.say("knocking.ran_out")
			case j.TakenBack:
				m.Over = h.Lang.say("knocking.taken_back")
			}
		default:
			m.In = append(m.In, circleHead{ID: j.Circle, Base: "/c/" + j.Circle + "/charter?said=joined", Name: j.Name})
		}
	}
	all, err := s.upkeep.Circles(r.Context())
	if err != nil {
		return err
	}
	if len(m.In) == 0 && !m.Waiting {
		for _, c := range all {
			m.In = append(m.In, circleHead{ID: c.ID, Base: "/c/" + c.ID, Name: c.Name})
		}
	}
	h.Title, h.Body, h.Self, h.Often = h.Lang.say("knocking.title"), m, "/knocking", m.Waiting
	return s.draw(w, http.StatusOK, "knocking", h)
}

// showMyself draws this home's own code, for a member who stands beside one.
func (s *Site) showMyself(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	m := joinModel{As: strings.TrimSpace(form.Get("as"))}
	if m.As == "" {
		return s.joinAgain(w, r, m, &notice{status: http.StatusUnprocessableEntity, key: "hello.name_needed"})
	}
	shown, err := s.upkeep.ShowCode(r.Context(), m.As)
	if err != nil {
		return s.joinAgain(w, r, m, err)
	}
	l := languageOf(r, nil)
	if m.Mine, err = drawn(shown.Text, l.plain("mine.picture")); err != nil {
		return err
	}
	m.MyWords = shown.Text
	return s.plainScreen(w, r, http.StatusOK, "mine", "mine.title", m)
}
