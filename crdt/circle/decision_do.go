package circle

import (
	"encoding/hex"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
)

// Propose lays a text before the circle, with its author's own consent.
type Propose struct {
	Text   string
	Closes time.Time // zero: in DecisionDays
	Review string    // "": a year after it closes
	About  crdt.ID
	Tag    string
}

func (c Propose) decide(s *State, env Env) (plan, error) {
	if c.Closes.IsZero() {
		c.Closes = env.Now.AddDate(0, 0, DecisionDays)
	}
	if !c.Closes.After(env.Now) {
		return plan{}, usage("no.closes_past")
	}
	if c.Review == "" {
		c.Review = c.Closes.AddDate(1, 0, 0).Format(dateForm)
	}
	if s.IsTalk(c.About) {
		return plan{}, kept("no.talk_stays")
	}
	b := DecisionOpened{Text: c.Text, Closes: uint64(c.Closes.Unix()), ReviewOn: c.Review, About: c.About, Tag: c.Tag}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return plan{drafts: []Draft{fixed(nil, b)}, result: madeFirst}, nil
}

func madeFirst(made []crdt.ID) Result { return Result{ID: made[0]} }

func madeLast(made []crdt.ID) Result { return Result{ID: made[len(made)-1]} }

// ProposeForCircle opens a decision about the circle itself. Its reason is a note
// of its own, so that it can be taken back.
type ProposeForCircle struct {
	What   uint64 // a What of [membership.Propose], no recovery
	Target crdt.ID
	// Charter is what a charter would become; Target then the proposal it reshapes.
	Charter *membership.Charter
	Reason  string
}

// silentFor is how long somebody must not have been heard of before their voice
// can be set aside (SPEC.md §5.2).
const silentFor = 90 * 24 * time.Hour

func (c ProposeForCircle) decide(s *State, env Env) (plan, error) {
	if !env.mayDecide(env.Me) {
		return plan{}, noVoice()
	}
	on := env.circleOf(s)
	p := membership.Propose{What: c.What, Target: c.Target, Payload: []byte{}}
	if c.What == membership.ChangeTo {
		if err := c.Charter.Check(); err != nil {
			return plan{}, unfit(err)
		}
		p.Payload = membership.EncodeCharter(*c.Charter)
	} else {
		on = c.Target
		if err := c.mayBeAbout(s, env); err != nil {
			return plan{}, err
		}
	}
	drafts := []Draft{}
	if c.Reason != "" {
		note := NoteWritten{On: on, What: NoteReason, Text: c.Reason}
		if err := asked(note); err != nil {
			return plan{}, err
		}
		drafts = append(drafts, fixed(nil, note))
	}
	drafts = append(drafts, Draft{Control: func(made []crdt.ID) membership.Body {
		if len(made) > 0 {
			p.Reason = made[len(made)-1]
		}
		return &p
	}})
	return plan{drafts: drafts, result: madeLast}, nil
}

// mayBeAbout says why a removal or a lapse cannot be about the target, or nil.
func (c ProposeForCircle) mayBeAbout(s *State, env Env) error {
	switch {
	case c.Target == env.Me && c.What == membership.Remove:
		return kept("no.part_self")
	case c.Target == env.Me:
		return kept("no.voice_own")
	case env.People == nil:
		return nil
	}
	for _, p := range env.People.Proposals() {
		if p.What == c.What && p.Target == c.Target && s.reader(env).proposalState(p) == DecisionOpen {
			return kept("no.proposed_already", p.ID.String()[:8])
		}
	}
	if c.What != membership.Lapse {
		return nil
	}
	m, _ := env.People.Member(c.Target)
	last := m.Joined
	for _, d := range m.Devices {
		last = max(last, d.LastControl)
	}
	if env.Now.Sub(last.Time()) < silentFor {
		return kept("no.heard_lately", s.who(c.Target))
	}
	return nil
}

// circleOf is the circle's id as the record that words on the charter name.
func (e *Env) circleOf(s *State) crdt.ID { return s.circle }

func noVoice() *Problem {
	return kept("no.voice")
}

// Reshape lays a new text of a decision before the circle; earlier words stay on
// the old one. Of a charter it opens another proposal that names the old.
type Reshape struct {
	ID      crdt.ID
	Text    string
	Charter *membership.Charter
}

