package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
	"tend/storage"
)

// Bounds of what is taken in from a backup at once: below those of a batch, which
// may grow by what it wakes.
const (
	restoreOps   = replica.MaxBatchOps / 2
	restoreBytes = replica.MaxBatchBytes / 2
)

// Restore makes this empty home a further device of the member whose backup in is,
// in the clear. It is read to its end, and checked, before anything is stored;
// then its ops go through the same door as any others. All of it can be read at
// once. The home writes nothing in a circle until it has met another home of it
// ([Node.Join]), or [Node.Alone]. An error leaves the home as empty as it was.
func (n *Node) Restore(ctx context.Context, in io.ReadSeeker) (BackedUp, error) {
	if err := n.wantEmpty(); err != nil {
		return BackedUp{}, err
	}
	info, err := CheckBackup(ctx, in)
	if err != nil {
		return BackedUp{}, err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return BackedUp{}, err
	}
	f := refill{node: n, keys: map[crdt.ID]CircleKeys{}}
	if err := f.all(ctx, in); err != nil {
		return BackedUp{}, errors.Join(badBackup(err), f.drop())
	}
	for id := range f.keys {
		if _, err := n.add(id); err != nil {
			return info, fmt.Errorf("open circle %s: %w", id.Short(), err)
		}
		n.moves.send(Move{Circle: id, People: true, Epoch: true})
	}
	return info, nil
}

// wantEmpty refuses to put a backup beside what a home has.
func (n *Node) wantEmpty() error {
	if len(n.cfg.Keys.Circles()) == 0 && len(n.cfg.Keys.Joinings()) == 0 {
		return nil
	}
	return circle.Refuse(circle.Kept, "no.home_used")
}

// refill takes a backup in. The keys wait in memory until all ops are in the
// store: until then the home is as empty as it was, whatever ends the program.
type refill struct {
	node  *Node
	seeds Seeds
	keys  map[crdt.ID]CircleKeys

	x     *runner // of the circle begun last; nobody else knows it
	batch []crdt.Op
	size  int
}

func (f *refill) all(ctx context.Context, in io.Reader) error {
	if err := f.drop(); err != nil { // what an earlier try left behind
		return err
	}
	r, err := protocol.NewBackupReader(in)
	if err != nil {
		return err
	}
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = f.record(rec)
		}
		if err != nil {
			return err
		}
	}
	if err := f.node.cfg.Store.Sync(); err != nil {
		return err
	}
	return f.node.cfg.Keys.Restore(f.seeds, f.keys)
}

func (f *refill) record(rec protocol.BackupRecord) error {
	switch rec := rec.(type) {
	case *protocol.BackupHead:
		return f.head(rec)
	case *protocol.BackupCircle:
		if err := f.end(); err != nil {
			return err
		}
		return f.begin(rec)
	case *protocol.BackupOp:
		op, err := rec.Op(f.x.id)
		if err != nil {
			return err
		}
		if len(f.batch) >= restoreOps || f.size+op.Size() > restoreBytes {
			if err := f.flush(); err != nil {
				return err
			}
		}
		f.batch, f.size = append(f.batch, op), f.size+op.Size()
	case *protocol.BackupRow:
		if err := f.flush(); err != nil {
			return err
		}
		return f.row(rec)
	case *protocol.BackupEnd:
		return f.end()
	}
	return nil
}

// head keeps the recovery seeds, behind one of this home's own: the device that
// wrote the backup may have made members of the first since, and none of those may
// be made again here.
func (f *refill) head(rec *protocol.BackupHead) error {
	f.node.seeds.Lock()
	defer f.node.seeds.Unlock()
	var err error
	if f.seeds, err = f.node.seedsWithOwn(); err != nil {
		return err
	}
	for _, seed := range rec.Seeds {
		f.seeds = f.seeds.with(seed)
	}
	return nil
}

