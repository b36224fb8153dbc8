package api

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"tend/crdt/circle"
	"tend/node/view"
	"tend/node/words"
)

// maxTable bounds a table of needs and offers, in bytes.
const maxTable = 512 << 10

// columns are those that a table may have: the flags of ask and offer by their long
// names, and "kind". Whoever is asked or offered to by name is asked one by one.
var columns = strings.Fields("kind text details category when by people extra_ok repeat skip area costs sign_up tender fade listening newcomers")

// columnNames are other names of them.
var columnNames = map[string]string{"title": "text", "places": "people", "skips": "skip", "where": "area"}

// listColumns hold several values with ";" between.
var listColumns = []string{"when", "skip", "listening"}

// flagColumns are yes or no.
var flagColumns = map[string]string{"yes": "true", "true": "true", "x": "true", "1": "true", "no": "", "false": "", "0": ""}

// importTable reads a table and posts what is in it, all or nothing, but for what is
// there already: whoever does not know whether it was posted may do it once more.
func importTable(c *call, w http.ResponseWriter, r *http.Request) error {
	dry, err := c.flag("dry_run")
	if err != nil {
		return err
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTable))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		return unfitTable("no.table.long", maxTable)
	}
	if err != nil {
		return fmt.Errorf("read a table: %w", err)
	}
	rows, err := readTable(data)
	if err != nil {
		return err
	}
	s, err := c.source()
	if err != nil {
		return err
	}
	out, cmd := planned(s, rows)
	if len(cmd.Posts) == 0 {
		return writeJSON(w, out)
	}
	if out.Problems == 0 {
		// What all of it together comes to is looked at before anything is written.
		if _, _, err := circle.Decide(s.State, s.Env, cmd); err != nil {
			return err
		}
	}
	if out.Problems == 0 && !dry {
		done, err := c.api.service.Do(c.ctx, s.Circle, circle.InBulk{Of: cmd})
		if err != nil {
			return err
		}
		for _, id := range done.IDs {
			out.IDs = append(out.IDs, id.String())
		}
	}
	return writeJSON(w, out)
}

// planned reads each row as the verb that it stands for, and leaves out what is there.
func planned(s view.Source, rows []tableRow) (view.Imported, circle.PostSeveral) {
	out := view.Imported{Rows: []view.ImportedRow{}}
	var all circle.PostSeveral
	var of []int // the row of each post
	for i, row := range rows {
		v := view.ImportedRow{Line: row.line, Kind: row.kind, Title: row.title()}
		posted, newcomers, err := row.posted(s)
		if err == nil {
			one := circle.PostSeveral{Needs: []bool{row.kind == view.KindNeed}, Posts: []circle.Posted{posted}, Newcomers: []int{newcomers}}
			_, _, err = circle.Decide(s.State, s.Env, one)
			all.Needs, all.Posts, all.Newcomers = append(all.Needs, one.Needs[0]), append(all.Posts, posted), append(all.Newcomers, newcomers)
			of = append(of, i)
		}
		var problem *circle.Problem
		switch {
		case errors.As(err, &problem):
			v.Problem, v.Hint = words.Told.Tell(problem.Said), words.Told.HintOf(problem.Said)
		case err != nil:
			v.Problem = err.Error()
		}
		if err != nil {
			out.Problems++
		}
		out.Rows = append(out.Rows, v)
	}
	there := all.Already(s.State, s.Env)
	for i, id := range there {
		if !id.IsZero() {
			out.Rows[of[i]].There = id.String()
		}
	}
	return out, all.Without(func(i int) bool { return !there[i].IsZero() })
}

// tableRow is a row of a table: arguments of a verb.
type tableRow struct {
	line int
	kind string
	args circle.Args
	err  error // what is wrong with it before it is read as a verb
}

func (r tableRow) title() string {
	if t := r.args["text"]; len(t) > 0 {
		return t[0]
	}
	return ""
}

