package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/storage"
	"tend/storage/crashpoint"
)

// Bounds of a circle's loop.
const (
	inboxSize = 1024
	// wishOps and wishBytes are what a wish may add to a batch at most; it is begun only
	// where there is room for that.
	wishOps   = 8
	wishBytes = 64 << 10
	// maxJobs is how many jobs are taken from the inbox at once: if one fails, those of its
	// batch are done once more.
	maxJobs = 128
	// checkpointEvery is after how many changed records the state is checkpointed
	// while the loop is busy; an idle loop does so after checkpointIdle.
	checkpointEvery = 4096
	checkpointIdle  = 20 * time.Second
	tickEvery       = time.Minute
)

// ErrClosed is returned by what was asked of a node that is stopping.
var ErrClosed = errors.New("the node is stopping")

// errUnsure is answered while a circle's store can neither be written nor read.
var errUnsure = errors.New("the store cannot be read after a write that failed")

// job is one thing for a circle's loop to do on a working copy. It may be run
// again on another copy when a batch has to be made anew.
type job struct {
	do    func(w *replica.Replica, now time.Time) error
	ops   int        // how much it may add to a batch
	bytes int        // the same, of ops and rows
	done  chan error // takes one; nil if nobody waits
}

// most is how much the job may add to a batch; one that does not say is taken for a small
// wish.
func (j job) most() (ops, bytes int) { return max(j.ops, wishOps), max(j.bytes, wishBytes/4) }

// fits reports whether a batch with so much room takes the job, also if each of its ops
// takes a body away.
func (j job) fits(ops, bytes int) bool {
	o, b := j.most()
	return o <= ops && b+o*replica.BodyCost <= bytes
}

// runner is one circle of a node: its replica, and the one goroutine that owns it.
type runner struct {
	node   *Node
	id     crdt.ID
	store  storage.Circle
	ring   *ring
	log    *slog.Logger
	inbox  chan job
	called chan chan struct{} // somebody waits for an upkeep

	replica  *replica.Replica // owned by run
	revision uint64           // owned by run
	hurried  bool             // owned by run: the next upkeep was moved forward
	faded    crdt.HLC         // owned by run: the log's clock at the last upkeep
	fadedTo  crdt.HLC         // owned by run: the log's clock when it was last looked for what faded; 0 never
	fadedAt  time.Time        // owned by run: this home's clock then
	followed bool             // owned by run: talks were looked at since the start
	unsure   bool             // owned by run: a write failed, and what the store holds could not be read
	snap     atomic.Pointer[Snapshot]
	heard    *hearing
	places   *places
	groups   *groups
	waiting  *waiting
	own      *own
	search   searching
	readings *circle.Readings
	forgets  forgetting // owned by run
	lost     replacing  // owned by run: of prekeys
	vain     time.Time  // owned by run: when an epoch was last made that settled nothing
	ended    chan struct{}

	still       atomic.Pointer[stillMark]
	stillLooked time.Time // owned by run

	pushes  pushes
	rosters rosters
}

func (n *Node) newRunner(id crdt.ID) (*runner, error) {
	store, err := n.cfg.Store.Circle(id)
	if err != nil {
		return nil, err
	}
	ring, err := newRing(id, n.cfg.Keys)
	if err != nil {
		return nil, err
	}
	x := &runner{node: n, id: id, store: store, ring: ring, log: n.log.With("circle", id.Short()),
		inbox: make(chan job, inboxSize), called: make(chan chan struct{}), ended: make(chan struct{}),
		readings: circle.NewReadings(&sync.Mutex{})}
	if x.replica, err = replica.Open(x.config()); err != nil {
		return nil, err
	}
	if x.heard, err = loadHearing(store); err != nil {
		return nil, err
	}
	if x.places, err = loadPlaces(store); err != nil {
		return nil, err
	}
	if x.groups, err = loadGroups(store); err != nil {
		return nil, err
	}
	if x.waiting, err = loadWaiting(store); err != nil {
		return nil, err
	}
	if x.own, err = loadOwn(store); err != nil {
		return nil, err
	}
	if x.forgets, err = loadForgetting(store); err != nil {
		return nil, err
	}
	if err := x.loadStill(); err != nil {
		return nil, err
	}
	x.publish()
	return x, nil
}

func (x *runner) config() replica.Config {
	held := x.ring.held()
	cfg := replica.Config{Circle: x.id, Member: held.Member(), Dev: held.Device(), First: held.First, LogKey: held.LogKey.EpochID(),
		Keys: x.ring, Store: reader{x.store}, Rand: x.node.cfg.Rand}
	if held.Restored {
		cfg.Dev = crdt.Device{}
	}
	return cfg
}

