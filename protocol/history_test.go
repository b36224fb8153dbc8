package protocol_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// history is one example of what a set of ops means (SPEC.md §5): ops in an order
// in which parents come first, and what every replica must make of them.
type history struct {
	Name   string      `json:"name"`
	Says   string      `json:"says"` // the story, for people
	Circle string      `json:"circle"`
	LogKey string      `json:"log_key"` // opens the bodies of the control ops
	People []called    `json:"people"`  // member ids
	Homes  []called    `json:"devices"`
	Ops    []historyOp `json:"ops"`
	Means  meaning     `json:"means"` // of all ops that were not refused
}

// called gives an id a name by which the rest of the history speaks of it.
type called struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

type historyOp struct {
	Name     string `json:"name"` // device, seq and kind; a second op of one seq has a '
	ID       string `json:"id"`
	Envelope string `json:"envelope"`
	Body     string `json:"body,omitempty"`
	Refused  string `json:"refused,omitempty"` // level-1 or level-2
	Why      string `json:"why,omitempty"`
}

// meaning is what a history comes to: lists of names, each ascending.
type meaning struct {
	Members  []string `json:"members"`
	Voice    []string `json:"voice"`
	Away     []string `json:"away,omitempty"`
	Lapsed   []string `json:"lapsed,omitempty"`
	Welcomed []string `json:"welcomed"` // of the members
	Left     []string `json:"left,omitempty"`
	Removed  []string `json:"removed,omitempty"`
	Stranger []string `json:"stranger,omitempty"`   // named by an admission that does not stand
	Void     []string `json:"void,omitempty"`       // ops without effect, of control and of content
	Revoked  []string `json:"revoked,omitempty"`    // devices
	Charter  string   `json:"charter"`              // encoding of the one in force
	Boxes    []string `json:"boxes,omitempty"`      // ops of device.prekey that give a device its box key
	Epochs   []epoch  `json:"epochs,omitempty"`     // of the circle, ascending by generation and id
	Write    string   `json:"write_with,omitempty"` // the epoch to write with for who holds all of them; none: mint first
	Nooks    []string `json:"nooks,omitempty"`
	Mint     string   `json:"mint"` // why a new epoch is wanted: none, first, leave, removed, joined
	Beats    []string `json:"beats,omitempty"`
}

type epoch struct {
	Op       string   `json:"op"`
	Gen      uint64   `json:"gen"`
	Roster   []string `json:"roster"`
	Entitled []string `json:"entitled"`
}

var mintReasons = map[membership.MintReason]string{membership.MintNone: "none", membership.MintFirst: "first",
	membership.MintLeave: "leave", membership.MintRemoved: "removed", membership.MintJoined: "joined"}

