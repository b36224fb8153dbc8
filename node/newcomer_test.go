package node_test

import (
	"fmt"
	"testing"
	"time"

	"tend/node"
)

// BenchmarkNewcomer is a home that comes into a circle of 10,000 ops and takes
// them all in: sessions, signatures, sealed bodies, state; stores in memory.
func BenchmarkNewcomer(b *testing.B) {
	const ops = 10_000
	ann := newHome(b, "Ann")
	ann.shut()
	ann.now = fast(time.Now().Add(-ops * 10 * time.Minute))
	ann.start()
	id := ann.begin("Elm Street")
	for i := range ops {
		ann.do(id, wish(fmt.Sprintf("wish %d", i)))
	}
	ann.shut()
	ann.now = time.Now
	ann.start()
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		ben := newHome(b, fmt.Sprintf("Ben %d", i))
		if err := knock(ben, ann, ann.invites(id, node.InviteOptions{})); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		meet(ben, ann, id)
		b.StopTimer()
		if got := ben.view(id).Ops; got < ops {
			b.Fatalf("%d ops arrived, want %d", got, ops)
		}
		ben.shut()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/ops, "µs/received-op")
}
