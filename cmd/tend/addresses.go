package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// addresses remember which ports were chosen where none was named, so that the
// others find this home where it was. They lie in the file "addresses".
type addresses struct {
	Asked  []string `json:"asked"`  // as given by flag or setting; empty: the default
	Chosen []string `json:"chosen"` // the same with ports
}

// chosen returns the addresses to listen on for what is asked: those chosen
// earlier for the same, or nil.
func (h home) chosen(asked []string) []string {
	var a addresses
	data, err := os.ReadFile(h.path("addresses"))
	if err != nil || json.Unmarshal(data, &a) != nil || !slices.Equal(a.Asked, asked) {
		return nil // a lost file costs a new port, no more
	}
	return a.Chosen
}

// choose keeps what was chosen. The file is replaced whole.
func (h home) choose(asked, chosen []string) error {
	data, err := json.Marshal(addresses{Asked: asked, Chosen: chosen})
	if err != nil {
		return err
	}
	old, err := os.ReadFile(h.path("addresses"))
	if err == nil && string(old) == string(data) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	tmp := filepath.Join(h.dir, ".addresses")
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, h.path("addresses"))
}
