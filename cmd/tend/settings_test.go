package main

import (
	"os"
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

// TestPrecedence holds: what is typed, then the environment, then the file.
func TestPrecedence(t *testing.T) {
	h := home{dir: t.TempDir()}
	file := "listen = [\"/ip4/127.0.0.1/tcp/1\"]\nno_mdns = true\ncircle = \"Mill Lane\"\n"
	if err := os.WriteFile(h.path("config.toml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := h.readSettings()
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name   string
		env    map[string]string
		typed  []string
		listen []string
		mdns   bool // no-mdns
	}{
		{"file", nil, nil, []string{"/ip4/127.0.0.1/tcp/1"}, true},
		{"environment", map[string]string{"TEND_LISTEN": "/a,/b", "TEND_NO_MDNS": "0"}, nil, []string{"/a", "/b"}, false},
		{"typed", map[string]string{"TEND_LISTEN": "/a"}, []string{"--listen", "/c", "--no-mdns=false"}, []string{"/c"}, false},
	}
	for _, row := range rows {
		var n network
		flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
		n.flags(flags)
		if err := flags.Parse(row.typed); err != nil {
			t.Fatal(err)
		}
		if err := set.fillFlags(mirroredFlags(flags), func(key string) string { return row.env[key] }); err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		if !slices.Equal(n.listen, row.listen) || n.noMDNS != row.mdns {
			t.Errorf("%s: listen %q, no-mdns %v, want %q, %v", row.name, n.listen, n.noMDNS, row.listen, row.mdns)
		}
	}
	var n network
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	n.flags(flags)
	err = settings{}.fillFlags(mirroredFlags(flags), func(key string) string { return map[string]string{"TEND_NO_MDNS": "maybe"}[key] })
	if err == nil || asFailure(err).code != exitUsage {
		t.Errorf("TEND_NO_MDNS=maybe: %v, want wrong usage", err)
	}
}

// TestAddresses holds that a port is found again for what was asked then, and
// only for that.
func TestAddresses(t *testing.T) {
	h := home{dir: t.TempDir()}
	asked, chosen := []string{"/ip4/127.0.0.1/tcp/0"}, []string{"/ip4/127.0.0.1/tcp/4711"}
	if got := h.chosen(asked); got != nil {
		t.Errorf("chosen of a new home = %q", got)
	}
	if err := h.choose(asked, chosen); err != nil {
		t.Fatal(err)
	}
	if got := h.chosen(asked); !slices.Equal(got, chosen) {
		t.Errorf("chosen = %q, want %q", got, chosen)
	}
	if got := h.chosen([]string{"/ip4/127.0.0.1/tcp/5"}); got != nil {
		t.Errorf("chosen for something else = %q", got)
	}
	if err := os.WriteFile(h.path("addresses"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := h.chosen(asked); got != nil {
		t.Errorf("chosen of a torn file = %q", got)
	}
}
