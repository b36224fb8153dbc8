package main

import "github.com/spf13/cobra"

func (a *app) away() *cobra.Command {
	v := verb{use: "away", said: "Nobody counts on you meanwhile"}
	cmd := &cobra.Command{Use: v.use, Short: "do not count on me for a while", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.say(cmd.Context(), v, argsOf(cmd, nil, nil)) }}
	cmd.Flags().String("until", "", "the last day of it; then this home says back by itself")
	return cmd
}

func (a *app) back() *cobra.Command {
	v := verb{use: "back", said: "Welcome back"}
	return &cobra.Command{Use: v.use, Short: "I am back", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.say(cmd.Context(), v, nil) }}
}