func (c Reshape) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	if p, ok := env.proposal(c.ID); ok {
		switch {
		case p.What != membership.ChangeTo:
			return plan{}, kept("no.reshape_person")
		case len(p.Enacts) > 0:
			return plan{}, kept("no.charter_in_force")
		case c.Charter == nil:
			return plan{}, usage("no.which_charter")
		}
		return ProposeForCircle{What: membership.ChangeTo, Target: p.ID, Charter: c.Charter, Reason: c.Text}.decide(s, env)
	}
	d, ok := r.decision(c.ID)
	switch {
	case !ok:
		return plan{}, noDecision()
	case d.made.Author != env.Me:
		return plan{}, kept("no.text_theirs", s.who(d.made.Author))
	case c.Charter != nil:
		return plan{}, usage("no.not_charter")
	case TextRev(c.Text) == d.newest().rev:
		return unchanged(c.ID), nil
	}
	b := TermsChanged{Accord: c.ID, Text: c.Text, Parents: []Rev{d.newest().rev}}
	if c.Text == "" {
		return plan{}, usage("no.new_text")
	}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(c.ID, fixed(nil, b)), nil
}

func noDecision() *Problem {
	return notFound("no.not_decision")
}

// SayOnDecision is a person's own word on a decision: [WordConsent],
// [WordStandAside] or [WordConcern], with a sentence or none. A concern may also be
// about a newcomer who has no voice yet.
type SayOnDecision struct {
	ID    crdt.ID
	Value WordValue
	Text  string
}

func (c SayOnDecision) decide(s *State, env Env) (plan, error) {
	if p, ok := env.proposal(c.ID); ok {
		return c.onProposal(s, env, p)
	}
	if m, ok := env.newcomer(c.ID); ok {
		return c.onNewcomer(s, env, m)
	}
	r := s.reader(env)
	d, ok := r.decision(c.ID)
	if !ok {
		return plan{}, noDecision()
	}
	for _, w := range d.said() {
		if w.by == env.Me && w.value == c.Value && (w.note == c.Text || c.Text == "") && len(d.rec.replacing(env.Me)) <= 1 {
			return unchanged(c.ID), nil
		}
	}
	b := WordGiven{On: c.ID, Rev: d.newest().rev, Value: c.Value, Note: c.Text, Replaces: d.rec.replacing(env.Me)}
	b.Replaces = slices.DeleteFunc(b.Replaces, func(id crdt.ID) bool { // words on an earlier text stay there
		i := d.rec.find(id)
		return d.rec.parts[i].Body.(WordGiven).Rev != b.Rev
	})
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(c.ID, fixed(nil, b)), nil
}

// onProposal is a word on a decision about the circle: consent is a stand, a
// concern an object; who stands aside shows by a beat that they know.
func (c SayOnDecision) onProposal(s *State, env Env, p membership.Proposal) (plan, error) {
	r := s.reader(env)
	switch state := r.proposalState(p); {
	case !env.mayDecide(env.Me):
		return plan{}, noVoice()
	case state == DecisionAdopted:
		return plan{}, kept("no.decided")
	case state == DecisionLetGo:
		return plan{}, kept("no.let_go")
	case p.Target == env.Me && p.What != membership.ChangeTo:
		return plan{}, kept("no.about_you")
	}
	var drafts []Draft
	said := word{}
	rec := s.record(p.ID)
	for _, w := range rec.words() {
		if w.by == env.Me {
			said = w
		}
	}
	own := slices.IndexFunc(p.Words, func(w membership.Standpoint) bool { return w.Member == env.Me })
	switch c.Value {
	case WordConsent:
		if own >= 0 && !p.Words[own].Concern {
			return unchanged(c.ID), nil
		}
		drafts = append(drafts, Draft{Control: func([]crdt.ID) membership.Body { return &membership.Stand{Proposal: p.ID} }})
	case WordConcern:
		if own >= 0 && p.Words[own].Concern && !p.Words[own].Torn && c.Text == "" {
			return unchanged(c.ID), nil
		}
		if c.Text != "" {
			note := NoteWritten{On: p.ID, What: NoteReason, Text: c.Text}
			if err := asked(note); err != nil {
				return plan{}, err
			}
			drafts = append(drafts, fixed(nil, note))
		}
		return plan{drafts: append(drafts, Draft{Control: func(made []crdt.ID) membership.Body {
			o := &membership.Object{Target: p.ID}
			if len(made) > 0 {
				o.Reason = made[len(made)-1]
			}
			return o
		}}), result: func([]crdt.ID) Result { return Result{ID: c.ID} }}, nil
	case WordStandAside:
		switch {
		case own >= 0:
			return plan{}, kept("no.word_stands")
		case said.value == WordStandAside && (said.note == c.Text || c.Text == ""):
			return unchanged(c.ID), nil
		}
		drafts = append(drafts, Draft{Control: func([]crdt.ID) membership.Body { return &membership.Beat{} }})
	}
	if c.Value == WordStandAside || c.Text != "" {
		b := WordGiven{On: p.ID, Value: c.Value, Note: c.Text, Replaces: rec.replacing(env.Me)}
		if err := asked(b); err != nil {
			return plan{}, err
		}
		drafts = append(drafts, fixed(nil, b))
	}
	return about(c.ID, drafts...), nil
}

