package node_test

import (
	"fmt"
	"io"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/protocol"
)

// pipe is one end of a stream of messages between two homes.
type pipe struct {
	in  <-chan []byte
	out chan<- []byte
}

func pipes() (a, b *pipe, ends func()) {
	x, y := make(chan []byte, 1024), make(chan []byte, 1024)
	return &pipe{x, y}, &pipe{y, x}, func() { close(y) }
}

func (p *pipe) Send(m []byte) error { p.out <- append([]byte(nil), m...); return nil }

func (p *pipe) Receive(most int) ([]byte, error) {
	m, ok := <-p.in
	if !ok {
		return nil, io.EOF
	}
	if len(m) > most {
		return nil, fmt.Errorf("message of %d bytes, want at most %d", len(m), most)
	}
	return m, nil
}

// visits lets a home reach the new device it scanned, once.
func visits(o, fresh *home) error {
	o.t.Helper()
	all := o.Visits()
	if len(all) != 1 || !all[0].Link {
		o.t.Fatalf("%s visits %v, want one linking", o.name, all)
	}
	a, b, end := pipes()
	served := make(chan error, 1)
	go func() {
		first, err := b.Receive(protocol.MaxJoinMessage)
		if err == nil {
			var opening protocol.Opening
			if opening, err = protocol.DecodeOpening(first); err == nil {
				err = fresh.Linked(fresh.t.Context(), o.peer(), *opening.(*protocol.LinkHello), b)
			}
		}
		served <- err
	}()
	err := o.Link(o.t.Context(), all[0].ID, a)
	end()
	if serr := <-served; err == nil {
		err = serr
	}
	return err
}

// linkUp makes fresh a further device of o's member.
func linkUp(t *testing.T, o, fresh *home) {
	t.Helper()
	text, err := fresh.ShowLink(nil)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := protocol.ParseCode(text)
	if err != nil {
		t.Fatal(err)
	}
	code := parsed.(*protocol.LinkCode)
	if err := o.ScanLink(code); err != nil {
		t.Fatal(err)
	}
	if err := visits(o, fresh); err != nil {
		t.Fatalf("the two do not meet: %v", err)
	}
	there, err := o.ScannedLink(code)
	if err != nil {
		t.Fatal(err)
	}
	here, _ := fresh.ShownLink()
	if here.Words == "" || here.Words != there.Words {
		t.Fatalf("words are %q and %q, want the same", here.Words, there.Words)
	}
	if err := o.ConfirmLink(code, "abandon abandon abandon abandon abandon abandon"); err == nil {
		t.Fatal("other words were taken for the same")
	}
	if len(fresh.All()) != 0 {
		t.Fatal("something was handed over before anybody confirmed")
	}
	if err := o.ConfirmLink(code, here.Words); err != nil {
		t.Fatal(err)
	}
	if err := visits(o, fresh); err != nil {
		t.Fatalf("the keys do not go over: %v", err)
	}
	if s, _ := fresh.ShownLink(); !s.Done {
		t.Fatal("the new device does not know that it is in")
	}
}

func TestASecondDevice(t *testing.T) { unhurried(t, aSecondDevice) }

func aSecondDevice(t *testing.T) {
	ann, ben, phone := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Ann's phone")
	id := ann.begin("Oak Street")
	join(ben, ann, id)
	secret := ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: "soup for you alone", People: 1, To: []crdt.ID{ben.view(id).Me}}}).ID
	linkUp(t, ann, phone)
	if _, err := phone.Do(t.Context(), id, wish("too early")); err == nil {
		t.Fatal("the new device wrote before its copy came")
	}
	meet(phone, ann, id)
	meet(ben, ann, id)
	if got, want := phone.view(id).Me, ann.view(id).Me; got != want {
		t.Fatalf("the phone is %s, want %s", got.Short(), want.Short())
	}
	made := phone.do(id, wish("from the phone")).ID
	meet(phone, ben, id)
	if _, ok := ben.view(id).State.Post(ben.env(id), made); !ok {
		t.Error("Ben does not see what the phone wrote")
	}
	if _, ok := phone.view(id).State.Post(phone.env(id), secret); !ok {
		t.Error("the phone does not see what its member wrote to one person")
	}
	if a, b := ann.Phrase0(t), phone.Phrase0(t); a != b {
		t.Errorf("phrases of two devices are %q and %q", a, b)
	}
	list, err := phone.OwnDevices(id)
	if err != nil || len(list) != 2 {
		t.Fatalf("OwnDevices = %v, %v, want two", list, err)
	}
}

// Phrase0 is the home's only phrase.
func (h *home) Phrase0(t *testing.T) string {
	t.Helper()
	all, lost := h.Phrases()
	if len(all) != 1 || len(lost) != 0 {
		t.Fatalf("%s has %d phrases, %d circles without", h.name, len(all), len(lost))
	}
	return fmt.Sprint(all[0].Words)
}

func TestARevokedDeviceReadsNothingNew(t *testing.T) { unhurried(t, aRevokedDeviceReadsNothingNew) }

func aRevokedDeviceReadsNothingNew(t *testing.T) {
	ann, ben, phone := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Ann's phone")
	id := ann.begin("Oak Street")
	join(ben, ann, id)
	linkUp(t, ann, phone)
	meet(phone, ann, id)
	phone.do(id, wish("seen by all"))
	meet(phone, ann, id)
	lost := phone.view(id).Dev
	if _, err := ann.RevokeDevice(t.Context(), id, ann.view(id).Dev); err == nil {
		t.Error("a device ended itself")
	}
	before := ann.view(id).Frontier().Epoch
	if _, err := ann.RevokeDevice(t.Context(), id, lost); err != nil {
		t.Fatal(err)
	}
	s := ann.view(id)
	if s.Frontier().Epoch == before {
		t.Error("no new epoch came with the revocation")
	}
	if s.People.Entitled(lost, s.Frontier().Epoch) {
		t.Error("the device that is out may read on")
	}
	if got := ann.Standing(phone.peer()); got == node.Fellow {
		t.Errorf("the device that is out is still a %v", got)
	}
	if err := try(phone, ann, id); err == nil {
		t.Error("the device that is out still syncs")
	}
	meet(ben, ann, id)
	if d, ok := ben.view(id).People.Device(lost); !ok || !d.Revoked {
		t.Error("Ben does not know that the device is out")
	}
	if m, _ := ben.view(id).People.Member(ann.view(id).Me); m.Standing != membership.In {
		t.Error("the member is out with the device")
	}
}

// The grant goes to nobody who has not seen the code.
func TestALinkNeedsTheCode(t *testing.T) {
	ann, phone := newHome(t, "Ann"), newHome(t, "Ann's phone")
	id := ann.begin("Oak Street")
	if _, err := phone.ShowLink(nil); err != nil {
		t.Fatal(err)
	}
	forged := protocol.Link{PeerN: phone.peer(), PeerO: ann.peer(), Circles: []crdt.ID{id}}
	_, b, _ := pipes()
	if err := phone.Linked(t.Context(), ann.peer(), *forged.Hello(), b); err == nil {
		t.Error("a stranger was answered")
	}
}
