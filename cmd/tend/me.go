package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/node/client"
	"tend/node/view"
)

// me shows or changes my own sections.
func (a *app) me() []*cobra.Command {
	v := verb{use: "me", said: "Said"}
	cmd := &cobra.Command{Use: "me", Short: "my name, languages, area and how to reach me", Args: words(0, 0, "")}
	f := cmd.Flags()
	f.String("name", "", "what the others call me")
	f.StringArray("languages", nil, "as de,ar")
	f.String("area", "", "about where I am")
	f.StringArray("contact", nil, `a way to reach me, as "call 0123"; the first is liked best`)
	f.StringArray("to", nil, "who may read what is set now")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		some := false
		typed(cmd, func(*pflag.Flag) { some = true })
		if some {
			return a.say(cmd.Context(), v, argsOf(cmd, nil, nil))
		}
		return a.with(cmd.Context(), here, func(c *client.Client) error {
			m, err := myself(cmd, c)
			if err != nil {
				return err
			}
			s := a.speaker()
			return s.answer(m, func() { s.member(m) })
		})
	}
	return []*cobra.Command{cmd}
}

// myself returns what the circle knows of me.
func myself(cmd *cobra.Command, c *client.Client) (*view.Member, error) {
	st, err := c.Status(cmd.Context())
	if err != nil {
		return nil, err
	}
	chosen := cmd.Flag("circle").Value.String()
	for _, one := range st.Circles {
		if len(st.Circles) > 1 && chosen != one.Name && (chosen == "" || one.ID[:min(len(chosen), len(one.ID))] != chosen) {
			continue
		}
		item, err := c.Show(cmd.Context(), one.Me.ID)
		if err != nil {
			return nil, err
		}
		if item.Member != nil {
			return item.Member, nil
		}
	}
	if len(st.Circles) > 1 {
		return nil, usage("name it with --circle", "there are %d circles on this home", len(st.Circles))
	}
	return nil, fail(exitMissing, "begin one:  tend begin NAME --as ME    join one:  tend join INVITE", "there is no circle on this home yet")
}
