package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

// FuzzSettings reads config.toml, and sets flags by it. What is wrong is said in a
// sentence.
func FuzzSettings(f *testing.F) {
	f.Add([]byte("circle = \"abcdef\"\nlisten = [\"/ip4/0.0.0.0/tcp/0\"]\nno_mdns = true\n"))
	f.Add([]byte("listen = 7\n"))
	f.Add([]byte("[no_gossip]\nx = 1\n"))
	h := home{dir: f.TempDir()}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(h.path("config.toml"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := h.readSettings()
		if err == nil {
			var n network
			set := pflag.NewFlagSet("fuzz", pflag.ContinueOnError)
			n.flags(set)
			err = s.fillFlags(set, func(string) string { return "" })
			if err == nil && !slices.Equal(n.listen, s.Listen) && len(s.Listen) > 0 {
				t.Fatalf("%q sets listen to %q, want %q", data, n.listen, s.Listen)
			}
		}
		var said *failure
		if err != nil && (!errors.As(err, &said) || said.say == "") {
			t.Fatalf("%q is refused without words: %v", data, err)
		}
	})
}

// FuzzAddresses reads the file in which a home keeps its ports. A broken one is as
// none, and is replaced.
func FuzzAddresses(f *testing.F) {
	asked, chosen := []string{"/ip4/0.0.0.0/tcp/0"}, []string{"/ip4/0.0.0.0/tcp/4001"}
	good, err := json.Marshal(addresses{Asked: asked, Chosen: chosen})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"asked":["/ip4/0.0.0.0/tcp/0"],"chosen":[1]}`))
	f.Add([]byte(`{"asked":`))
	h := home{dir: f.TempDir()}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(h.dir, "addresses"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		h.chosen(asked)
		if err := h.choose(asked, chosen); err != nil {
			t.Fatal(err)
		}
		if got := h.chosen(asked); !slices.Equal(got, chosen) {
			t.Fatalf("over %q %q is kept, and %q read", data, chosen, got)
		}
	})
}
