package view

import (
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/words"
)

// How an [Event] stands.
const (
	EventAgreed    = "agreed"
	EventProposed  = "proposed"
	EventOpen      = "open"
	EventCancelled = "cancelled"
)

// Event is one entry of a calendar: what was agreed for a date, or dates of a post
// that are open. It holds nothing that is for the people in an agreement alone, since
// calendars travel on to telephones and to those who make them: of what is tender it
// has the date, and otherwise never the exact place, a code or a telephone number.
type Event struct {
	// ID is the agreement's or the post's, and stays the same however the terms change.
	ID    string `json:"id"`
	Kind  string `json:"kind"`  // "agreement", "need" or "offer"
	Title string `json:"title"` // "something private" for what is tender
	// Tender says that it is; then there are no people, no area and no costs.
	Tender bool `json:"tender,omitempty"`
	// From and Until are readings of a wall clock in Zone, written as if they were UTC.
	// Until is never zero; of whole days it is the day after the last.
	From  time.Time `json:"-"`
	Until time.Time `json:"-"`
	Timed bool      `json:"-"`
	// When is the same as people write it.
	When string `json:"when"`
	Zone string `json:"zone,omitempty"` // an IANA name; "" where nobody knows
	// Repeat is an RRULE that yields Dates from From on, and Skips are those of them that
	// this entry is not on.
	Repeat *circle.Rota `json:"-"`
	Skips  []string     `json:"skips,omitempty"`

	With  []Person `json:"with,omitempty"`
	Area  string   `json:"area,omitempty"`
	Costs string   `json:"costs,omitempty"`
	// State is "agreed", "proposed", "open" or "cancelled".
	State string `json:"state"`
	// Sequence grows whenever the terms, the words or the state do; Changed is when.
	Sequence int       `json:"sequence"`
	Changed  time.Time `json:"changed"`
	// Remind is how long before a calendar should remind of it; 0 is never.
	Remind time.Duration `json:"-"`
}

// Calendar returns this member's: every dated agreement that they said yes to, also
// one that was given back since, and the dates of their own repeating needs that are
// still open. With all it has every dated agreement and post that they may see.
func (s Source) Calendar(all bool) []Event {
	out := []Event{}
	agreements := s.State.Agreements(s.Env, circle.Filter{All: true, Mine: !all})
	covered := s.covered
	if all { // each is at hand already
		at := map[crdt.ID][]string{}
		for i := range agreements {
			if a := &agreements[i]; covers(a) {
				at[a.About[0]] = append(at[a.About[0]], a.Slot)
			}
		}
		covered = func(p circle.Post) []string { return at[p.ID] }
	}
	for _, a := range agreements {
		if e, ok := s.agreed(a); ok && (all || s.saidYes(a)) {
			if !all && e.State == EventAgreed {
				e.Remind = s.Env.Own.Remind()
			}
			out = append(out, e)
		}
	}
	for _, p := range s.State.Posts(s.Env, circle.Filter{All: true, Mine: !all}) {
		mine := p.Need && (p.Owner == s.Env.Me || p.Author == s.Env.Me)
		switch {
		case p.Faded || p.Status == "waiting":
		case p.Rule != "" && (all || mine):
			out = append(out, s.rota(p, covered(p))...)
		case all && p.Status == "open":
			out = append(out, s.dates(p, covered(p))...)
		}
	}
	return out
}

// covered are the slots of a post on which somebody comes or came, one for each.
func (s Source) covered(p circle.Post) []string {
	var out []string
	for _, id := range p.Agreements {
		if a, ok := s.State.Agreement(s.Env, id); ok && covers(&a) {
			out = append(out, a.Slot)
		}
	}
	return out
}

// covers reports whether by an agreement somebody comes or came.
func covers(a *circle.Agreement) bool {
	return a.State == circle.StateAgreed || a.State == circle.StatePassed || a.State == circle.StateDone
}

// saidYes reports whether this member is in an agreement with a yes, or gave it back.
func (s Source) saidYes(a circle.Agreement) bool {
	return slices.ContainsFunc(a.Parties, func(p circle.Party) bool {
		return p.Member == s.Env.Me && (p.Word == circle.WordYes || p.Word == circle.WordReleased)
	})
}

var eventStates = map[string]string{circle.StateAgreed: EventAgreed, circle.StatePassed: EventAgreed, circle.StateDone: EventAgreed,
	circle.StateProposed: EventProposed, circle.StateReleased: EventCancelled, circle.StateLapsed: EventCancelled}

