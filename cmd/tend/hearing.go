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
	return &cobra.Command{Use: "follow [CATEGORY…|none]", Short: "kinds of need I can meet: they come first, and stand in my digest",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.say(cmd.Context(), verb{use: "follow", said: onlyHere}, client.Args{"text": args})
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				f, err := c.Followed(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(f, func() {
					if len(f.Categories) == 0 {
						s.line("None yet.  tend follow meals lifts  names some.")
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
	cmd := &cobra.Command{Use: "remind", Short: "how long before an agreement I am reminded", Args: words(0, 0, ""),
		Long: `Say how long before an agreement begins I wish to be reminded. It stands in tend
today then, and the calendar of what I agreed tells its program to remind me.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("before") {
				return a.say(cmd.Context(), verb{use: "remind", said: onlyHere}, client.Args{"before": {before}})
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
	cmd.Flags().StringVar(&before, "before", "", "1h, 2d or never")
	return cmd
}
