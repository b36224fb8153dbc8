package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/client"
	"tend/node/ical"
	"tend/node/view"
	"tend/node/web"
	catalogue "tend/node/words"
	"tend/storage"
)

// calendar are the verbs about what I agreed, for programs in which people keep their
// days.
func (a *app) calendar() *cobra.Command {
	var out string
	cmd := &cobra.Command{Use: "calendar", Args: noSuchVerb,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error { return a.writeCalendar(cmd.Context(), c, out) })
		}}
	cmd.Flags().StringVar(&out, "out", "", "")
	var fresh bool
	link := &cobra.Command{Use: "link", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				l, err := c.CalendarLink(cmd.Context(), fresh)
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(l, func() { s.line("%s", strings.Join(append([]string{l.Link}, l.Network...), "\n")) })
			})
		}}
	link.Flags().BoolVar(&fresh, "new", false, "")
	cmd.AddCommand(link)
	return cmd
}

func (a *app) writeCalendar(ctx context.Context, c *client.Client, out string) error {
	s := a.speaker()
	if out != "" {
		if err := replaced(out, func(w io.Writer) error { return c.ICal(ctx, w, false) }); err != nil {
			return err
		}
		return s.answer(struct {
			File string `json:"file"`
		}{out}, func() { s.say("file.written", "file", out) })
	}
	if a.json {
		list, err := c.Calendar(ctx, false)
		if err != nil {
			return err
		}
		return s.answer(list, nil)
	}
	var whole bytes.Buffer
	if err := c.ICal(ctx, &whole, false); err != nil {
		return err
	}
	_, err := a.out.Write(whole.Bytes())
	return err
}

// secretBytes is the randomness of a calendar's address.
const secretBytes = 32

// rowCalendar is where the store keeps the secret of a circle's calendar.
func rowCalendar(id crdt.ID) []byte { return append([]byte("C"), id[:]...) }

// CalendarLink implements [api.Calendars].
func (m *machine) CalendarLink(_ context.Context, id crdt.ID, fresh bool) (view.CalendarLink, error) {
	site := m.served()
	if site == nil { // the page's address stays, so it can be told also while no page is served
		place := m.home.pagePlace()
		if place.Port == 0 {
			return view.CalendarLink{}, circle.Refuse(circle.Failed, "no.calendar_page")
		}
		site = web.New(web.Config{Service: pageHouse{m}, Upkeep: pageHouse{m}, Label: place.Label, Port: place.Port, Now: m.config.Now, Log: m.log})
	}
	value, had, err := m.store.Node().Get(rowCalendar(id))
	if err != nil {
		return view.CalendarLink{}, fmt.Errorf("find the calendar's address: %w", err)
	}
	if !had || fresh {
		var raw [secretBytes]byte
		_, _ = rand.Read(raw[:]) // never fails, or the program ends
		value = []byte(base64.RawURLEncoding.EncodeToString(raw[:]))
		if err := m.store.Node().Put(storage.Row{Key: rowCalendar(id), Value: value}); err != nil {
			return view.CalendarLink{}, fmt.Errorf("keep the calendar's address: %w", err)
		}
	}
	own, network := site.CalendarAt(string(value))
	return view.CalendarLink{Link: own, Network: network}, nil
}

// calendarBehind is the calendar that a secret opens. How long it takes does not tell
// how much of a wrong secret is right.
func (m *machine) calendarBehind(secret string) ([]byte, bool, error) {
	for _, id := range m.at().All() {
		value, had, err := m.store.Node().Get(rowCalendar(id))
		if err != nil {
			return nil, false, fmt.Errorf("find the calendar's address: %w", err)
		}
		if !had || subtle.ConstantTimeCompare(value, []byte(secret)) != 1 {
			continue
		}
		s, err := m.View(id)
		if err != nil {
			return nil, false, err
		}
		var out bytes.Buffer
		if err := ical.Write(&out, catalogue.Of(s.LanguagesOf(s.Env.Me)), s.Charter().Name, s.Calendar(false)); err != nil {
			return nil, false, err
		}
		return out.Bytes(), true, nil
	}
	return nil, false, nil
}
