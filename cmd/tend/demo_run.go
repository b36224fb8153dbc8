package main

import (
	"context"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"tend/node/client"
)

// isDemo reports whether a folder holds the homes of a demonstration.
func isDemo(dir string) bool {
	for _, name := range demoHomes {
		if _, err := os.Stat(demoHome(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// runDemo lets the homes of a demonstration run in this process, each with its page
// and its socket, until ctx ends. They meet on this machine alone.
func (a *app) runDemo(ctx context.Context, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	ready := make(chan struct{}, len(demoHomes))
	for _, name := range demoHomes {
		home := *a
		home.homeDir, home.quiet = demoHome(dir, name), true
		hello := func(context.Context, *client.Client, bool) error {
			ready <- struct{}{}
			return nil
		}
		g.Go(func() error { return home.beNode(ctx, *onLoopback(), pageWish{noOpen: true}, saying{}, hello) })
	}
	g.Go(func() error {
		for range demoHomes {
			select {
			case <-ctx.Done():
				return nil
			case <-ready:
			}
		}
		a.aside("demo.runs")
		return nil
	})
	return g.Wait()
}
