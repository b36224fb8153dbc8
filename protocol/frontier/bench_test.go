package frontier_test

import (
	"fmt"
	"slices"
	"testing"

	"tend/crdt"
	"tend/protocol"
	"tend/protocol/frontier"
)

// BenchmarkHello compares two frontiers of 300 devices that differ in one lane.
func BenchmarkHello(b *testing.B) {
	x := newReplica(b, "x").found()
	for d := 1; d < 300; d++ {
		x.branch(d, crdt.ID{}, "x")
		x.roster = append(x.roster, dev(d))
	}
	slices.SortFunc(x.roster, crdt.Device.Compare)
	y := x.copyTo(newReplica(b, "y"))
	y.roster = x.roster
	y.branch(300, crdt.ID{}, "new")
	sx, sy := x.snapshot(), y.snapshot()
	cx, cy := x.config(1), y.config(2)
	cx.Snapshot, cy.Snapshot = func() *frontier.Snapshot { return sx }, func() *frontier.Snapshot { return sy }
	size := 0
	for b.Loop() {
		f := frontier.NewInitiator(cx).Start(frontier.HelloNow)[0]
		data, err := protocol.EncodeFrame(f)
		if err != nil {
			b.Fatal(err)
		}
		size = len(data)
		if f, err = protocol.DecodeFrame(data); err != nil {
			b.Fatal(err)
		}
		if _, err := frontier.NewResponder(cy).Receive(f); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size), "bytes")
}

// BenchmarkShip sends 10,000 ops of 20 devices with bodies of 316 bytes to an empty
// log: encode, inflate, rebuild, verify by cover, apply.
func BenchmarkShip(b *testing.B) {
	const n = 10_000
	x := newReplica(b, "x").found()
	body := make([]byte, 316)
	tips := make([]crdt.ID, 20)
	for i := range n - 1 {
		for j := range body {
			body[j] = byte(i*7+j*13) ^ byte(i>>8*j)
		}
		tips[i%20] = x.branch(1+i%20, tips[i%20], fmt.Sprint(i, string(body))).ID
	}
	var tr traffic
	for b.Loop() {
		y := newReplica(b, "y")
		tr = meet(b, y, x, 1, plan{kind: frontier.HelloNow})
		if !tr.equal {
			b.Fatal("unequal")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/one")
	b.ReportMetric(float64(tr.opBytes)/n, "bytes/one")
}
