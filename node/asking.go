package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
	"tend/storage"
)

// Whoever lost everything asks at a member's door to be known again, and goes on
// asking for days. The door keeps that for its person, who may know them, and hands
// out nothing meanwhile.

// Rows of the node's own: R|circle|root, or of a name nobody is known by
// R|circle|hash of the name → who asks.
const rowAsking = 'R'

// Bounds of what a door keeps of those who ask.
const (
	maxAsking  = 16 // a circle; see goesLater for who goes first
	askingKept = 30 * 24 * time.Hour
	askedAgain = time.Hour // the same request is not written again sooner
)

// Asking is somebody who asked at this door to be known again.
type Asking struct {
	Name   string  // as they said it
	Member crdt.ID // who that is; zero while nobody said
	// Code is theirs; its words are compared by voice. Its root is zero while the door
	// cannot tell whom they mean.
	Code protocol.RecoverCode
	Last time.Time
}

// askingRow is an [Asking] as it is kept.
type askingRow struct {
	_        struct{} `cbor:",toarray"`
	Name     string
	Member   []byte // 32 bytes, or none
	Root     []byte // likewise
	NextHash []byte // likewise
	Last     uint64 // Unix ms
}

func askingKey(id crdt.ID, of [32]byte) []byte {
	return append(append([]byte{rowAsking}, id[:]...), of[:]...)
}

// foldName is a name as it is compared.
func foldName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

func nameKey(id crdt.ID, name string) []byte {
	return askingKey(id, sha256.Sum256([]byte("tend/asking/"+foldName(name))))
}

// AskingAt lists who asked lately at this home's door to be known again in a
// circle, the newest first.
func (n *Node) AskingAt(id crdt.ID) ([]Asking, error) {
	x, err := n.runner(id)
	if err != nil {
		return nil, unknownCircle(id)
	}
	kept, err := n.asking(id)
	if err != nil {
		return nil, err
	}
	v := x.snap.Load().People
	var out []Asking
	for _, k := range kept {
		a := Asking{Name: k.Name, Last: time.UnixMilli(int64(k.Last)), Code: protocol.RecoverCode{Circle: id}}
		copy(a.Member[:], k.Member)
		copy(a.Code.NewRoot[:], k.Root)
		copy(a.Code.NextRootHash[:], k.NextHash)
		if n.now().Sub(a.Last) > askingKept || len(k.Root) > 0 && v.MayReturn(a.Member, a.Code.NewRoot, a.Code.NextRootHash) {
			continue // long ago, or in by now
		}
		if len(k.Root) == 0 && !a.Member.IsZero() {
			continue // this home's person said who is meant, and they have not knocked since
		}
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b Asking) int { return cmp.Compare(b.Last.UnixMilli(), a.Last.UnixMilli()) })
	return out, nil
}

func (n *Node) asking(id crdt.ID) ([]askingRow, error) {
	var out []askingRow
	for row, err := range n.cfg.Store.Node().Scan(append([]byte{rowAsking}, id[:]...)) {
		if err != nil {
			return nil, fmt.Errorf("read who asks at the door: %w", err)
		}
		var k askingRow
		if canon.Unmarshal(row.Value, &k) == nil {
			out = append(out, k)
		}
	}
	return out, nil
}

// Meant says who it is that asks at this home's door under a name by which the door
// knows nobody, or more than one.
func (n *Node) Meant(id crdt.ID, name string, member crdt.ID) error {
	value, asked, err := n.cfg.Store.Node().Get(nameKey(id, name))
	if err != nil {
		return err
	}
	var k askingRow
	if !asked || canon.Unmarshal(value, &k) != nil {
		return circle.Refuse(circle.NotFound, "no.asks_nobody", name)
	}
	k.Member = member[:]
	return n.cfg.Store.Node().Put(row(nameKey(id, name), canon.MustMarshal(k)))
}

