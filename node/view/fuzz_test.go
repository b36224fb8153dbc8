package view_test

import (
	"testing"

	"tend/crdt/membership"
	"tend/node/view"
)

// FuzzReadCharter reads a charter file as people write it. What it makes of the
// present charter can be shown again as a file that says the same.
func FuzzReadCharter(f *testing.F) {
	base := membership.DefaultCharter("Mill Lane")
	f.Add("name = \"Mill Lane\"\npurpose = \"\"\"\nwe\nlook\n\"\"\"\n[bounds]\nways = \"walk\"\n")
	f.Add("k_div = 3\nwindow_days = -1\ncategories = [\"food\", \"rides\"]\n")
	f.Add("history = \"from-joining\"\nsponsors_from = 9223372036854775807\n[[bounds]]")
	f.Fuzz(func(t *testing.T, text string) {
		c, _, err := view.ReadCharter(text, base)
		if err != nil {
			return
		}
		if c.Check() != nil {
			return // said by whoever proposes it
		}
		if _, err := membership.DecodeCharter(membership.EncodeCharter(c)); err != nil {
			t.Fatalf("%q makes a charter that nobody can read: %v", text, err)
		}
	})
}
