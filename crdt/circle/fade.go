package circle

import (
	"fmt"
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// Faded stands where words were that have faded.
const Faded = "…"

// Fading returns the records of which something is still held that closed and
// faded before now, the greatest clock reading in the log; ascending. What the
// whole circle can read decides for what it can read; what is for a few goes by
// what those few can read.
func (s *State) Fading(now crdt.HLC) []crdt.ID {
	var out []crdt.ID
	talks := &fadingTalks{s: s, now: now}
	s.records.all(func(id crdt.ID, r *record) bool {
		if !slices.ContainsFunc(r.parts, func(p part) bool { return p.fades() }) {
			return true
		}
		goes := s.letGo(r, now, talks)
		if slices.ContainsFunc(r.parts, func(p part) bool { return p.fades() && goes(&p) }) {
			out = append(out, id)
		}
		return true
	})
	return out
}

// fades reports whether the part holds anything that can fade. What takes back
// stays, since it explains what is not there; and what says when a post fades,
// which is no word of anybody, so that who comes later can tell as well.
func (p *part) fades() bool {
	if p.faded {
		return false
	}
	switch b := p.Body.(type) {
	case Retracted, PostStatusSet:
		return false
	case PostEdited:
		return slices.ContainsFunc(b.Edits, func(e Edit) bool { return e.Field != FieldFade })
	}
	return true
}

// letGo tells which parts of a record are let go at now: of a talk, of a post, or of
// an agreement with its post. What is for a few goes when both the circle's part has and
// those few read it as faded: else somebody outside could have it fade by what they
// write for the circle.
func (s *State) letGo(r *record, now crdt.HLC, talks *fadingTalks) func(*part) bool {
	if s.lostWhole(r) {
		return func(*part) bool { return true }
	}
	if goes, is := talks.part(r); is {
		return goes
	}
	post := s.postOf(r, every)
	if !slices.ContainsFunc(post.parts, func(p part) bool { return p.Body.kind() == KindPostStatusSet }) {
		return func(*part) bool { return false }
	}
	all := s.faded(post, now, whole)
	few := (all || !slices.ContainsFunc(post.parts, func(p part) bool { return p.Audience.Whole() && p.fades() })) && s.faded(post, now, every)
	return func(p *part) bool {
		if p.Audience.Whole() {
			return all
		}
		return few
	}
}

// faded reports whether a post has faded at now, by what use lets through.
func (s *State) faded(r *record, now crdt.HLC, use func(*Change) bool) bool {
	p, ok := readPost(r, use, func(p *post, who crdt.ID) bool {
		return p.may(who) || s.proxyBy(p.author, who, use) || s.proxyBy(p.owner, who, use)
	})
	if !ok {
		return false
	}
	at, fades := p.fadesAt()
	return fades && at <= now
}

// postOf returns the record of the post that an agreement is about, as those know
// it who read what use lets through; r itself where that is no agreement.
func (s *State) postOf(r *record, use func(*Change) bool) *record {
	if made, ok := r.makerBy(use); ok {
		if a, is := made.Body.(AgreementMade); is {
			return s.record(a.About[0])
		}
	}
	return r
}

// leftOut reports whether a record is no part of the digest at now: a post of the
// circle's that was ever closed for as long as its text ever said that it takes to
// fade, and what was agreed on it. More changes only ever leave more out, so a home
// that let go early, one that let go late and one that never read it agree, also
// when it was opened again in between.
func (s *State) leftOut(r *record, now crdt.HLC) bool {
	if s.lostWhole(r) {
		return true
	}
	post := s.postOf(r, whole)
	closed, fade := crdt.MaxHLC, uint64(0)
	says := func(days uint64) {
		if days > 0 && (fade == 0 || days < fade) {
			fade = days
		}
	}
	counts := func(c *Change) {
		if !c.Audience.Whole() {
			return
		}
		if at, ok := c.closes(); ok {
			closed = min(closed, at)
		}
		says(c.fadeSaid())
	}
	for i := range post.parts {
		counts(&post.parts[i].Change)
	}
	voids, _ := s.voids.get(post.id)
	for i := range voids {
		counts(&voids[i])
	}
	if closed == crdt.MaxHLC {
		return false
	}
	if _, known := post.makerBy(whole); !known {
		return true // it faded for the others before it came here, or was taken back
	}
	return fade > 0 && closed+crdt.HLC(fade*dayHLC) <= now
}

// Fade replaces up to most changes of a record that are let go at now by their stubs,
// and returns their ids, ascending. A stub keeps kind, dates, who wrote it and the change's digest;
// no words. The record's digest stays what it was.
func (s *State) Fade(id crdt.ID, now crdt.HLC, most int) []crdt.ID {
	r, ok := s.records.get(id)
	if !ok {
		return nil
	}
	goes := s.letGo(r, now, &fadingTalks{s: s, now: now})
	parts := slices.Clone(r.parts)
	var out []crdt.ID
	for i := range parts {
		if p := &parts[i]; p.fades() && goes(p) && len(out) < most {
			p.hash = p.sum()
			p.Body, p.faded = redact(p.Body), true
			out = append(out, p.ID)
		}
	}
	if len(out) > 0 {
		s.put(id, parts)
	}
	return out
}

// redact returns b without its words.
func redact(b Body) Body {
	switch b := b.(type) {
	case *NeedPosted:
		return (*Posted)(b).stub().body(true)
	case *OfferPosted:
		return (*Posted)(b).stub().body(false)
	case PostEdited:
		return b.stub()
	case AudienceChanged:
		if made, err := b.open(b.Target); err == nil {
			b.Snapshot = snapshotOf(made.Author, made.HLC, redact(made.Body))
		}
		return b
	case AgreementMade:
		b.Terms = b.Terms.stub()
		return b
	case AgreementPlace:
		return AgreementPlace{Agreement: b.Agreement}
	case TermsChanged:
		if b.Text != "" {
			b.Text = Faded
		} else {
			b.Terms = b.Terms.stub()
		}
		return b
	case WordGiven:
		b.Note = ""
		return b
	case TalkOpened:
		b.Sentence = Faded
		return b
	case NoteWritten:
		b.Text = Faded
		return b
	case MarkAdded:
		if b.What == MarkedTag {
			b.Value = Faded
		}
		return b
	}
	return b
}

// stub keeps what says when a post fades, whose it is and on which dates it was.
func (p Posted) stub() Posted {
	return Posted{Title: Faded, For: p.For, When: p.When, Rule: p.Rule, Skips: p.Skips, People: p.People,
		SignUp: p.SignUp, To: p.To, Fade: p.Fade, Tender: p.Tender, Under: p.Under}
}

// fade is what an edit says of when the post fades; 0 if that is nothing.
func (b PostEdited) fade() uint64 {
	var p Posted
	for _, e := range b.Edits {
		if e.Field == FieldFade {
			e.apply(&p)
		}
	}
	return p.Fade
}

// fadeOf is after how many days a body says that its post fades; 0 if never.
func fadeOf(b Body) uint64 {
	switch b := b.(type) {
	case *NeedPosted:
		return b.Fade
	case *OfferPosted:
		return b.Fade
	}
	return 0
}

func (t Terms) stub() Terms { return Terms{What: Faded, When: t.When} }

// stub keeps of an edit what says when the post fades.
func (b PostEdited) stub() PostEdited {
	out := PostEdited{Post: b.Post, Edits: []Edit{editOf(&Posted{Title: Faded}, FieldTitle)}}
	for _, e := range b.Edits {
		if e.Field == FieldFade {
			out.Edits = append(out.Edits, e)
		}
	}
	return out
}

// storedStub is a faded change as a node keeps it.
type storedStub struct {
	_    struct{} `cbor:",toarray"`
	Part stubPart
	Hash crdt.ID // of the change as it was
}

type stubPart struct {
	_       struct{} `cbor:",toarray"`
	ID      crdt.ID
	Author  crdt.ID
	Dev     crdt.Device // of what older versions wrote; nobody asks for it
	HLC     crdt.HLC
	Nook    membership.EpochID
	Members []crdt.ID
	Kind    uint64
	Payload []byte
}

// EncodeStub returns what is kept of a faded change, for [State.LoadStub]; nil if
// op is no faded change of the record.
func (s *State) EncodeStub(record, op crdt.ID) []byte {
	r := s.record(record)
	i := r.find(op)
	if i < 0 || !r.parts[i].faded {
		return nil
	}
	p := &r.parts[i]
	kind, payload := Encode(p.Body)
	return canon.MustMarshal(storedStub{Hash: p.hash, Part: stubPart{ID: p.ID, Author: p.Author, HLC: p.HLC, Nook: p.Audience.Nook,
		Members: p.Audience.Members, Kind: kind, Payload: payload}})
}

// LoadStub takes in what [State.EncodeStub] wrote. It is no part of checkpoints,
// so the record does not count as touched.
func (s *State) LoadStub(data []byte) error {
	var stub storedStub
	if err := canon.Unmarshal(data, &stub); err != nil {
		return fmt.Errorf("load stub: %w", err)
	}
	p := stub.Part
	m := Meta{ID: p.ID, Author: p.Author, HLC: p.HLC, Audience: Audience{Nook: p.Nook, Members: p.Members}}
	if (m.Audience.Nook == membership.EpochID{}) {
		m.Audience.Members = nil
	}
	c, err := Decode(m, p.Kind, p.Payload)
	if err != nil {
		return fmt.Errorf("load stub: %w", err)
	}
	c.hash = stub.Hash
	s.insertStub(part{Change: c, faded: true})
	return nil
}

// insertStub puts a stub in the place of its change.
func (s *State) insertStub(p part) {
	id := p.Record()
	parts := slices.Clone(s.record(id).parts)
	i, found := slices.BinarySearchFunc(parts, p.ID, func(x part, op crdt.ID) int { return x.ID.Compare(op) })
	if found {
		parts[i] = p
	} else {
		parts = slices.Insert(parts, i, p)
	}
	s.records.set(id, &record{id: id, parts: parts})
	if p.makes() {
		s.link(&p.Change)
	} else {
		s.where.set(p.ID, id)
	}
}

// Lost notes that the body of an op is gone everywhere it was asked for, unread
// here. If the op made a record, and nobody took it back, the record has faded for
// the others: what comes late on it is left out of the digest, as they leave it.
func (s *State) Lost(op crdt.ID) { s.lost.set(op, true) }

// lostWhole reports whether a record, or the post that it is about, has faded
// elsewhere before this node read it.
func (s *State) lostWhole(r *record) bool {
	if s.lostMaker(r) {
		return true
	}
	post := s.postOf(r, whole)
	return post.id != r.id && s.lostMaker(post)
}

func (s *State) lostMaker(r *record) bool {
	if lost, _ := s.lost.get(r.id); !lost {
		return false
	}
	if _, known := r.makerBy(whole); known {
		return false
	}
	return !slices.ContainsFunc(r.parts, func(p part) bool { return p.Body.kind() == KindRetracted && p.Audience.Whole() })
}
