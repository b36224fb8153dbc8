package api

import (
	"encoding/hex"
	"slices"

	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/view"
)

func decisions(c *call) (any, error) { return filtered(c, view.Source.Decisions) }

// readCharter puts, in place of a charter as people write it, what the domain
// reads: the bytes of the charter that would be in force, in hex.
func readCharter(s view.Source, args circle.Args) error {
	text := args["charter"]
	if len(text) == 0 {
		return nil
	}
	c, help, err := view.ReadCharter(text[0], s.People.Charter())
	if err == nil {
		err = c.Check()
	}
	if err == nil && len(help) > 0 && !slices.Equal(help, s.Charter().OutsideHelp) {
		return refuse(kindUsage, "api.charter_outside_help")
	}
	if err != nil {
		return refuse(kindUsage, "api.charter_unreadable", err.Error())
	}
	args["charter"] = []string{hex.EncodeToString(membership.EncodeCharter(c))}
	return nil
}