// TestHistories reads the histories back, gives their ops to a log in two
// different orders, and compares what they mean.
func TestHistories(t *testing.T) {
	path := filepath.Join("testdata", "vectors", "histories.json")
	if *update {
		updateHistories(t, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []history
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 {
		t.Errorf("%d histories, want at least 30", len(all))
	}
	have, refused := map[string]bool{}, 0
	for _, h := range all {
		have[h.Name] = true
		t.Run(h.Name, func(t *testing.T) {
			for _, last := range []bool{false, true} {
				r := replayed(t, &h, last)
				if got := r.meaning(&h); !reflect.DeepEqual(got, h.Means) {
					t.Errorf("latest first %v: means\n%s\nwant\n%s", last, asJSON(got), asJSON(h.Means))
				}
			}
		})
		for _, o := range h.Ops {
			if o.Refused != "" {
				refused++
			}
		}
	}
	if refused < 30 {
		t.Errorf("%d ops refused, want at least 30", refused)
	}
	for _, s := range scenes() {
		if !have[s.name] {
			t.Errorf("%s lacks %q; write it with -update", path, s.name)
		}
	}
}

func asJSON(v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func updateHistories(t *testing.T, path string) {
	t.Helper()
	var all []history
	for _, s := range scenes() {
		h := played(t, s)
		r := replayed(t, &h, false)
		h.Means = r.meaning(&h)
		s.hold(t, &h)
		all = append(all, h)
	}
	if err := os.WriteFile(path, []byte(asJSON(all)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// none is an index of nothing: what a log was given since the start it knows itself.
type none struct{}

func (none) Fact(crdt.ID) (crdt.Fact, bool, error)        { return crdt.Fact{}, false, nil }
func (none) At(crdt.Device, uint64) ([]crdt.ID, error)    { return nil, nil }
func (none) Op(crdt.ID) (crdt.Op, crdt.Fact, bool, error) { return crdt.Op{}, crdt.Fact{}, false, nil }

// replay is a reader of a history.
type replay struct {
	circle crdt.ID
	key    protocol.Secret
	log    *crdt.Log
	set    *membership.Set
	ops    map[crdt.ID]*crdt.Op
	known  map[crdt.ID]uint32 // of content: the set of control ops its author knew
}

// replayed accepts and refuses the ops of a history: in its order, or always the
// latest of those whose parents are here.
func replayed(t *testing.T, h *history, last bool) *replay {
	t.Helper()
	r := &replay{ops: map[crdt.ID]*crdt.Op{}, known: map[crdt.ID]uint32{}}
	in := fields{"circle": h.Circle, "key": h.LogKey}
	r.circle, r.key = in.id("circle"), protocol.Secret(in.bytes("key"))
	pasts := crdt.NewPasts()
	var err error
	if r.log, err = crdt.NewLog(crdt.ID{}, none{}, pasts, crdt.State{}); err != nil {
		t.Fatal(err)
	}
	r.set = membership.NewSet(pasts)
	waiting := slices.Clone(h.Ops)
	if last {
		slices.Reverse(waiting)
	}
	for len(waiting) > 0 {
		var missing *crdt.MissingError
		at := slices.IndexFunc(waiting, func(o historyOp) bool {
			err := r.take(&o)
			if errors.As(err, &missing) {
				return false
			}
			if got := level(err); got != o.Refused {
				t.Errorf("latest first %v: %s refused as %q (%v), want %q (%s)", last, o.Name, got, err, o.Refused, o.Why)
			}
			return true
		})
		if at < 0 {
			t.Fatalf("%s and %d others wait for ops that are not in the history", waiting[0].Name, len(waiting)-1)
		}
		waiting = slices.Delete(waiting, at, at+1)
	}
	return r
}

// level names the level of acceptance at which an op was refused (SPEC.md §3).
func level(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, crdt.ErrCause), errors.Is(err, crdt.ErrBudget):
		return "level-1"
	case errors.Is(err, membership.ErrRefused):
		return "level-2"
	}
	return "level-0"
}

// take judges one op as a replica does, and keeps it if it passes.
func (r *replay) take(o *historyOp) error {
	in := fields{"envelope": o.Envelope, "body": o.Body}
	op, err := crdt.ParseEnvelope(r.circle, in.bytes("envelope"))
	if err != nil {
		return err
	}
	if err := op.CheckBody(in.bytes("body")); err != nil {
		return err
	}
	op.Body = in.bytes("body")
	fact, err := r.log.Check(&op)
	if err != nil {
		return err
	}
	var b membership.Body
	if op.Class == crdt.Content {
		err = r.set.JudgeContent(op.Dev, fact.Known)
	} else if b, err = openControl(r.circle, r.key, &op); err == nil {
		err = r.set.Judge(&op, b)
	}
	if err != nil {
		return err
	}
	if _, err := r.log.Add(&op, fact, false); err != nil {
		return err
	}
	r.ops[op.ID] = &op
	if op.Class == crdt.Content {
		r.known[op.ID] = fact.Known
		return nil
	}
	r.set.Add(&op, b)
	return nil
}

// openControl reads a control op's body under the log key. The error wraps
// membership.ErrRefused: a body that does not open is one that no replica takes.
func openControl(circle crdt.ID, key protocol.Secret, op *crdt.Op) (membership.Body, error) {
	if op.IsBeat() {
		return membership.Decode(circle, op, membership.KindBeat, nil)
	}
	o, err := protocol.OpenBody(key, op.Context(circle), op.Dev, op.Seq, op.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", membership.ErrRefused, err)
	}
	return membership.Decode(circle, op, o.Kind, o.Payload)
}

// atOrBelow reports whether an op is another or below it by prev.
func (r *replay) atOrBelow(op, tip crdt.ID) bool {
	for ; r.ops[tip] != nil; tip = r.ops[tip].Prev {
		if tip == op {
			return true
		}
	}
	return false
}

// meaning says by the names of a history what the accepted ops mean.
func (r *replay) meaning(h *history) meaning {
	names := map[string]string{}
	for _, list := range [][]called{h.People, h.Homes} {
		for _, c := range list {
			names[c.ID] = c.Name
		}
	}
	for _, o := range h.Ops {
		names[o.ID] = o.Name
	}
	v := r.set.View()
	m := meaning{Members: []string{}, Voice: []string{}, Welcomed: []string{}, Charter: hexOf(membership.EncodeCharter(v.Charter())), Mint: mintReasons[v.MintReason()]}
	for _, p := range v.Everyone() {
		name := names[p.ID.String()]
		for _, l := range []struct {
			is   bool
			list *[]string
		}{{p.Standing == membership.In, &m.Members}, {p.Standing == membership.Left, &m.Left}, {p.Standing == membership.Removed, &m.Removed},
			{p.Standing == membership.Stranger, &m.Stranger}, {p.Voice, &m.Voice}, {p.Away, &m.Away}, {p.Lapsed, &m.Lapsed},
			{p.Standing == membership.In && p.Welcomed, &m.Welcomed}, {v.BeatWanted(p.ID), &m.Beats}} {
			if l.is {
				*l.list = append(*l.list, name)
			}
		}
	}
	for _, dev := range v.Roster() {
		d, _ := v.Device(dev)
		if d.Revoked {
			m.Revoked = append(m.Revoked, names[dev.String()])
		}
		if op := names[d.BoxOp.String()]; strings.Contains(op, "device.prekey") {
			m.Boxes = append(m.Boxes, op)
		}
	}
	for id, op := range r.ops {
		if op.Class == crdt.Control && v.VoidControl(id) || op.Class == crdt.Content &&
			v.VoidContent(op.Dev, r.known[id], func(tip crdt.ID) bool { return r.atOrBelow(id, tip) }) {
			m.Void = append(m.Void, names[id.String()])
		}
	}
	for _, e := range v.Epochs() {
		at := epoch{Op: names[e.Op.String()], Gen: e.Epoch.Gen, Roster: []string{}, Entitled: []string{}}
		for _, dev := range v.EpochRoster(e.Epoch.ID) {
			at.Roster = append(at.Roster, names[dev.String()])
		}
		for _, dev := range v.Roster() {
			if v.Entitled(dev, e.Epoch.ID) {
				at.Entitled = append(at.Entitled, names[dev.String()])
			}
		}
		slices.Sort(at.Roster)
		slices.Sort(at.Entitled)
		m.Epochs = append(m.Epochs, at)
	}
	if e, ok := v.WriteEpoch(func(membership.EpochID) bool { return true }); ok {
		m.Write = names[e.Op.String()]
	}
	for _, e := range v.Nooks() {
		m.Nooks = append(m.Nooks, names[e.Op.String()])
	}
	for _, list := range []*[]string{&m.Members, &m.Voice, &m.Away, &m.Lapsed, &m.Welcomed, &m.Left, &m.Removed, &m.Stranger,
		&m.Void, &m.Revoked, &m.Boxes, &m.Beats} {
		slices.Sort(*list)
	}
	return m
}

// kindsIn returns the names of the control kinds that the histories hold.
func kindsIn(t *testing.T) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "vectors", "histories.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []history
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, h := range all {
		for _, o := range h.Ops {
			out[strings.TrimRight(o.Name[strings.LastIndex(o.Name, " ")+1:], "'")] = true
		}
	}
	return out
}
