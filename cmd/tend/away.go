package main

import "github.com/spf13/cobra"

func (a *app) away() *cobra.Command {
	cmd := &cobra.Command{Use: "away", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.does(cmd.Context(), "away", argsOf(cmd, nil, nil), sentence("said.away"))
		}}
	cmd.Flags().String("until", "", "")
	return cmd
}

func (a *app) back() *cobra.Command {
	return &cobra.Command{Use: "back", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.does(cmd.Context(), "back", nil, sentence("said.back"))
		}}
}
