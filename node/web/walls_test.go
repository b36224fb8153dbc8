package web_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// request is one that reaches the page, by default from its own browser.
func request(b *browser, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, base, nil)
	r.Host = label + ".localhost:4711"
	for _, c := range b.cookie {
		r.AddCookie(c)
	}
	change(r)
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, r)
	return w
}

// TestOnlyItsOwnNames holds that a name which somebody's DNS points at this machine
// is none of the page's, with a session as well as without, before any route.
func TestOnlyItsOwnNames(t *testing.T) {
	b := newBrowser(t, site(newHome(t)))
	for host, want := range map[string]int{
		label + ".localhost:4711":     http.StatusOK,
		"127.0.0.1:4711":              http.StatusOK,
		"[::1]:4711":                  http.StatusOK,
		"evil.example:4711":           http.StatusMisdirectedRequest,
		"127.0.0.1.evil.example:4711": http.StatusMisdirectedRequest,
		"localhost:4711":              http.StatusMisdirectedRequest,
		"other.localhost:4711":        http.StatusMisdirectedRequest,
		label + ".localhost":          http.StatusMisdirectedRequest,
		label + ".localhost:80":       http.StatusMisdirectedRequest,
		"127.0.0.1":                   http.StatusMisdirectedRequest,
		"192.168.1.5:4711":            http.StatusMisdirectedRequest,
		"":                            http.StatusMisdirectedRequest,
		strings.ToUpper(label) + ".localhost:4711": http.StatusMisdirectedRequest,
	} {
		for _, path := range []string{base, "/nowhere", "/enter?code=x", "/events"} {
			if path == "/events" && want == http.StatusOK {
				continue // it would stream
			}
			w := request(b, func(r *http.Request) { r.Host = host; r.URL, _ = url.Parse(path); r.RequestURI = path })
			if path == base && w.Code != want || want == http.StatusMisdirectedRequest && w.Code != want {
				t.Errorf("GET %s as %q = %d, want %d", path, host, w.Code, want)
			}
			if w.Code == http.StatusMisdirectedRequest && strings.Contains(w.Body.String(), "Ann") {
				t.Errorf("%q was told whose page this is", host)
			}
		}
	}
}

// TestNamesFollowTheConnection holds that a name for loopback means loopback, and
// that on a local network the one name is the address that was reached.
func TestNamesFollowTheConnection(t *testing.T) {
	h := newHome(t)
	lan := netip.MustParseAddr("192.168.1.5")
	for _, row := range []struct {
		local, host string
		lan         bool
		ok          bool
	}{
		{"127.0.0.1:4711", "127.0.0.1:4711", false, true},
		{"192.168.1.5:4711", "192.168.1.5:4711", true, true},
		{"192.168.1.5:4711", "192.168.1.5:4711", false, false},
		{"192.168.1.5:4711", "127.0.0.1:4711", true, false},
		{"192.168.1.5:4711", label + ".localhost:4711", true, false},
		{"192.168.1.5:4711", "home.evil.example:4711", true, false},
		{"127.0.0.1:4711", "192.168.1.5:4711", true, false},
	} {
		s := site(h)
		if row.lan {
			s = siteOn(h, lan)
		}
		r := httptest.NewRequest(http.MethodGet, "/entered", nil)
		r.Host = row.host
		at := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(row.local))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at)))
		if ok := w.Code == http.StatusOK; ok != row.ok {
			t.Errorf("%+v: %d", row, w.Code)
		}
	}
}

// TestCrossSitePosts holds that no other site's form gets in, also with the session.
func TestCrossSitePosts(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	body := url.Values{"kind": {"need"}, "text": {"something bad"}}
	for name, row := range map[string]struct {
		header map[string]string
		want   int
	}{
		"own form":         {map[string]string{"Sec-Fetch-Site": "same-origin"}, http.StatusSeeOther},
		"no browser":       {nil, http.StatusSeeOther},
		"cross-site":       {map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		"same-site":        {map[string]string{"Sec-Fetch-Site": "same-site"}, http.StatusForbidden},
		"old browser":      {map[string]string{"Origin": "http://evil.example"}, http.StatusForbidden},
		"another port":     {map[string]string{"Origin": "http://127.0.0.1:9999"}, http.StatusForbidden},
		"sandboxed iframe": {map[string]string{"Origin": "null"}, http.StatusForbidden},
	} {
		w := request(b, func(r *http.Request) {
			*r = *httptest.NewRequest(http.MethodPost, base+"/ask", strings.NewReader(body.Encode()))
			r.Host = label + ".localhost:4711"
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for k, v := range row.header {
				r.Header.Set(k, v)
			}
			for _, c := range b.cookie {
				r.AddCookie(c)
			}
		})
		if w.Code != row.want {
			t.Errorf("%s: POST = %d, want %d", name, w.Code, row.want)
		}
	}
}

// TestNoSession holds that without a session there is the shell and nothing else,
// for every route there is.
func TestNoSession(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	for _, cookie := range [][]*http.Cookie{nil, {{Name: "tend", Value: "wrong"}}} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodHead, http.MethodPut, http.MethodDelete} {
			for _, path := range []string{"/", base, base + "/ask", base + "/me", "/begin", "/join/read", "/join/frame", "/device", "/device/pair", "/events", "/nowhere", "/enterx"} {
				own := *b
				own.cookie = cookie
				w := own.ask(method, path, nil)
				if w.Code != http.StatusUnauthorized {
					t.Errorf("%s %s without a session = %d", method, path, w.Code)
				}
				for _, secret := range []string{"Ann", "Oak Street", oak.String()} {
					if strings.Contains(w.Body.String(), secret) {
						t.Errorf("%s %s without a session tells %q", method, path, secret)
					}
				}
			}
		}
	}
	if w := b.ask(http.MethodGet, base, nil); w.Code != http.StatusOK {
		t.Errorf("with it = %d", w.Code)
	}
}

