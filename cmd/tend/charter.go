package main

import (
	"os"

	"tend/node/view"
)

// writeCharter writes a charter as `begin --charter` and `propose --charter` read it.
func writeCharter(file string, c view.Charter) error {
	text, err := view.WriteCharter(c)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o600)
	}
	if err != nil {
		return fail(exitFailed, "fail.unwritable", "file", file).because(err)
	}
	return nil
}
