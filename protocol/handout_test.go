package protocol_test

import (
	"crypto/rand"
	"fmt"
	"testing"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
	"tend/protocol"
)

// BenchmarkHandOut is minting an epoch and handing it out in a circle of 300 with
// 600 devices: the op is judged and added, the view made anew, and the secret
// sealed to each device of the roster.
func BenchmarkHandOut(b *testing.B) {
	c := membertest.NewCircle("Ada")
	d := c.Founder.Device()
	people := []*membertest.Person{c.Founder}
	tell := func(by *membertest.Device, body membership.Body) crdt.ID {
		by.Knows = []crdt.ID{c.Ops[len(c.Ops)-1].ID}
		return c.Must(by, body)
	}
	for i := 1; i < 300; i++ {
		p := membertest.NewPerson(fmt.Sprint("Friend ", i))
		p.Admission = tell(d, c.Admit(d, p, crdt.ID{}, ""))
		if i > 7 {
			tell(people[1].Device(), &membership.Sponsor{Admit: p.Admission})
		}
		people = append(people, p)
		for j := 0; j < len(people) && (i%16 == 0 || i < 8); j++ {
			tell(people[j].Device(), &membership.Beat{})
		}
	}
	for _, p := range people {
		second := p.NewDevice()
		tell(second, &membership.DeviceAdd{Cert: p.Cert(c.ID, second)})
	}
	box, err := protocol.NewBoxKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	public := box.Public()
	devices, bytes := 0, 0
	for b.Loop() {
		s, err := protocol.NewSecret(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		ctl := []crdt.ID{c.Ops[len(c.Ops)-1].ID}
		body := &membership.Epoch{Gen: c.Set.NextGen(ctl), ID: s.EpochID(), Commit: s.Commit()}
		d.Knows = ctl
		c.Must(d, body)
		for _, dev := range c.Set.View().EpochRoster(s.EpochID()) {
			lb, err := protocol.SealLockbox(public, c.ID, s, dev)
			if err != nil {
				b.Fatal(err)
			}
			devices++
			bytes += len(lb.Enc) + len(lb.CT)
		}
	}
	b.ReportMetric(float64(devices)/float64(b.N), "devices/op")
	b.ReportMetric(float64(bytes)/float64(b.N), "box-B/op")
}
