package protocol_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
	"tend/protocol"
)

// scene is one row of the table of histories: a story, who is a member and has
// voice at its end, and how many ops are void.
type scene struct {
	name, says     string
	members, voice string // names, ascending, with blanks between
	void           int
	play           func(s *play)
}

// Spans of a scene in milliseconds.
const (
	minute = int64(60_000)
	hour   = membertest.Hour
	day    = membertest.Day
)

// scenes are all rows.
func scenes() []scene {
	return slices.Concat(joinScenes, decisionScenes, deviceScenes, keyScenes)
}

// hold compares a history's meaning with what the row says about it.
func (s *scene) hold(t *testing.T, h *history) {
	t.Helper()
	if got := strings.Join(h.Means.Members, " "); got != s.members {
		t.Errorf("%s: members = %q, want %q", s.name, got, s.members)
	}
	if got := strings.Join(h.Means.Voice, " "); got != s.voice {
		t.Errorf("%s: voice = %q, want %q", s.name, got, s.voice)
	}
	if len(h.Means.Void) != s.void {
		t.Errorf("%s: void = %q, want %d", s.name, h.Means.Void, s.void)
	}
}

// play is a scene being written. Every op takes a second of its clock.
type play struct {
	*membertest.Circle
	t      *testing.T
	people []*membertest.Person
	ops    []historyOp
	names  map[string]int // ops of one name so far
	taken  int            // of Circle.Ops
}

var logKey = fill[protocol.Secret]("log key of the histories")

// sealed has bodies as the real log has them: under the log key.
func sealed(t *testing.T) membertest.Coder {
	return membertest.Coder{
		Seal: func(circle crdt.ID, dev crdt.Device, seq, kind uint64, payload []byte) []byte {
			body, err := protocol.SealBody(stream(fmt.Sprint("salt", dev, seq, kind, len(payload))), logKey, circle, dev, seq, kind, payload)
			if err != nil {
				t.Fatal(err)
			}
			return body
		},
		Open: func(circle crdt.ID, op *crdt.Op) (membership.Body, error) { return openControl(circle, logKey, op) },
	}
}

// played plays a scene.
func played(t *testing.T, sc scene) history {
	t.Helper()
	s := &play{t: t, names: map[string]int{}}
	sc.play(s)
	s.note()
	h := history{Name: sc.name, Says: sc.says, Circle: s.ID.String(), LogKey: hexOf(logKey[:]), Ops: s.ops}
	for _, p := range s.people {
		h.People = append(h.People, called{p.Name, p.ID.String()})
		for _, d := range p.Devices {
			h.Homes = append(h.Homes, called{deviceName(d), d.Key.String()})
		}
	}
	return h
}

// deviceName is the person's name, of further devices with a number.
func deviceName(d *membertest.Device) string {
	n := slices.IndexFunc(d.Of.Devices, func(o *membertest.Device) bool { return o.Key == d.Key })
	if n == 0 {
		return d.Of.Name
	}
	return fmt.Sprintf("%s/%d", d.Of.Name, n+1)
}

// note takes over what was written.
func (s *play) note() {
	for _, o := range s.Ops[s.taken:] {
		s.add(&o.Op, membership.KindName(o.Says.Kind()), "", "")
	}
	s.taken = len(s.Ops)
}

func (s *play) add(op *crdt.Op, what, refused, why string) {
	name := op.Dev.Short()
	for _, p := range s.people {
		for _, d := range p.Devices {
			if d.Key == op.Dev {
				name = deviceName(d)
			}
		}
	}
	name = fmt.Sprintf("%s %d %s", name, op.Seq, what)
	s.names[name]++
	name += strings.Repeat("'", s.names[name]-1)
	s.ops = append(s.ops, historyOp{Name: name, ID: op.ID.String(), Envelope: hexOf(op.Envelope()), Body: hexOf(op.Body), Refused: refused, Why: why})
}