// agreed is an agreement's entry; false if it has no date, or its words have faded.
func (s Source) agreed(a circle.Agreement) (Event, bool) {
	w, err := circle.ParseWhen(a.Terms.When)
	if err != nil {
		w, err = circle.ParseWhen(a.Slot)
	}
	if err != nil || w.Start.IsZero() || a.Terms.What == circle.Faded {
		return Event{}, false
	}
	e := s.event(a.ID, KindAgreement, a.Terms.What, w)
	e.Zone, e.State, e.Sequence, e.Changed = a.Zone, eventStates[a.State], a.Revision, s.at(a.Newest)
	if a.MayI {
		e.Zone = s.Env.Zone
	} else if _, known := s.State.Post(s.Env, a.About[0]); !known {
		a.Tender = true // what it is about is not known here, or is between two people
	}
	if a.Tender {
		return private(e), true
	}
	e.Area, e.Costs = a.Terms.Area, a.Terms.Costs
	for _, p := range a.Parties {
		if p.Member != s.Env.Me {
			e.With = append(e.With, s.Person(p.Member))
		}
	}
	return e, true
}

func (s Source) event(id crdt.ID, kind, title string, w circle.When) Event {
	span := w.Span()
	return Event{ID: id.String(), Kind: kind, Title: title, From: span.Start, Until: span.End, Timed: w.Timed, When: w.String()}
}

func private(e Event) Event {
	e.Title, e.Tender, e.With, e.Area, e.Costs = Private(), true, nil, "", ""
	return e
}

// posted is the entry of a post on one of its dates.
func (s Source) posted(p circle.Post, w circle.When, covered int) Event {
	kind := KindOffer
	if p.Need {
		kind = KindNeed
	}
	e := s.event(p.ID, kind, p.Title, w)
	e.Zone, e.State, e.Area, e.Costs = p.Zone, EventOpen, p.Area, p.Costs
	// What covers a date is told by its own agreement; it counts here as a change.
	e.Sequence, e.Changed = p.Revision+covered, s.at(p.Newest)
	if p.Status != "open" {
		e.State = EventCancelled
	}
	if p.Tender {
		return private(e)
	}
	return e
}

// rota is the entry of a repeat, without the dates that somebody covers. Dates that
// were named beside the repeat have entries of their own.
func (s Source) rota(p circle.Post, covered []string) []Event {
	r, ok := p.Rota()
	if !ok {
		return nil
	}
	e, slots := s.posted(p, r.First, len(covered)), s.allSlots(p)
	open := openSlots(slots, covered)
	for _, slot := range r.Dates {
		if !slices.Contains(open, slot) {
			e.Skips = append(e.Skips, slot)
		}
	}
	e.Repeat = &r
	var out []Event
	if len(e.Skips) < len(r.Dates) {
		out = append(out, e)
	}
	return append(out, s.single(p, slots, covered, func(slot string) bool { return !slices.Contains(r.Dates, slot) })...)
}

// dates are the entries of a post that names its dates one by one.
func (s Source) dates(p circle.Post, covered []string) []Event {
	return s.single(p, s.allSlots(p), covered, func(string) bool { return true })
}

func (s Source) allSlots(p circle.Post) []circle.Slot {
	if len(p.When) == 0 {
		return nil
	}
	return s.State.Slots(s.Env, p.ID, time.Time{}, time.Time{})
}

func (s Source) single(p circle.Post, slots []circle.Slot, covered []string, fits func(slot string) bool) []Event {
	var out []Event
	open := openSlots(slots, covered)
	for _, slot := range slots {
		w, err := circle.ParseWhen(slot.When)
		if err != nil || slot.Slot == "" || !fits(slot.Slot) || !slices.Contains(open, slot.Slot) {
			continue
		}
		e := s.posted(p, w, len(covered))
		e.ID += "-" + slot.Slot
		out = append(out, e)
	}
	return out
}

// openSlots are those that nobody covers. One with places left beside somebody is open;
// so is one whose time is over, which calendars keep.
func openSlots(slots []circle.Slot, covered []string) []string {
	var out []string
	for _, slot := range slots {
		n := 0
		for _, c := range covered {
			if c == slot.Slot {
				n++
			}
		}
		if n < slot.Wanted {
			out = append(out, slot.Slot)
		}
	}
	return out
}

// Private stands for the title of what is tender, on boards, prints and calendars.
func Private() string { return words.Told.Say("board.private") }
