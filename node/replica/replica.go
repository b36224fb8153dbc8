package replica

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/protocol"
	"tend/protocol/frontier"
)

// Config is what a replica begins with.
type Config struct {
	Circle crdt.ID
	// Member and Dev are who writes here. A zero Dev only reads, until
	// [Replica.Become].
	Member crdt.ID
	Dev    crdt.Device
	// First is the op by which Dev came in, if it wrote that itself before its copy
	// of the log came; nothing is written before it is here.
	First crdt.ID
	// LogKey is the id of the circle's log key.
	LogKey membership.EpochID
	Keys   Keys
	Store  Reader
	// Rand is where new secrets and salts come from.
	Rand io.Reader
}

// Replica is one member's copy of one circle.
type Replica struct {
	cfg    Config
	circle crdt.ID
	store  Reader

	log   *crdt.Log
	pasts *crdt.Pasts
	set   *membership.Set
	state *circle.State
	ops   uint64
	// arrived is the admission that was found in the log already.
	arrived crdt.ID

	pool    *pool
	held    []held                           // ascending by clock; replaced, never changed in place
	missing map[crdt.ID]uint64               // ops whose body is missing → arr; replaced likewise
	gone    map[crdt.ID][]membership.PeerKey // missing → who says it is gone; replaced likewise
	joined  map[crdt.ID]bool                 // ops of j| rows; replaced likewise
	newer   map[crdt.ID]bool                 // ops of kinds that are not known here; replaced likewise
	awaited map[crdt.ID][]uint64             // ops not here yet → arrs of those that speak of them; replaced likewise
	came    []crdt.ID                        // of these, those that came and were too many to read at once; for the next Tick
	nooks   map[string]nook                  // by roster; replaced likewise
	leftOut map[crdt.ID]uint64               // members whose devices are left out → since when, see rowLeftOut; replaced likewise
	opened  map[crdt.ID][]crdt.ID            // by decision, who could decide then; replaced likewise
	dirty   map[crdt.ID]struct{}             // records changed since the last checkpoint
	fresh   map[membership.EpochID]*protocol.Key
	wrote   written // what this home sealed last

	unread  []membership.EpochID // held, with ops that were never read yet
	ready   []crdt.ID            // came, while what waits for them was not tried yet
	spare   spare                // what the batch has room for beside its jobs
	weighed weighed              // what of the batch [Replica.Room] has counted

	setsSaved uint32        // known sets that the store has
	marked    uint64        // up to which arrival the checkpoint in the store stands for the log; 0: there is none
	voids     [32]byte      // digest of what is void, as applied to state
	ended     []crdt.Device // those with a counting end against them, as of voids
	restudy   []crdt.Device // whose content may be void no longer, since this batch

	voided   []Voided // own ops without effect, as of voidedAt
	voidedAt [32]byte

	out *Commit // the batch being made; nil in a settled replica
}

// Open reads a replica from its store: control ops, checkpoint, and what came
// after the checkpoint.
func Open(cfg Config) (*Replica, error) {
	r := &Replica{cfg: cfg, circle: cfg.Circle, store: cfg.Store,
		missing: map[crdt.ID]uint64{}, joined: map[crdt.ID]bool{}, newer: map[crdt.ID]bool{}, awaited: map[crdt.ID][]uint64{},
		gone: map[crdt.ID][]membership.PeerKey{}, nooks: map[string]nook{}, leftOut: map[crdt.ID]uint64{}, opened: map[crdt.ID][]crdt.ID{},
		dirty: map[crdt.ID]struct{}{}, fresh: map[membership.EpochID]*protocol.Key{}}
	for _, load := range []func() error{r.loadControl, r.loadLog, r.loadNooks, r.loadLeftOut, r.loadPool, r.loadMissing, r.loadNewer, r.loadHeld, r.loadAwaited, r.loadState, r.loadUnread, r.noteArrived} {
		if err := load(); err != nil {
			return nil, fmt.Errorf("open circle %s: %w", cfg.Circle.Short(), err)
		}
	}
	return r, nil
}

// loadControl replays the control log, and what was handed over at joining.
func (r *Replica) loadControl() error {
	r.pasts = crdt.NewPasts()
	r.set = membership.NewSet(r.pasts)
	for s, err := range r.store.Controls() {
		if err != nil {
			return err
		}
		if err := r.replay(&s.Op); err != nil {
			return err
		}
	}
	return r.loadJoined()
}

