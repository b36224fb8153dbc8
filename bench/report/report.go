// Package report writes down what was measured: as a table, and as a picture of how
// many times as much one system takes as another.
package report

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/template"
)

// Row is what one system came to in one task, by the name of each figure with its
// unit.
type Row map[string]float64

// Table is all that was measured, in the order in which it was.
type Table struct {
	tasks []string
	rows  map[string]map[string]Row // by task and system
}

// Add puts a row into the table. Of a task that is measured again the last counts.
func (t *Table) Add(task, system string, r Row) {
	if t.rows == nil {
		t.rows = map[string]map[string]Row{}
	}
	if t.rows[task] == nil {
		t.tasks = append(t.tasks, task)
		t.rows[task] = map[string]Row{}
	}
	t.rows[task][system] = r
}

// Markdown writes a line for each figure of each task, and a column for each system.
func (t *Table) Markdown(w io.Writer, systems []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "| task | figure | %s |\n|---|---|%s\n", strings.Join(systems, " | "), strings.Repeat("---|", len(systems)))
	for _, task := range t.tasks {
		for _, figure := range t.figures(task) {
			fmt.Fprintf(&b, "| %s | %s |", task, figure)
			for _, system := range systems {
				value := "–"
				if v, ok := t.rows[task][system][figure]; ok {
					value = short(v)
				}
				fmt.Fprintf(&b, " %s |", value)
			}
			b.WriteString("\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) figures(task string) []string {
	all := map[string]bool{}
	for _, r := range t.rows[task] {
		for figure := range r {
			all[figure] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// short writes a figure with three digits that count.
func short(v float64) string {
	switch {
	case v >= 100 || v == 0:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// bar is one comparison in the picture.
type bar struct {
	Label, Says string
	Y, From, To float64
	Less        bool
}

// The picture's measures, in its own units.
const (
	barHeight = 22
	middle    = 560 // where both take the same
	decade    = 90  // ten times as much
)

// Picture draws, for each figure that both systems have and of which less is better,
// how many times as much the other takes: to the right where that is more.
func (t *Table) Picture(w io.Writer, ours, other string) error {
	var bars []bar
	for _, task := range t.tasks {
		for _, figure := range t.figures(task) {
			a, b := t.rows[task][ours][figure], t.rows[task][other][figure]
			if a <= 0 || b <= 0 || strings.HasPrefix(figure, "changes/s") {
				continue
			}
			x := middle + decade*math.Log10(b/a)
			bars = append(bars, bar{Label: task + ", " + figure, Says: short(a) + " : " + short(b), Y: float64(40 + barHeight*len(bars)),
				From: min(x, middle), To: max(x, middle), Less: b < a})
		}
	}
	return picture.Execute(w, map[string]any{"Bars": bars, "Ours": ours, "Other": other, "Height": 70 + barHeight*len(bars),
		"Decades": []map[string]any{{"X": middle - decade, "Says": "a tenth"}, {"X": middle, "Says": "as much"}, {"X": middle + decade, "Says": "10 ×"}, {"X": middle + 2*decade, "Says": "100 ×"},
			{"X": middle + 3*decade, "Says": "1,000 ×"}}})
}

var picture = template.Must(template.New("picture").Funcs(template.FuncMap{"sub": func(a, b float64) float64 { return a - b }, "add": func(a, b float64) float64 { return a + b }}).Parse(
	`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 {{.Height}}" font-family="sans-serif" font-size="12" role="img" aria-label="How many times as much {{.Other}} takes as {{.Ours}}">
<rect width="960" height="{{.Height}}" fill="#faf7f2"/>
<text x="12" y="22" font-size="15" fill="#3b3a36">How many times as much {{.Other}} takes as {{.Ours}}</text>
{{range .Decades}}<line x1="{{.X}}" x2="{{.X}}" y1="32" y2="{{$.Height}}" stroke="#d8d2c6"/><text x="{{.X}}" y="30" text-anchor="middle" fill="#6b675e">{{.Says}}</text>
{{end}}{{range .Bars}}<text x="12" y="{{add .Y 15}}" fill="#3b3a36">{{.Label}}</text><rect x="{{.From}}" y="{{add .Y 3}}" width="{{sub .To .From}}" height="15" fill="{{if .Less}}#c9a26b{{else}}#6f8f72{{end}}"/><text x="{{add .To 5}}" y="{{add .Y 15}}" fill="#6b675e">{{.Says}}</text>
{{end}}</svg>
`))
