package main

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"tend/crdt/circle"
)

// TestEveryVerbIsACommand holds the command line to the page: all that can be said to a
// circle there, by the wishes of its screens and by every other verb, is a command here.
func TestEveryVerbIsACommand(t *testing.T) {
	var commands []string
	for _, cmd := range (&app{}).root().Commands() {
		commands = append(commands, cmd.Name())
	}
	said := circle.Verbs()
	source, err := os.ReadFile("../../node/web/wish.go")
	if err != nil {
		t.Fatal(err)
	}
	wishes := regexp.MustCompile(`(?m)^\t"([a-z-]+)": +\{(?:nil|\[\]string)`).FindAllStringSubmatch(string(source), -1)
	if len(wishes) < 25 {
		t.Fatalf("found only %d wishes of the page", len(wishes))
	}
	for _, w := range wishes {
		said = append(said, w[1])
	}
	for _, verb := range said {
		if !slices.Contains(commands, verb) {
			t.Errorf("%q is no command", verb)
		}
	}
}
