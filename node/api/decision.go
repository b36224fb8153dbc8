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
		return refuse(kindUsage, "Help from outside is decided on its own, so a charter cannot change it.", "Leave outside_help out of the file, and say:  tend propose TEXT --as outside-help")
	}
	if err != nil {
		return refuse(kindUsage, "The charter cannot be read: "+err.Error()+".", "tend charter --out FILE writes one to begin from.")
	}
	args["charter"] = []string{hex.EncodeToString(membership.EncodeCharter(c))}
	return nil
}
