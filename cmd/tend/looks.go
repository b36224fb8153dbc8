package main

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/node/client"
	"tend/node/view"
)

// looks are the verbs of daily care that only read.
func (a *app) looks() []*cobra.Command {
	today := a.look("today", func(ctx context.Context, c *client.Client, s *speaker) error {
		t, err := c.Today(ctx)
		if err != nil {
			return err
		}
		return s.answer(t, func() { s.today(t) })
	})
	look := a.look("look", func(ctx context.Context, c *client.Client, s *speaker) error {
		list, err := c.Attentions(ctx)
		if err != nil {
			return err
		}
		return s.answer(list, func() { s.look(list) })
	})
	week := a.look("week", func(ctx context.Context, c *client.Client, s *speaker) error {
		days, err := c.Week(ctx)
		if err != nil {
			return err
		}
		return s.answer(days, func() { s.week(days) })
	})
	return []*cobra.Command{today, a.list(), a.show(), look, week, a.who(), a.shelves(), a.search()}
}

// look makes a command without words or flags that reads one thing.
func (a *app) look(use string, read func(context.Context, *client.Client, *speaker) error) *cobra.Command {
	return &cobra.Command{Use: use, Args: words(0, 0, ""), RunE: func(cmd *cobra.Command, _ []string) error {
		return a.with(cmd.Context(), here, func(c *client.Client) error { return read(cmd.Context(), c, a.speaker()) })
	}}
}

// listKinds are what list may be narrowed to.
var listKinds = []string{"needs", "offers", "agreements", "talks", "decisions", "members"}

func (a *app) list() *cobra.Command {
	var f client.Filter
	cmd := &cobra.Command{Use: "list [needs|offers|agreements|talks|decisions|members]",
		Args: words(0, 1, "[needs|offers|agreements|talks|decisions|members]"), ValidArgs: listKinds,
		RunE: func(cmd *cobra.Command, args []string) error {
			kind := ""
			if len(args) > 0 {
				kind = args[0]
			}
			if f.Limit < 0 {
				return usage("fail.limit", "n", f.Limit)
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error { return a.listed(cmd.Context(), c, kind, f) })
		}}
	cmd.Flags().BoolVar(&f.All, "all", false, "")
	cmd.Flags().BoolVar(&f.Mine, "mine", false, "")
	cmd.Flags().BoolVar(&f.Listening, "listening", false, "")
	cmd.Flags().StringVar(&f.Category, "category", "", "")
	cmd.Flags().StringVar(&f.Text, "text", "", "")
	cmd.Flags().IntVar(&f.Limit, "limit", 0, "")
	return cmd
}

// listed prints one kind of list, each with the JSON type of its own.
func (a *app) listed(ctx context.Context, c *client.Client, kind string, f client.Filter) error {
	s := a.speaker()
	switch kind {
	case "":
		return printed(s, c.List, itself, ctx, f)
	case "needs":
		return printed(s, c.Needs, postItem, ctx, f)
	case "offers":
		return printed(s, c.Offers, postItem, ctx, f)
	case "agreements":
		return printed(s, c.Agreements, func(a *view.Agreement) view.Item { return view.Item{Agreement: a} }, ctx, f)
	case "talks":
		return printed(s, c.Talks, func(t *view.Talk) view.Item { return view.Item{Talk: t} }, ctx, f)
	case "decisions":
		return printed(s, c.Decisions, func(d *view.Decision) view.Item { return view.Item{Decision: d} }, ctx, f)
	case "members":
		return printed(s, c.Members, func(m *view.Member) view.Item { return view.Item{Member: m} }, ctx, f)
	}
	return usage("fail.no_list", "word", plain(kind), "kinds", strings.Join(listKinds, "|"))
}

func itself(i *view.Item) view.Item   { return *i }
func postItem(p *view.Post) view.Item { return view.Item{Post: p} }

func printed[T any](s *speaker, read func(context.Context, client.Filter) ([]T, error), item func(*T) view.Item, ctx context.Context, f client.Filter) error {
	list, err := read(ctx, f)
	if err != nil {
		return err
	}
	if list == nil {
		list = []T{}
	}
	items := make([]view.Item, len(list))
	for i := range list {
		items[i] = item(&list[i])
	}
	return s.answer(list, func() {
		if s.quiet {
			for _, i := range items {
				s.line("%s", short(i.ID()))
			}
			return
		}
		s.list(items)
	})
}

