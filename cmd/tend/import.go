package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tend/node/client"
)

// maxImport bounds the file of an import, in bytes; the node has a bound of its own.
const maxImport = 512 << 10

func (a *app) importing() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{Use: "import FILE.csv", Args: words(1, 1, "FILE.csv"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.importFile(cmd.Context(), args[0], dry) }}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "")
	return cmd
}

func (a *app) importFile(ctx context.Context, file string, dry bool) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return fail(exitFailed, "fail.unreadable", "file", file).because(err)
	case info.IsDir():
		return fail(exitFailed, "fail.import_folder", "file", file)
	case info.Size() > maxImport:
		return fail(exitFailed, "fail.import_long", "file", file, "most", maxImport)
	}
	f, err := os.Open(file)
	if err != nil {
		return fail(exitFailed, "fail.unreadable", "file", file).because(err)
	}
	defer f.Close()
	return a.with(ctx, here, func(c *client.Client) error {
		if !a.json {
			a.aside("import.reading", "file", plain(file))
		}
		out, err := c.Import(ctx, f, true)
		if err != nil {
			return err
		}
		if n := out.ToPost(); !dry && out.Problems == 0 && n > 0 {
			if !a.json {
				a.aside("import.fits", "n", n)
			}
			if _, err = f.Seek(0, io.SeekStart); err == nil {
				out, err = c.Import(ctx, f, false)
			}
			if err != nil {
				return err
			}
		}
		s := a.speaker()
		if err := s.answer(out, func() { s.imported(out, dry) }); err != nil {
			return err
		}
		if out.Problems > 0 {
			return fail(exitFailed, "fail.import_rows", "n", out.Problems, "rows", count(len(out.Rows), "count.rows"))
		}
		return nil
	})
}

// imported writes each row of a dry run, and those with something wrong or that are there
// already; of what was posted the ids.
func (s *speaker) imported(out client.Imported, dry bool) {
	ids := out.IDs
	for _, row := range out.Rows {
		switch {
		case row.Problem != "":
			s.say("import.line", "n", row.Line, "kind", called("import.kind", row.Kind), "title", plain(row.Title))
			s.line("         %s", plain(row.Problem))
			if row.Hint != "" {
				s.line("         %s", plain(row.Hint))
			}
		case row.There != "":
			s.say("import.there", "id", short(row.There), "kind", called("import.kind", row.Kind), "title", plain(row.Title))
		case len(ids) > 0:
			s.line("%s  %s", short(ids[0]), sentence("import.row", "kind", called("import.kind", row.Kind), "title", plain(row.Title)))
			ids = ids[1:]
		case dry:
			s.say("import.line", "n", row.Line, "kind", called("import.kind", row.Kind), "title", plain(row.Title))
		}
	}
	switch {
	case out.Problems > 0:
	case out.ToPost() == 0:
		s.say("import.all_there")
	case dry:
		s.say("import.dry", "rows", count(out.ToPost(), "count.rows"))
	case !s.quiet:
		s.say("import.posted", "rows", count(len(out.IDs), "count.rows"))
	}
}
