package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tend/crdt/circle"
	"tend/node/api"
	"tend/node/qr"
	"tend/node/view"
)

var update = flag.Bool("update", false, "write testdata anew")

// golden compares an answer with a file, byte for byte after indenting.
func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, body, "", "  "); err != nil {
		t.Fatalf("%s is not JSON: %v\n%s", name, err, body)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s = %s\nwant %s", name, got.Bytes(), want)
	}
}

// filled is a home in which a little has happened.
func filled(t *testing.T) *home {
	h := newHome(t)
	soup := h.as(t, ann, circle.PostNeed{Posted: circle.Posted{Title: "soup on Thursday", Details: "no garlic", Category: "food",
		When: []string{"2026-12-03T18:00"}, Zone: "Europe/Berlin", People: 1, Area: "Hill"}}).ID
	h.as(t, bela, circle.PostOffer{Posted: circle.Posted{Title: "a ladder", Category: "things", People: 1}})
	h.as(t, farid, circle.PostNeed{Posted: circle.Posted{Title: "walk the dog", People: 2, When: []string{"2026-12-02"}}})
	asked := h.state
	yes := h.as(t, bela, circle.SayYes{ID: soup})
	h.apart(t, asked, farid, circle.SayYes{ID: soup}) // both said yes while apart
	h.as(t, bela, circle.GiveThanks{ID: yes.ID, Text: "glad to"})
	return h
}

func TestLooks(t *testing.T) {
	h := filled(t)
	api := handler(h)
	need := post(t, api, "soup on Thursday")
	for _, look := range []struct{ name, path string }{
		{"today", "today"}, {"list", "list"}, {"needs", "needs?category=food"}, {"offers", "offers"},
		{"agreements", "agreements"}, {"members", "members"}, {"look", "look"}, {"week", "week"}, {"map", "map"},
		{"charter", "charter"}, {"circles", "circles"}, {"status", "status"}, {"version", "version"}, {"joins", "joins"},
		{"search", "search?words=soup"}, {"limit", "list?limit=1"}, {"leave", "leave"},
		{"show-need", "show?id=" + need.ID[:12]}, {"show-agreement", "show?id=" + need.Agreements[0]},
		{"show-member", "show?id=farid"}, {"who", "who?id=" + need.ID[:6]},
	} {
		t.Run(look.name, func(t *testing.T) {
			w := ask(api, "GET", "/v1/"+look.path, "")
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
				t.Fatalf("GET %s = %d %s", look.path, w.Code, w.Body)
			}
			if bytes.Contains(w.Body.Bytes(), []byte("null")) {
				t.Errorf("GET %s answers null: what is absent is a missing key", look.path)
			}
			golden(t, look.name, w.Body.Bytes())
			if again := ask(api, "GET", "/v1/"+look.path, ""); again.Body.String() != w.Body.String() {
				t.Errorf("GET %s answers differently the second time", look.path)
			}
		})
	}
}

