package p2p

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ma "github.com/multiformats/go-multiaddr"
)

// tagged is a home that has tags and nothing else.
type tagged struct {
	Home
	tags []string
}

func (h *tagged) Tags(time.Time) []string { return h.tags }

// announcer is a place on the local network that counts what is asked of it.
type announcer struct {
	tag   string
	on    map[string]int // running places by tag
	fail  bool
	ran   bool
	asked func(tag string)
}

func (a *announcer) Start() error {
	if a.fail {
		return errors.New("no network yet")
	}
	a.on[a.tag]++
	a.ran = true
	return nil
}

func (a *announcer) Ask() { a.asked(a.tag) }

func (a *announcer) Close() error {
	if a.ran {
		a.on[a.tag]--
	}
	a.ran = false
	return nil
}

// Around midnight two tags stand, then the new one alone; after an address change
// each place begins anew, and none is left behind.
func TestTagsRotate(t *testing.T) {
	home := &tagged{tags: []string{"_monday"}}
	n := &Net{cfg: Config{Now: time.Now}, home: home, ctx: context.Background(), log: slog.New(slog.DiscardHandler)}
	on, begun, fail := map[string]int{}, 0, false
	l := newLocal(n)
	l.begin = func(tag string) neighbours {
		begun++
		return &announcer{tag: tag, on: on, fail: fail}
	}
	private := true
	l.private = func() bool { return private }
	check := func(when string, begins int, want ...string) {
		t.Helper()
		got := slices.Sorted(maps.Keys(l.places))
		if !slices.Equal(got, want) {
			t.Errorf("%s: places %v, want %v", when, got, want)
		}
		for tag, count := range on {
			if running := slices.Contains(want, tag); count > 1 || (count == 1) != running {
				t.Errorf("%s: %d places under %s run", when, count, tag)
			}
		}
		if begun != begins {
			t.Errorf("%s: %d places were begun, want %d", when, begun, begins)
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

// A home asks at once when it comes, its address changed or a tag is new, then ever
// more rarely, and never while nobody is missing.
func TestAsksOnlyWhileSomebodyIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		home := &tagged{tags: []string{"_elm"}}
		l := newLocal(&Net{cfg: Config{Now: time.Now}, home: home, ctx: ctx, log: slog.New(slog.DiscardHandler)})
		var mu sync.Mutex // guards the three below
		var since time.Time
		var asked []time.Duration // after since, rounded down to seconds
		var lastTag string
		var fail, member, guest atomic.Bool
		on := map[string]int{}
		l.begin = func(tag string) neighbours {
			return &announcer{tag: tag, on: on, fail: fail.Load(), asked: func(tag string) {
				mu.Lock()
				defer mu.Unlock()
				asked, lastTag = append(asked, time.Since(since).Truncate(time.Second)), tag
			}}
		}
		l.private = func() bool { return true }
		l.missing = func() (bool, bool) { return member.Load(), guest.Load() }
		// after lets so much time pass after something, and returns when it was asked then.
		after := func(what func(), d time.Duration) []time.Duration {
			mu.Lock()
			since, asked = time.Now(), nil
			mu.Unlock()
			what()
			time.Sleep(d)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return asked
		}
		within := func(d time.Duration) []time.Duration { return after(func() {}, d) }
		first := []time.Duration{0, 4 * time.Second, 19 * time.Second, 79 * time.Second}
		check := func(when string, got, want []time.Duration) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("%s: asked after %v, want %v", when, got, want)
			}
		}
		member.Store(true)
		ended := make(chan struct{})
		start := func() { go func() { l.run(); close(ended) }() }
		check("at the start", after(start, 5*time.Minute), first)

		slow := within(10 * time.Hour)
		for i := 1; i < len(slow); i++ {
			if d := slow[i] - slow[i-1]; d < localRest-time.Second || d > 3*localRest/2+time.Second {
				t.Errorf("while somebody is missing: %v between two questions, want %v to %v", d, localRest, 3*localRest/2)
			}
		}
		if len(slow) < 39 || len(slow) > 60 {
			t.Errorf("while somebody is missing: asked %d times in ten hours, want 40 to 60", len(slow))
		}

		member.Store(false)
		check("nobody is missing", within(24*time.Hour), nil)
		check("nobody is missing after an address changed", after(l.changed, 24*time.Hour), nil)

		member.Store(true)
		if again := within(16 * time.Minute); len(again) == 0 {
			t.Error("somebody went, and was not asked for within a quarter of an hour")
		}
		for len(within(time.Minute)) == 0 { // just after a question, so that the next is not due
		}
		check("woken, with nothing new", after(l.wake, localRest-2*time.Minute), nil)
		within(20 * time.Minute)

		home.tags = []string{"_elm", "_fir"}
		got := after(l.wake, 5*time.Minute)
		slices.Sort(got)
		check("a new tag", slices.Compact(got), first)
		home.tags = []string{"_fir"}
		l.wake()
		synctest.Wait()

		moved := []time.Duration{}
		for _, d := range first {
			moved = append(moved, d+localSettle)
		}
		check("another address", after(l.changed, 5*time.Minute), moved)
		if lastTag != "_fir" {
			t.Errorf("asked under %s, want _fir", lastTag)
		}

		member.Store(false)
		guest.Store(true)
		home.tags = []string{"_code"}
		check("a code was read", after(l.wake, 4*time.Minute+30*time.Second), append(slices.Clone(first), 139*time.Second, 199*time.Second, 259*time.Second))
		guest.Store(false)

		fail.Store(true)
		l.changed()
		within(time.Minute)
		if len(l.places) != 0 {
			t.Errorf("without network: places %v, want none", slices.Sorted(maps.Keys(l.places)))
		}
		fail.Store(false)
		member.Store(true)
		if again := within(2 * time.Minute); len(again) == 0 {
			t.Error("with a network again: not asked")
		}
		leave()
		<-ended
		for tag, count := range on {
			if count != 0 {
				t.Errorf("left: %d places under %s run", count, tag)
			}
		}
	})
}

