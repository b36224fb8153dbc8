package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"tend/node/client"
	"tend/node/view"
)

// pod are the verbs about the few one would turn to.
func (a *app) pod() *cobra.Command {
	list := a.look("list", func(ctx context.Context, c *client.Client, s *speaker) error {
		p, err := c.Pod(ctx)
		if err != nil {
			return err
		}
		return s.answer(p, func() { s.pod(p) })
	})
	checkIns := &cobra.Command{Use: "check-ins open|closed",
		Args: words(1, 1, "open|closed"), ValidArgs: []string{"open", "closed"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.does(cmd.Context(), "pod", client.Args{"text": {"check-ins"}, "check_ins": {args[0]}}, sentence("said.pod.check-ins."+args[0]))
		}}
	cmd := noun("pod", list,
		a.podVerb("add", "MEMBER…", -1),
		a.podVerb("yes", "MEMBER", 1),
		a.podVerb("not-now", "MEMBER", 1),
		a.podVerb("leave", "MEMBER", 1),
		a.podVerb("remove", "MEMBER", 1),
		checkIns)
	cmd.RunE = list.RunE
	return cmd
}

func (a *app) podVerb(word, takes string, most int) *cobra.Command {
	return &cobra.Command{Use: word + " " + takes, Args: words(1, most, takes), ValidArgsFunction: a.completeIDs("member"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.does(cmd.Context(), "pod", client.Args{"text": {word}, "member": args}, sentence("said.pod."+word))
		}}
}

func (s *speaker) pod(p view.Pod) {
	if len(p.Mine) == 0 {
		s.say("pod.nobody")
	}
	for _, m := range p.Mine {
		s.pair(name(m.Member), called("pod.said", m.Said))
	}
	if len(p.IAmIn) > 0 {
		s.say("pod.in", "people", names(p.IAmIn))
	}
	if len(p.AsksMe) > 0 {
		s.say("pod.asks", "people", names(p.AsksMe))
	}
	s.say("pod.check_ins." + p.CheckIns)
}

// group keeps lists of people on this home alone.
func (a *app) group() *cobra.Command {
	var drop bool
	cmd := &cobra.Command{Use: "group [NAME [MEMBER]…]",
		Args: words(0, -1, "[NAME [MEMBER]…]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || drop && len(args) == 1 {
				return a.does(cmd.Context(), "group", client.Args{"name": {args[0]}, "member": args[1:]}, sentence("said.own"))
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				all, err := c.Groups(cmd.Context())
				if err != nil {
					return err
				}
				list := []view.Group{}
				for _, g := range all {
					if len(args) == 0 || g.Name == strings.Join(strings.Fields(strings.ToLower(args[0])), " ") {
						list = append(list, g)
					}
				}
				if len(args) > 0 && len(list) == 0 {
					return fail(exitMissing, "fail.no_group", "word", plain(args[0]))
				}
				s := a.speaker()
				return s.answer(list, func() { s.groups(list) })
			})
		}}
	cmd.Flags().BoolVar(&drop, "drop", false, "")
	return cmd
}

func (s *speaker) groups(list []view.Group) {
	if len(list) == 0 {
		s.say("group.none")
	}
	for _, g := range list {
		s.pair(plain(g.Name), names(g.Members))
	}
}
