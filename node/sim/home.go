package sim

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node"
	"tend/storage"
	"tend/storage/storagetest"
)

// How a home behaves in time.
const (
	firstUpkeep = time.Second
	restAfter   = 20 * time.Second
	// slowest is how long a home that has nothing to do waits before it looks again.
	// A real one looks each minute; what it would see in between is nothing.
	slowest = 6 * time.Hour
)

// home is one home: what it keeps, and the node on it while it is on.
type home struct {
	w      *World
	number int
	name   string
	peer   membership.PeerKey
	keys   *node.MemKeys
	mem    *storage.Mem
	disk   *storagetest.Faulty
	chance io.Reader

	hand    *node.Hand // nil while it is off
	life    int        // counts starts: what was meant for an earlier life is void
	asleep  bool       // on, and not running: a closed laptop
	skew    time.Duration
	due     time.Duration // when the next upkeep is
	resting bool
	pace    time.Duration // between looks, while nothing happens

	cheats   map[string]bool // which lies it tells; empty for an honest home
	invented int             // how often it invented something
	cheating bool            // what it invents has begun
	past     [][]byte        // frames it said, for replay
	kept     []byte          // a frame to be said later
	gone     bool            // it is out of the story: a cheat, after the healing
	trap     trap
	backup   *backup
	hurt     bool             // its disk was made to fail
	acked    map[crdt.ID]bool // ops of wishes that were answered
	wrote    map[crdt.ID]bool // ops it announced, on this disk
	wire     *wire
}

// trap ends the program at a step of a commit.
type trap struct {
	step  node.Step
	after int           // how many times it may be passed before
	off   time.Duration // how long the home is off then
	set   bool
}

// backup is what a home had at some time.
type backup struct {
	keys *node.MemKeys
	mem  *storage.Mem
	at   time.Duration
}

// crash is the panic by which a trap ends a program.
type crash struct{ h *home }

// home returns the home of that name, and makes it at its first act.
func (w *World) home(name string) *home {
	if h, ok := w.named[name]; ok {
		return h
	}
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(name), w.scenario.Seed))
	h := &home{w: w, number: len(w.homes), name: name, keys: node.NewMemKeys(seed), cheats: map[string]bool{}, acked: map[crdt.ID]bool{}, wrote: map[crdt.ID]bool{}, pace: time.Minute}
	h.peer = membership.PeerKey(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
	h.chance = rand.NewChaCha8(seed)
	h.put(storage.NewMem())
	h.wire = newWire(h)
	w.homes, w.named[name] = append(w.homes, h), h
	h.start()
	return h
}

// put gives the home a disk.
func (h *home) put(mem *storage.Mem) {
	h.mem, h.disk = mem, storagetest.NewFaulty(mem)
	if h.w.options.Careless {
		h.disk = storagetest.NewFaulty(careless{mem})
	}
}

// careless is a store that syncs nothing, and says it did.
type careless struct{ storage.Store }

// Sync implements [storage.Store].
func (careless) Sync() error { return nil }

// Circle implements [storage.Store].
func (c careless) Circle(id crdt.ID) (storage.Circle, error) {
	circle, err := c.Store.Circle(id)
	return carelessCircle{circle}, err
}

type carelessCircle struct{ storage.Circle }

// Append implements [storage.Circle].
func (c carelessCircle) Append(b storage.Batch) error {
	b.Sync = false
	return c.Circle.Append(b)
}

// now is the home's own wall clock.
func (h *home) now() time.Time { return h.w.wall().Add(h.skew) }

// honest reports whether what this home says is what it holds.
func (h *home) honest() bool { return len(h.cheats) == 0 }

// on reports whether the home runs.
func (h *home) on() bool { return h.hand != nil && !h.asleep && !h.gone }

// start opens the node over what the home keeps. Where that cannot be read just now
// it tries again a little later.
func (h *home) start() {
	if h.hand != nil || h.gone {
		return
	}
	h.life++
	var hand *node.Hand
	var err error
	done := h.guarded(func() {
		hand, err = node.ByHand(node.Config{Store: h.disk, Keys: h.keys, Rand: h.chance, Now: h.now, Zone: "Europe/Berlin",
			Log: slog.New(slog.DiscardHandler)}, h.passed)
	})
	if !done {
		return
	}
	if err != nil {
		if !h.hurt {
			h.w.fail("start", "%s: %v", h.name, err)
		}
		h.later(10*time.Second, h.start)
		return
	}
	h.hand, h.asleep = hand, false
	h.w.say("%s starts", h.name)
	h.upkeepIn(firstUpkeep)
	h.w.net.lookSoon()
}

// later does something unless the home began another life meanwhile.
func (h *home) later(wait time.Duration, do func()) {
	life := h.life
	h.w.in(wait, func() {
		if h.life == life {
			do()
		}
	})
}

// stop ends the node in order: what it keeps is written, and synced.
func (h *home) stop() {
	if h.hand == nil {
		return
	}
	h.enter(func() { h.hand.Rest() })
	if h.hand == nil {
		return
	}
	_ = h.mem.Sync()
	h.fallSilent()
	h.w.say("%s stops", h.name)
}

