package storagetest

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/storage"
)

// testFaults lets writes fail before and after, and gives every failed batch
// again: nothing of it was there, or all, and the second time it is.
func testFaults(t *testing.T, m Maker) {
	s, _, log := begin(t, m)
	f := NewFaulty(s)
	c := circle(t, f, log.Circle)
	for i := range 9 {
		b := log.Batch(log.Content(i%3, 100), log.Control(1, 10))
		b.Rows = []storage.Row{{Key: []byte("c"), Value: fmt.Append(nil, i)}}
		before := shoot(t, c)
		switch i % 3 {
		case 1:
			f.FailWrite(1)
		case 2:
			f.FailAfterWrite(1)
		}
		if err := c.Append(b); (i%3 != 0) != errors.Is(err, ErrFault) {
			t.Fatalf("write %d = %v", i, err)
		}
		if i%3 == 1 {
			same(t, "after a write that failed", shoot(t, c), before)
		}
		check(t, c.Append(b))
		after := shoot(t, c)
		same(t, "state", shot{State: after.State}, shot{State: *log.State()})
		if after.Count != before.Count+2 || after.Rows["c"] != fmt.Sprint(i) {
			t.Fatalf("%d ops and row %q after write %d", after.Count, after.Rows["c"], i)
		}
	}
	for n := 1; n <= 5; n++ {
		f.FailRead(n)
		failed := 0
		for _, err := range []error{
			firstError(c.Arrivals(0)), firstError(c.Lane(Device(0), 0, 9)), firstError(c.Scan([]byte("c"))),
			func() error { _, _, err := c.Fact(log.Circle); return err }(),
			func() error { _, _, _, err := c.Op(log.Circle); return err }(),
		} {
			if errors.Is(err, ErrFault) {
				failed++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if failed != 1 {
			t.Errorf("%d of five reads failed, want the %d. alone", failed, n)
		}
	}
	healthy(t, c)
}

// testModel compares the store with a plain model over random histories.
func testModel(t *testing.T, m Maker) {
	few(t)
	rapid.Check(t, func(r *rapid.T) {
		s, c, log := begin(t, m)
		defer s.Close()
		model := shoot(t, c)
		bodies := map[crdt.ID][]byte{}
		forked := map[int]bool{}
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			switch step := rapid.IntRange(0, 9).Draw(r, "step"); {
			case step < 6:
				b := randomBatch(r, log, &model, bodies, forked)
				if err := c.Append(b); err != nil {
					r.Fatal(err)
				}
				if step == 0 {
					if err := c.Append(b); err != nil {
						r.Fatal(err)
					}
				}
			case step == 6:
				if err := c.RebuildIndex(); err != nil {
					r.Fatal(err)
				}
			case step == 7:
				s = m.Reopen(t, s)
				c = circle(t, s, log.Circle)
			case step == 8:
				check(t, s.Sync())
				s = m.Crash(t, s)
				c = circle(t, s, log.Circle)
			default:
				healthy(t, c)
			}
			model.State, model.Count = *log.State(), uint64(len(model.Ops))
			same(t, "store and model", shoot(t, c), model)
		}
		healthy(t, c)
	})
}

// few lowers rapid's number of histories, unless it was asked for.
func few(t *testing.T) {
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return
	}
	n := "25"
	if testing.Short() {
		n = "5"
	}
	check(t, f.Value.Set(n))
}

// randomBatch draws a batch and carries it out on the model.
func randomBatch(r *rapid.T, log *Log, model *shot, bodies map[crdt.ID][]byte, forked map[int]bool) storage.Batch {
	var ops []storage.Entry
	for range rapid.IntRange(0, 8).Draw(r, "ops") {
		n := rapid.IntRange(0, 5).Draw(r, "device")
		if forked[n] {
			continue
		}
		var e storage.Entry
		size := rapid.SampledFrom([]int{0, 1, 100, 2000}).Draw(r, "size")
		switch kind := rapid.IntRange(0, 9).Draw(r, "kind"); {
		case kind == 0 && log.Tip(n) > 1:
			e = log.Fork(n)
			forked[n] = true
		case kind < 3:
			e = log.Control(n, 1+size)
		default:
			e = log.Content(n, size)
		}
		if len(e.Op.Body) > 0 {
			bodies[e.Op.ID] = e.Op.Body
			switch rapid.IntRange(0, 5).Draw(r, "body") {
			case 0:
				e.Op.Body = nil
			case 1:
				e.Op.Body, e.Op.Gone = nil, true
			}
		}
		if e.Op.Class == crdt.Content && rapid.Bool().Draw(r, "unsigned") {
			e.Op.Sig = nil
		}
		ops = append(ops, e)
		model.Ops = append(model.Ops, crdt.Stored{Op: e.Op, Fact: e.Fact})
		if e.Op.Class == crdt.Control {
			model.Controls = append(model.Controls, e.Op.ID)
		}
	}
	b := log.Batch(ops...)
	b.Sync = rapid.Bool().Draw(r, "sync")
	model.Sets = append(model.Sets, b.Sets...)
	for range rapid.IntRange(0, 3).Draw(r, "bodies") {
		s := &model.Ops[rapid.IntRange(0, len(model.Ops)-1).Draw(r, "whose")]
		if s.Op.BodyLen == 0 {
			continue
		}
		if rapid.Bool().Draw(r, "take away") {
			b.Bodies = append(b.Bodies, storage.BodyChange{ID: s.Op.ID})
			s.Op.Body, s.Op.Gone = nil, true
		} else if full, ok := bodies[s.Op.ID]; ok {
			b.Bodies = append(b.Bodies, storage.BodyChange{ID: s.Op.ID, Body: full})
			if !s.Op.Gone {
				s.Op.Body = full
			}
		}
	}
	rows := maps.Clone(model.Rows)
	for range rapid.IntRange(0, 4).Draw(r, "rows") {
		key := string(rapid.SampledFrom([]byte(rowLetters)).Draw(r, "letter")) + rapid.StringN(0, 2, 8).Draw(r, "key")
		row := storage.Row{Key: []byte(key)}
		if rapid.IntRange(0, 3).Draw(r, "delete") == 0 {
			delete(rows, key)
		} else {
			row.Value = slices.Clip(append([]byte{}, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(r, "value")...))
			rows[key] = string(row.Value)
		}
		b.Rows = append(b.Rows, row)
	}
	model.Rows = rows
	return b
}
