package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"tend/crdt"
	"tend/node/ical"
	"tend/node/view"
	"tend/node/words"
)

// Calendars is the secret address at which programs for calendars read this member's.
type Calendars interface {
	// CalendarLink returns it, and makes it where there is none; fresh makes another and
	// ends the one there was. The error is a [*circle.Problem] where there is no page to
	// read it at.
	CalendarLink(ctx context.Context, id crdt.ID, fresh bool) (view.CalendarLink, error)
}

// linesTrailer counts the lines of an export. It comes last: whoever has it has the
// whole.
const linesTrailer = "Tend-Lines"

// export writes all that this home may see of a circle, one JSON object a line.
func export(c *call, w http.ResponseWriter, _ *http.Request) error {
	s, err := c.source()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Trailer", linesTrailer)
	n := 0
	for line := range s.Everything() {
		data, err := json.Marshal(line)
		if err == nil {
			_, err = w.Write(append(data, '\n'))
		}
		if err != nil {
			c.api.log.Error("an export was cut short", "err", err)
			panic(http.ErrAbortHandler) // part is sent: only a broken connection says that it is not whole
		}
		n++
	}
	w.Header().Set(linesTrailer, strconv.Itoa(n))
	return nil
}

// entries are those of a calendar.
func entries(c *call) (any, error) {
	all, err := c.flag("all")
	if err != nil {
		return nil, err
	}
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Calendar(all), nil
}

// icalendar is the calendar as programs for calendars read it.
func icalendar(c *call, w http.ResponseWriter, _ *http.Request) error {
	all, err := c.flag("all")
	if err != nil {
		return err
	}
	s, err := c.source()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := ical.Write(&out, words.Of(s.LanguagesOf(s.Env.Me)), s.Charter().Name, s.Calendar(all)); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	_, _ = w.Write(out.Bytes()) // a reader that went away needs no answer
	return nil
}

func calendarLink(c *call) (any, error) {
	fresh, err := c.flag("new")
	if err != nil {
		return nil, err
	}
	id, err := c.circle()
	if err != nil {
		return nil, err
	}
	return c.api.upkeep.CalendarLink(c.ctx, id, fresh)
}