// replay puts a control op that was accepted before into the set again.
func (r *Replica) replay(op *crdt.Op) error {
	body, err := r.decodeControl(op, membership.DecodeTrusted)
	if err != nil {
		return fmt.Errorf("control op %s: %w", op.ID.Short(), err)
	}
	if _, err := r.pasts.Add(op.ID, op.Ctl); err != nil {
		return err
	}
	if !r.set.Has(op.ID) {
		r.set.Add(op, body)
		r.noteControl(op.ID, body)
	}
	return nil
}

func (r *Replica) loadLog() error {
	from, err := r.store.Log()
	if err != nil {
		return err
	}
	sets, err := r.store.KnownSets()
	if err != nil {
		return err
	}
	r.pasts.Restore(sets)
	r.setsSaved = uint32(len(sets))
	r.log, err = crdt.NewLog(r.circle, r.store, r.pasts, from)
	r.ops = from.Last
	return err
}

// Begin returns a working copy that the next batch is made on.
func (r *Replica) Begin() *Replica {
	w := *r
	w.log = r.log.Clone()
	w.set = r.set.Clone()
	w.state = r.state.Fork()
	w.fresh = maps.Clone(r.fresh)
	r.pool.shared, w.pool.shared = true, true
	w.out = &Commit{FirstSet: r.setsSaved}
	w.spare, w.weighed = spare{rows: maxLate}, weighed{}
	return &w
}

// Finish ends the batch and returns what to write and do. The copy must not be
// given anything more; it becomes the replica by [Replica.Settle] once the batch
// is written, or is dropped.
func (r *Replica) Finish() (*Commit, error) {
	if err := r.revoid(); err != nil {
		return nil, err
	}
	c := r.out
	for n := r.setsSaved; n < uint32(r.pasts.KnownLen()); n++ {
		c.Sets = append(c.Sets, r.pasts.KnownIDs(n))
	}
	if len(c.Entries) > 0 {
		s := r.log.State()
		c.State = &s
	}
	return c, nil
}

// Settle makes the copy the replica: its batch is in the store.
func (r *Replica) Settle() {
	r.setsSaved += uint32(len(r.out.Sets))
	r.log.Settled()
	for _, d := range r.log.Devices() {
		r.log.Qualifying(d) // ranks a fork once, for all copies of this log
	}
	for _, id := range r.state.Touched() {
		r.dirty[id] = struct{}{} // no copy is left that this map could belong to
	}
	_ = r.noteArrived() // if it cannot be read now, it is asked again
	r.out = nil
}

// Drafted counts what the batch holds so far; it tells whether a wish that failed
// left something behind.
func (r *Replica) Drafted() int {
	return len(r.out.Entries) + len(r.out.Rows) + len(r.out.Secrets) + len(r.out.Bodies)
}

// weighed is how much of a batch was counted, and what it came to.
type weighed struct{ entries, rows, bodies, bytes int }

// BodyCost is what a body that goes or comes late adds to a batch beside itself, in bytes:
// its op's header and signature are written again.
const BodyCost = crdt.MaxHeaderSize + 64

// Room is how many ops, and how many bytes of ops, rows and bodies, the batch has left.
func (r *Replica) Room() (ops, bytes int) {
	w, c := &r.weighed, r.out
	for _, e := range c.Entries[w.entries:] {
		w.bytes += e.Op.Size()
	}
	for _, row := range c.Rows[w.rows:] {
		w.bytes += len(row.Key) + len(row.Value)
	}
	for _, b := range c.Bodies[w.bodies:] {
		w.bytes += len(b.Body) + BodyCost
	}
	w.entries, w.rows, w.bodies = len(c.Entries), len(c.Rows), len(c.Bodies)
	return MaxBatchOps - len(c.Entries), MaxBatchBytes - w.bytes
}

// Forget drops the secrets that [Config.Keys] holds by now.
func (r *Replica) Forget() { clear(r.fresh) }

// State returns what the circle looks like. It never changes.
func (r *Replica) State() *circle.State { return r.state }

// People returns who belongs. It never changes.
func (r *Replica) People() *membership.View { return r.set.View() }

// Ops is the number of ops in the log.
func (r *Replica) Ops() uint64 { return r.ops }

