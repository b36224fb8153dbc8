package main

import (
	"testing"
	"time"
)

// TestBackupIsSaidOnce holds that a word about a backup which was put aside rests as
// long as a backup does.
func TestBackupIsSaidOnce(t *testing.T) {
	now := time.Date(2026, time.November, 28, 12, 0, 0, 0, time.UTC)
	for name, row := range map[string]struct {
		aside time.Time
		was   bool
		want  bool
	}{
		"never put aside":   {was: false, want: true},
		"just now":          {aside: now, was: true, want: false},
		"thirty days ago":   {aside: now.Add(-backupLately), was: true, want: false},
		"a moment more":     {aside: now.Add(-backupLately - time.Second), was: true, want: true},
		"by a clock ahead":  {aside: now.Add(time.Hour), was: true, want: false},
		"as old as can be":  {aside: time.UnixMilli(0), was: true, want: true},
		"zero, and not put": {aside: time.Time{}, was: false, want: true},
	} {
		if got := saidAgain(now, row.aside, row.was); got != row.want {
			t.Errorf("%s: saidAgain = %v, want %v", name, got, row.want)
		}
	}
}
