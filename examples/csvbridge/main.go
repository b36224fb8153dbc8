// Command csvbridge posts needs from a CSV file, as a nonprofit may keep one.
//
// The first row names the columns: title, and any of details, category, when
// (several with ";" between), by, people, area, costs, for. All rows are read and
// checked before the first is posted; -dry-run stops there. Progress goes to
// stderr, the id of each need to stdout. A row that the circle does not take
// stops the bridge: what was posted stays, and the line to go on from is named. So
// does the end of what a device should write in a day: the rest can follow tomorrow.
//
//	go run ./examples/csvbridge -home ~/.local/share/tend -dry-run needs.csv
package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"

	"tend/node/client"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "csvbridge:", err)
		os.Exit(exitCode(err))
	}
}

// exitCode is the one that tend would end with: 5 where the circle keeps the bridge
// within what was agreed, as when its device has written enough for a day.
func exitCode(err error) int {
	var problem *client.Error
	if errors.As(err, &problem) {
		return problem.Exit
	}
	return 1
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("csvbridge", flag.ContinueOnError)
	home := flags.String("home", os.Getenv("TEND_HOME"), "the home folder of a running node")
	circle := flags.String("circle", "", "the circle, where there are several")
	dry := flags.Bool("dry-run", false, "read and check, post nothing")
	from := flags.Int("from", 2, "the line of the file to begin at")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("which CSV file? one is needed")
	}
	file, err := os.Open(flags.Arg(0))
	if err != nil {
		return err
	}
	defer file.Close()
	rows, err := read(file)
	if err != nil {
		return fmt.Errorf("%s: %w", flags.Arg(0), err)
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return r.line < *from })
	if *dry {
		for _, r := range rows {
			fmt.Fprintf(out, "line %d: %s\n", r.line, r.need.Text)
		}
		fmt.Fprintf(progress, "%d needs would be posted\n", len(rows))
		return nil
	}
	c, err := client.Open(*home)
	if err != nil {
		return err
	}
	defer c.Close()
	return post(ctx, c.In(*circle), rows, out, progress)
}

// post posts the rows in order and says how far it came.
func post(ctx context.Context, c *client.Client, rows []row, out, progress io.Writer) error {
	for i, r := range rows {
		r.need.Bulk = true
		done, err := c.Ask(ctx, r.need)
		if err != nil {
			fmt.Fprintln(progress)
			if problem := (*client.Error)(nil); errors.As(err, &problem) && problem.Hint != "" {
				fmt.Fprintln(progress, problem.Hint)
			}
			return fmt.Errorf("line %d: %w (go on later with -from %d)", r.line, err, r.line)
		}
		fmt.Fprintln(out, done.ID)
		fmt.Fprintf(progress, "\r%d of %d", i+1, len(rows))
	}
	fmt.Fprintln(progress)
	return nil
}

// row is one need and the line of the file it stands on.
type row struct {
	line int
	need client.Ask
}

// columns are how a cell becomes a part of a need.
var columns = map[string]func(*client.Ask, string) error{
	"title":    func(a *client.Ask, v string) error { a.Text = v; return nil },
	"details":  func(a *client.Ask, v string) error { a.Details = v; return nil },
	"category": func(a *client.Ask, v string) error { a.Category = v; return nil },
	"by":       func(a *client.Ask, v string) error { a.By = v; return nil },
	"area":     func(a *client.Ask, v string) error { a.Area = v; return nil },
	"costs":    func(a *client.Ask, v string) error { a.Costs = v; return nil },
	"for":      func(a *client.Ask, v string) error { a.For = v; return nil },
	"when": func(a *client.Ask, v string) error {
		for w := range strings.SplitSeq(v, ";") {
			a.When = append(a.When, strings.TrimSpace(w))
		}
		return nil
	},
	"people": func(a *client.Ask, v string) (err error) {
		if a.People, err = strconv.Atoi(v); err != nil || a.People < 1 {
			return fmt.Errorf("%q is no number of people", v)
		}
		return nil
	},
}

// read reads a whole file; the error names the line.
func read(file io.Reader) ([]row, error) {
	in := csv.NewReader(file)
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the names of the columns: %w", err)
	}
	for i, name := range head {
		head[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if columns[head[i]] == nil {
			return nil, fmt.Errorf("there is no column %q", name)
		}
	}
	if !slices.Contains(head, "title") {
		return nil, errors.New(`there is no column "title"`)
	}
	var rows []row
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err // names the line itself
		}
		line, _ := in.FieldPos(0)
		r := row{line: line}
		for i, cell := range cells {
			if cell = strings.TrimSpace(cell); cell == "" {
				continue
			}
			if err := columns[head[i]](&r.need, cell); err != nil {
				return nil, fmt.Errorf("line %d: %w", line, err)
			}
		}
		if r.need.Text == "" {
			return nil, fmt.Errorf("line %d: a need needs a title", line)
		}
		rows = append(rows, r)
	}
}
