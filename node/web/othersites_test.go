package web_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"tend/node/web"
)

// watched is a page at a real port that remembers what reached it.
type watched struct {
	*filled
	site *web.Site
	port int
	cut  func() // the home is gone from then on

	seenMu sync.Mutex // guards seen
	seen   []seenRequest
}

type seenRequest struct {
	method, path, fetchSite string
	cookie                  bool // the session came along
}

func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{filled: fill(t, "soup")}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("tend")
		w.seenMu.Lock()
		w.seen = append(w.seen, seenRequest{r.Method, r.URL.Path, r.Header.Get("Sec-Fetch-Site"), err == nil})
		w.seenMu.Unlock()
		w.site.ServeHTTP(rw, r)
	}))
	w.port = server.Listener.Addr().(*net.TCPAddr).Port
	w.site = siteAt(w.home, w.port)
	server.Start()
	w.cut = sync.OnceFunc(func() {
		_ = server.Listener.Close()
		server.CloseClientConnections()
		server.Close()
	})
	t.Cleanup(w.cut)
	return w
}

// of are the requests of a method to a path, and forgets all.
func (w *watched) of(method, path string) (out []seenRequest) {
	w.seenMu.Lock()
	defer w.seenMu.Unlock()
	for _, r := range w.seen {
		if r.method == method && r.path == path {
			out = append(out, r)
		}
	}
	w.seen = nil
	return out
}

func (w *watched) written() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.made
}

// foreign maps a stranger's name to this machine, as a stranger's DNS may.
var foreign = chromedp.Flag("host-resolver-rules", "MAP evil.example 127.0.0.1")

// TestRebindingInTheBrowser holds that a stranger's name which suddenly leads to this
// machine opens nothing: not by going there, and not by a script of that name's page,
// to which this page then is its own origin.
func TestRebindingInTheBrowser(t *testing.T) {
	t.Parallel()
	w := watch(t)
	b := newTab(t, startBrowser(t, foreign))
	b.enter(w.site.Link(false).Link)
	b.enter(w.site.Link(true).Link)
	at := fmt.Sprintf("http://evil.example:%d", w.port)
	b.open(at + base)
	b.sees("This address is not Tend's.")
	before := w.written()
	for _, path := range []string{"/", base, "/device", "/events", "/join", "/assets/"} {
		for _, method := range []string{"GET", "POST"} {
			got := run(b, method+" "+path, chromedp.Evaluate[string](fmt.Sprintf(`(async () => {
				const r = await fetch(%s, {method: %s, credentials: "include", redirect: "manual", body: %s});
				return r.status + " " + await r.text();
			})()`, quoted(path), quoted(method), map[string]string{"GET": "undefined", "POST": `new URLSearchParams({kind: "need", text: "x", name: "x", as: "x"})`}[method]), chromedp.EvalAwaitPromise))
			if got != "421 This address is not Tend's.\n" {
				t.Errorf("%s %s under a stranger's name = %q", method, path, got)
			}
		}
	}
	if w.written() != before {
		t.Error("a stranger's name wrote something")
	}
	if js[string](b, "document.cookie") != "" {
		t.Error("a stranger's name holds a cookie")
	}
}

// TestOtherSitesInTheBrowser holds that no other page's form, link, script or frame
// does anything here: that of a stranger, that of another program under another name
// below .localhost, and that of one at another port of the very same name, whom a
// browser takes for the same site.
func TestOtherSitesInTheBrowser(t *testing.T) {
	t.Parallel()
	w := watch(t)
	evil := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		to := r.URL.Query().Get("to")
		_, _ = fmt.Fprintf(rw, `<!doctype html><title>evil</title><a href="%[1]s%[2]s">come</a><form method="post" action="%[1]s%[2]s/ask"><input name="kind" value="need"><input name="text" value="something bad"></form>`, to, base)
	}))
	t.Cleanup(evil.Close)
	_, evilPort, _ := net.SplitHostPort(evil.Listener.Addr().String())
	b := newTab(t, startBrowser(t, foreign))
	b.enter(w.site.Link(false).Link)
	b.enter(w.site.Link(true).Link)
	own, plain := w.site.Address(), fmt.Sprintf("http://127.0.0.1:%d", w.port)
	for _, row := range []struct {
		name, from, to string
		sameSite       bool // so a browser sends the cookie
	}{
		{"a stranger to the page", "evil.example", own, false},
		{"a stranger to the plain address", "evil.example", plain, false},
		{"another name below .localhost", "other.localhost", own, false},
		{"localhost itself", "localhost", own, false},
		{"another port of the page's name", label + ".localhost", own, true},
		{"another port of the plain address", "127.0.0.1", plain, true},
	} {
		b.open(row.to + base)
		b.sees("Oak Street") // it is open here, so there is something to steal
		start := "http://" + row.from + ":" + evilPort + "/?to=" + row.to
		before := w.written()

		b.open(start)
		w.of("", "")
		js[bool](b, `(() => { document.documentElement.dataset.before = "1"; document.forms[0].submit(); return true })()`)
		b.until(`!document.documentElement.dataset.before && document.readyState === "complete"`)
		b.sees("That came from another site, so it was not done.")
		posts := w.of("POST", base+"/ask")
		if len(posts) != 1 || posts[0].cookie != row.sameSite || posts[0].fetchSite == "same-origin" {
			t.Errorf("%s: the post arrived as %+v", row.name, posts)
		}

		b.open(start)
		js[bool](b, `(() => { document.documentElement.dataset.before = "1"; document.links[0].click(); return true })()`)
		b.until(`!document.documentElement.dataset.before && document.readyState === "complete"`)
		if !row.sameSite {
			b.sees("This page is closed.")
		}

		b.open(start)
		got := run(b, "read across", chromedp.Evaluate[string](fmt.Sprintf(`(async () => {
			const out = [];
			for (const mode of ["cors", "no-cors"]) try {
				const r = await fetch(%[1]s, {credentials: "include", mode});
				out.push(await r.text());
			} catch {}
			const frame = document.createElement("iframe");
			frame.src = %[1]s;
			document.body.append(frame);
			await new Promise((done) => { frame.onload = done; frame.onerror = done; });
			try { out.push(frame.contentDocument.body.innerText) } catch {}
			return out.join("");
		})()`, quoted(row.to+base)), chromedp.EvalAwaitPromise))
		if strings.TrimSpace(got) != "" {
			t.Errorf("%s reads %q", row.name, got)
		}
		if w.written() != before {
			t.Errorf("%s wrote something", row.name)
		}
	}
	b.forgive("frame") // that it was not framed is what the browser says then
}
