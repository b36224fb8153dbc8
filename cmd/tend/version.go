package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"tend/node/view"
)

// apiVersion is the version of the local API that this program speaks.
const apiVersion = "v1"

func (a *app) version() *cobra.Command {
	return &cobra.Command{Use: "version", Args: words(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			v := thisVersion()
			s := a.speaker()
			return s.answer(v, func() { s.say("version.line", "version", v.Version, "go", v.Go) })
		}}
}

// thisVersion is what the build says of itself.
func thisVersion() view.Version {
	v := view.Version{Version: "devel", Go: runtime.Version(), API: apiVersion}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	return v
}
