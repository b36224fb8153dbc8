package web

import (
	"html/template"
	"maps"
	"net/netip"
	"slices"
	"time"

	"tend/crdt/circle"
)

// Seams for the tests of this package.

// Screens names every template that is a screen.
func Screens() []string {
	var out []string
	for name := range parseTemplates()["en"] {
		out = append(out, name)
	}
	return out
}

// Drawn reports the name of each screen that is drawn to told.
func (s *Site) Drawn(told func(screen string)) { s.tell = told }

// Words are the sentences of each language: key, then plural form ("" for one
// without), then text.
func Words() map[string]map[string]map[string]string {
	out := map[string]map[string]map[string]string{}
	for _, l := range languages {
		out[l.Tag()] = map[string]map[string]string{}
		for _, key := range l.Keys() {
			out[l.Tag()][key] = l.Texts(key)
		}
	}
	return out
}

// SplitCommand cuts a command line into words.
var SplitCommand = splitCommand

// ListenAmong is [Listen] for a machine whose networks a test makes up.
func ListenAmong(port int, networks func() []netip.Addr) (*Door, error) {
	d, err := Listen(port, false)
	if err == nil {
		d.networks = networks
		d.LAN()
	}
	return d, err
}

// Routes are the patterns of all screens and wishes.
func Routes() []string { return slices.Sorted(maps.Keys((&Site{}).table())) }

// Said says a sentence that was named below the page.
func Said(lang string, said circle.Said, now time.Time) template.HTML {
	return speaker{lang: tagged(lang), now: now}.say(said, "")
}

// Languages are the tags of those the page speaks.
func Languages() []string {
	var out []string
	for _, l := range languages {
		out = append(out, l.Tag())
	}
	return out
}
