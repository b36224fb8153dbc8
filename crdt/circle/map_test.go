package circle_test

import (
	"strings"
	"testing"
)

// TestTheMapLeavesOutWhatIsBehind: a need whose dates have all gone by is in no map.
func TestTheMapLeavesOutWhatIsBehind(t *testing.T) {
	w := newWorld(t, "Ann")
	ann := w.homes["Ann"]
	ann.do("ask", "text", "a lift", "category", "lifts", "when", "2026-12-01T10:00")
	ann.do("ask", "text", "boxes", "category", "errands")
	ann.do("ask", "text", "bread", "category", "meals", "when", "2026-12-01", "when", "2026-12-05")
	want := map[int]string{0: "errands lifts meals", 1: "errands lifts meals", 2: "errands meals", 5: "errands meals", 6: "errands"}
	for day := range 7 {
		var got []string
		for _, row := range ann.state.Map(ann.env()) {
			if len(row.Needs) > 0 {
				got = append(got, row.Category)
			}
		}
		if want[day] != "" && strings.Join(got, " ") != want[day] {
			t.Errorf("on day %d the map has needs of %q, want %q", day, got, want[day])
		}
		w.pass(1)
	}
}
