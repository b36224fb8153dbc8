package api_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tend/node/api"
	"tend/node/client"
)

// over runs f in a bubble with a client onto the home's API.
func over(t *testing.T, f func(t *testing.T, h *home, c *client.Client, memory *client.Memory)) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t)
		memory := client.InMemory(handler(h))
		defer memory.Close()
		f(t, h, client.New(memory), memory)
	})
}

// lines opens the event stream and returns its lines.
func lines(t *testing.T, ctx context.Context, memory *client.Memory) <-chan string {
	r, err := http.NewRequestWithContext(ctx, "GET", "http://tend/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := memory.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type = %q", got)
	}
	out := make(chan string, 64)
	go func() {
		defer close(out)
		defer res.Body.Close()
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			out <- s.Text()
		}
	}()
	return out
}

func TestEvents(t *testing.T) {
	over(t, func(t *testing.T, h *home, _ *client.Client, memory *client.Memory) {
		ctx, cancel := context.WithCancel(t.Context())
		got := lines(t, ctx, memory)
		want := func(lines ...string) {
			t.Helper()
			for _, line := range lines {
				if g := <-got; g != line {
					t.Errorf("line = %q, want %q", g, line)
				}
			}
		}
		want(": hello", "")
		h.revisions <- api.Revision{Circle: oak, N: 7}
		want("event: changed", `data: {"circle":"`+oak.String()+`","revision":7}`, "")
		h.signals <- api.SignalSync
		want("event: sync", "data: {}", "")
		start := time.Now()
		want(": still here", "")
		if quiet := time.Since(start); quiet < 20*time.Second || quiet > 25*time.Second {
			t.Errorf("a sign of life after %v, want about 25 s", quiet)
		}
		cancel()
		if line, more := <-got; more {
			t.Errorf("after the end: %q", line)
		}
	})
}

func TestALongWaitLasts(t *testing.T) {
	over(t, func(t *testing.T, _ *home, c *client.Client, _ *client.Memory) {
		start := time.Now()
		j, err := c.Join(t.Context(), "TEND:ABC", "Gül", 10*time.Minute)
		if err != nil || j.State != "knocking" || time.Since(start) != 10*time.Minute {
			t.Errorf("Join = %+v, %v after %v, want to knock for ten minutes", j, err, time.Since(start))
		}
	})
}

func TestABodyThatDoesNotCome(t *testing.T) {
	over(t, func(t *testing.T, _ *home, _ *client.Client, memory *client.Memory) {
		body, never := io.Pipe()
		defer never.Close()
		r, err := http.NewRequestWithContext(t.Context(), "POST", "http://tend/v1/do/ask", body)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		res, err := memory.RoundTrip(r)
		if err == nil {
			defer res.Body.Close()
			if res.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("a body that does not come = %s, want 503", res.Status)
			}
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("it was waited for %v", took)
		}
	})
}

func TestEventsOfABurstAreOne(t *testing.T) {
	// The writer is held back while a burst comes: it must wake once.
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t)
		ctx, cancel := context.WithCancel(t.Context())
		w := &slow{ResponseRecorder: httptest.NewRecorder()}
		done := make(chan struct{})
		go func() {
			defer close(done)
			handler(h).ServeHTTP(w, httptest.NewRequest("GET", "/v1/events", nil).WithContext(ctx))
		}()
		for n := range uint64(1000) {
			h.revisions <- api.Revision{Circle: oak, N: n + 1}
		}
		time.Sleep(3 * time.Second)
		cancel()
		<-done
		body := w.Body.String()
		if n := strings.Count(body, "event: "); n > 4 || !strings.Contains(body, `"revision":1000}`) {
			t.Errorf("1000 revisions made %d events, want a few that end with the newest: %s", n, body)
		}
	})
}

// slow is a reader that takes a second for each write.
type slow struct{ *httptest.ResponseRecorder }

func (s *slow) Write(p []byte) (int, error) {
	time.Sleep(time.Second)
	return s.ResponseRecorder.Write(p)
}

func TestClientEvents(t *testing.T) {
	over(t, func(t *testing.T, h *home, c *client.Client, _ *client.Memory) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var got []client.Event
		for e, err := range c.Events(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, e); len(got) == 1 {
				h.revisions <- api.Revision{Circle: oak, N: 3}
			}
			if len(got) == 2 {
				break
			}
		}
		if got[0] != (client.Event{Name: client.Changed}) || got[1] != (client.Event{Name: client.Changed, Circle: oak.String(), Revision: 3}) {
			t.Errorf("Events = %v", got)
		}
	})
}

func TestClientEventsComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drops := 0
		memory := client.InMemory(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			drops++
			if drops%2 == 1 {
				panic(http.ErrAbortHandler)
			}
			_, _ = w.Write([]byte(": hello\n\n"))
		}))
		defer memory.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		changed, failed := 0, 0
		for _, err := range client.New(memory).Events(ctx) {
			if err != nil {
				failed++
			} else {
				changed++
			}
			if changed == 3 {
				break
			}
		}
		if changed != 3 || failed == 0 {
			t.Errorf("Events came back %d times after %d failures, want 3 and at least one", changed, failed)
		}
	})
}
