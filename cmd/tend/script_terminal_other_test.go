//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

type terminal struct{}

type terminalKey struct{}

func cmdTerminal(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("only on Linux can a test open a terminal")
}

func terminals() bool { return false }