// person makes somebody; their box keys compress well, since nothing is sealed to them.
func (s *play) person(name string) *membertest.Person {
	p := membertest.NewPerson(name)
	p.Device().Box = bytes.Repeat(p.Device().Box[:32], membership.BoxSize/32)
	s.people = append(s.people, p)
	return p
}

// device makes a further device of a person, certified by nobody.
func (s *play) device(p *membertest.Person) *membertest.Device {
	d := p.NewDevice()
	d.Box = bytes.Repeat(d.Box[:32], membership.BoxSize/32)
	return d
}

// begin begins the circle.
func (s *play) begin(founder string, change ...func(*membership.Charter)) *membertest.Person {
	charter := membership.DefaultCharter("Our circle")
	for _, f := range change {
		f(&charter)
	}
	p := s.person(founder)
	s.Circle = membertest.BeginSealed(p, charter, sealed(s.t))
	return p
}

// says writes an op of somebody who knows everything so far.
func (s *play) says(p *membertest.Person, b membership.Body) crdt.ID {
	s.Pass(1000)
	return s.Tell(p, b)
}

// writes writes an op of a device that knows what it knows.
func (s *play) writes(d *membertest.Device, b membership.Body) crdt.ID {
	s.Pass(1000)
	return s.Must(d, b)
}

// writesSuch writes an op at the first clock at which its id is such.
func (s *play) writesSuch(d *membertest.Device, b membership.Body, such func(crdt.ID) bool) crdt.ID {
	s.Sync(d)
	for s.Pass(1000); ; s.Pass(1) {
		if op := s.Make(d, d.Knows, b); such(op.ID) {
			return s.Must(d, b)
		}
	}
}

// beats lets people show that they know everything so far.
func (s *play) beats(people ...*membertest.Person) {
	for _, p := range people {
		s.says(p, &membership.Beat{})
	}
}

// join lets somebody in face to face.
func (s *play) join(by *membertest.Person, name string) *membertest.Person {
	p := s.person(name)
	s.Pass(hour)
	p.Admission = s.says(by, s.Admit(by.Device(), p, crdt.ID{}, ""))
	p.Device().Knows = []crdt.ID{p.Admission}
	return p
}

// grown begins a circle of people who all have voice and know everything.
func (s *play) grown(names ...string) []*membertest.Person {
	people := []*membertest.Person{s.begin(names[0])}
	for _, name := range names[1:] {
		p := s.join(people[0], name)
		for _, q := range people[1:] {
			if s.Set.View().HasVoice(p.ID) {
				break
			}
			s.beats(q)
		}
		people = append(people, p)
	}
	s.meet(people...)
	return people
}

var names8 = []string{"Ada", "Bo", "Cy", "Dee", "Eve", "Fay", "Gus", "Hal"}

// meet lets all devices of some people know all that the others know.
func (s *play) meet(people ...*membertest.Person) {
	var all []*membertest.Device
	for _, p := range people {
		all = append(all, p.Devices...)
	}
	s.Sync(all...)
}

// meetAll lets everybody know everything.
func (s *play) meetAll() {
	for _, p := range s.people {
		for _, d := range p.Devices {
			d.Knows = s.Heads()
		}
	}
}

// refused notes an op that a device may not write, as far as it knows.
func (s *play) refused(d *membertest.Device, b membership.Body, why string) {
	s.t.Helper()
	s.Pass(1000)
	s.Sync(d)
	op := s.Make(d, d.Knows, b)
	body, err := openControl(s.ID, logKey, &op)
	if err == nil {
		err = s.Set.Judge(&op, body)
	}
	if !errors.Is(err, membership.ErrRefused) {
		s.t.Errorf("%s by %s: %v, want it refused: %s", membership.KindName(b.Kind()), d.Of.Name, err, why)
	}
	s.note()
	s.add(&op, membership.KindName(b.Kind()), "level-2", why)
}

