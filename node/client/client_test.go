package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tend/node/client"
)

// answering is a client of a node that gives one answer, and what it was asked.
func answering(t *testing.T, code int, kind, body string) (*client.Client, *[]string) {
	asked := &[]string{}
	memory := client.InMemory(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*asked = append(*asked, strings.TrimSpace(r.Method+" "+r.URL.String()+" "+string(data)))
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}))
	c := client.New(memory)
	t.Cleanup(func() { c.Close() })
	return c, asked
}

func TestWhatIsSent(t *testing.T) {
	c, asked := answering(t, 200, "application/json", "{}")
	ctx := t.Context()
	full := client.Ask{Text: "soup", Details: "d", Category: "food", When: []string{"2026-12-01", "2026-12-02"}, By: "2026-12-03",
		People: 2, ExtraOK: true, Repeat: "daily", Skip: []string{"2026-12-04"}, Area: "Hill", Place: "3 Hill", Costs: "none",
		For: "Ann", SignUp: "ask-first", Tender: true, To: []string{"Béla"}}
	rows := []struct {
		name string
		do   func() error
		want string
	}{
		{"a need", func() error { _, err := c.Ask(ctx, full); return err },
			`POST /v1/do/ask {"area":"Hill","by":"2026-12-03","category":"food","costs":"none","details":"d","extra_ok":"true","for":"Ann","people":"2","place":"3 Hill","repeat":"daily","sign_up":"ask-first","skip":"2026-12-04","tender":"true","text":"soup","to":"Béla","when":["2026-12-01","2026-12-02"]}`},
		{"an offer in a circle", func() error { _, err := c.In("Oak").Offer(ctx, client.Offer{Text: "bread"}); return err },
			`POST /v1/do/offer {"circle":"Oak","text":"bread"}`},
		{"not now", func() error { _, err := c.NotNow(ctx, "abcdef"); return err }, `POST /v1/do/not-now {"id":"abcdef"}`},
		{"two slots", func() error { _, err := c.Yes(ctx, "abcdef", "a", "b"); return err }, `POST /v1/do/yes {"id":"abcdef","slot":["a","b"]}`},
		{"may I", func() error { _, err := c.MayI(ctx, "Ann", "cook", ""); return err }, `POST /v1/do/may-i {"member":"Ann","text":"cook"}`},
		{"a status", func() error { _, err := c.SetStatus(ctx, "met", "abcdef"); return err }, `POST /v1/do/met {"id":"abcdef"}`},
		{"a verb with odd letters", func() error { _, err := c.Do(ctx, "a/../b", nil); return err }, `POST /v1/do/a%2F..%2Fb {}`},
		{"today in a circle", func() error { _, err := c.In("Oak Row").Today(ctx); return err }, `GET /v1/today?circle=Oak+Row`},
		{"begin", func() error { _, err := c.Begin(ctx, client.BeginOptions{Name: "Oak", As: "Ann"}); return err }, `POST /v1/begin {"as":"Ann","name":"Oak"}`},
		{"carry in", func() error { _, err := c.In("Oak").CarryIn(ctx, strings.NewReader("x")); return err }, `POST /v1/carry?circle=Oak x`},
		{"what leaving means", func() error { _, err := c.LeaveLook(ctx); return err }, `GET /v1/leave`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			*asked = nil
			if err := row.do(); err != nil {
				t.Fatal(err)
			}
			if want := []string{row.want}; !reflect.DeepEqual(*asked, want) {
				t.Errorf("sent %q, want %q", *asked, want)
			}
		})
	}
}

func TestArgsOfTheCallerStay(t *testing.T) {
	c, _ := answering(t, 200, "application/json", "{}")
	args := client.Args{"text": {"a"}}
	if _, err := c.In("Oak").Do(t.Context(), "ask", args); err != nil {
		t.Fatal(err)
	}
	if want := (client.Args{"text": {"a"}}); !reflect.DeepEqual(args, want) {
		t.Errorf("args = %v, want %v", args, want)
	}
}

func TestRefusals(t *testing.T) {
	rows := []struct {
		name, kind, body string
		code             int
		want             client.Error
	}{
		{"a problem", "application/problem+json", `{"type":"/v1/problems/kept","title":"Kept","status":409,"detail":"No.","hint":"Ask.","exit":5,"ids":["ab"]}`, 409,
			client.Error{Type: "/v1/problems/kept", Title: "Kept", Status: 409, Say: "No.", Hint: "Ask.", Exit: 5, IDs: []string{"ab"}}},
		{"a problem without an exit code", "application/problem+json", `{"detail":"No."}`, 409, client.Error{Status: 409, Say: "No.", Exit: 1}},
		{"somebody else's page", "text/html", "<h1>no</h1>", 404,
			client.Error{Type: "about:blank", Title: "Not Found", Status: 404, Say: `the node answered "404 Not Found"`, Exit: 1}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, _ := answering(t, row.code, row.kind, row.body)
			_, err := c.Today(t.Context())
			var got *client.Error
			if !errors.As(err, &got) || !reflect.DeepEqual(*got, row.want) {
				t.Errorf("Today = %#v, want %#v", err, row.want)
			}
		})
	}
}

func TestAnswersThatAreNoJSON(t *testing.T) {
	c, _ := answering(t, 200, "application/json", "{")
	if _, err := c.Today(t.Context()); err == nil {
		t.Error("half an answer was read")
	}
}

func TestNoNode(t *testing.T) {
	dir := t.TempDir()
	c, err := client.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Status(t.Context()); !errors.Is(err, client.ErrNoNode) {
		t.Errorf("Status = %v, want ErrNoNode", err)
	}
	for _, err := range c.Events(t.Context()) {
		if !errors.Is(err, client.ErrNoNode) {
			t.Errorf("Events = %v, want ErrNoNode", err)
		}
		break
	}
}

func TestSocketPath(t *testing.T) {
	dir := t.TempDir()
	if got, err := client.SocketPath(dir); err != nil || got != filepath.Join(dir, "api.sock") {
		t.Errorf("SocketPath = %s, %v, want api.sock in the home", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "api.path"), []byte("/run/x/api.sock\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := client.SocketPath(dir); err != nil || got != "/run/x/api.sock" {
		t.Errorf("SocketPath = %s, %v, want what api.path names", got, err)
	}
}

func TestACutContextEndsEvents(t *testing.T) {
	c, _ := answering(t, 500, "text/plain", "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range c.Events(ctx) {
		if n++; err == nil {
			t.Error("an event came from a node that refuses")
		}
		cancel()
	}
	if n != 1 {
		t.Errorf("Events came %d times after the end, want once before it", n)
	}
}

// A program asks what is open and offers a hand. The node here is a stand-in that
// answers the two requests; a real one is reached with Open and a home folder.
func Example() {
	standIn := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/needs" {
			_ = json.NewEncoder(w).Encode([]client.Post{{ID: "2ec1d7698370", Kind: client.KindNeed, Title: "soup on Thursday", Slots: []client.Slot{{Slot: "2026-12-03T18:00", Wanted: 1}}}})
			return
		}
		_ = json.NewEncoder(w).Encode(client.Done{ID: "7e36ee069923"})
	})
	tend := client.New(client.InMemory(standIn))
	defer tend.Close()

	ctx := context.Background()
	needs, err := tend.Needs(ctx, client.Filter{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, need := range needs {
		agreed, err := tend.Yes(ctx, need.ID, need.Slots[0].Slot)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(need.Title, "agreed:", agreed.ID)
	}
	// Output: soup on Thursday agreed: 7e36ee069923
}
