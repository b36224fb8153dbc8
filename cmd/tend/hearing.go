package main

import (
	"github.com/spf13/cobra"

	"tend/node/client"
)

// hearing are the verbs about what a person wishes to hear of, and when. All of it is
// kept on this home alone.
func (a *app) hearing() []*cobra.Command {
	return []*cobra.Command{a.follow(), a.remind(), a.digest()}
}

func (a *app) follow() *cobra.Command {
	return &cobra.Command{Use: "follow [CATEGORY…|none]",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.does(cmd.Context(), "follow", client.Args{"text": args}, sentence("said.own"))
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				f, err := c.Followed(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(f, func() {
					if len(f.Categories) == 0 {
						s.say("follow.none")
					}
					for _, category := range f.Categories {
						s.line("%s", plain(category))
					}
				})
			})
		}}
}

func (a *app) remind() *cobra.Command {
	var before string
	cmd := &cobra.Command{Use: "remind", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("before") {
				return a.does(cmd.Context(), "remind", client.Args{"before": {before}}, sentence("said.own"))
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				r, err := c.Remind(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(r, func() { s.line("%s", r.Before) })
			})
		}}
	cmd.Flags().StringVar(&before, "before", "", "")
	return cmd
}