// memberMeant finds the member whom a name at the door means: the only one called
// so, or the one whom this home's person said.
func (n *Node) memberMeant(s *Snapshot, name string) (crdt.ID, bool) {
	if m, ok := memberNamed(s, name); ok {
		return m, true
	}
	value, asked, err := n.cfg.Store.Node().Get(nameKey(s.Circle, name))
	var k askingRow
	if err != nil || !asked || canon.Unmarshal(value, &k) != nil || len(k.Member) != 32 {
		return crdt.ID{}, false
	}
	m, ok := s.People.Member(crdt.ID(k.Member))
	return m.ID, ok && m.Standing == membership.In
}

// keepUnknown keeps that somebody asks under a name that means nobody here.
func (n *Node) keepUnknown(id crdt.ID, name string) {
	n.keepAsking(id, nameKey(id, name), askingRow{Name: name})
}

// keepReturner keeps who asks, and by which root.
func (n *Node) keepReturner(id crdt.ID, name string, p *protocol.RecoverProve) {
	n.keepAsking(id, askingKey(id, p.NewRoot), askingRow{Name: name, Member: p.Member[:], Root: p.NewRoot[:], NextHash: p.NextRootHash[:]})
}

// keepAsking writes a request down, in bounds. One that cannot be kept is asked
// again.
func (n *Node) keepAsking(id crdt.ID, key []byte, k askingRow) {
	n.askings.Lock()
	defer n.askings.Unlock()
	own := n.cfg.Store.Node()
	k.Last = uint64(n.now().UnixMilli())
	rows := []storage.Row{row(key, canon.MustMarshal(k))}
	var others []storage.Row
	for r, err := range own.Scan(append([]byte{rowAsking}, id[:]...)) {
		var old askingRow
		switch {
		case err != nil:
			n.log.Warn("who asks at the door cannot be read", "err", err)
			return
		case canon.Unmarshal(r.Value, &old) != nil:
			rows = append(rows, row(r.Key, nil))
		case slices.Equal(r.Key, key):
			if k.Last-old.Last < uint64(askedAgain.Milliseconds()) && old.Last <= k.Last {
				return
			}
		default:
			others = append(others, row(r.Key, r.Value))
		}
	}
	slices.SortFunc(others, goesLater)
	if len(others) >= maxAsking && len(k.Member) == 0 && len(asked(others[maxAsking-1]).Member) > 0 {
		return
	}
	for i, o := range others {
		if i >= maxAsking-1 || k.Last > asked(o).Last+uint64(askingKept.Milliseconds()) {
			rows = append(rows, row(o.Key, nil))
		}
	}
	if err := own.Put(rows...); err != nil {
		n.log.Warn("who asks at the door could not be kept; they ask again", "err", err)
		return
	}
	if x, err := n.runner(id); err == nil {
		n.revisions.send(Revision{Circle: id, N: x.snap.Load().Revision})
	}
}

// goesLater puts first what is kept longest where there are too many: before bare
// names, which anybody can say, those of whom it is known who they ask for, and of
// each the newest.
func goesLater(a, b storage.Row) int {
	x, y := asked(a), asked(b)
	return cmp.Or(cmp.Compare(len(y.Member), len(x.Member)), cmp.Compare(y.Last, x.Last))
}

func asked(r storage.Row) (k askingRow) {
	if canon.Unmarshal(r.Value, &k) != nil {
		return askingRow{}
	}
	return k
}

// LeaveOut leaves the devices of a member who comes back out of what this home
// writes for a few from now on. It returns the proposal to let them back in.
func (n *Node) LeaveOut(ctx context.Context, id, member crdt.ID) (crdt.ID, error) {
	x, err := n.runner(id)
	if err != nil {
		return crdt.ID{}, unknownCircle(id)
	}
	of, err := heardFrom(ctx, x, job{ops: wishOps}, func(w *replica.Replica, now time.Time) (crdt.ID, error) {
		r, ok := openRecovery(w.People(), member)
		switch {
		case member == x.me():
			return crdt.ID{}, circle.Refuse(circle.Usage, "no.yourself_back")
		case !ok || !r.Open(now.UnixMilli()):
			return crdt.ID{}, circle.Refuse(circle.NotFound, "no.stands_nobody.now")
		}
		if !w.LeftOut(member, now.UnixMilli()) {
			w.LeaveOut(member)
		}
		return r.Proposal, nil
	})
	return of, problem(err)
}
