//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

func cmdSmallDisk(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("only on Linux can a test mount a disk")
}

func freeBytes(ts *testscript.TestScript, _ string) int64 {
	ts.Fatalf("only on Linux can a test mount a disk")
	return 0
}

func mounts() bool { return false }

func networks() bool { return false }

func cmdBadDisk(ts *testscript.TestScript, _ bool, _ []string) { cmdSmallDisk(ts, false, nil) }

func cmdBreakDisk(ts *testscript.TestScript, _ bool, _ []string) { cmdSmallDisk(ts, false, nil) }

func cmdMendDisk(ts *testscript.TestScript, _ bool, _ []string) { cmdSmallDisk(ts, false, nil) }

func cmdFails(ts *testscript.TestScript, _ bool, _ []string) { cmdSmallDisk(ts, false, nil) }

func badDisks() bool { return false }
