package web_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tend/node/web"
)

// TestCalendarAddress holds that the secret opens the calendar without a session, and
// nothing else does: not another secret, name, method or host; and that the secret is
// in no log, also where reading fails.
func TestCalendarAddress(t *testing.T) {
	var logged bytes.Buffer
	failing := false
	s := web.New(web.Config{Port: 4711, Label: "abc", Now: time.Now, Log: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Calendar: func(secret string) ([]byte, bool, error) {
			if failing {
				return nil, false, errors.New("the disk went away")
			}
			return []byte("BEGIN:VCALENDAR"), secret == "right", nil
		}})
	ask := func(method, host, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, path, nil)
		r.Host = host
		s.ServeHTTP(w, r)
		return w
	}
	own, network := s.CalendarAt("right")
	if own != "http://127.0.0.1:4711/calendar/right.ics" || network != nil {
		t.Errorf("the calendar is at %q, %q", own, network)
	}
	w := ask(http.MethodGet, "127.0.0.1:4711", "/calendar/right.ics")
	if w.Code != http.StatusOK || w.Body.String() != "BEGIN:VCALENDAR" || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "text/calendar; charset=utf-8" {
		t.Errorf("the right secret: %d %q %v", w.Code, w.Body, w.Header())
	}
	for _, row := range []struct {
		method, host, path string
		want               int
	}{
		{http.MethodGet, "127.0.0.1:4711", "/calendar/wrong.ics", http.StatusNotFound},
		{http.MethodGet, "127.0.0.1:4711", "/calendar/.ics", http.StatusNotFound},
		{http.MethodGet, "127.0.0.1:4711", "/calendar/right", http.StatusNotFound},
		{http.MethodGet, "127.0.0.1:4711", "/calendar/right.ics/", http.StatusNotFound},
		{http.MethodPost, "127.0.0.1:4711", "/calendar/right.ics", http.StatusNotFound},
		{http.MethodGet, "evil.example", "/calendar/right.ics", http.StatusMisdirectedRequest},
	} {
		if w := ask(row.method, row.host, row.path); w.Code != row.want || strings.Contains(w.Body.String(), "VCALENDAR") {
			t.Errorf("%s %s %s = %d, want %d", row.method, row.host, row.path, w.Code, row.want)
		}
	}
	failing = true
	if w := ask(http.MethodGet, "127.0.0.1:4711", "/calendar/right.ics"); w.Code != http.StatusInternalServerError {
		t.Errorf("a failure is answered with %d", w.Code)
	}
	if got := logged.String(); !strings.Contains(got, "disk went away") || strings.Contains(got, "right") {
		t.Errorf("logged: %s", got)
	}
}

// TestCalendarOnThePage says what is in the calendar before it shows the address, shows
// it only as the answer to a form, and ends it when another is asked for.
func TestCalendarOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	if page := b.get(base + "/week"); !strings.Contains(page, `href="`+base+`/calendar"`) {
		t.Error("the week does not lead to the calendar")
	}
	if page := b.get(base + "/calendar"); h.own.calendar != 0 || strings.Contains(page, ".ics") || !strings.Contains(page, "something private") || !strings.Contains(page, "No exact place") {
		t.Errorf("looking made %d addresses, or does not say what is in it:\n%s", h.own.calendar, page)
	}
	for _, row := range []struct {
		form url.Values
		want string
	}{{url.Values{}, "/calendar/secret1.ics"}, {url.Values{}, "/calendar/secret1.ics"}, {url.Values{"fresh": {"true"}}, "/calendar/secret2.ics"}} {
		w := b.ask(http.MethodPost, base+"/calendar", row.form)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), row.want) || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("POST %v = %d %v, want %s in it", row.form, w.Code, w.Header(), row.want)
		}
	}
}