// What a home tells its neighbours fits a record, and of what they tell it takes
// addresses alone.
func TestWhatIsToldNearby(t *testing.T) {
	const who = "/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5"
	addrs := func(texts ...string) (out []ma.Multiaddr) {
		for _, text := range texts {
			out = append(out, ma.StringCast(text))
		}
		return out
	}
	texts, ips := told(addrs("/ip4/10.0.0.7/tcp/1"+who, "/ip4/10.0.0.8/tcp/1"+who, "/ip6/fd00::7/udp/1/quic-v1"+who, "/dns4/elm.example/tcp/1"+who))
	if want := []string{"dnsaddr=/ip4/10.0.0.7/tcp/1" + who, "dnsaddr=/ip4/10.0.0.8/tcp/1" + who, "dnsaddr=/ip6/fd00::7/udp/1/quic-v1" + who}; !slices.Equal(texts, want) {
		t.Errorf("told: texts %q, want %q", texts, want)
	}
	if want := []string{"10.0.0.7", "fd00::7"}; !slices.Equal(ips, want) {
		t.Errorf("told: IPs %q, want %q", ips, want)
	}
	many := make([]ma.Multiaddr, maxHints+1)
	for i := range many {
		many[i] = ma.StringCast("/ip4/10.0.0.7/tcp/" + strconv.Itoa(i+1))
	}
	if texts, _ := told(many); len(texts) != maxHints {
		t.Errorf("told of %d addresses says %d, want %d", len(many), len(texts), maxHints)
	}
	for _, row := range []struct {
		name  string
		texts []string
		want  int // addresses of one peer; none: nobody
	}{
		{"as it was told", texts, 3},
		{"among other things", []string{"hello", "dnsaddr=", "dnsaddr=/ip4/1", texts[0]}, 1},
		{"nothing", nil, 0},
		{"of nobody", []string{"dnsaddr=/ip4/10.0.0.7/tcp/1"}, 0},
	} {
		got := spoken(row.texts)
		if row.want == 0 && len(got) == 0 {
			continue
		}
		if len(got) != 1 || len(got[0].Addrs) != row.want || "/p2p/"+got[0].ID.String() != who {
			t.Errorf("%s: spoken = %v, want %d addresses of %s", row.name, got, row.want, who)
		}
	}
}