// ask gives the loop a job and waits for its end.
func (x *runner) ask(ctx context.Context, j job) error {
	j.done = make(chan error, 1)
	if h := x.node.hand; h != nil {
		return h.ask(x, j)
	}
	select {
	case x.inbox <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-x.ended:
		return ErrClosed
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-x.ended:
		select {
		case err := <-j.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// heardFrom is [runner.ask] for a job that has something to say. A caller who gave up
// waiting gets nothing of it: the loop may still be at work on the job.
func heardFrom[T any](ctx context.Context, x *runner, j job, do func(*replica.Replica, time.Time) (T, error)) (T, error) {
	var said, nothing T
	j.do = func(w *replica.Replica, now time.Time) error {
		var err error
		said, err = do(w, now)
		return err
	}
	if err := x.ask(ctx, j); err != nil {
		return nothing, err
	}
	return said, nil
}

// offer gives the loop a job if there is room, and does not wait.
func (x *runner) offer(j job) bool {
	select {
	case x.inbox <- j:
		if h := x.node.hand; h != nil {
			h.serve(x)
		}
		return true
	default:
		return false
	}
}

// run is the loop. It is the only goroutine that touches the replica.
func (x *runner) run(ctx context.Context) {
	defer close(x.ended)
	x.sayName()
	tick := time.NewTimer(time.Second)
	defer tick.Stop()
	idle := time.NewTimer(checkpointIdle)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			x.checkpoint()
			x.forget(true)
			return
		case j := <-x.inbox:
			if wait, hurry := x.work(j); hurry {
				tick.Reset(wait)
			}
			idle.Reset(checkpointIdle)
		case <-tick.C:
			tick.Reset(x.tick())
		case done := <-x.called:
			tick.Reset(x.tick())
			close(done)
		case <-idle.C:
			x.checkpoint()
			x.forget(false)
		}
	}
}

// tick does what is due by itself, and says when to look again.
func (x *runner) tick() time.Duration {
	x.hurried = false
	wait := x.upkeep()
	x.catchUp()
	return wait
}

// work does a job, with what waits behind it as far as that fits into one batch. It
// says how soon the next upkeep is asked for, if it is.
func (x *runner) work(j job) (time.Duration, bool) {
	x.batch(x.drain(j))
	x.catchUp()
	x.sayName()
	wait, hurry := x.hurry()
	if x.replica.Dirty() >= checkpointEvery {
		x.checkpoint()
	}
	return wait, hurry
}

// drain takes what waits in the inbox.
func (x *runner) drain(first job) []job {
	jobs := []job{first}
	for len(jobs) < maxJobs {
		select {
		case j := <-x.inbox:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// catchUp takes in what waited for something that the last batch brought and had
// no room for. What cannot be written now is tried again at the next tick.
func (x *runner) catchUp() {
	for !x.unsure && x.replica.Late(x.node.now().UnixMilli()) {
		before := x.replica
		x.batch([]job{{do: func(w *replica.Replica, now time.Time) error { return w.Tick(now.UnixMilli()) }}})
		if x.replica == before {
			return
		}
	}
}

// batch does jobs in as few batches as they fit into.
func (x *runner) batch(jobs []job) {
	for len(jobs) > 0 {
		jobs = x.oneBatch(jobs)
	}
}

// oneBatch makes a batch of jobs: on a working copy, then on disk, then visible. It
// returns those for which there was no room.
func (x *runner) oneBatch(jobs []job) (rest []job) {
	if x.unsure {
		if x.reread(true); x.unsure {
			answer(jobs, errUnsure)
			return nil
		}
	}
	now := x.node.now()
	x.noteStill(now)
	crashpoint.At("drafting")
	w, commit, left, rest := x.attempt(jobs, now)
	if len(left) == 0 {
		return rest
	}
	crashpoint.At("drafted")
	x.passed(Drafted)
	if err := x.write(commit); err != nil {
		x.log.Error("a batch could not be written", "err", err)
		x.reread(len(commit.Secrets) > 0)
		answer(left, err)
		return rest
	}
	crashpoint.At("durable")
	x.passed(Durable)
	w.Settle()
	w.Forget()
	before := x.replica
	x.replica = w
	x.passed(Joined)
	x.publish()
	crashpoint.At("visible")
	answer(left, nil)
	crashpoint.At("answered")
	x.passed(Visible)
	x.announce(before, commit)
	crashpoint.At("announced")
	x.passed(Announced)
	x.tellPlaces()
	x.followPod(commit.People)
	x.followTalks(commit.People)
	return rest
}

// reread makes sure, after a write that failed, that the replica is what the
// store holds: a store may fail after it wrote. To go on from before would give
// the next op a place that is taken. Of secrets that were kept before it failed, what
// they open is still to be read.
func (x *runner) reread(secrets bool) {
	state, err := x.store.Log()
	if err == nil && state.Last == x.replica.Ops() && !secrets {
		return
	}
	r, openErr := replica.Open(x.config())
	if err = errors.Join(err, openErr); err != nil {
		x.log.Error("the circle could not be read again after that", "err", err)
		x.unsure = true
		return
	}
	x.replica, x.unsure = r, false
	x.publish()
}

// sayName writes what a founder or a newcomer is called, as the first thing once
// their own admission has arrived.
func (x *runner) sayName() {
	if err := x.writeName(); err != nil {
		x.log.Warn("the name could not be written yet", "err", err)
	}
}

func (x *runner) writeName() error {
	name, done := x.ring.name(), make(chan error, 1)
	if name == "" || !x.replica.Arrived() {
		return nil
	}
	x.batch([]job{{done: done, do: func(w *replica.Replica, now time.Time) error {
		_, err := w.Do(circle.SetSection{Section: circle.SectionName, Values: []string{name}}, w.Env(now, x.node.cfg.Zone), x.node.clock())
		return err
	}}})
	if err := <-done; err != nil {
		return err
	}
	return x.ring.update(func(c *CircleKeys) { c.Name = "" })
}

// said waits until the name was written, or could not be.
func (x *runner) said(ctx context.Context) error {
	return x.ask(ctx, job{do: func(*replica.Replica, time.Time) error { return nil }})
}

// attempt runs jobs on a working copy, as many as it has room for, and at least one. A
// job that fails is answered and left out; if it had changed the copy already, the batch
// is made anew without it. It returns those that were done, and the rest.
func (x *runner) attempt(jobs []job, now time.Time) (_ *replica.Replica, _ *replica.Commit, done, rest []job) {
	for {
		w, spoiled := x.replica.Begin(), false
		for i := 0; i < len(jobs) && !spoiled; {
			ops, bytes := w.Room()
			if i > 0 && !jobs[i].fits(ops, bytes) {
				jobs, rest = jobs[:i], jobs[i:]
				break
			}
			// What waited and is taken in beside a job leaves the job its room.
			o, b := jobs[i].most()
			w.Spare(ops-o, bytes-b)
			before := w.Drafted()
			err := jobs[i].do(w, now)
			if err == nil {
				i++
				continue
			}
			answer(jobs[i:i+1], err)
			jobs = slices.Delete(slices.Clone(jobs), i, i+1)
			spoiled = w.Drafted() != before
		}
		if spoiled {
			continue
		}
		commit, err := w.Finish()
		if err != nil {
			answer(jobs, err)
			return nil, nil, nil, rest
		}
		return w, commit, jobs, rest
	}
}

// write makes a batch durable: secrets first, then everything else at once.
func (x *runner) write(c *replica.Commit) error {
	if err := x.ring.keep(c.Secrets); err != nil {
		return err
	}
	if c.Empty() {
		return nil
	}
	if len(c.Secrets) > 0 {
		crashpoint.At("secrets kept")
	}
	b := storage.Batch{State: c.State, Sets: c.Sets, FirstSet: c.FirstSet, Sync: c.Sync}
	for _, e := range c.Entries {
		b.Ops = append(b.Ops, storage.Entry{Op: e.Op, Fact: e.Fact})
	}
	for _, ch := range c.Bodies {
		b.Bodies = append(b.Bodies, storage.BodyChange{ID: ch.ID, Body: ch.Body})
	}
	for _, row := range c.Rows {
		b.Rows = append(b.Rows, storage.Row{Key: row.Key, Value: row.Value})
	}
	x.forgets.owe(c, &b)
	if err := x.store.Append(b); err != nil {
		return fmt.Errorf("keep %d ops: %w", len(b.Ops), err)
	}
	return nil
}

// publish makes the replica's state what everybody sees.
func (x *runner) publish() {
	x.revision++
	x.rosters.add(x.replica.People().Roster())
	me, dev := x.replica.Me()
	r := x.replica
	told := ""
	if r.Standing() == membership.Removed {
		told = x.reasonTold()
	}
	s := &Snapshot{Circle: x.id, Revision: x.revision, State: r.State().With(x.readings), People: r.People(), Opened: r.Opened(), Void: r.Voided(), Newer: r.Newer(), Told: told,
		Me: me, Dev: dev, Standing: r.Standing(), DeviceOut: r.DeviceOut(), LeftOut: r.AllLeftOut(), Arrived: r.Arrived(), Restored: dev.IsZero(),
		Ops: r.Ops(), Waiting: r.Waiting(),
		Handed: r.Handed(), ToldGoodbye: x.toldGoodbye(), frontier: sync.OnceValue(r.Frontier), gaps: sync.OnceValue(func() []Gap { return x.gapsOf(r) })}
	s.digest = sync.OnceValue(func() crdt.ID { return s.State.Digest(latest(s.Frontier().Tips)) })
	x.snap.Store(s)
}

// toldGoodbye reports whether another home confirmed that this one is out.
func (x *runner) toldGoodbye() bool {
	if x.replica.Standing() == membership.In && !x.replica.DeviceOut() {
		return false
	}
	_, told, err := x.store.Get(rowGoodbye)
	return err == nil && told
}

// announce tells the network and whoever watches what a batch changed.
func (x *runner) announce(before *replica.Replica, c *replica.Commit) {
	for _, id := range c.Minted {
		x.pushes.add(id, x.node.now())
	}
	if c.People {
		x.node.partings.unsay(x)
	}
	var messages [][]byte
	all := true
	if x.node.moves.heard() { // a network that begins to listen later asks in sessions first
		messages, all = x.gossip(c.Announce)
	}
	m := Move{Circle: x.id, Frontier: c.Spread || !all, People: c.People, Epoch: c.Epoch || len(c.Minted) > 0,
		Gap: x.replica.Waiting() > before.Waiting(), Announce: messages}
	if m.Frontier || m.People || m.Epoch || m.Gap || len(m.Announce) > 0 {
		x.node.moves.send(m)
	}
	if c.Visible || len(c.Entries) > 0 {
		x.node.revisions.send(Revision{Circle: x.id, N: x.revision})
	}
}

// checkpoint writes the records that changed since the last one.
func (x *runner) checkpoint() {
	c, needed := x.replica.Checkpoint()
	if !needed {
		return
	}
	for {
		rows, err := c.Next()
		if err != nil {
			x.log.Warn("the state could not be checkpointed; the log is whole", "err", err)
			return
		}
		if rows == nil {
			break
		}
		kept := make([]storage.Row, len(rows))
		for i, row := range rows {
			kept[i] = storage.Row{Key: row.Key, Value: row.Value}
		}
		if err := x.store.Put(kept...); err != nil {
			x.log.Warn("the state could not be checkpointed; the log is whole", "err", err)
			return
		}
		crashpoint.At("checkpoint under way")
	}
	crashpoint.At("checkpoint written")
	x.replica.Checkpointed(c)
	x.heard.save(x.store)
}

func answer(jobs []job, err error) {
	for _, j := range jobs {
		if j.done != nil {
			j.done <- err
		}
	}
}

// vainEvery is how often an epoch is made at most that does not settle why it is made.
const vainEvery = time.Hour

// mint makes the epoch that is due. The reason may be one that it cannot settle now:
// an op that is held for its clock is known, and can be no parent. Then others are not
// made before a while has passed.
func (x *runner) mint(w *replica.Replica, now time.Time, clock crdt.HLC) error {
	reason := w.People().MintReason()
	if _, err := w.Mint(clock); err != nil {
		return err
	}
	if reason == membership.MintNone || w.People().MintReason() != reason {
		return nil
	}
	if now.Sub(x.vain).Abs() < vainEvery {
		return errVain
	}
	x.vain = now
	return nil
}

var errVain = errors.New("another epoch would settle nothing yet")

// upkeep does what is due by itself, and says when to look again.
func (x *runner) upkeep() time.Duration {
	now := x.node.now()
	jobs := []job{{do: func(w *replica.Replica, now time.Time) error { return w.Tick(now.UnixMilli()) }}}
	clock := x.node.clock()
	at := clock.Time() // what is due is told from the dates of ops, and they have this one
	due := x.replica.Due(clock.Millis())
	if due.Back {
		jobs = append(jobs, job{do: func(w *replica.Replica, _ time.Time) error {
			_, err := w.Propose(&membership.Back{}, clock)
			return err
		}})
	}
	if due.Mint && clock.Millis() >= due.MintAt {
		jobs = append(jobs, job{do: func(w *replica.Replica, now time.Time) error { return x.mint(w, now, clock) }})
	}
	if due.Prekey || x.lostBox() && x.lost.due(now) {
		jobs = append(jobs, job{do: func(w *replica.Replica, now time.Time) error { return x.renewPrekey(w, now, clock) }})
	}
	if due.Proof {
		jobs = append(jobs, job{do: func(w *replica.Replica, _ time.Time) error { return w.ShowForks(clock) }})
	}
	if due.Beat {
		jobs = append(jobs, job{do: func(w *replica.Replica, _ time.Time) error { _, err := w.Beat(clock); return err }})
	}
	x.batch(jobs)
	x.tellRoom()
	x.fade()
	if !x.followed { // a home that stopped between may owe something
		x.followed = true
		x.followTalks(true)
	}
	x.forgetBoxes(now)
	if _, err := x.lookOver(); err != nil {
		x.log.Warn("the log could not be looked over", "err", err)
	}
	if wait := time.UnixMilli(due.MintAt).Sub(at); due.Mint && wait > 0 {
		return min(tickEvery, max(time.Second, wait))
	}
	return tickEvery // also after a mint that failed: a full disk is no reason to hurry
}
