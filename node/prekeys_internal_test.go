package node

import (
	"testing"
	"time"
)

// A prekey that is lost again and again is replaced more and more seldom, and at once
// when that is long ago.
func TestReplacingPauses(t *testing.T) {
	var r replacing
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	n := 0
	for range 14 * 24 * 60 { // two weeks, looking once a minute
		if r.due(now) {
			n++
		}
		now = now.Add(time.Minute)
	}
	if n < 15 || n > 26 {
		t.Errorf("replaced %d times in two weeks, want a few more than once a day", n)
	}
	now = now.Add(3 * 24 * time.Hour)
	if !r.due(now) {
		t.Error("not replaced at once, long after the last time")
	}
	if r.due(now.Add(30*time.Second)) || !r.due(now.Add(time.Minute)) {
		t.Error("the pause did not begin anew")
	}
}