// begin opens a circle whose log is to come, on a node of its own that works on
// the same store.
func (f *refill) begin(rec *protocol.BackupCircle) error {
	n := f.node
	keys := CircleKeys{Identity: Identity{Inception: rec.Inception, RootSeed: rec.Root, NextSeed: rec.Next}, LogKey: rec.LogKey, Restored: true}
	if err := n.freshDevice(&keys.Identity); err != nil {
		return err
	}
	for s := range slices.Chunk(rec.Secrets, 32) {
		keys.Secrets = append(keys.Secrets, protocol.Secret(s))
	}
	for p := range slices.Chunk(rec.Packed, 96) {
		keys.Packed = append(keys.Packed, protocol.PackedKey{Op: crdt.ID(p), Key: [32]byte(p[32:]), Commit: [32]byte(p[64:])})
	}
	aside := NewMemKeys(n.cfg.Keys.TransportSeed())
	if err := aside.SetCircle(rec.Circle, keys); err != nil {
		return err
	}
	cfg := n.cfg
	cfg.Keys = aside
	alone, err := New(cfg)
	if err != nil {
		return err
	}
	f.x, err = alone.runner(rec.Circle)
	f.keys[rec.Circle] = keys
	return err
}

// flush takes what was gathered in, as the circle's loop would.
func (f *refill) flush() error {
	if len(f.batch) == 0 {
		return nil
	}
	done := make(chan error, 1)
	f.x.batch([]job{{ops: len(f.batch), bytes: f.size, done: done, do: func(w *replica.Replica, now time.Time) error {
		for _, op := range f.batch {
			v, err := w.Receive(op, replica.Source{Way: replica.Backup}, now.UnixMilli())
			if err != nil {
				return err
			}
			switch v.Outcome {
			case replica.Refused:
				return fmt.Errorf("%w: op %s is against the circle's rules: %w", protocol.ErrBackupDamaged, op.ID.Short(), v.Reason)
			case replica.Parked, replica.Dropped:
				return fmt.Errorf("%w: op %s names others that are not in it", protocol.ErrBackupDamaged, op.ID.Short())
			}
		}
		return nil
	}}})
	f.batch, f.size = nil, 0
	return <-done
}

// row puts back what lay on the home alone.
func (f *refill) row(rec *protocol.BackupRow) error {
	prefix, known := backedRows[rec.What]
	if !known {
		return nil
	}
	if rec.What == "group" && canon.Unmarshal(rec.Value, new([]crdt.ID)) != nil || len(prefix)+len(rec.Key) > storage.MaxRowKey {
		return fmt.Errorf("%w: a %s that cannot be read", protocol.ErrBackupDamaged, rec.What)
	}
	return f.x.store.Put(row(append(slices.Clone(prefix), rec.Key...), rec.Value))
}

// end closes the circle begun last.
func (f *refill) end() error {
	if f.x == nil {
		return nil
	}
	if err := f.flush(); err != nil {
		return err
	}
	f.x.catchUp()
	f.x.checkpoint()
	f.x = nil
	return nil
}

// drop deletes every circle of the store that there are no keys of.
func (f *refill) drop() error {
	f.x = nil
	ids, err := f.node.cfg.Store.Circles()
	if err != nil {
		return err
	}
	have := f.node.cfg.Keys.Circles()
	for _, id := range ids {
		if !slices.Contains(have, id) {
			err = errors.Join(err, f.node.cfg.Store.Drop(id))
		}
	}
	return err
}

// Alone lets a home that came back from a backup write in a circle although it has
// met nobody: its person says that there is no other home to meet. It returns the
// op by which this device is in.
func (n *Node) Alone(ctx context.Context, id crdt.ID) (crdt.ID, error) {
	x, err := n.runner(id)
	if err != nil {
		return crdt.ID{}, unknownCircle(id)
	}
	held := x.ring.held()
	if !held.Restored {
		return crdt.ID{}, circle.Refuse(circle.Kept, "no.here_already.writes")
	}
	me := held.Identity
	cert := n.certified(&me, id, me.Member(), n.clock(), nil)
	cert = n.certified(&me, id, me.Member(), cert.NotBefore, sign(me.RootSeed, cert.Signed()))
	var first crdt.ID
	err = n.control(ctx, x, func(w *replica.Replica, clock crdt.HLC) error {
		if op, ok, err := w.FirstOf(me.Device()); err != nil || ok {
			first = op.ID
			return err
		}
		w.Become(me.Device(), crdt.ID{})
		var err error
		if first, err = w.Propose(&membership.DeviceAdd{Cert: cert}, clock); err != nil {
			w.Become(crdt.Device{}, crdt.ID{})
		}
		return err
	})
	if err != nil {
		return crdt.ID{}, err
	}
	return first, x.awake(ctx, first)
}

