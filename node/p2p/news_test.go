package p2p_test

import (
	"context"
	"testing"
	"time"

	"tend/node/p2p"
)

// What happens on the network is told at once, and nothing is told when nothing
// happens.
func TestNews(t *testing.T) {
	t.Parallel()
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a, b)
	nb := b.start(nil)
	a.meet(nb, b)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	told := make(chan p2p.News, 100)
	done := make(chan struct{})
	news := nb.News(ctx)
	go func() {
		defer close(done)
		for what := range news {
			told <- what
		}
	}()
	await := func(what string, ok func(p2p.News) bool) {
		t.Helper()
		end := time.After(soon)
		for {
			select {
			case got := <-told:
				if ok(got) {
					return
				}
			case <-end:
				t.Fatalf("b was not told within %v that %s", soon, what)
			}
		}
	}
	links := func(w p2p.News) bool { return w.Links }
	sync := func(w p2p.News) bool { return w.Sync }
	quiet := func() { // what is told now and then, as of a tick, is no noise
		t.Helper()
		end, last := time.After(2*time.Minute), p2p.News{}
		for {
			select {
			case last = <-told:
			case <-time.After(6 * time.Second): // longer than the wait of confirmSoon
				return
			case <-end:
				t.Fatalf("told again and again though nothing happened, %+v last", last)
			}
		}
	}

	na := a.start(nil)
	await("a is there", links)
	quiet()
	a.write("something new")
	await("an op came", sync)
	na.Close()
	await("a is gone", links)
	cancel()
	<-done
}