func post(t *testing.T, h http.Handler, title string) view.Post {
	t.Helper()
	var all []view.Item
	if err := json.Unmarshal(ask(h, "GET", "/v1/list", "").Body.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	for _, item := range all {
		if item.Post != nil && item.Post.Title == title {
			return *item.Post
		}
	}
	t.Fatalf("no post %q", title)
	return view.Post{}
}

func TestVerbs(t *testing.T) {
	h := filled(t)
	api := handler(h)
	dog := post(t, api, "walk the dog")
	rows := []struct{ name, path, body, want string }{
		{"ask", "do/ask", `{"text":"bread","when":["2026-12-05"],"people":2,"extra_ok":true}`, `"id":"`},
		{"ask, one when", "do/ask", `{"text":"bread","when":"2026-12-05T10:00"}`, `"id":"`},
		{"offer in a named circle", "do/offer", `{"text":"a drill","circle":"oak street"}`, `"id":"`},
		{"yes", "do/yes", `{"id":"` + dog.ID[:8] + `"}`, `"id":"`},
		{"yes again changes nothing", "do/yes", `{"id":"` + dog.ID[:8] + `"}`, `"unchanged":true`},
		{"note", "do/note", `{"id":"` + dog.ID + `","text":"which dog?"}`, `"id":"`},
		{"may-i", "do/may-i", `{"member":"farid","text":"cook for you"}`, `"asked":[`},
		{"begin", "begin", `{"name":"Elm Row"}`, `"id":"` + oak.String()},
		{"invite", "invite", `{"for":"Gül","until":"30d","uses":1}`, `"text":"TEND:ABC"`},
		{"read-code", "read-code", `{"text":"TEND:ABC"}`, `"kind":"invite"`},
		{"join, not let in yet", "join", `{"code":"TEND:ABC","wait":"1ms"}`, `"state":"knocking"`},
		{"show-code", "show-code", `{}`, `"text":"TEND:FACE"`},
		{"welcome", "welcome", `{"member":"Farid"}`, `"id":"` + farid.String()},
		{"leave", "leave", ``, `"id":"` + oak.String()},
		{"sync", "sync", `{"wait":"1ms"}`, `"state":"alone"`},
		{"peers", "peers", `{"addr":"/ip4/127.0.0.1/tcp/1"}`, `{}`},
		{"verify", "verify", ``, `"ok":true`},
		{"rebuild", "rebuild", ``, `"ok":true`},
		{"vault", "vault", `{"place":"passphrase","passphrase":"the old one","new_passphrase":"the new one"}`, `{"key":"passphrase"}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := ask(api, "POST", "/v1/"+row.path, row.body)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), row.want) {
				t.Errorf("POST %s %s = %d %s, want %s", row.path, row.body, w.Code, w.Body, row.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	h := filled(t)
	handler := handler(h)
	soup := post(t, handler, "soup on Thursday")
	rows := []struct {
		name, method, path, body string
		kind                     string
		exit                     int
	}{
		{"no JSON", "POST", "do/ask", `text=bread`, "usage", 2},
		{"an array", "POST", "do/ask", `["bread"]`, "usage", 2},
		{"a number", "POST", "do/ask", `7`, "usage", 2},
		{"null", "POST", "do/ask", `null`, "usage", 2},
		{"cut short", "POST", "do/ask", `{"text":"bread"`, "usage", 2},
		{"two objects", "POST", "do/ask", `{"text":"bread"}{}`, "usage", 2},
		{"a key twice", "POST", "do/ask", `{"text":"bread","text":"milk"}`, "usage", 2},
		{"an object as text", "POST", "do/ask", `{"text":{"a":1}}`, "usage", 2},
		{"null as text", "POST", "do/ask", `{"text":null}`, "usage", 2},
		{"a list in a list", "POST", "do/ask", `{"text":"a","when":[["2026-12-05"]]}`, "usage", 2},
		{"a fraction", "POST", "do/ask", `{"text":"a","people":1.5}`, "usage", 2},
		{"a huge number", "POST", "do/ask", `{"text":"a","people":1e99}`, "usage", 2},
		{"an unknown key", "POST", "do/ask", `{"text":"a","urgent":true}`, "usage", 2},
		{"a dash for an underscore", "POST", "do/ask", `{"text":"a","extra-ok":true}`, "usage", 2},
		{"two texts", "POST", "do/ask", `{"text":["a","b"]}`, "usage", 2},
		{"an empty list", "POST", "do/ask", `{"text":[]}`, "usage", 2},
		{"no text", "POST", "do/ask", `{}`, "usage", 2},
		{"broken UTF-8", "POST", "do/ask", "{\"text\":\"\xff\"}", "usage", 2},
		{"a control character", "POST", "do/ask", `{"text":"a\u0007"}`, "usage", 2},
		{"a date that does not exist", "POST", "do/ask", `{"text":"a","when":["2026-02-30"]}`, "usage", 2},
		{"a body over 1 MiB", "POST", "do/ask", `{"text":"` + strings.Repeat("a", 1<<20) + `"}`, "too-large", 2},
		{"a verb not built", "POST", "do/whittle", `{"text":"a"}`, "unknown-verb", 2},
		{"a verb with GET", "GET", "do/ask", ``, "method", 2},
		{"a look not built", "GET", "whittlings", ``, "unknown-verb", 2},
		{"a look with POST", "POST", "today", `{}`, "method", 2},
		{"a short id", "POST", "do/yes", `{"id":"abc"}`, "usage", 2},
		{"no id", "POST", "do/yes", `{"id":"zzzzzz"}`, "usage", 2},
		{"an unknown id", "POST", "do/yes", `{"id":"000000"}`, "not-found", 4},
		{"one's own need", "POST", "do/yes", `{"id":"` + soup.ID + `"}`, "kept", 5},
		{"an unknown member", "POST", "do/may-i", `{"member":"Zed","text":"a"}`, "not-found", 4},
		{"an unknown circle", "POST", "do/ask", `{"text":"a","circle":"Elm Row"}`, "not-found", 4},
		{"show nothing", "GET", "show", ``, "usage", 2},
		{"show nobody", "GET", "show?id=Zed", ``, "not-found", 4},
		{"who for nothing", "GET", "who?id=000000", ``, "not-found", 4},
		{"an unknown flag", "GET", "needs?color=red", ``, "usage", 2},
		{"a flag twice", "GET", "needs?all=true&all=true", ``, "usage", 2},
		{"a flag that is none", "GET", "needs?all=perhaps", ``, "usage", 2},
		{"a limit below 0", "GET", "needs?limit=-1", ``, "usage", 2},
		{"a broken query", "GET", "needs?text=%zz", ``, "usage", 2},
		{"a long query", "GET", "needs?text=" + strings.Repeat("a", 17<<10), ``, "too-large", 2},
		{"a wait that is none", "POST", "sync", `{"wait":"soon"}`, "usage", 2},
		{"a wait below 0", "POST", "sync", `{"wait":"-1s"}`, "usage", 2},
		{"begin without a name", "POST", "begin", `{"name":"  "}`, "usage", 2},
		{"begin with a wrong history", "POST", "begin", `{"name":"a","history":"wrong"}`, "usage", 2},
		{"let in, not yet", "POST", "let-in", `{"code":"TEND:X","wait":"1ms"}`, "not-yet", 6},
		{"leave loudly", "POST", "leave", `{"farewell":"never!"}`, "kept", 5},
		{"revoke nothing", "POST", "revoke-invite", `{"id":"000000"}`, "not-found", 4},
		{"a code that is none", "POST", "read-code", `{"text":"hello"}`, "usage", 2},
		{"a carry file that is none", "POST", "carry", `hello`, "failed", 1},
		{"a picture that is none", "POST", "read-picture", `hello`, "failed", 1},
		{"nothing to carry", "GET", "carry?to=farid", ``, "failed", 1},
	}
	before := ask(handler, "GET", "/v1/list?all=true", "").Body.String()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := ask(handler, row.method, "/v1/"+row.path, row.body)
			var p struct {
				Type, Title, Detail string
				Status, Exit        int
			}
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("%s %s = %d %s: %v", row.method, row.path, w.Code, w.Body, err)
			}
			if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("Content-Type = %q, want a problem document", got)
			}
			if p.Type != "/v1/problems/"+row.kind || p.Exit != row.exit || p.Status != w.Code || p.Title == "" || p.Detail == "" {
				t.Errorf("%s %s = %d %s, want type %s, exit %d", row.method, row.path, w.Code, w.Body, row.kind, row.exit)
			}
			if about := ask(handler, "GET", p.Type, ""); about.Code != http.StatusOK || !strings.Contains(about.Body.String(), p.Title) {
				t.Errorf("GET %s = %d %s, want what the type means", p.Type, about.Code, about.Body)
			}
		})
	}
	if after := ask(handler, "GET", "/v1/list?all=true", "").Body.String(); after != before {
		t.Error("a refused request changed something")
	}
}

func TestOnlyJSONIsTaken(t *testing.T) {
	r, err := http.NewRequest("POST", "/v1/do/ask", strings.NewReader(`{"text":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := &recorder{header: http.Header{}}
	handler(newHome(t)).ServeHTTP(w, r)
	if w.code != http.StatusUnsupportedMediaType {
		t.Errorf("a form = %d, want %d", w.code, http.StatusUnsupportedMediaType)
	}
}

// recorder is a writer that cannot flush or set deadlines.
type recorder struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(code int)        { r.code = code }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

func TestSeveralSlotsGiveCandidates(t *testing.T) {
	h := newHome(t)
	need := h.as(t, farid, circle.PostNeed{Posted: circle.Posted{Title: "rides", People: 1, When: []string{"2026-12-02", "2026-12-03"}}})
	w := ask(handler(h), "POST", "/v1/do/yes", `{"id":"`+need.ID.String()+`"}`)
	var p struct{ Exit int }
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Exit != 4 {
		t.Errorf("yes to one of two slots = %s, want exit 4", w.Body)
	}
}

func TestWithoutACircle(t *testing.T) {
	h := newHome(t)
	h.empty = true
	w := ask(handler(h), "GET", "/v1/today", "")
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "no circle yet") {
		t.Errorf("today = %d %s, want how to begin", w.Code, w.Body)
	}
}

func TestSeveralCircles(t *testing.T) {
	elm := named("elm").String()
	rows := []struct {
		name, standing, circle string
		code                   int
	}{
		{"one left is not meant", "left", "", http.StatusOK},
		{"two are, and none is named", "in", "", http.StatusBadRequest},
		{"by name in any case", "in", "OAK street", http.StatusOK},
		{"by a prefix", "in", oak.String()[:6], http.StatusOK},
		{"too short a prefix", "in", oak.String()[:5], http.StatusNotFound},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			h := newHome(t)
			h.more = []view.Circle{{ID: elm, Name: "Elm Row", Standing: row.standing}}
			path := "/v1/needs"
			if row.circle != "" {
				path += "?circle=" + strings.ReplaceAll(row.circle, " ", "+")
			}
			if w := ask(handler(h), "GET", path, ""); w.Code != row.code {
				t.Errorf("GET %s = %d %s, want %d", path, w.Code, w.Body, row.code)
			}
		})
	}
}

func TestTheInsideStaysInside(t *testing.T) {
	for name, breakIt := range map[string]func(*home){
		"an error": func(h *home) { h.broken = errors.New("open /home/ann/.tend/vault: secret inside") },
		"a panic":  func(h *home) { h.panics = true },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			breakIt(h)
			w := ask(handler(h), "POST", "/v1/do/ask", `{"text":"a"}`)
			if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("ask = %d %s, want 500 and nothing of the inside", w.Code, w.Body)
			}
		})
	}
}

func TestReadPicture(t *testing.T) {
	code, err := qr.Encode("TEND:ABC")
	if err != nil {
		t.Fatal(err)
	}
	png, err := code.PNG()
	if err != nil {
		t.Fatal(err)
	}
	w := ask(handler(newHome(t)), "POST", "/v1/read-picture", string(png))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"text":"TEND:ABC"`) {
		t.Errorf("read-picture = %d %s", w.Code, w.Body)
	}
}

func TestVerbsAreTheCircles(t *testing.T) {
	if got, want := api.VerbNames(), circle.Verbs(); !slices.Equal(got, want) {
		t.Errorf("the api has the verbs %v, the circle %v", got, want)
	}
}