// TestLinkOpensOnce holds that a link is good for one use and a minute, and that its
// second use ends what the first began.
func TestLinkOpensOnce(t *testing.T) {
	h := newHome(t)
	s := site(h)
	link, _ := url.Parse(s.Link(false).Link)
	b := &browser{t: t, site: s, lang: "en"}
	first := b.ask(http.MethodGet, link.RequestURI(), nil)
	if first.Code != http.StatusSeeOther {
		t.Fatalf("first use = %d", first.Code)
	}
	cookies := first.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies", len(cookies))
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Domain != "" || c.Path != "/" || !c.Expires.IsZero() || c.MaxAge != 0 || len(c.Value) < 43 {
		t.Errorf("the cookie is %v", c)
	}
	if strings.Contains(first.Header().Get("Location"), "code") {
		t.Error("the code goes on in the address")
	}
	if w := (&browser{t: t, site: s, cookie: cookies, lang: "en"}).ask(http.MethodGet, "/entered", nil); w.Code != http.StatusOK || w.Header().Get("Refresh") != "0; url=/" {
		t.Errorf("/entered = %d, %q", w.Code, w.Header().Get("Refresh"))
	}
	inside := &browser{t: t, site: s, cookie: cookies, lang: "en"}
	inside.get(base)
	if again := b.ask(http.MethodGet, link.RequestURI(), nil); again.Code != http.StatusUnauthorized || len(again.Result().Cookies()) != 0 {
		t.Errorf("second use = %d", again.Code)
	}
	if w := inside.ask(http.MethodGet, base, nil); w.Code != http.StatusUnauthorized {
		t.Errorf("after a second use the first session still opens: %d", w.Code)
	}

	late, _ := url.Parse(s.Link(false).Link)
	h.later(time.Minute + time.Second)
	if w := b.ask(http.MethodGet, late.RequestURI(), nil); w.Code != http.StatusUnauthorized {
		t.Errorf("a link older than a minute = %d", w.Code)
	}
	for _, bad := range []string{"/enter", "/enter?code=", "/enter?code=guess"} {
		if w := b.ask(http.MethodGet, bad, nil); w.Code != http.StatusUnauthorized {
			t.Errorf("GET %s = %d", bad, w.Code)
		}
	}
}

// TestHeaders holds that every answer has the strict headers, whatever it is.
func TestHeaders(t *testing.T) {
	b := newBrowser(t, site(newHome(t)))
	outside := &browser{t: t, site: b.site, lang: "en"}
	asset := strings.SplitAfter(b.get(base), `href="/assets/`)[1]
	asset = "/assets/" + asset[:strings.IndexByte(asset, '"')]
	for name, w := range map[string]*httptest.ResponseRecorder{
		"home": b.ask(http.MethodGet, base, nil), "shell": outside.ask(http.MethodGet, base, nil), "nothing": b.ask(http.MethodGet, "/nowhere", nil),
		"asset": outside.ask(http.MethodGet, asset, nil), "stranger": request(b, func(r *http.Request) { r.Host = "evil.example" }),
		"begin": b.ask(http.MethodPost, "/begin", url.Values{}),
	} {
		got := w.Header()
		if csp := got.Get("Content-Security-Policy"); csp != "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'" {
			t.Errorf("%s: Content-Security-Policy %q", name, csp)
		}
		for key, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": ""} {
			if got.Get(key) != want {
				t.Errorf("%s: %s %q, want %q", name, key, got.Get(key), want)
			}
		}
		if keep := got.Get("Cache-Control"); (name == "asset") != strings.Contains(keep, "immutable") || name != "asset" && keep != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, keep)
		}
	}
	if w := outside.ask(http.MethodGet, asset, nil); w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "image/svg") && !strings.HasPrefix(w.Header().Get("Content-Type"), "text/") {
		t.Errorf("GET %s = %d, %q", asset, w.Code, w.Header().Get("Content-Type"))
	}
	for _, path := range []string{"/assets/", "/assets/0/../../doc.go", "/assets/x/tend.css", asset + "/.."} {
		if w := outside.ask(http.MethodGet, path, nil); w.Code == http.StatusOK {
			t.Errorf("GET %s = 200", path)
		}
	}
}

// TestGetChangesNothing holds that no GET of a wish's address does anything.
func TestGetChangesNothing(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	at := b.post(base+"/ask", url.Values{"kind": {"need"}, "text": {"soup"}})
	id := strings.TrimSuffix(strings.TrimPrefix(at, base+"/show/"), "?said=ask")
	made := h.made
	for _, path := range []string{"/on/" + id + "/withdraw", "/on/" + id + "/met", "/invite/x/end", "/me/room"} {
		if w := b.ask(http.MethodGet, base+path, nil); w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
			t.Errorf("GET %s = %d", path, w.Code)
		}
	}
	if h.made != made {
		t.Error("a GET wrote something")
	}
}

// TestInsideStaysInside holds that a failure and a panic tell nothing of the inside.
func TestInsideStaysInside(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	ask := func() *httptest.ResponseRecorder {
		return b.ask(http.MethodPost, base+"/ask", url.Values{"kind": {"need"}, "text": {"soup"}})
	}
	h.broken = errBroken
	if w := ask(); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("a failure: %d\n%s", w.Code, w.Body)
	}
	h.panics = true
	if w := ask(); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("a panic: %d\n%s", w.Code, w.Body)
	}
}
