package main

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/pflag"
)

// settings are what a person may set in config.toml of the home. Each has a flag
// and a TEND_ variable; a flag goes before the variable, and that before the file.
type settings struct {
	Circle         string   `toml:"circle"`          // --circle
	PassphraseFile string   `toml:"passphrase_file"` // TEND_PASSPHRASE_FILE
	Listen         []string `toml:"listen"`          // --listen
	Relay          []string `toml:"relay"`           // --relay
	NoMDNS         bool     `toml:"no_mdns"`         // --no-mdns
	NoPortMap      bool     `toml:"no_port_map"`     // --no-port-map
	NoGossip       bool     `toml:"no_gossip"`       // --no-gossip
	Page           string   `toml:"page"`            // --page
	LAN            bool     `toml:"lan"`             // --lan
	NoOpen         bool     `toml:"no_open"`         // --no-open
	Notices        bool     `toml:"notices"`         // --notices
	Sendmail       string   `toml:"sendmail"`        // --sendmail
}

// readSettings reads config.toml. No file is no setting.
func (h home) readSettings() (settings, error) {
	var s settings
	file := h.path("config.toml")
	meta, err := toml.DecodeFile(file, &s)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return settings{}, nil
	case err != nil:
		return settings{}, fail(exitFailed, "fail.settings", "file", file).because(err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return settings{}, fail(exitFailed, "fail.no_setting", "file", file, "word", plain(unknown[0].String()), "settings", strings.Join(settingNames, ", "))
	}
	return s, nil
}

var settingNames = []string{"circle", "lan", "listen", "no_gossip", "no_mdns", "no_open", "no_port_map", "notices", "page", "passphrase_file", "relay", "sendmail"}

// fillFlags gives every flag in set that was not typed its TEND_ variable's
// value, and where there is none, the setting's.
func (s settings) fillFlags(set *pflag.FlagSet, getenv func(string) string) error {
	var fault error
	set.VisitAll(func(f *pflag.Flag) {
		if f.Changed || fault != nil {
			return
		}
		from := "TEND_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		values := splitList(f, getenv(from))
		if len(values) == 0 {
			from, values = "config.toml", s.of(f.Name)
		}
		for _, v := range values {
			if err := set.Set(f.Name, v); err != nil {
				fault = usage("fail.setting_value", "from", from, "word", plain(v), "flag", f.Name)
				return
			}
		}
	})
	return fault
}

// of returns the setting behind a flag, as it would be typed.
func (s settings) of(flag string) []string {
	yes := func(b bool) []string {
		if b {
			return []string{"true"}
		}
		return nil
	}
	switch flag {
	case "circle":
		if s.Circle != "" {
			return []string{s.Circle}
		}
	case "listen":
		return s.Listen
	case "relay":
		return s.Relay
	case "no-mdns":
		return yes(s.NoMDNS)
	case "no-port-map":
		return yes(s.NoPortMap)
	case "no-gossip":
		return yes(s.NoGossip)
	case "page":
		if s.Page != "" {
			return []string{s.Page}
		}
	case "lan":
		return yes(s.LAN)
	case "no-open":
		return yes(s.NoOpen)
	case "notices":
		return yes(s.Notices)
	case "sendmail":
		if s.Sendmail != "" {
			return []string{s.Sendmail}
		}
	}
	return nil
}

// splitList cuts a variable at its commas where the flag may be repeated.
func splitList(f *pflag.Flag, value string) []string {
	switch {
	case value == "":
		return nil
	case f.Value.Type() == "stringArray":
		return strings.Split(value, ",")
	case f.Value.Type() == "bool":
		// TEND_NO_MDNS=1 as well as =true.
		switch strings.ToLower(value) {
		case "1", "yes", "on":
			return []string{"true"}
		case "0", "no", "off":
			return []string{"false"}
		}
	}
	return []string{value}
}

// mirrored marks the flags that have TEND_ variables.
const mirrored = "tend/mirrored"

// mirror says that all flags in set may be set by the environment.
func mirror(set *pflag.FlagSet) {
	set.VisitAll(func(f *pflag.Flag) {
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[mirrored] = []string{"true"}
	})
}

// mirroredFlags returns those of set that mirror marked.
func mirroredFlags(set *pflag.FlagSet) *pflag.FlagSet {
	some := pflag.NewFlagSet("mirrored", pflag.ContinueOnError)
	set.VisitAll(func(f *pflag.Flag) {
		if f.Annotations[mirrored] != nil {
			some.AddFlag(f)
		}
	})
	return some
}