// fall ends the node as a power cut does: of what was written and not synced, some
// of the oldest may be kept.
func (h *home) fall(off time.Duration) {
	if n := h.mem.Unsynced(); n > 0 {
		h.mem.CrashKeeping(h.w.rand.IntN(n + 1))
	} else {
		h.mem.Crash()
	}
	h.w.say("%s falls", h.name)
	h.w.traced("fall", h)
	h.fallSilent()
	if off > 0 {
		h.later(off, h.start)
	}
}

// fallSilent forgets all that was in memory.
func (h *home) fallSilent() {
	h.hand, h.asleep, h.resting = nil, false, false
	h.life++
	h.trap = trap{}
	h.wire.fall()
	h.w.net.lookSoon()
}

// passed is told of each step of each commit.
func (h *home) passed(s node.Step) {
	if s == node.Durable {
		h.w.traced("commit", h)
	}
	if !h.trap.set || h.trap.step != s {
		return
	}
	if h.trap.after > 0 {
		h.trap.after--
		return
	}
	panic(crash{h})
}

// guarded does something in this home's program, which may end there. It reports
// whether it did not.
func (h *home) guarded(do func()) (whole bool) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if c, ok := r.(crash); !ok || c.h != h {
			panic(r)
		}
		h.fall(max(h.trap.off, time.Second))
		whole = false
	}()
	do()
	return true
}

// enter does something with the home's node, if it runs, and sees to what follows
// from it. It reports whether the node lived through it.
func (h *home) enter(do func()) bool {
	if !h.on() || !h.guarded(do) || h.hand == nil {
		return false
	}
	for _, m := range h.hand.News() {
		h.moved(m)
	}
	if wait := h.hand.Hurried(); wait > 0 {
		h.upkeepIn(wait)
	}
	return h.hand != nil
}

// moved sees to what is new at home.
func (h *home) moved(m node.Move) {
	h.stir()
	h.wire.moved(m)
}

// stir ends the slow pace of a home in which nothing happened.
func (h *home) stir() {
	h.pace = time.Minute
	h.upkeepIn(time.Minute)
	h.wire.stir()
	if !h.resting {
		h.resting = true
		h.later(restAfter, func() {
			h.resting = false
			h.enter(func() { h.hand.Rest() })
		})
	}
}

// upkeepIn sees to it that the next upkeep is no later than that.
func (h *home) upkeepIn(wait time.Duration) {
	at := h.w.now + wait
	if h.due > h.w.now && h.due <= at {
		return
	}
	h.due = at
	h.later(wait, func() {
		if h.due == at {
			h.due = 0
			h.upkeep()
		}
	})
}

func (h *home) upkeep() {
	if !h.on() {
		return
	}
	wait := time.Minute
	pace := h.pace
	h.enter(func() { wait = h.hand.Upkeep() })
	if h.hand == nil {
		return
	}
	if h.pace == pace { // nothing came of it
		h.pace = min(4*h.pace, slowest)
	}
	if wait >= time.Minute {
		wait = h.pace
	}
	h.upkeepIn(wait)
}

// view is the circle as the home sees it; nil if it has no part in it, or is off.
func (h *home) view() *node.Snapshot {
	if h.hand == nil || h.w.circle.IsZero() {
		return nil
	}
	s, err := h.hand.View(h.w.circle)
	if err != nil {
		return nil
	}
	return s
}

// in reports whether the home sees itself in the circle.
func (h *home) in() bool {
	s := h.view()
	return s != nil && s.Standing == membership.In
}

// mend ends all faults of this home.
func (h *home) mend() {
	if !h.honest() {
		h.gone = true
		h.fallSilent()
		return
	}
	h.trap = trap{}
	h.disk.Mend()
	h.hurt = false
	h.skew = 0
	if h.asleep {
		h.wake()
	}
	h.start()
	if h.hand != nil {
		h.stir()
	}
}

// sleep closes the lid.
func (h *home) sleep() {
	if h.on() {
		h.asleep = true
		h.wire.fall()
		h.w.net.lookSoon()
	}
}

// wake opens it again. Timers that ran out meanwhile run now.
func (h *home) wake() {
	if h.asleep {
		h.asleep = false
		h.due = 0
		h.upkeepIn(firstUpkeep)
		h.w.net.lookSoon()
	}
}

// keep makes a backup; restore goes back to it.
func (h *home) keep() { h.backup = &backup{h.keys.Clone(), h.mem.Snapshot(), h.w.now} }

func (h *home) restore() {
	if h.backup == nil {
		return
	}
	if h.hand != nil {
		h.fallSilent()
	}
	h.keys = h.backup.keys.Clone()
	h.put(h.backup.mem.Snapshot())
	clear(h.wrote)
	for id := range h.acked {
		if c, err := h.mem.Circle(h.w.circle); err == nil {
			if _, here, _ := c.Fact(id); !here {
				delete(h.acked, id) // what nobody else has is lost with the disk
			}
		}
	}
	for _, t := range h.w.things {
		if t.by == h && t.since > h.backup.at {
			t.taken = false // nor is it sure that anybody else heard of a retraction
		}
	}
	h.w.say("%s goes back to a backup", h.name)
	h.start()
}
