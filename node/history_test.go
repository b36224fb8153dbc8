package node_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/protocol"
)

// Sentences of a circle's past. Those of the first sort a newcomer is always
// shown, those of the second only where history is all.
const (
	shownNeed    = "soup on Thursdays"
	shownNote    = "no onions please"
	shownRoom    = "some"
	closedNeed   = "a lift to the clinic"
	closedNote   = "the blue door"
	replacedName = "Annabel"
)

// past makes a circle with a past: an open need with a note, one that was met,
// and a name that was changed.
func past(t *testing.T, history uint64) (ann *home, id crdt.ID, epochs []membership.EpochID) {
	ann = newHome(t, "Ann")
	charter := membership.DefaultCharter("Elm Street")
	charter.History = history
	id, err := ann.Begin(t.Context(), node.BeginOptions{Charter: charter, As: replacedName})
	if err != nil {
		t.Fatal(err)
	}
	open := ann.do(id, wish(shownNeed)).ID
	ann.do(id, circle.WriteNote{On: open, Kind: circle.NoteComment, Text: shownNote})
	over := ann.do(id, wish(closedNeed)).ID
	ann.do(id, circle.WriteNote{On: over, Kind: circle.NoteComment, Text: closedNote})
	ann.do(id, circle.SetPostStatus{ID: over, Status: circle.StatusMet})
	ann.do(id, circle.SetSection{Section: circle.SectionName, Values: []string{"Ann"}})
	for _, e := range ann.view(id).People.Epochs() {
		epochs = append(epochs, e.Epoch.ID)
	}
	return ann, id, epochs
}

// reads is all that a home can read in a circle.
func (h *home) reads(id crdt.ID) string {
	s, env := h.view(id), h.env(id)
	var out []string
	for _, p := range s.State.Posts(env, circle.Filter{All: true}) {
		out = append(out, p.Title)
		for _, n := range s.State.Notes(p.ID) {
			out = append(out, n.Text)
		}
	}
	for _, m := range s.People.Members() {
		out = append(out, string(s.State.EncodeRecord(m.ID)))
	}
	return strings.Join(out, "\n")
}

func (h *home) mustRead(id crdt.ID, when string, all ...string) {
	h.t.Helper()
	for _, words := range all {
		if !strings.Contains(h.reads(id), words) {
			h.t.Errorf("%s, %s: %q cannot be read", h.name, when, words)
		}
	}
}

func (h *home) mustNotRead(id crdt.ID, when string, all ...string) {
	h.t.Helper()
	for _, words := range all {
		if strings.Contains(h.reads(id), words) {
			h.t.Errorf("%s, %s: %q can be read", h.name, when, words)
		}
	}
}

func TestNewcomersReadAllOfThePast(t *testing.T) {
	ann, id, _ := past(t, membership.HistoryAll)
	ben := newHome(t, "Ben")
	join(ben, ann, id)
	ben.mustRead(id, "in", shownNeed, shownNote, closedNeed, closedNote, replacedName)
	ben.shut()
	ben.start()
	ben.mustRead(id, "after a restart", shownNeed, shownNote, closedNeed, closedNote, replacedName)
}

func TestNewcomersReadFromJoiningOn(t *testing.T) { unhurried(t, newcomersReadFromJoiningOn) }

