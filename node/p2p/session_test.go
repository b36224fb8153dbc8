package p2p_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"tend/node/p2p"
	"tend/protocol"
)

// trio are three members on loopback who all know the first's address.
func trio(t *testing.T, change func(*p2p.Config)) (houses []*house, nets []*p2p.Net) {
	t.Helper()
	v := newVillage(t)
	for _, name := range []string{"a", "b", "c"} {
		houses = append(houses, v.house(name))
	}
	v.join(houses...)
	nets = append(nets, houses[0].start(change))
	for _, h := range houses[1:] {
		h.meet(nets[0], houses[0])
		nets = append(nets, h.start(change))
	}
	eventually(t, time.Minute, "all three are connected", func() bool {
		for _, n := range nets {
			if len(n.Status().Links) != 2 {
				return false
			}
		}
		return true
	})
	return houses, nets
}

// All that is written arrives at once, with gossip and without.
func TestSpreads(t *testing.T) {
	for _, gossip := range []bool{true, false} {
		t.Run(fmt.Sprintf("gossip=%v", gossip), func(t *testing.T) {
			houses, _ := trio(t, func(c *p2p.Config) { c.NoGossip = !gossip })
			for round := range 3 {
				for _, h := range houses {
					h.write(fmt.Sprint("round ", round))
				}
				eventually(t, soon, "all have all", func() bool { return equal(houses...) })
			}
			if got, want := houses[0].count(), uint64(10); got != want {
				t.Errorf("ops held = %d, want %d", got, want)
			}
			if !gossip {
				return
			}
			carried := func() bool {
				houses[0].mu.Lock()
				defer houses[0].mu.Unlock()
				return houses[0].gossiped > 0
			}
			more := 0
			eventually(t, time.Minute, "gossip carries something", func() bool { // the mesh forms within some heartbeats of a second
				houses[1].write(fmt.Sprint("more ", more))
				more++
				time.Sleep(100 * time.Millisecond)
				return carried()
			})
			eventually(t, soon, "all have all", func() bool { return equal(houses...) })
		})
	}
}

// A burst over the pace of gossip is not lost: sessions carry it.
func TestBurst(t *testing.T) {
	houses, _ := trio(t, nil)
	for i := range 60 {
		houses[0].write(fmt.Sprint("burst ", i))
	}
	eventually(t, soon, "all have all of a burst", func() bool { return equal(houses...) })
}

// A long history crosses in both directions at once, while one side's database is
// slow.
func TestBulkBothWays(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a, b)
	a.bulk(1500)
	b.bulk(1500)
	b.hold = make(chan struct{})
	na := a.start(nil)
	b.meet(na, a)
	b.start(nil)
	eventually(t, soon, "a has what b wrote, though b takes nothing", func() bool { return a.count() == 3001 })
	if got := b.count(); got != 1501 {
		t.Errorf("b holds %d ops while its database is held, want 1501", got)
	}
	b.mu.Lock()
	close(b.hold)
	b.hold = nil
	b.mu.Unlock()
	eventually(t, soon, "both have all", func() bool { return equal(a, b) })
}

// A member who opens a session and then reads nothing holds up nobody else, and
// is given up.
func TestSlowPeer(t *testing.T) {
	v, a, n, raw := rawMember(t)
	a.bulk(50)
	c := v.house("c")
	v.join(c)
	c.meet(n, a)
	c.start(nil)
	s := openSync(t, v, n, raw)
	for range 200 {
		if sendFrame(s, encoded(t, &protocol.Want{})) != nil {
			break // a is not read, and reads no more itself
		}
	}
	eventually(t, 15*time.Second, "c has all all the same", func() bool { return equal(a, c) }) // before a gives up writing
}

// An address record reaches a member through another one.
func TestRecordsSpread(t *testing.T) {
	houses, nets := trio(t, nil)
	// b and c knew only a's address: that they are connected (trio) is by records.
	for _, l := range nets[1].Status().Links {
		if l.Relayed || l.Addr == "" {
			t.Errorf("link %+v", l)
		}
	}
	eventually(t, soon, "b keeps an address of c", func() bool {
		houses[1].mu.Lock()
		defer houses[1].mu.Unlock()
		return len(houses[1].rows[houses[2].peer]) > 0
	})
}

// A member who lost power in the middle of a session, which the transport does not
// know yet, keeps nobody else from sending.
func TestSilentPeerGivesWay(t *testing.T) {
	v, a, n, raw := rawMember(t)
	asked := make(chan struct{}, 8)
	raw.SetStreamHandler("/tend/sync/1", func(s network.Stream) {
		asked <- struct{}{}
		<-t.Context().Done()
		s.Reset()
	})
	a.write("said into the void")
	select {
	case <-asked:
	case <-time.After(soon):
		t.Fatal("a does not speak to the silent member")
	}
	c := v.house("c")
	v.join(c)
	c.bulk(50)
	c.meet(n, a)
	c.start(nil)
	eventually(t, 30*time.Second, "a has what c wrote", func() bool { return equal(a, c) })
}
