package node_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/words"
	"tend/storage"
)

// TestManyStopsBeforeTheDayIsFull: an import stops when nine tenths of what a device
// may write in a day are written, with the open way; others see that this device
// writes much; by hand there is room still, until the day is full; and the next day
// the import goes on.
func TestManyStopsBeforeTheDayIsFull(t *testing.T) {
	var clock skewed
	clock.by.Store(int64(time.Until(time.Now().Truncate(day).Add(day + 8*time.Hour)))) // no midnight while it runs
	ann, ben := newHomeOn(t, "Ann", storage.NewMem(), clock.now), newHomeOn(t, "Ben", storage.NewMem(), clock.now)
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	one := func(n int) circle.Command { return circle.InBulk{Of: wish(fmt.Sprint("row ", n))} }
	rows := 0
	var no *circle.Problem
	for {
		if _, err := ann.Do(t.Context(), id, one(rows)); err != nil {
			if !errors.As(err, &no) {
				t.Fatalf("row %d: %v", rows, err)
			}
			break
		}
		rows++
	}
	if no.Code != circle.Kept || words.Told.HintOf(no.Said) == "" {
		t.Errorf("the import stops with %+v, want what is left to do", no)
	}
	if least, most := crdt.MaxDayOps*9/10-20, crdt.MaxDayOps*9/10+1; rows < least || rows > most {
		t.Errorf("it stops after %d rows, want %d to %d", rows, least, most)
	}
	meet(ben, ann, id)
	if got := ben.Busy(id); len(got) != 1 || got[0] != ann.view(id).Me {
		t.Errorf("Ben is shown %v as writing much, want Ann", got)
	}
	byHand := 0
	for ; byHand < crdt.MaxDayOps; byHand++ {
		if _, err := ann.Do(t.Context(), id, wish("by hand")); err != nil {
			if no = nil; !errors.As(err, &no) || no.Code != circle.Kept {
				t.Errorf("when the day is full: %v, want that it is kept within what was agreed", err)
			}
			break
		}
	}
	if byHand < crdt.MaxDayOps/10-20 || byHand > crdt.MaxDayOps/10 {
		t.Errorf("by hand there was room for %d more", byHand)
	}
	clock.by.Add(int64(day))
	if _, err := ann.Do(t.Context(), id, one(rows)); err != nil {
		t.Errorf("the next day: %v", err)
	}
	if got := ben.Busy(id); len(got) != 0 {
		t.Error("Ann is still shown as writing much the next day")
	}
	meet(ben, ann, id)
	if a, b := ann.view(id).Ops, ben.view(id).Ops; a != b {
		t.Errorf("Ann holds %d ops, Ben %d", a, b)
	}
}
