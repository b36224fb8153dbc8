package p2p

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
)

// tagged is a home that has tags and nothing else.
type tagged struct {
	Home
	tags []string
}

func (h *tagged) Tags(time.Time) []string { return h.tags }

// announcer is a service that counts what is asked of it.
type announcer struct {
	tag  string
	on   map[string]int // running services by tag
	fail bool
	ran  bool
}

func (a *announcer) Start() error {
	if a.fail {
		return errors.New("no network yet")
	}
	a.on[a.tag]++
	a.ran = true
	return nil
}

func (a *announcer) Close() error {
	if a.ran {
		a.on[a.tag]--
	}
	a.ran = false
	return nil
}

// Around midnight two tags stand, then the new one alone; after an address change
// each service begins anew, and none is left behind.
func TestTagsRotate(t *testing.T) {
	home := &tagged{tags: []string{"_monday"}}
	n := &Net{cfg: Config{Now: time.Now}, home: home, ctx: context.Background(), log: slog.New(slog.DiscardHandler)}
	on, begun, fail := map[string]int{}, 0, false
	l := newLocal(n)
	l.begin = func(tag string) mdns.Service {
		begun++
		return &announcer{tag: tag, on: on, fail: fail}
	}
	private := true
	l.private = func() bool { return private }
	check := func(when string, begins int, want ...string) {
		t.Helper()
		got := slices.Sorted(maps.Keys(l.services))
		if !slices.Equal(got, want) {
			t.Errorf("%s: services %v, want %v", when, got, want)
		}
		for tag, count := range on {
			if running := slices.Contains(want, tag); count > 1 || (count == 1) != running {
				t.Errorf("%s: %d services of %s run", when, count, tag)
			}
		}
		if begun != begins {
			t.Errorf("%s: %d services were begun, want %d", when, begun, begins)
		}
	}
	l.follow()
	check("one day", 1, "_monday")
	l.follow()
	check("a look later", 1, "_monday")
	home.tags = []string{"_monday", "_tuesday"}
	l.follow()
	check("around midnight", 2, "_monday", "_tuesday")
	home.tags = []string{"_tuesday"}
	l.follow()
	check("after it", 2, "_tuesday")
	l.stop(nil)
	check("the address changed", 2)
	fail = true
	l.follow()
	check("without network", 3)
	fail = false
	l.follow()
	check("with it again", 4, "_tuesday")
	private = false
	l.follow()
	check("on a network of strangers", 4)
	private = true
	l.follow()
	check("at home again", 5, "_tuesday")
	l.stop(nil)
	check("left", 5)
}