// EnactDecision closes a decision, or carries one about the circle out.
type EnactDecision struct{ ID crdt.ID }

func (c EnactDecision) decide(s *State, env Env) (plan, error) {
	if p, ok := env.proposal(c.ID); ok {
		return c.proposal(s, env, p)
	}
	r := s.reader(env)
	d, ok := r.decision(c.ID)
	if !ok {
		return plan{}, noDecision()
	}
	now := crdt.At(env.Now.UnixMilli())
	words := d.said()
	closings := d.closings()
	closed := slices.ContainsFunc(closings, d.adopts)
	late := d.late()
	switch w, concerned := d.concern(words); {
	case closed && len(late) == 0:
		return unchanged(c.ID), nil
	case closed: // the late ones are heard now
	case concerned:
		return plan{}, kept("no.concern", s.who(w.by), itsWords(w.note))
	case now < d.closes() && !d.all(words):
		return plan{}, Refuse(NotYet, "no.not_all_spoken", Until{d.closes().Time().In(env.Now.Location())})
	case now >= d.closes() && d.heard(words) < d.needed():
		return plan{}, kept("no.too_few", d.heard(words), d.needed())
	case d.made.Author != env.Me && (now < d.closes() || !d.counts(env.Me)):
		if d.adopted() {
			return unchanged(c.ID), nil
		}
		return plan{}, noVoice()
	}
	b := DecisionClosed{Decision: c.ID, Rev: d.newest().rev}
	for _, w := range slices.Concat(words, late) {
		b.Heard = append(b.Heard, w.id)
	}
	slices.SortFunc(b.Heard, crdt.ID.Compare)
	b.Heard = slices.Compact(b.Heard)
	b.Heard = b.Heard[:min(len(b.Heard), MaxHeard)]
	return about(c.ID, fixed(nil, b)), nil
}

func itsWords(text string) Said {
	if text == "" {
		return As("no.no_words")
	}
	return As("no.its_words", text)
}

func (c EnactDecision) proposal(s *State, env Env, p membership.Proposal) (plan, error) {
	r := s.reader(env)
	switch {
	case len(p.Enacts) > 0:
		return unchanged(c.ID), nil
	case !env.mayDecide(env.Me):
		return plan{}, noVoice()
	case p.What != membership.ChangeTo && p.What != membership.Recover && 2*p.Tally.Support <= p.Tally.N && p.Tally.Against >= p.Tally.Stops:
		return plan{}, kept("no.concerns_stop", p.Tally.Against)
	case p.What == membership.ChangeTo && p.Tally.Against > 0:
		for _, w := range r.viewProposal(p).Words {
			if w.Word == WordConcern {
				return plan{}, kept("no.concern.charter", s.who(w.Member), itsWords(w.Text))
			}
		}
	}
	return plan{drafts: []Draft{{Control: func([]crdt.ID) membership.Body { return &membership.Enact{Proposal: p.ID} }}},
		result: func([]crdt.ID) Result { return Result{ID: c.ID} }}, nil
}

func onDecision(value WordValue) func(*parser) Command {
	return func(p *parser) Command {
		find := p.decision
		if value == WordConcern {
			find = p.anything // a newcomer by name, too
		}
		return SayOnDecision{ID: find(), Value: value, Text: p.text("text")}
	}
}

