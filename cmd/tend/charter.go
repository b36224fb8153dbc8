package main

import (
	"bytes"
	"os"

	"github.com/BurntSushi/toml"

	"tend/node/view"
)

// charterFile is a charter as TOML: what `charter --out` writes and `begin
// --charter` reads. Words of members are theirs and not in it.
type charterFile struct {
	Name        string            `toml:"name"`
	Purpose     string            `toml:"purpose,omitempty"`
	Categories  []string          `toml:"categories,omitempty"`
	OutsideHelp []string          `toml:"outside_help,omitempty"`
	ReviewOn    string            `toml:"review_on,omitempty"`
	History     string            `toml:"history,omitempty"`
	Bounds      map[string]string `toml:"bounds,omitempty"`
}

func writeCharter(file string, c view.Charter) error {
	var buf bytes.Buffer
	err := toml.NewEncoder(&buf).Encode(charterFile{Name: c.Name, Purpose: c.Purpose, Categories: c.Categories,
		OutsideHelp: c.OutsideHelp, ReviewOn: c.ReviewOn, History: c.History, Bounds: c.Bounds})
	if err == nil {
		err = os.WriteFile(file, buf.Bytes(), 0o600)
	}
	if err != nil {
		return fail(exitFailed, "fail.unwritable", "file", file).because(err)
	}
	return nil
}
