// Command tend is the node and the voice of one member's home.
//
// It holds flags, words for people, and the only wiring of the module: wire.go
// puts vault, store, node, network and local API together, and every verb goes
// one way, through node/client to the API's handler, whether a node is running
// on the home (then over its unix socket) or not (then in this process).
//
// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a running node is needed and
// there is none, 4 no such thing, 5 kept within what was agreed, 6 not yet.
// stdout carries only the answer; a failure is a sentence and a hint on stderr.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// wallClock is the clock that ops are dated with and people are told the time by.
// The script tests put one in its place that they move.
var wallClock = time.Now

func main() { os.Exit(Main()) }

// Main runs the command line in os.Args and returns its exit code. The script
// tests run it as the program tend.
func Main() int {
	// It stays so to the end of the process: an interrupt that comes when all is said
	// changes no exit code.
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv}
	return a.main(ctx, os.Args[1:])
}
