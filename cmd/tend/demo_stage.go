package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tend/node/client"
)

// Bounds of playing a story: how long a line may wait for what it speaks of, how long
// the homes may take to hold the same, and how often that is looked at.
const (
	demoHear = 30 * time.Second
	demoMeet = 60 * time.Second
	demoLook = 5 * time.Millisecond
)

// storyClock is the one clock of all homes of a story. It goes as fast as the
// machine's, and is put ahead between two lines.
type storyClock struct {
	machine func() time.Time
	ahead   atomic.Int64
}

// clockFrom returns a clock that stands well before any story.
func clockFrom(machine func() time.Time) *storyClock {
	c := &storyClock{machine: machine}
	c.ahead.Store(-int64(longestStory))
	return c
}

// longestStory is more than any story lasts.
const longestStory = 100 * 24 * time.Hour

func (c *storyClock) now() time.Time { return c.machine().Add(time.Duration(c.ahead.Load())) }

// reach puts the clock to t; it never goes back.
func (c *storyClock) reach(t time.Time) {
	c.ahead.Store(max(c.ahead.Load(), int64(t.Sub(c.machine()))))
}

// stage is where a story is played: real homes of this process, which meet on
// loopback, and the ids of what was made.
type stage struct {
	app   *app
	clock *storyClock
	dirs  map[string]string // where somebody's home is, by name
	cast  []*actor          // who came in, in that order
	made  map[string]string // what a name in a line stands for
}

// actor is somebody's home at work.
type actor struct {
	name  string
	app   app
	m     *machine
	say   *client.Client
	close func() error
	apart bool
}

// onLoopback is a network that nobody else can be met on.
func onLoopback() *network {
	return &network{noMDNS: true, noPortMap: true, listen: []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}}
}

// actor returns somebody's home; the first time, it is made and opened.
func (st *stage) actor(ctx context.Context, name string) (*actor, error) {
	for _, p := range st.cast {
		if p.name == name {
			return p, nil
		}
	}
	p := &actor{name: name, app: *st.app}
	p.app.homeDir, p.app.clock = st.dirs[name], st.clock.now
	h := p.app.home()
	if err := h.make(); err != nil {
		return nil, err
	}
	lock, err := h.lock()
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return nil, h.taken()
	}
	if p.m, err = p.app.wire(ctx, h, onLoopback()); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	p.say = client.New(client.InMemory(p.m.handler))
	p.close = func() error { return errors.Join(p.say.Close(), p.m.close(), lock.Unlock()) }
	st.cast = append(st.cast, p)
	return p, nil
}

// close ends all homes.
func (st *stage) close() error {
	var err error
	for _, p := range st.cast {
		err = errors.Join(err, p.close())
	}
	return err
}

// tend runs one command line on this home, as somebody at its keyboard would, and
// returns its answer in JSON.
func (p *actor) tend(ctx context.Context, words []string) ([]byte, error) {
	var out, said bytes.Buffer
	run := app{in: strings.NewReader(""), out: &out, err: &said, getenv: p.app.zoneAlone, clock: p.app.clock, ready: p.say, passphraseFD: -1}
	code := run.main(ctx, append([]string{"--home", p.app.homeDir, "--json"}, words...))
	asksBack := code == exitNotYet && words[0] == "recover" // that takes others, and days
	if code != exitDone && !asksBack {
		return nil, &failure{code: code, say: strings.TrimPrefix(strings.TrimSpace(said.String()), programSays)}
	}
	return out.Bytes(), nil
}

// zoneAlone knows the time zone and no setting, so that a story is always the same.
func (a *app) zoneAlone(name string) string {
	if name == "TZ" {
		return a.getenv(name)
	}
	return ""
}

// keep remembers what an answer names, under the name of its line.
func (st *stage) keep(name string, answer []byte) error {
	var all map[string]any
	if err := json.Unmarshal(answer, &all); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	for field, value := range all {
		if text, ok := value.(string); ok {
			st.made[name+"."+field] = text
		}
	}
	st.made[name] = st.made[name+".id"]
	return nil
}

// setApart takes a home off the network, or brings it back.
func (p *actor) setApart(ctx context.Context, apart bool) (err error) {
	if p.apart = apart; apart {
		err, p.m.net = p.m.net.Close(), nil
		return err
	}
	p.m.net, err = p.m.startNetwork(context.WithoutCancel(ctx))
	return err
}

// lose ends a home for good; another is where its person is from now on.
func (st *stage) lose(p *actor) error {
	st.cast = slices.DeleteFunc(st.cast, func(o *actor) bool { return o == p })
	st.dirs[p.name] += "-again"
	return p.close()
}

// converge waits until all homes that are on the network hold the same.
func (st *stage) converge(ctx context.Context) error {
	for until := time.Now().Add(demoMeet); time.Now().Before(until); {
		seen := map[string]bool{}
		for _, p := range st.cast {
			held, err := p.holds(ctx)
			if err != nil {
				return err
			}
			if held != "" {
				seen[held] = true
			}
		}
		if len(seen) <= 1 {
			return nil
		}
		if err := pause(ctx, demoLook); err != nil {
			return err
		}
	}
	return fail(exitFailed, "fail.story_apart")
}

// holds says what a home holds, so that it can be compared; "" for one that is
// apart or not in, or not back in, a circle yet.
func (p *actor) holds(ctx context.Context) (string, error) {
	if p.apart {
		return "", nil
	}
	status, err := p.say.Status(ctx)
	if err != nil || len(status.Circles) == 0 || status.Circles[0].Standing != "in" {
		return "", err
	}
	one := status.Circles[0]
	return fmt.Sprint(one.Frontier, one.StateDigest, one.Waiting), nil
}

// turnDay lets all homes do what they do by themselves as time goes by: new keys
// every week, signs that they are there.
func (st *stage) turnDay(ctx context.Context) error {
	for _, p := range st.cast {
		before, err := p.holds(ctx)
		if err != nil {
			return err
		}
		if err := p.m.at().DoDue(ctx); err != nil {
			return err
		}
		if after, err := p.holds(ctx); err != nil {
			return err
		} else if after == before {
			continue
		}
		if err := st.converge(ctx); err != nil {
			return err
		}
	}
	return st.converge(ctx)
}

// sync lets every home that stays meet all others once more, so that each knows of them
// as of now.
func (st *stage) sync(ctx context.Context) error {
	for _, p := range st.cast {
		if !slices.Contains(demoHomes, p.name) {
			continue
		}
		if _, err := p.say.Sync(ctx, demoMeet); err != nil {
			return err
		}
	}
	return st.converge(ctx)
}

// demoHome is the folder of somebody's home in a demonstration.
func demoHome(dir, name string) string { return filepath.Join(dir, strings.ToLower(name)) }
