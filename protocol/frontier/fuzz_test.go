package frontier_test

import (
	"math/rand/v2"
	"testing"

	"tend/protocol"
	"tend/protocol/frontier"
)

// FuzzReceive gives a session whatever frames the bytes hold, after a true HELLO
// or instead of it. It must not panic, nor hand over a batch over the limits.
func FuzzReceive(f *testing.F) {
	a := newReplica(f, "a").found()
	a.random(rand.New(rand.NewPCG(9, 9)), 40, 0, 4, 9)
	b := newReplica(f, "b")
	b.take(a.stored[0].Op)
	b.random(rand.New(rand.NewPCG(8, 8)), 20, 3, 7, 9)
	first := frontier.NewInitiator(a.config(1)).Start(frontier.HelloNow)[0]

	// Seeds: both sides' frames of a true session, each with its length in front.
	var stream []byte
	add := func(fr protocol.Frame) {
		data, err := protocol.EncodeFrame(fr)
		if err != nil {
			f.Fatal(err)
		}
		stream = append(append(stream, byte(len(data)>>8), byte(len(data))), data...)
		f.Add(stream, true)
		f.Add(stream[:len(stream):len(stream)], false)
	}
	sa, sb := frontier.NewInitiator(a.config(1)), frontier.NewResponder(b.config(2))
	sa.Start(frontier.HelloNow)
	step, err := sb.Receive(first)
	if err != nil {
		f.Fatal(err)
	}
	add(step.Send[0])
	if _, err := sa.Receive(step.Send[0]); err != nil {
		f.Fatal(err)
	}
	for range 5 {
		for _, s := range []*frontier.Session{sa, sb} {
			if fr, ok, err := s.Next(); err == nil && ok {
				add(fr)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, responder bool) {
		var s *frontier.Session
		if responder {
			s = frontier.NewResponder(b.config(2))
			if _, err := s.Receive(first); err != nil {
				t.Fatal(err)
			}
		} else {
			s = frontier.NewInitiator(a.config(1))
			s.Start(frontier.HelloNow)
		}
		for len(data) >= 2 {
			n := min(int(data[0])<<8|int(data[1]), len(data)-2)
			fr, err := protocol.DecodeFrame(data[2 : 2+n])
			data = data[2+n:]
			if err != nil {
				continue
			}
			step, err := s.Receive(fr)
			if err != nil {
				return
			}
			for _, batch := range step.Batches {
				if len(batch.Ops) > protocol.MaxBatchOps {
					t.Fatalf("batch of %d ops", len(batch.Ops))
				}
				s.Applied(frontier.Result{Known: len(batch.Ops)})
			}
			for range 3 {
				fr, ok, err := s.Next()
				if err != nil || !ok {
					break
				}
				if _, err := protocol.EncodeFrame(fr); err != nil {
					t.Fatalf("own frame: %v", err)
				}
			}
		}
	})
}