func (p *parser) reshape() Command {
	return Reshape{ID: p.decision(), Text: p.text("text"), Charter: p.charter()}
}

// ResolveIn is [State.Resolve] that also finds decisions about the circle.
func (s *State) ResolveIn(env Env, word string) (crdt.ID, error) {
	id, err := s.Resolve(word)
	if env.People == nil || err == nil {
		return id, err
	}
	nibbles, bad := readPrefix(word)
	if bad != nil {
		return crdt.ID{}, bad
	}
	var found []crdt.ID
	for _, p := range env.People.Proposals() {
		if hasPrefix(p.ID, nibbles) {
			found = append(found, p.ID)
		}
	}
	if len(found) == 0 {
		return crdt.ID{}, err
	}
	return one(found, word, "thing")
}

func hasPrefix(id crdt.ID, nibbles []byte) bool {
	for i, n := range nibbles {
		if id[i/2]>>(4*(1-i%2))&15 != n {
			return false
		}
	}
	return true
}

func (p *parser) decision() crdt.ID {
	id, err := p.s.ResolveIn(p.env, p.text("id"))
	if err != nil {
		p.fail(err)
	}
	return id
}

// charter reads a charter that the caller made of its file: the canonical bytes in
// hex.
func (p *parser) charter() *membership.Charter {
	t := p.text("charter")
	if t == "" {
		return nil
	}
	raw, err := hex.DecodeString(t)
	if err == nil {
		var c membership.Charter
		if c, err = membership.DecodeCharter(raw); err == nil {
			return &c
		}
	}
	p.fail(usage("no.charter_unreadable", err.Error()))
	return nil
}

func (p *parser) propose() Command {
	text, charter := p.text("text"), p.charter()
	remove, lapse, again := p.has("remove"), p.has("lapse"), p.text("renew") == RenewCharter
	kinds := 0
	for _, is := range []bool{remove, lapse, charter != nil, again} {
		if is {
			kinds++
		}
	}
	if kinds > 1 {
		p.fail(usage("no.one_thing"))
	}
	if kinds == 0 {
		return p.ordinary(text)
	}
	for _, flag := range []string{"closes", "review", "as", "renew", "about"} {
		if p.has(flag) && !(again && (flag == "renew" || flag == "review")) {
			p.fail(usage("no.charter_window", flag))
		}
	}
	switch {
	case remove:
		return ProposeForCircle{What: membership.Remove, Target: p.named(p.text("remove")), Reason: text}
	case lapse:
		return ProposeForCircle{What: membership.Lapse, Target: p.named(p.text("lapse")), Reason: text}
	case again:
		charter = p.renewed()
	}
	return ProposeForCircle{What: membership.ChangeTo, Charter: charter, Reason: text}
}

func (p *parser) ordinary(text string) Command {
	c := Propose{Text: text, Review: p.date("review"), Tag: p.text("as")}
	if p.has("closes") {
		w, err := ReadWhen(p.text("closes"), p.env.Now)
		if err != nil {
			p.fail(err)
		}
		c.Closes = w.Start
		if !w.Timed {
			c.Closes = w.Start.AddDate(0, 0, 1) // to the end of that day
		}
		c.Closes = inZone(c.Closes, p.env.Now.Location())
	}
	if c.Tag != "" && c.Tag != TagOutsideHelp && c.Tag != TagRhythm {
		p.fail(usage("no.decision_kind", c.Tag))
	}
	if p.has("about") {
		var err error
		if c.About, err = p.s.ResolveIn(p.env, p.text("about")); err != nil {
			p.fail(err)
		}
	}
	if p.has("renew") {
		id, err := p.s.ResolveIn(p.env, p.text("renew"))
		old, ok := p.s.Decision(p.env, id)
		switch {
		case err != nil:
			p.fail(err)
		case !ok || old.Does != 0:
			p.fail(noDecision())
		case p.has("about"):
			p.fail(usage("no.renew_about"))
		default:
			c.About = id
			if c.Text == "" {
				c.Text = old.Text
			}
			if c.Tag == "" {
				c.Tag = old.Tag
			}
		}
	}
	if c.Text == "" {
		p.fail(usage("no.proposal"))
	}
	return c
}

// inZone is the local reading t as a time in a zone.
func inZone(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
}