func (a *app) show() *cobra.Command {
	var all bool
	cmd := &cobra.Command{Use: "show ID", Args: words(1, 1, "ID"),
		ValidArgsFunction: a.completeIDs("id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				show := c.Show
				if all {
					show = c.ShowAll
				}
				item, err := show(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				s := a.speaker()
				if item.Member != nil && s.json {
					return s.answer(item.Member, nil)
				}
				return s.answer(item, func() { s.show(item) })
			})
		}}
	cmd.Flags().BoolVar(&all, "all", false, "")
	return cmd
}

// who names people who may have room; an order, never a filter.
func (a *app) who() *cobra.Command {
	return &cobra.Command{Use: "who ID", Args: words(1, 1, "ID"),
		ValidArgsFunction: a.completeIDs("id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				list, err := c.Who(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(list, func() {
					if len(list) == 0 {
						s.say("who.nobody")
					}
					for i := range list {
						s.line("  %s  %s", short(list[i].ID), s.memberLine(&list[i]))
						if len(list[i].Why) > 0 {
							s.line("            %s", strings.Join(list[i].Why, ", "))
						}
					}
				})
			})
		}}
}

// shelves shows what there is by category.
func (a *app) shelves() *cobra.Command {
	return a.look("map", func(ctx context.Context, c *client.Client, s *speaker) error {
		list, err := c.Map(ctx)
		if err != nil {
			return err
		}
		people, err := c.Members(ctx, client.Filter{})
		if err != nil {
			return err
		}
		return s.answer(list, func() {
			if len(list) == 0 {
				s.say("list.empty")
			}
			first := true
			for _, shelf := range list {
				s.title(&first, cmp.Or(plain(shelf.Category), sentence("map.everything_else")))
				for i := range shelf.Offers {
					s.line("  %s  %s", short(shelf.Offers[i].ID), s.postLine(&shelf.Offers[i]))
				}
				for i := range shelf.Needs {
					s.line("  %s  %s", short(shelf.Needs[i].ID), s.postLine(&shelf.Needs[i]))
				}
			}
			s.freeTimes(&first, people)
		})
	})
}

// freeTimes writes when people said that they are free.
func (s *speaker) freeTimes(first *bool, people []view.Member) {
	said := false
	for _, m := range people {
		if len(m.Free) == 0 || m.State == "away" {
			continue
		}
		if !said {
			s.heading(first, "map.free")
		}
		said = true
		when := make([]string, len(m.Free))
		for i, f := range m.Free {
			when[i] = s.freeTime(f)
		}
		s.line("  %s  %s: %s", short(m.ID), name(view.Person{ID: m.ID, Name: m.Name}), strings.Join(when, "; "))
	}
}

func (a *app) search() *cobra.Command {
	return &cobra.Command{Use: "search WORDS", Args: words(1, -1, "WORDS"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				list, err := c.Search(cmd.Context(), strings.Join(args, " "))
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(list, func() { s.list(list) })
			})
		}}
}

// week writes the days that hold something.
func (s *speaker) week(days []view.Day) {
	first := true
	for _, d := range days {
		if len(d.Entries)+len(d.HardDays) == 0 {
			continue
		}
		s.title(&first, s.date(d.Date))
		for _, h := range d.HardDays {
			s.line("         %s", hardDay(h))
		}
		for _, e := range d.Entries {
			hour := "     "
			if _, t, ok := strings.Cut(e.Slot, "T"); ok {
				hour = t
			}
			who := names(e.People)
			if who == "" {
				who = called("week.state", e.State)
			}
			s.line("  %s  %s  %s  (%s)", hour, short(e.ID), plain(e.Title), who)
		}
	}
	if first {
		s.say("week.empty")
	}
}

// completeIDs offers the short ids of what there is, with a few words beside
// each. It asks quietly: a home that is busy or locked completes nothing.
func (a *app) completeIDs(what string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 || a.prepare(cmd) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, stop := context.WithTimeout(cmd.Context(), completionTime)
		defer stop()
		var found []string
		s := a.speaker()
		// A completion that fails completes nothing; there is nobody to tell.
		_ = a.with(ctx, here, func(c *client.Client) error {
			if what == "member" {
				list, err := c.Members(ctx, client.Filter{})
				for i := range list {
					found = append(found, short(list[i].ID)+"\t"+s.memberLine(&list[i]))
				}
				return err
			}
			list, err := c.List(ctx, client.Filter{})
			for _, i := range list {
				switch {
				case i.Post != nil:
					found = append(found, short(i.Post.ID)+"\t"+s.postLine(i.Post))
				case i.Agreement != nil:
					found = append(found, short(i.Agreement.ID)+"\t"+s.agreementLine(i.Agreement))
				}
			}
			return err
		})
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// completionTime is how long a shell waits for what could come next.
const completionTime = 2 * time.Second
