package p2p_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"

	"tend/node/p2p"
)

// The pauses between dials are random up to a ceiling that grows with the time a
// peer has been away: never more than a quarter of an hour, and soon after a loss
// never more than a second. In a large circle most of which is away it goes on growing.
func TestPauses(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, r := range []struct {
		name    string
		away    time.Duration
		sought  int
		ceiling time.Duration
	}{
		{"just lost", 0, 1, time.Second},
		{"six seconds", 6 * time.Second, 1, time.Second},
		{"a minute and a half", 90 * time.Second, 1, 15 * time.Second},
		{"an hour", time.Hour, 1, 10 * time.Minute},
		{"a week", 7 * 24 * time.Hour, 1, 15 * time.Minute},
		{"a week, as one of 24", 7 * 24 * time.Hour, 24, 15 * time.Minute},
		{"a minute and a half, as one of 288", 90 * time.Second, 288, 15 * time.Second},
		{"an hour, as one of 288", time.Hour, 288, 10 * time.Minute},
		{"six hours, as one of 288", 6 * time.Hour, 288, time.Hour},
		{"a week, as one of 288", 7 * 24 * time.Hour, 288, 3 * time.Hour},
	} {
		t.Run(r.name, func(t *testing.T) {
			var sum, most time.Duration
			const tries = 2000
			for range tries {
				d := p2p.PauseAfter(now.Add(-r.away), now, r.sought)
				if d <= 0 || d > r.ceiling {
					t.Fatalf("PauseAfter = %v, want above 0 and at most %v", d, r.ceiling)
				}
				sum, most = sum+d, max(most, d)
			}
			if mean := sum / tries; mean < r.ceiling*4/10 || mean > r.ceiling*6/10 || most < r.ceiling*9/10 {
				t.Errorf("mean %v, most %v; want about the half of %v, and nearly all", mean, most, r.ceiling)
			}
		})
	}
}

func TestWhyAlone(t *testing.T) {
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a)
	n := a.start(nil)
	if got, want := n.Status().Alone, p2p.NobodyYet; got != want {
		t.Errorf("Alone with nobody in the circle = %q, want %q", got, want)
	}
	v.join(b)
	if got, want := n.Status().Alone, p2p.NoAddress; got != want {
		t.Errorf("Alone with no address = %q, want %q", got, want)
	}
	nb := b.start(nil)
	if got, want := len(nb.Listening()), 2; got != want {
		t.Errorf("Listening names %d addresses, want %d", got, want)
	}
	a2 := v.house("a")
	a2.meet(nb, b)
	nb.Close()
	n.Close()
	if got, want := a2.start(nil).Status().Alone, p2p.OwnOnly; got != want {
		t.Errorf("Alone on loopback = %q, want %q", got, want)
	}
}

// A dial that runs takes in what is heard of the peer meanwhile, and goes on where
// that is nothing new.
func TestDialHearsNews(t *testing.T) {
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a)
	n := a.start(nil)
	v.join(b)
	there := infoOf(b.start(nil))
	silent := func() ma.Multiaddr {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return ma.StringCast(fmt.Sprintf("/ip4/127.0.0.1/udp/%d/quic-v1", c.LocalAddr().(*net.UDPAddr).Port))
	}
	first := silent()
	n.Hint(there.ID, first)
	news, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- n.Dial(t.Context(), there.ID, []ma.Multiaddr{first}, news) }()
	news <- struct{}{}
	select {
	case err := <-done:
		t.Fatalf("Dial ended with %v before anybody could answer", err)
	case <-time.After(p2p.StageLead + 200*time.Millisecond):
	}
	n.Hint(there.ID, silent())
	news <- struct{}{}
	n.Hint(there.ID, there.Addrs...)
	news <- struct{}{}
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Dial = %v, want nil", err)
		}
	case <-time.After(soon):
		t.Error("Dial does not hear that the peer is elsewhere")
	}
}
