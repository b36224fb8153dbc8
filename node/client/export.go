package client

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"

	"tend/node/view"
)

// CalendarEntry is an entry of a calendar.
type CalendarEntry = view.Event

// Export writes all that this home may see of the circle to w, one JSON object a
// line, and returns how many. w holds the whole only if the error is nil.
func (c *Client) Export(ctx context.Context, w io.Writer) (int, error) {
	res, err := c.open(ctx, "GET", "export", nil, "", nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if _, err := io.Copy(w, res.Body); err != nil {
		return 0, fmt.Errorf("export: %w", err)
	}
	// The count is known only when the last line is written: it comes as a trailer.
	n, err := strconv.Atoi(res.Trailer.Get("Tend-Lines"))
	if err != nil {
		return 0, fmt.Errorf("export: it was cut short: %w", io.ErrUnexpectedEOF)
	}
	return n, nil
}

func calendarQuery(all bool) url.Values {
	q := url.Values{}
	if all {
		q.Set("all", "true")
	}
	return q
}

// Calendar returns this member's calendar; with all, also what others agreed and what
// is asked for, as far as they may see it.
func (c *Client) Calendar(ctx context.Context, all bool) ([]CalendarEntry, error) {
	return look[[]CalendarEntry](ctx, c, "calendar", calendarQuery(all))
}

// ICal writes the same to w as iCalendar.
func (c *Client) ICal(ctx context.Context, w io.Writer, all bool) error {
	res, err := c.open(ctx, "GET", "ical", calendarQuery(all), "", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	n, err := io.Copy(w, res.Body)
	if err == nil && res.ContentLength >= 0 && n != res.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("read the calendar: %w", err)
	}
	return nil
}

// Imported is what became of a table.
type Imported = view.Imported

// Import posts the needs and offers of a table (CSV), all or none; dry looks at each
// row and posts nothing. Where a row cannot be posted that is no error: it says so.
func (c *Client) Import(ctx context.Context, r io.Reader, dry bool) (Imported, error) {
	var out Imported
	q := url.Values{}
	if dry {
		q.Set("dry_run", "true")
	}
	res, err := c.open(ctx, "POST", "import", q, "text/csv", io.NopCloser(r))
	if err != nil {
		return out, err
	}
	return out, decode(res, "import", &out)
}

// Sheet writes a sheet for paper to w, as a file of HTML that loads nothing: "week",
// "tree" (how we reach each other) or "card". Of a card, member is whose; "" is mine.
func (c *Client) Sheet(ctx context.Context, w io.Writer, what, member string, invites ...string) error {
	q := url.Values{"what": {what}}
	if len(invites) > 0 {
		q["invite"] = invites
	}
	if member != "" {
		q.Set("member", member)
	}
	res, err := c.open(ctx, "GET", "print", q, "", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(w, res.Body); err != nil {
		return fmt.Errorf("read a sheet: %w", err)
	}
	return nil
}
