package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// demoHomes are the people whose homes stay when the story is told, to be looked at
// from inside.
var demoHomes = []string{"Rosa", "Tomasz", "Ann"}

func (a *app) demo() *cobra.Command {
	var run bool
	cmd := &cobra.Command{Use: "demo [DIR]", Args: words(0, 1, "[DIR]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "tend-demo"
			if len(args) > 0 {
				dir = args[0]
			}
			switch _, err := os.Stat(dir); {
			case err == nil && run && isDemo(dir):
			case err == nil:
				return fail(exitFailed, "fail.demo_there", "dir", dir)
			default:
				if err := a.tellDemo(cmd.Context(), dir); err != nil {
					return err
				}
			}
			if !run {
				return nil
			}
			return a.runDemo(cmd.Context(), dir)
		}}
	cmd.Flags().BoolVar(&run, "run", false, "")
	return cmd
}

// tellDemo makes the homes, and says how to look around in them.
func (a *app) tellDemo(ctx context.Context, dir string) error {
	walks, err := a.makeDemo(ctx, dir)
	if err != nil {
		return err
	}
	homes := map[string]string{}
	for _, p := range demoHomes {
		homes[p] = demoHome(dir, p)
	}
	if err := writeGuide(filepath.Join(dir, demoGuide), walks); err != nil {
		return err
	}
	s := a.speaker()
	return s.answer(map[string]any{"homes": homes, "walks": walks}, func() { s.guide(dir, walks) })
}

// makeDemo plays the story with real homes on loopback, and returns the ways through
// it. The homes of those whom nobody looks at from inside are made beside, and go in
// the end.
func (a *app) makeDemo(ctx context.Context, dir string) (walks []walkView, err error) {
	beside, err := os.MkdirTemp("", "tend-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the others: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(beside)) }()
	st, err := a.setStage(dir, beside)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	place, _ := zone(a.getenv)
	today := a.now().In(place)
	for _, week := range demoStory {
		a.aside(week.tells)
		if err := st.play(ctx, today, week.lines); err != nil {
			return nil, err
		}
	}
	st.clock.reach(a.now())
	if err := errors.Join(st.turnDay(ctx), st.sync(ctx)); err != nil {
		return nil, err
	}
	return st.walks(today, dir)
}

// setStage says where everybody's home is: under dir those that stay, the others,
// the charter and a table beside.
func (a *app) setStage(dir, beside string) (*stage, error) {
	whole, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	st := &stage{app: a, clock: clockFrom(a.now), dirs: map[string]string{}, made: map[string]string{}}
	for i, name := range demoCast {
		st.dirs[name] = filepath.Join(beside, fmt.Sprint(i))
	}
	for _, name := range demoHomes {
		st.dirs[name] = demoHome(whole, name)
		st.made["homes."+name] = st.dirs[name]
	}
	for name, text := range map[string]string{"charter": demoCharter, "table": demoTable} {
		st.made[name] = filepath.Join(beside, name)
		if err := os.WriteFile(st.made[name], []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write the %s: %w", name, err)
		}
	}
	return st, nil
}

// writeGuide writes every step of the walks to a file.
func writeGuide(file string, walks []walkView) error {
	var text bytes.Buffer
	(&speaker{w: &text}).steps(walks)
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		return fail(exitFailed, "fail.unwritable", "file", file).because(err)
	}
	return nil
}