// Waiting counts what has not taken effect: parked and held ops, missing bodies.
func (r *Replica) Waiting() int { return len(r.pool.ops) + len(r.held) + len(r.missing) }

// Tips returns the ends of a device's chain as held here.
func (r *Replica) Tips(dev crdt.Device) []crdt.Tip { return r.log.Tips(dev) }

// Circle returns the circle's id.
func (r *Replica) Circle() crdt.ID { return r.circle }

// Me returns the member and device that write here.
func (r *Replica) Me() (crdt.ID, crdt.Device) { return r.cfg.Member, r.cfg.Dev }

// Standing says how this member stands in the circle, as far as is known here.
func (r *Replica) Standing() membership.Standing {
	m, ok := r.People().Member(r.cfg.Member)
	if !ok {
		return membership.Stranger
	}
	return m.Standing
}

// DeviceOut reports whether this device was ended, as far as is known here: by
// another one of its member's, or when they came back without it.
func (r *Replica) DeviceOut() bool { return out(r.People(), r.cfg.Dev) }

func out(v *membership.View, dev crdt.Device) bool {
	d, ok := v.Device(dev)
	return ok && d.Revoked
}

// Arrived reports whether this member's own admission is in the log, so that it
// may write: until then its copy is still arriving.
func (r *Replica) Arrived() bool {
	here, err := r.hasArrived()
	return err == nil && here
}

func (r *Replica) hasArrived() (bool, error) {
	admission, ok := r.admission()
	if !ok || admission == r.arrived {
		return ok, nil
	}
	_, here, err := r.log.Fact(admission)
	if err == nil && here && !r.cfg.First.IsZero() {
		_, here, err = r.log.Fact(r.cfg.First)
	}
	return err == nil && here, err
}

// admission returns the op by which this member is in; the founder came with
// genesis.
func (r *Replica) admission() (crdt.ID, bool) {
	m, ok := r.People().Member(r.cfg.Member)
	if ok && m.Admission.IsZero() {
		return r.circle, true
	}
	return m.Admission, ok
}

// noteArrived remembers that this member's admission is in the log.
func (r *Replica) noteArrived() error {
	here, err := r.hasArrived()
	if here {
		r.arrived, _ = r.admission()
	}
	return err
}

// Frontier returns what a session tells a peer about this log. Of a settled
// replica it may be asked while copies of that are being worked on.
func (r *Replica) Frontier() *frontier.Snapshot {
	log := r.log.Clone() // asking it fills its memory of forks
	s := &frontier.Snapshot{Circle: r.circle, Roster: r.People().Roster(), Tips: map[crdt.Device][]crdt.Tip{},
		Digest: log.Digest(), Last: log.Last(), Ops: r.ops, Forked: map[crdt.Device]bool{}}
	for _, d := range log.Devices() {
		s.Tips[d] = slices.Clone(log.Qualifying(d))
		if _, forked := log.Fork(d); forked {
			s.Forked[d] = true
		}
	}
	if e, ok := r.writeEpoch(); ok {
		s.Epoch = e.Epoch.ID
	}
	return s
}

// row adds a row to the batch.
func (r *Replica) row(key, value []byte) { r.out.Rows = append(r.out.Rows, Row{key, value}) }

// key returns the secret of an epoch, held or made in this batch, in the use in which id
// names it.
func (r *Replica) key(id membership.EpochID) (*protocol.Key, bool) {
	if k, ok := r.fresh[id]; ok {
		return k, true
	}
	return r.cfg.Keys.Key(id)
}

func (r *Replica) secret(id membership.EpochID) (protocol.Secret, bool) {
	k, held := r.key(id)
	if !held {
		return protocol.Secret{}, false
	}
	return k.Secret(), true
}

// HasSecret reports whether the secret of an epoch is held.
func (r *Replica) HasSecret(id membership.EpochID) bool { _, ok := r.secret(id); return ok }

// keep takes a new secret into use and into the batch.
func (r *Replica) keep(s protocol.Secret) {
	for _, k := range []*protocol.Key{s.CircleKey(), s.NookKey()} {
		r.fresh[k.ID()] = k
	}
	r.out.Secrets = append(r.out.Secrets, s)
}

func (r *Replica) writeEpoch() (membership.EpochInfo, bool) {
	return r.People().WriteEpoch(r.holdsCircle)
}
