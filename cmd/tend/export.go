package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"tend/node/client"
)

// exported says what an export wrote.
type exported struct {
	Dir   string         `json:"dir"`
	Files []exportedFile `json:"files"`
}

type exportedFile struct {
	File   string `json:"file"`
	Circle string `json:"circle"`
	Lines  int    `json:"lines,omitempty"` // of the form json: how many there are
	Bytes  int64  `json:"bytes"`
}

// exportForms write one circle into one file, each in its form.
var exportForms = map[string]func(context.Context, *client.Client, *os.File) (int, error){
	"json": exportJSON, "md": exportMarkdown, "ics": exportCalendar,
}

func (a *app) export() *cobra.Command {
	var format string
	cmd := &cobra.Command{Use: "export DIR", Args: words(1, 1, "DIR"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.exportTo(cmd.Context(), format, args[0]) }}
	cmd.Flags().StringVar(&format, "format", "json", "")
	return cmd
}

func (a *app) exportTo(ctx context.Context, format, dir string) error {
	write := exportForms[format]
	if write == nil {
		return usage("fail.no_export_form", "word", plain(format))
	}
	if !a.home().begun() {
		return noCircle()
	}
	dir = filepath.Clean(dir)
	if _, err := os.Lstat(dir); err == nil {
		return fail(exitFailed, "fail.export_there", "dir", dir)
	}
	return a.with(ctx, here, func(c *client.Client) error {
		out := exported{Dir: dir, Files: []exportedFile{}}
		err := besideOf(dir, func(tmp string) error {
			circles, err := a.toExport(ctx, c)
			if err != nil {
				return err
			}
			for _, one := range circles {
				file, err := exportCircle(ctx, c.In(one.ID), one, tmp, format, write)
				if err != nil {
					return err
				}
				out.Files = append(out.Files, file)
			}
			return nil
		})
		if err != nil {
			return err
		}
		s := a.speaker()
		return s.answer(out, func() {
			for _, f := range out.Files {
				s.line("%s  %s", filepath.Join(dir, f.File), count(f.Bytes, "count.bytes"))
			}
		})
	})
}

// toExport are the circles that are meant: the one that was named, else all.
func (a *app) toExport(ctx context.Context, c *client.Client) ([]client.Circle, error) {
	all, err := c.Circles(ctx)
	if err != nil || a.circle == "" {
		if err == nil && len(all) == 0 {
			err = noCircle()
		}
		return all, err
	}
	// The node says which one is meant, or that none is.
	if _, err := c.Charter(ctx); err != nil {
		return nil, err
	}
	for _, meant := range []func(client.Circle) bool{
		func(one client.Circle) bool { return strings.EqualFold(one.Name, a.circle) },
		func(one client.Circle) bool { return strings.HasPrefix(one.ID, strings.ToLower(a.circle)) },
	} {
		if i := slices.IndexFunc(all, meant); i >= 0 {
			return all[i : i+1], nil
		}
	}
	return nil, fail(exitMissing, "fail.no_such_circle", "word", plain(a.circle))
}

func exportCircle(ctx context.Context, c *client.Client, one client.Circle, dir, format string, write func(context.Context, *client.Client, *os.File) (int, error)) (exportedFile, error) {
	suffix := map[string]string{"json": ".jsonl"}[format]
	if suffix == "" {
		suffix = "." + format
	}
	out := exportedFile{File: fileName(one.Name) + short(one.ID) + suffix, Circle: one.ID}
	f, err := os.OpenFile(filepath.Join(dir, out.File), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return out, err
	}
	out.Lines, err = write(ctx, c, f)
	if err == nil {
		err = f.Sync()
	}
	if info, statErr := f.Stat(); statErr == nil {
		out.Bytes = info.Size()
	}
	return out, errors.Join(err, f.Close())
}

// maxFileName is how many characters of a circle's name begin the name of a file.
const maxFileName = 40

// fileName is what a circle's name gives for the name of a file, with "-" after it:
// letters and digits of any script, and nothing that a file system minds.
func fileName(name string) string {
	var out strings.Builder
	n, dash := 0, false
	for _, r := range name {
		switch {
		case n == maxFileName:
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if dash && n > 0 {
				out.WriteByte('-')
			}
			out.WriteRune(unicode.ToLower(r))
			n, dash = n+1, false
		default:
			dash = true
		}
	}
	if n == 0 {
		return ""
	}
	return out.String() + "-"
}

func exportJSON(ctx context.Context, c *client.Client, f *os.File) (int, error) {
	return c.Export(ctx, f)
}

func exportCalendar(ctx context.Context, c *client.Client, f *os.File) (int, error) {
	return 0, c.ICal(ctx, f, true)
}

// exportMarkdown turns the lines of an export into text as they come.
func exportMarkdown(ctx context.Context, c *client.Client, f *os.File) (int, error) {
	r, w := io.Pipe()
	cut := make(chan error, 1)
	go func() {
		_, err := c.Export(ctx, w)
		_ = w.CloseWithError(err) // nil ends it well; the error of closing a pipe is always nil
		cut <- err
	}()
	err := markdown(f, r)
	_ = r.CloseWithError(err)
	if writing := <-cut; err == nil && writing != nil {
		err = fmt.Errorf("export: %w", writing)
	}
	return 0, err
}