func newcomersReadFromJoiningOn(t *testing.T) {
	ann, id, old := past(t, membership.HistoryFromJoining)
	ben, cem := newHome(t, "Ben"), newHome(t, "Cem")
	join(ben, ann, id)
	check := func(h *home, when string) {
		t.Helper()
		h.mustRead(id, when, shownNeed, shownNote, "Ann")
		h.mustNotRead(id, when, closedNeed, closedNote, replacedName)
	}
	check(ben, "in")
	for _, e := range old {
		if boxes := ann.KeysFor(id, ben.peer(), []membership.EpochID{e}); len(boxes) > 0 {
			t.Errorf("Ann hands Ben an epoch of before")
		}
	}
	ben.shut()
	idle, err := node.New(node.Config{Store: ben.store, Keys: ben.keys, Rand: ben.rand, Now: ben.now, Zone: "Europe/Berlin",
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := idle.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	ben.start()
	check(ben, "after a rebuild and a restart")

	// A newcomer at the door of a newcomer: Ben hands on what he can read.
	ben.do(id, wish("a chair"))
	meet(ann, ben, id)
	ann.do(id, circle.SetSection{Section: circle.SectionRoom, Values: []string{shownRoom}})
	meet(ann, ben, id)
	meet(ben, ann, id)
	if err := waitVoice(ben, ann, id); err != nil {
		t.Fatal(err)
	}
	join(cem, ben, id)
	check(cem, "at Ben's door")
	cem.mustRead(id, "at Ben's door", "a chair")
	for _, e := range old {
		boxes := append(ann.KeysFor(id, cem.peer(), []membership.EpochID{e}), ben.KeysFor(id, cem.peer(), []membership.EpochID{e})...)
		if len(boxes) > 0 {
			t.Errorf("Cem is handed an epoch of before")
		}
	}
	// What is written from now on all of them read.
	meet(ann, ben, id)
	meet(ann, cem, id)
	meet(ann, ben, id)
	ann.do(id, wish("tulips"))
	meet(ann, cem, id)
	meet(ann, ben, id)
	ben.mustRead(id, "later", "tulips")
	cem.mustRead(id, "later", "tulips")
}

// TestACircleChangesWhatNewcomersRead: it began with all of the past for everyone; by
// its charter's change newcomers read from their joining on, and the others what they
// read before; and changed back, whoever is in reads all.
func TestACircleChangesWhatNewcomersRead(t *testing.T) { unhurried(t, aCircleChangesWhatNewcomersRead) }

func aCircleChangesWhatNewcomersRead(t *testing.T) {
	ann, id, _ := past(t, membership.HistoryAll)
	change := func(history uint64, others ...*home) {
		t.Helper()
		c := ann.view(id).People.Charter()
		c.History = history
		p := ann.do(id, circle.ProposeForCircle{What: membership.ChangeTo, Charter: &c, Reason: "What newcomers read."}).ID
		for _, h := range others {
			meet(h, ann, id)
			if h.view(id).People.HasVoice(h.view(id).Me) {
				h.do(id, circle.SayOnDecision{ID: p, Value: circle.WordConsent})
			}
			meet(h, ann, id)
		}
		ann.do(id, circle.EnactDecision{ID: p})
		for _, h := range others {
			meet(h, ann, id)
		}
	}
	ben, cem := newHome(t, "Ben"), newHome(t, "Cem")
	join(ben, ann, id)
	if err := waitVoice(ben, ann, id); err != nil {
		t.Fatal(err)
	}
	change(membership.HistoryFromJoining, ben)
	join(cem, ann, id)
	cem.mustRead(id, "from joining", shownNeed, shownNote, "Ann")
	cem.mustNotRead(id, "from joining", closedNeed, closedNote, replacedName)
	meet(ben, ann, id)
	ben.mustRead(id, "who was in before", shownNeed, closedNeed, closedNote, replacedName)
	awaitVoices(id, ann, ben, cem)
	change(membership.HistoryAll, ben, cem)
	meet(cem, ann, id)
	cem.mustRead(id, "all again", closedNeed, closedNote, replacedName)
}

// waitVoice lets two homes meet until h has voice.
func waitVoice(h, other *home, id crdt.ID) error {
	for range patience / (100 * time.Millisecond) {
		s := h.view(id)
		if s.People.HasVoice(s.Me) {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
		if err := try(h, other, id); err != nil {
			return err
		}
	}
	h.t.Fatalf("%s has no voice", h.name)
	return nil
}

// TestTheWelcomePackHoldsAllThatIsOpen: besides open posts and newest sections, what
// was agreed and is still to come, decisions that are open with every word on them,
// what stands under a tag, and what is said of the circle itself; and never what is
// over, what was taken back, or what is for a few.
func TestTheWelcomePackHoldsAllThatIsOpen(t *testing.T) {
	unhurried(t, theWelcomePackHoldsAllThatIsOpen)
}

func theWelcomePackHoldsAllThatIsOpen(t *testing.T) {
	for _, history := range []uint64{membership.HistoryFromJoining, membership.HistoryAll} {
		ann, id, _ := past(t, history)
		ben, dan, cem := newHome(t, "Ben"), newHome(t, "Dan"), newHome(t, "Cem")
		join(ben, ann, id)
		join(dan, ann, id)
		for _, h := range []*home{ann, ben, dan} { // what is due is done soon after a start
			h.shut()
			h.start()
		}
		waitFor(t, func() bool {
			meet(ben, ann, id)
			meet(dan, ann, id)
			return len(ann.view(id).People.Voices()) == 3
		})
		both := func() { meet(ben, ann, id) }
		open := ann.do(id, wish("a ladder")).ID
		over := ann.do(id, wish("gone-post")).ID
		both()
		yes := ben.do(id, circle.SayYes{ID: open}).ID
		ben.do(id, circle.WriteNote{On: yes, Text: "open-note-on-yes"})
		ben.do(id, circle.WriteNote{On: over, Text: "gone-note"})
		decision := ann.do(id, circle.Propose{Text: "open-decision"}).ID
		closed := ann.do(id, circle.Propose{Text: "gone-decision"}).ID
		rhythm := ann.do(id, circle.Propose{Text: "tagged-decision", Tag: "rhythm"}).ID
		part := ann.do(id, circle.ProposeForCircle{What: membership.Remove, Target: dan.view(id).Me, Reason: "open-reason"}).ID
		both()
		ben.do(id, circle.SayOnDecision{ID: decision, Value: circle.WordConcern, Text: "open-concern"})
		ben.do(id, circle.SayOnDecision{ID: closed, Value: circle.WordConsent, Text: "gone-consent"})
		ben.do(id, circle.SayOnDecision{ID: rhythm, Value: circle.WordConsent, Text: "tagged-consent"})
		ben.do(id, circle.SayOnDecision{ID: part, Value: circle.WordConcern, Text: "open-objection"})
		ben.do(id, circle.WriteNote{On: part, Text: "open-note-on-parting"})
		ben.do(id, circle.WriteNote{On: id, Text: "note-on-the-circle"})
		slipped := ben.do(id, circle.WriteNote{On: open, Text: "gone-slip"}).ID
		ben.do(id, circle.Retract{ID: slipped})
		ben.do(id, circle.PostNeed{Posted: circle.Posted{Title: "for-a-few", People: 1, To: []crdt.ID{ann.view(id).Me}}})
		both()
		meet(dan, ann, id)
		dan.do(id, circle.SayOnDecision{ID: closed, Value: circle.WordConsent})
		dan.do(id, circle.SayOnDecision{ID: rhythm, Value: circle.WordConsent})
		meet(dan, ann, id)
		ann.do(id, circle.SetPostStatus{ID: over, Status: circle.StatusMet})
		for _, d := range []crdt.ID{closed, rhythm} {
			ann.do(id, circle.EnactDecision{ID: d})
		}
		both()

		join(cem, ann, id)
		cem.shut() // with a checkpoint
		all := string(kept(t, cem, id))
		cem.start()
		for _, words := range []string{shownNeed, shownNote, "a ladder", "open-note-on-yes", "open-decision", "open-concern", "tagged-decision",
			"tagged-consent", "open-reason", "open-objection", "open-note-on-parting", "note-on-the-circle"} {
			if !strings.Contains(all, words) {
				t.Errorf("history %d: a newcomer does not read %q", history, words)
			}
		}
		for _, words := range []string{closedNeed, closedNote, replacedName, "gone-post", "gone-note", "gone-decision", "gone-consent"} {
			if got := strings.Contains(all, words); got != (history == membership.HistoryAll) {
				t.Errorf("history %d: a newcomer reads %q: %t", history, words, got)
			}
		}
		for _, words := range []string{"gone-slip", "for-a-few"} {
			if strings.Contains(all, words) {
				t.Errorf("history %d: a newcomer reads %q", history, words)
			}
		}
		if d, ok := cem.view(id).State.Decision(cem.env(id), part); !ok || d.Text != "open-reason" {
			t.Errorf("history %d: a newcomer reads the parting that is open as %q (%t)", history, d.Text, ok)
		}
	}
}

// TestAPackNamesEachBodyOnce looks at what a newcomer keeps.
func TestAPackNamesEachBodyOnce(t *testing.T) {
	ann, id, _ := past(t, membership.HistoryFromJoining)
	ben := newHome(t, "Ben")
	join(ben, ann, id)
	kept, _ := ben.keys.Circle(id)
	ids := make([]string, len(kept.Packed))
	for i, p := range kept.Packed {
		ids[i] = p.Op.String()
	}
	if len(ids) == 0 || len(ids) > protocol.MaxPack {
		t.Fatalf("%d single keys", len(ids))
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != len(kept.Packed) {
		t.Error("a body's key was handed over twice")
	}
}
