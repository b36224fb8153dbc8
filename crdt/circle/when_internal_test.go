package circle

import (
	"testing"
	"time"
)

// FuzzParsePoint reads dates as package time does.
func FuzzParsePoint(f *testing.F) {
	for _, s := range []string{"2026-12-01", "2026-12-01T17:00", "2024-02-29", "2026-02-29", "2026-02-29T10:00", "1969-12-31", "9999-12-31T23:59",
		"2026-12-01T24:00", "2026-12-01T10:60", "2026-00-01", "2026-13-01", "2026-12-00", "2026-12-01T", "2026-12-01x17:00", "2026-12-01T1700", "+026-12-01", "2026-12-1", "", "2026-12-01T7:000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, timed, err := parsePoint(s)
		form := dateForm
		if len(s) == len(timeForm) {
			form = timeForm
		}
		want, wrong := time.Parse(form, s)
		exists := wrong == nil && want.Year() >= 1970 && len(s) == len(form)
		if (err == nil) != exists {
			t.Fatalf("parsePoint(%q) = %v, package time says %v", s, err, wrong)
		}
		if err == nil && (!got.Equal(want) || timed != (form == timeForm)) {
			t.Fatalf("parsePoint(%q) = %v, %v, want %v", s, got, timed, want)
		}
	})
}

// TestEveryDayIsRead: all days of some years, and none beside them.
func TestEveryDayIsRead(t *testing.T) {
	for day := time.Date(2023, 12, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2029; day = day.AddDate(0, 0, 1) {
		if got, _, err := parsePoint(day.Format(dateForm)); err != nil || !got.Equal(day) {
			t.Fatalf("%s reads as %v, %v", day.Format(dateForm), got, err)
		}
	}
}