// posted is what a row posts, and how many places of it are kept for newcomers.
func (r tableRow) posted(s view.Source) (circle.Posted, int, error) {
	if r.err != nil {
		return circle.Posted{}, 0, r.err
	}
	verb := map[string]string{view.KindNeed: "ask", view.KindOffer: "offer"}[r.kind]
	cmd, err := circle.ParseCommand(s.State, s.Env, verb, r.args)
	switch c := cmd.(type) {
	case circle.PostNeed:
		return c.Posted, c.Newcomers, err
	case circle.PostOffer:
		return c.Posted, c.Newcomers, err
	}
	return circle.Posted{}, 0, err
}

// unfitTable is the problem of a file that is not a table as it should be.
func unfitTable(key string, with ...any) error {
	return circle.Refuse(circle.Failed, key, with...)
}

// readTable reads a whole table. A cell is text, whatever a spreadsheet would make of
// it.
func readTable(data []byte) ([]tableRow, error) {
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) || bytes.IndexByte(data, 0) >= 0 {
		return nil, unfitTable("no.table.not_utf8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	line := 0
	for text := range bytes.Lines(data) {
		if line++; !utf8.Valid(text) {
			return nil, unfitTable("no.table.line_not_utf8", line)
		}
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma, in.FieldsPerRecord = between(data), -1
	head, err := in.Read()
	if err != nil {
		return nil, badTable(err)
	}
	if err := readHead(head); err != nil {
		return nil, err
	}
	rows := []tableRow{}
	for {
		record, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, badTable(err)
		}
		at, _ := in.FieldPos(0)
		if slices.ContainsFunc(record, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
			rows = append(rows, readRow(at, head, record))
		}
	}
	if len(rows) == 0 {
		return nil, unfitTable("no.table.no_row")
	}
	return rows, nil
}

func badTable(err error) error {
	var bad *csv.ParseError
	switch {
	case err == io.EOF:
		return unfitTable("no.table.empty", strings.Join(columns, ", "))
	case errors.As(err, &bad):
		return unfitTable("no.table.line_unreadable", bad.Line)
	}
	return err
}

// between is the sign between the cells of the first line.
func between(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	best := ','
	for _, sign := range []rune{';', '\t'} {
		if bytes.Count(first, []byte(string(sign))) > bytes.Count(first, []byte(string(best))) {
			best = sign
		}
	}
	return best
}

// readHead turns the names of the columns into those of flags, in place.
func readHead(head []string) error {
	for i, name := range head {
		word := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(name)))
		if other := columnNames[word]; other != "" {
			word = other
		}
		switch {
		case !slices.Contains(columns, word):
			return unfitTable("no.table.no_column", name, strings.Join(columns, ", "))
		case slices.Contains(head[:i], word):
			return unfitTable("no.table.column_twice", name)
		}
		head[i] = word
	}
	if !slices.Contains(head, "text") {
		return unfitTable("no.table.no_text_column", strings.Join(columns, ", "))
	}
	return nil
}

func readRow(line int, head, record []string) tableRow {
	row := tableRow{line: line, kind: view.KindNeed, args: circle.Args{}}
	if len(record) != len(head) {
		row.err = unfitTable("no.table.cells", len(record), len(head))
	}
	for i, cell := range record[:min(len(record), len(head))] {
		if cell = strings.TrimSpace(cell); cell == "" {
			continue
		}
		if err := row.set(head[i], cell); err != nil && row.err == nil {
			row.err = err
		}
	}
	return row
}

func (r *tableRow) set(column, cell string) error {
	switch {
	case column == "kind":
		if word := strings.ToLower(cell); word == view.KindNeed || word == view.KindOffer {
			r.kind = word
			return nil
		}
		return unfitTable("no.table.kind", cell)
	case column == "tender" || column == "extra_ok":
		value, known := flagColumns[strings.ToLower(cell)]
		if !known {
			return unfitTable("no.table.yes_no", column, cell)
		}
		if value != "" {
			r.args[column] = []string{value}
		}
	case slices.Contains(listColumns, column):
		for part := range strings.SplitSeq(cell, ";") {
			if part = strings.TrimSpace(part); part != "" {
				r.args[column] = append(r.args[column], part)
			}
		}
	default:
		r.args[column] = []string{cell}
	}
	return nil
}
