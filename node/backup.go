package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/sig"
	"tend/protocol"
)

// BackedUp says what a backup holds.
type BackedUp struct {
	Made    time.Time
	Program string // what wrote it
	Circles []BackedCircle
	Ops     int // of all circles
}

// BackedCircle is one circle of a backup.
type BackedCircle struct {
	ID   crdt.ID
	Name string
	Ops  int
}

// Backup writes, in the clear, what brings this member back on another machine:
// the roots, all they can read and the logs, and no key of this device (SPEC.md
// §9.3). Whoever calls it seals what comes out. It may run while the node works,
// and holds one op in memory at a time.
func (n *Node) Backup(ctx context.Context, out io.Writer, program string) (BackedUp, error) {
	info := BackedUp{Made: n.now(), Program: program}
	head := protocol.BackupHead{Made: info.Made.UnixMilli(), Program: program}
	for _, seed := range n.cfg.Keys.Seeds().All {
		head.Seeds = append(head.Seeds, seed)
	}
	w, err := protocol.NewBackupWriter(out, head)
	if err != nil {
		return info, err
	}
	for _, x := range n.runners() {
		one, err := x.backUp(ctx, w)
		if err != nil {
			return info, fmt.Errorf("back up circle %s: %w", x.id.Short(), err)
		}
		info.Circles, info.Ops = append(info.Circles, one), info.Ops+one.Ops
	}
	return info, w.Close()
}

// backUp writes one circle. One of which nothing has arrived yet is left out.
func (x *runner) backUp(ctx context.Context, w *protocol.BackupWriter) (BackedCircle, error) {
	out := BackedCircle{ID: x.id, Name: x.snap.Load().People.Charter().Name}
	for s, err := range x.store.Arrivals(1) {
		if err == nil {
			err = ctx.Err()
		}
		// The walk sees the log as it was when the first op came. A secret is kept
		// before what is sealed under it, so the keys of now open all of that.
		if err == nil && out.Ops == 0 {
			err = w.Circle(x.backedKeys(out.Name))
		}
		if err == nil {
			err = w.Op(&s.Op)
		}
		if err != nil {
			return out, err
		}
		out.Ops++
	}
	if out.Ops == 0 {
		return out, nil
	}
	return out, x.backUpRows(w)
}

// backedKeys are this member's keys in a circle, without those of this device.
func (x *runner) backedKeys(name string) protocol.BackupCircle {
	k := x.ring.held()
	c := protocol.BackupCircle{Circle: x.id, Name: name, Inception: k.Inception, Root: k.RootSeed, Next: k.NextSeed, LogKey: k.LogKey}
	for _, s := range k.Secrets {
		c.Secrets = append(c.Secrets, s[:]...)
	}
	for _, p := range k.Packed {
		c.Packed = append(append(append(c.Packed, p.Op[:]...), p.Key[:]...), p.Commit[:]...)
	}
	return c
}

// backUpRows writes what lies on this home alone: groups, what the person keeps for
// themselves, and places and words that wait.
func (x *runner) backUpRows(w *protocol.BackupWriter) error {
	for what, prefix := range backedRows {
		for r, err := range x.store.Scan(prefix) {
			if err == nil {
				err = w.Row(what, r.Key[len(prefix):], r.Value)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// backedRows are the rows of a circle that a backup holds, by what they are called
// in it.
var backedRows = map[string][]byte{"group": rowGroup, "own": rowOwn, "place": rowPlace, "waiting": rowWaiting}

// CheckBackup reads a backup to its end and says what is in it. It checks the
// digest, every op's hash, body and signature, and that the keys open the circle.
// The error is a [*circle.Problem], or in's.
func CheckBackup(ctx context.Context, in io.Reader) (BackedUp, error) {
	r, err := protocol.NewBackupReader(in)
	if err != nil {
		return BackedUp{}, badBackup(err)
	}
	var c backupCheck
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			err = c.endCircle()
			return c.info, badBackup(err)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = c.record(rec)
		}
		if err != nil {
			return BackedUp{}, badBackup(err)
		}
	}
}

// backupCheck holds what a backup's records must agree with.
type backupCheck struct {
	info      BackedUp
	circle    *protocol.BackupCircle // the one begun last
	batch     sig.Batch
	uncovered map[crdt.ID]struct{} // ops without a signature that nothing covers yet
}

func (c *backupCheck) record(rec protocol.BackupRecord) error {
	switch rec := rec.(type) {
	case *protocol.BackupHead:
		c.info.Made, c.info.Program = time.UnixMilli(rec.Made), rec.Program
	case *protocol.BackupCircle:
		if err := c.endCircle(); err != nil {
			return err
		}
		c.circle, c.uncovered = rec, map[crdt.ID]struct{}{}
		c.info.Circles = append(c.info.Circles, BackedCircle{ID: rec.Circle, Name: rec.Name})
	case *protocol.BackupOp:
		return c.op(rec)
	}
	return nil
}

func (c *backupCheck) op(rec *protocol.BackupOp) error {
	op, err := rec.Op(c.circle.Circle)
	if err != nil {
		return err
	}
	one := &c.info.Circles[len(c.info.Circles)-1]
	if one.Ops == 0 {
		if err := c.genesis(&op); err != nil {
			return err
		}
	}
	one.Ops++
	c.info.Ops++
	delete(c.uncovered, op.Prev)
	if len(op.Sig) == 0 {
		c.uncovered[op.ID] = struct{}{}
		return nil
	}
	c.batch.Add(op.Dev, op.Signed(c.circle.Circle), op.Sig)
	if c.batch.Len() < verifyBatch {
		return nil
	}
	return c.signatures()
}

// genesis holds that the first op is the circle's first, and opens under its key.
func (c *backupCheck) genesis(op *crdt.Op) error {
	if op.ID != c.circle.Circle {
		return fmt.Errorf("%w: circle %s does not begin with its first op", protocol.ErrBackupDamaged, c.circle.Circle.Short())
	}
	if _, err := protocol.OpenBody(c.circle.LogKey, crdt.ID{}, op.Dev, op.Seq, op.Body); err != nil {
		return fmt.Errorf("%w: the keys are not of circle %s", protocol.ErrBackupDamaged, c.circle.Circle.Short())
	}
	return nil
}

func (c *backupCheck) signatures() error {
	bad := c.batch.Verify()
	c.batch = sig.Batch{}
	if len(bad) > 0 {
		return fmt.Errorf("%w: a signature does not verify", protocol.ErrBackupDamaged)
	}
	return nil
}

// endCircle holds that every op of the circle is authentic (SPEC.md §3.2).
func (c *backupCheck) endCircle() error {
	if err := c.signatures(); err != nil {
		return err
	}
	if len(c.uncovered) > 0 {
		return fmt.Errorf("%w: no signature covers an op", protocol.ErrBackupDamaged)
	}
	if n := len(c.info.Circles); n > 0 && c.info.Circles[n-1].Ops == 0 {
		return fmt.Errorf("%w: a circle without an op", protocol.ErrBackupDamaged)
	}
	return nil
}

// badBackup gives the ways a backup is not taken their sentences.
func badBackup(err error) error {
	switch {
	case errors.Is(err, protocol.ErrNewerBackup):
		return circle.Refuse(circle.Failed, "no.backup_newer")
	case errors.Is(err, protocol.ErrNoBackup):
		return circle.Refuse(circle.Failed, "no.not_backup")
	case errors.Is(err, protocol.ErrBackupDamaged):
		return circle.Refuse(circle.Failed, "no.backup_damaged", err.Error())
	}
	return err
}
