package api

import (
	"context"
	"net/http"
	"strconv"

	"tend/crdt"
)

// Printing draws the sheets for paper.
type Printing interface {
	// Sheet returns a sheet as a file of HTML that loads nothing: "week", "people", or
	// "card/" and a member's id.
	Sheet(ctx context.Context, id crdt.ID, sheet string) ([]byte, error)
}

// sheetNames are the sheets by what people call them.
var sheetNames = map[string]string{"week": "week", "tree": "people", "card": "card/"}

func printSheet(c *call, w http.ResponseWriter, _ *http.Request) error {
	what, err := c.need("what")
	if err != nil {
		return err
	}
	sheet := sheetNames[what]
	if sheet == "" {
		return refuse(kindUsage, "There is no such sheet.", "There are week, tree and card.")
	}
	s, err := c.source()
	if err != nil {
		return err
	}
	if what == "card" {
		member := s.Env.Me
		if word := c.text("member"); word != "" {
			if member, err = s.State.ResolveMember(s.Env, word); err != nil {
				return err
			}
		}
		sheet += member.String()
	}
	data, err := c.api.upkeep.Sheet(c.ctx, s.Circle, sheet)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data) // a reader that went away needs no answer
	return nil
}
