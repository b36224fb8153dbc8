// Command weeksheet prints the coming seven days of a circle as a sheet of paper
// for the kitchen door: plain text, or HTML to print from a browser.
//
//	go run ./examples/weeksheet -home ~/.local/share/tend -html > week.html
package main

import (
	"context"
	"flag"
	"fmt"
	"html/template"
	"io"
	"os"
	"strings"
	"time"

	"tend/node/client"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "weeksheet:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("weeksheet", flag.ContinueOnError)
	home := flags.String("home", os.Getenv("TEND_HOME"), "the home folder of a running node")
	circle := flags.String("circle", "", "the circle, where there are several")
	asHTML := flags.Bool("html", false, "write HTML")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, err := client.Open(*home)
	if err != nil {
		return err
	}
	defer c.Close()
	c = c.In(*circle)
	charter, err := c.Charter(ctx)
	if err != nil {
		return err
	}
	days, err := c.Week(ctx)
	if err != nil {
		return err
	}
	s := makeSheet(charter.Name, days)
	if *asHTML {
		return page.Execute(out, s)
	}
	return s.write(out)
}

// sheet is a week on paper: every day is there, also one with nothing on it, so
// that there is room to write by hand.
type sheet struct {
	Circle string
	Days   []day
}

type day struct {
	Name  string
	Lines []line
}

type line struct{ Hour, What, Who string }

func makeSheet(circle string, days []client.Day) sheet {
	s := sheet{Circle: circle}
	for _, d := range days {
		one := day{Name: d.Date}
		if t, err := time.Parse(time.DateOnly, d.Date); err == nil {
			one.Name = t.Format("Monday 2 January")
		}
		for _, e := range d.Entries {
			l := line{What: e.Title}
			_, l.Hour, _ = strings.Cut(e.Slot, "T")
			names := make([]string, len(e.People))
			for i, p := range e.People {
				names[i] = p.Name
			}
			l.Who = strings.Join(names, ", ")
			if open := e.Wanted - len(e.People); open > 0 {
				l.Who = strings.TrimPrefix(l.Who+strings.Repeat(", ________", open), ", ")
			}
			one.Lines = append(one.Lines, l)
		}
		s.Days = append(s.Days, one)
	}
	return s
}

// write writes the sheet as text, 72 columns wide.
func (s sheet) write(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, the coming week\n", s.Circle)
	for _, d := range s.Days {
		fmt.Fprintf(&b, "\n%s %s\n", d.Name, strings.Repeat("-", max(0, 71-len(d.Name))))
		for _, l := range d.Lines {
			fmt.Fprintf(&b, "  %-5s  %-38s  %s\n", l.Hour, l.What, l.Who)
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

var page = template.Must(template.New("week").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{.Circle}}</title>
<style>body{font:14pt serif;margin:2cm}td{padding:.2em .8em .2em 0;vertical-align:top}h2{border-bottom:1px solid;font-size:1em}</style>
<h1>{{.Circle}}, the coming week</h1>
{{range .Days}}<h2>{{.Name}}</h2>
<table>{{range .Lines}}<tr><td>{{.Hour}}<td>{{.What}}<td>{{.Who}}</tr>{{end}}</table>
{{end}}</html>
`))
