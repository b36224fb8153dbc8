package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tend/crdt"
	"tend/node/view"
)

// Printing draws the sheets for paper.
type Printing interface {
	// Sheet returns a sheet as a file of HTML that loads nothing: "week", "people",
	// "card/" and a member's id, "invite/" and an invitation's, or "slips?" and "invite="
	// with that of each, joined by "&".
	Sheet(ctx context.Context, id crdt.ID, sheet string) ([]byte, error)
}

// sheetNames are the sheets by what people call them.
var sheetNames = map[string]string{"week": "week", "tree": "people", "card": "card/", "qr": "invite/", "slips": "slips?"}

func printSheet(c *call, w http.ResponseWriter, _ *http.Request) error {
	what, err := c.need("what")
	if err != nil {
		return err
	}
	sheet := sheetNames[what]
	if sheet == "" {
		return refuse(kindUsage, "api.no_such_sheet")
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
	if what == "qr" || what == "slips" {
		ids, err := c.printed(s.Circle, what == "slips")
		if err != nil {
			return err
		}
		sheet += strings.Join(ids, "&")
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

// printed are the invitations to draw: those that are named, or else the one that is
// good longest of those that this home can show, or all of them.
func (c *call) printed(id crdt.ID, several bool) ([]string, error) {
	all, err := c.api.upkeep.Invites(c.ctx, id)
	if err != nil {
		return nil, err
	}
	open := slices.DeleteFunc(all, func(i view.Invite) bool { return i.Text == "" || i.Revoked || i.Used >= i.Uses })
	slices.SortStableFunc(open, func(a, b view.Invite) int { return b.Expires.Compare(a.Expires) })
	var out []string
	for _, word := range c.args["invite"] {
		i := slices.IndexFunc(open, func(i view.Invite) bool { return word != "" && strings.HasPrefix(i.ID, strings.ToLower(word)) })
		if i < 0 {
			return nil, refuse(kindNotFound, "api.no_such_invitation", word)
		}
		out = append(out, open[i].ID)
	}
	if len(c.args["invite"]) == 0 {
		if !several {
			open = open[:min(len(open), 1)]
		}
		for _, i := range open {
			out = append(out, i.ID)
		}
	}
	switch {
	case len(out) == 0:
		return nil, refuse(kindNotFound, "api.no_open_invitation")
	case several:
		for i := range out {
			out[i] = "invite=" + out[i]
		}
	case len(out) > 1:
		return nil, refuse(kindUsage, "api.one_poster")
	}
	return out, nil
}