// awake lets this device write, once first, by which it came in, is kept.
func (x *runner) awake(ctx context.Context, first crdt.ID) error {
	if err := x.ring.update(func(c *CircleKeys) { c.First, c.Restored = first, false }); err != nil {
		return err
	}
	dev := x.ring.device()
	err := x.ask(ctx, job{do: func(w *replica.Replica, _ time.Time) error { w.Become(dev, first); return nil }})
	x.node.moves.send(Move{Circle: x.id, People: true, Epoch: true, Knocking: true})
	return err
}

// unmet reports whether this device is in no other home's log yet, as far as is
// known here: it came back from a backup, or was let in and its first op not heard.
func (x *runner) unmet() bool {
	held := x.ring.held()
	return held.Restored || !held.First.IsZero() && !x.snap.Load().Arrived
}

// meet begins to knock, with an invitation, for a home that came back from a
// backup: its member's root opens the door at once (SPEC.md §6.3). name is what
// the others call them; "" is the name that the backup knows.
func (n *Node) meet(x *runner, code *protocol.Invite, name string) (JoinState, error) {
	s := x.snap.Load()
	if name == "" {
		name = s.State.Name(s.Me)
	}
	if err := checkName(name); err != nil {
		return JoinState{}, err
	}
	if n.now().Unix()/3600 >= int64(code.Expiry) {
		return JoinState{}, circle.Refuse(circle.Kept, "no.invite_over")
	}
	for _, j := range n.cfg.Keys.Joinings() {
		if j.Code == code.Text() && j.Over == "" && j.Name == name {
			return JoinState{ID: j.ID, Circle: code.Circle, Last: j.Last}, nil
		}
	}
	id, err := n.joiningID()
	if err != nil {
		return JoinState{}, err
	}
	me := x.ring.held().Identity
	me.Inception.Root, me.Inception.NextRootHash = pub(me.RootSeed), membership.RootHash(pub(me.NextSeed)) // those in force
	j := Joining{ID: backByFile + id, Code: code.Text(), Name: name, Identity: me, Since: n.now().UnixMilli()}
	return JoinState{ID: j.ID, Circle: code.Circle}, n.setJoinings(func(all []Joining) []Joining {
		return append(slices.DeleteFunc(all, func(o Joining) bool { return o.Code == j.Code }), j)
	})
}

// meets makes a home that came back from a backup a device of its circle, given the
// control log that a door handed over, and returns the op by which it came in.
func (n *Node) meets(ctx context.Context, x *runner, keys CircleKeys, ops []crdt.Op, body membership.Body) (crdt.Op, error) {
	fresh, err := n.firstDraft(x.id, &keys, ops, body)
	if err != nil {
		return crdt.Op{}, err
	}
	if err := x.takeControl(ctx, ops); err != nil {
		return crdt.Op{}, err
	}
	op, err := heardFrom(ctx, x, job{}, func(w *replica.Replica, _ time.Time) (crdt.Op, error) {
		before, ok, err := w.FirstOf(fresh.Dev) // of a try that was cut short
		if err != nil || ok {
			return before, err
		}
		if err := w.TakeControl([]crdt.Op{fresh}); err != nil {
			return crdt.Op{}, err
		}
		if d, ok := w.People().Device(fresh.Dev); !ok || !current(w.People(), d) {
			return crdt.Op{}, errNotLetIn
		}
		return fresh, nil
	})
	if err != nil {
		return crdt.Op{}, err
	}
	return op, x.awake(ctx, op.ID)
}