// contradicts notes an op that is refused for its ancestors: change spoils its header.
func (s *play) contradicts(d *membertest.Device, why string, change func(h *crdt.Header)) {
	s.Pass(1000)
	s.Sync(d)
	h := crdt.Header{Dev: d.Key, Seq: d.Seq + 1, Prev: d.Prev, Ctl: d.Knows, HLC: crdt.At(s.Now), Class: crdt.Control}
	change(&h)
	s.note()
	s.add(s.sign(d, h, nil), "beat", "level-1", why)
}

func (s *play) sign(d *membertest.Device, h crdt.Header, body []byte) *crdt.Op {
	op, err := crdt.Sign(s.ID, h, body, func(msg []byte) ([]byte, error) { return ed25519.Sign(d.Private, msg), nil })
	if err != nil {
		s.t.Fatal(err)
	}
	return &op
}

// post writes content; refused is the level at which it is, if it is.
func (s *play) post(d *membertest.Device, refused, why string) crdt.ID {
	s.Pass(1000)
	s.Sync(d)
	kind, payload := circle.Encode(circle.NoteWritten{On: s.ID, What: circle.NoteComment, Text: fmt.Sprintf("Note %d of %s", d.Seq+1, d.Of.Name)})
	body, err := protocol.SealBody(stream(fmt.Sprint("note", d.Key, d.Seq)), fill[protocol.Secret]("epoch of the notes"), s.ID, d.Key, d.Seq+1, kind, payload)
	if err != nil {
		s.t.Fatal(err)
	}
	op := s.sign(d, crdt.Header{Dev: d.Key, Seq: d.Seq + 1, Prev: d.Prev, Ctl: d.Knows, HLC: crdt.At(max(s.Now, d.Clock+1)), Class: crdt.Content}, body)
	s.note()
	s.add(op, "note", refused, why)
	if refused == "" {
		d.Seq, d.Prev, d.Clock = op.Seq, op.ID, op.HLC.Millis()
	}
	return op.ID
}

// Bodies that scenes write often.

func remove(p *membertest.Person) *membership.Propose {
	return &membership.Propose{What: membership.Remove, Target: p.ID}
}

func lapse(p *membertest.Person) *membership.Propose {
	return &membership.Propose{What: membership.Lapse, Target: p.ID}
}

func stand(p crdt.ID) *membership.Stand { return &membership.Stand{Proposal: p} }

func object(o crdt.ID) *membership.Object { return &membership.Object{Target: o} }

// enact names the tips of the people whom it ends.
func enact(p crdt.ID, seen ...*membertest.Person) *membership.Enact {
	e := &membership.Enact{Proposal: p}
	for _, who := range seen {
		e.Seen = append(e.Seen, membertest.Seen(who)...)
	}
	return e
}

// removes lets people decide at once that somebody goes; the last of them enacts it.
func (s *play) removes(target *membertest.Person, by ...*membertest.Person) crdt.ID {
	p := s.says(by[0], remove(target))
	for _, q := range by[1:] {
		s.says(q, stand(p))
	}
	return s.says(by[len(by)-1], enact(p, target))
}

// epoch makes an epoch of the circle whose secret comes from a name.
func (s *play) epoch(d *membertest.Device, name string) *membership.Epoch {
	s.Sync(d)
	secret := fill[protocol.Secret]("secret " + name)
	return &membership.Epoch{Scope: membership.ScopeCircle, Gen: s.Set.NextGen(d.Knows), ID: secret.EpochID(), Commit: secret.Commit()}
}

// knowsAll lets a device know everything.
func (s *play) knowsAll(d *membertest.Device) *membertest.Device {
	d.Knows = s.Heads()
	return d
}

// fork makes a twin of a device: both go on from here.
func fork(d *membertest.Device) *membertest.Device {
	twin := *d
	return &twin
}

// op is a control op that was written.
func (s *play) op(id crdt.ID) *crdt.Op {
	for i := range s.Ops {
		if s.Ops[i].ID == id {
			return &s.Ops[i].Op
		}
	}
	s.t.Fatalf("no op %s", id.Short())
	return nil
}
