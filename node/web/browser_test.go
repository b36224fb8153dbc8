package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"tend/node/view"
	"tend/node/web"
)

// slowly is how long anything in a browser may take on a machine that does other
// things as well. Nothing passes by waiting: each wait ends when what it waits for is
// there.
const slowly = 90 * time.Second

// chromium finds the browser. Without one a test is left out, but never where the
// whole is checked.
func chromium(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("browser tests are not short")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no Chromium is installed, and CI=true")
	}
	t.Skip("no Chromium is installed: apt-get install chromium")
	return ""
}

// shared is the one browser of all tests that need nothing special of theirs. Each
// tab has cookies and a cache of its own there.
var shared struct {
	sync.Once
	ctx context.Context
	end func()
	err error
}

// startBrowser runs a browser: the shared one, or with flags one of the test's own.
func startBrowser(t *testing.T, flags ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	program := chromium(t)
	if len(flags) == 0 {
		shared.Do(func() {
			dir, err := os.MkdirTemp("", "tend-browser-")
			if err != nil {
				shared.err = err
				return
			}
			var end func()
			shared.ctx, end, shared.err = browserIn(context.Background(), program, dir)
			shared.end = func() {
				end()
				_ = os.RemoveAll(dir)
			}
		})
		if shared.err != nil {
			t.Fatalf("start the browser: %v", shared.err)
		}
		return shared.ctx
	}
	ctx, end, err := browserIn(context.WithoutCancel(t.Context()), program, t.TempDir(), flags...)
	t.Cleanup(end)
	if err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return ctx
}

// browserIn runs a browser that keeps its things in dir, until end is called.
func browserIn(ctx context.Context, program, dir string, flags ...chromedp.ExecAllocatorOption) (browser context.Context, end func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:len(chromedp.DefaultExecAllocatorOptions):len(chromedp.DefaultExecAllocatorOptions)],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en"), chromedp.Flag("force-prefers-reduced-motion", true), chromedp.UserDataDir(dir), chromedp.WSURLReadTimeout(slowly))
	ctx, endAll := chromedp.NewExecAllocator(ctx, append(options, flags...)...)
	ctx, endFirst := chromedp.NewContext(ctx)
	return ctx, func() { endFirst(); endAll() }, chromedp.Do(ctx)
}

// tab is one tab, as a person sees it.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu    sync.Mutex // guards wrong
	wrong []string   // what the browser complained about
}

// newTab opens a tab. What a page must never do, run a foreign script or break its
// own policy, is a failure of the test at its end.
func newTab(t *testing.T, browser context.Context) *tab {
	t.Helper()
	b := &tab{t: t}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(func(ev any) {
		switch e := ev.(type) {
		case *page.EventJavascriptDialogOpening:
			b.complain("a dialog: " + e.Message)
		case *log.EventEntryAdded:
			if text := e.Entry.Text; strings.Contains(text, "Content Security Policy") || strings.Contains(text, "Refused") {
				b.complain(text)
			}
		}
	}))
	b.ctx = ctx
	// A tab lives as long as the context of its first action.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, w := range b.wrong {
			t.Errorf("the browser complained: %s", w)
		}
	})
	return b
}

func (b *tab) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong = append(b.wrong, text)
}

// forgive drops complaints that hold a word, where a test provoked them.
func (b *tab) forgive(word string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong = slices.DeleteFunc(b.wrong, func(w string) bool { return strings.Contains(w, word) })
}

// run carries out an action within the patience of these tests.
func run[T any](b *tab, what string, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, slowly)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, b.text())
	}
	return v
}

// text is what the screen says. Between one screen and the next it says nothing, so it
// is asked until it does; only when it never does is the text that of the error.
func (b *tab) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, slowly/2)
	defer cancel()
	for {
		text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + "\n" + document.body.innerText`))
		switch {
		case err == nil:
			return text
		case ctx.Err() != nil:
			return err.Error()
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (b *tab) open(at string) {
	b.t.Helper()
	run(b, "open "+at, chromedp.Navigate(at))
}

// enter opens a home's page by a one-time link, as far as its first screen.
func (b *tab) enter(link string) {
	b.t.Helper()
	b.open(link)
	b.until(`location.pathname !== "/entered" && document.readyState === "complete"`)
}

// js evaluates an expression of the page.
func js[T any](b *tab, expression string) T {
	b.t.Helper()
	return run(b, expression, chromedp.Evaluate[T](expression))
}

// until waits for an expression to become true. It looks from outside, so that it
// works on a page without script, and across one page and the next.
func (b *tab) until(expression string) {
	b.t.Helper()
	for end := time.Now().Add(slowly); ; time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(b.ctx, slowly)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		cancel()
		if err == nil && ok {
			return
		}
		if time.Now().After(end) {
			b.t.Fatalf("never came: %s (%v)\n%s", expression, err, b.text())
		}
	}
}

// sees waits until the screen says a text.
func (b *tab) sees(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.body.innerText.replace(/[\u2066-\u2069]/g, "").includes(%s)`, quoted(text)))
}

func quoted(text string) string {
	data, _ := json.Marshal(text) // a string always has a form
	return string(data)
}

// fill types into a field that has a label or a name.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector(%s)`, quoted(selector)))
	js[bool](b, fmt.Sprintf(`(() => { const f = document.querySelector(%s); f.value = %s; f.dispatchEvent(new Event("input", {bubbles: true})); return true })()`, quoted(selector), quoted(text)))
}

// press presses the button or follows the link that says a text, and waits for the
// screen that comes then.
func (b *tab) press(text string) {
	b.t.Helper()
	find := fmt.Sprintf(`((text) => {
		const all = ["main button", "main a", "nav a"].flatMap(s => [...document.querySelectorAll(s)]).filter(e => e.getClientRects().length);
		return all.find(e => e.innerText.trim() === text) || all.find(e => e.innerText.trim().startsWith(text));
	})(%s)`, quoted(text))
	// A change elsewhere may draw the screen anew between a look and the next: what is
	// found is pressed in one go.
	for end := time.Now().Add(slowly); ; {
		b.until(find)
		if js[bool](b, fmt.Sprintf(`(() => { const found = %s; return !!found && %s && (found.click(), true) })()`, find, mark)) {
			break
		}
		if time.Now().After(end) {
			b.t.Fatalf("%q comes and goes\n%s", text, b.text())
		}
	}
	b.arrived()
}

// mark marks the screen that is left: on its document, which goes with it, and on what
// a form puts in its place where the page stays.
const mark = `(() => {
	const root = document.documentElement;
	root.dataset.before = "1";
	document.addEventListener("tend:posted", () => delete root.dataset.before, { once: true });
	return true;
})()`

// arrived waits for the screen that comes after a marked one.
func (b *tab) arrived() {
	b.t.Helper()
	b.until(`!document.documentElement.dataset.before && document.readyState === "complete"`)
}

// workshop is where the program is built and real homes live.
type workshop struct {
	t     *testing.T
	homes string
	// ports are those of homes that are found at the same address when they come back.
	ports map[string]int
	// program is what the homes run.
	program string
}

// programs are those that were built, by name.
var programs struct {
	sync.Mutex // guards what follows, and so that each is built once
	dir        string
	made       map[string]string
}

// program builds a program of the homes once, and returns where it is.
func program(t *testing.T, name string, build ...string) string {
	t.Helper()
	programs.Lock()
	defer programs.Unlock()
	if at := programs.made[name]; at != "" {
		return at
	}
	if programs.dir == "" {
		dir, err := os.MkdirTemp("", "tend-page-")
		if err != nil {
			t.Fatal(err)
		}
		programs.dir, programs.made = dir, map[string]string{}
	}
	at := filepath.Join(programs.dir, name, "tend")
	if out, err := exec.Command("go", append(build, "-o", at, "tend/cmd/tend")...).CombinedOutput(); err != nil {
		t.Fatalf("build tend: %v\n%s", err, out)
	}
	programs.made[name] = at
	return at
}

// TestMain ends the shared browser, and removes what the browser tests built.
func TestMain(m *testing.M) {
	code := m.Run()
	if shared.end != nil {
		shared.end()
	}
	if programs.dir != "" {
		_ = os.RemoveAll(programs.dir)
	}
	os.Exit(code)
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	chromium(t) // nothing is built where nothing will be looked at
	return &workshop{t: t, homes: t.TempDir(), ports: map[string]int{}, program: program(t, "real", "build")}
}

// newClockedWorkshop is one whose clocks can be moved: its homes run the program of the
// scripts, which is the program itself but for the clock that it is given.
func newClockedWorkshop(t *testing.T) *workshop {
	t.Helper()
	chromium(t)
	return &workshop{t: t, homes: t.TempDir(), ports: map[string]int{}, program: program(t, "clocked", "test", "-c")}
}

// ahead sets how far the clocks of all homes are ahead of the machine's.
func (w *workshop) ahead(by time.Duration) {
	w.t.Helper()
	dir := filepath.Join(w.homes, ".clocks")
	draft := filepath.Join(dir, ".draft")
	for _, err := range []error{os.MkdirAll(dir, 0o700), os.WriteFile(draft, []byte(by.String()), 0o600), os.Rename(draft, filepath.Join(dir, "all"))} {
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *workshop) command(home string, args ...string) *exec.Cmd {
	cmd := exec.Command(w.program, append([]string{"--home", filepath.Join(w.homes, home)}, args...)...)
	cmd.Env = append(os.Environ(), "TEND_NO_MDNS=1", "TEND_NO_PORT_MAP=1", "TEND_NO_OPEN=1", "TEND_KEYRING=off", "TEND_TEST_CLOCKS="+filepath.Join(w.homes, ".clocks"), "DISPLAY=", "WAYLAND_DISPLAY=",
		fmt.Sprintf("TEND_LISTEN=/ip4/127.0.0.1/udp/%[1]d/quic-v1,/ip4/127.0.0.1/tcp/%[1]d", w.ports[home]))
	return cmd
}

// tend runs a verb on a home and returns what it answered.
func (w *workshop) tend(home string, args ...string) string {
	w.t.Helper()
	out, err := w.command(home, args...).Output()
	if err != nil {
		w.t.Fatalf("tend %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// The quiet ports are below those that systems give to whoever asks for any (on Linux
// from 32768 on), and none of the scripts'. So nobody takes one by chance while its home
// is off.
const firstQuiet, quietPorts = 20000, 6000

var quietUsed atomic.Int32

// stays gives homes an address of their own, so that others find them again there.
func (w *workshop) stays(homes ...string) {
	w.t.Helper()
	for _, home := range homes {
		for w.ports[home] == 0 {
			n := int(quietUsed.Add(1))
			if n > quietPorts {
				w.t.Fatal("no port is free")
			}
			port := firstQuiet + (os.Getpid()*16+n)%quietPorts
			if free(port) {
				w.ports[home] = port
			}
		}
	}
}

// free reports whether nobody has a port on loopback, for TCP and for UDP.
func free(port int) bool {
	at := fmt.Sprintf("127.0.0.1:%d", port)
	l, err := net.Listen("tcp4", at)
	if err != nil {
		return false
	}
	u, err := net.ListenPacket("udp4", at)
	if err == nil {
		err = u.Close()
	}
	return errors.Join(err, l.Close()) == nil
}

// node runs a home's node until the test ends, or stop is called.
func (w *workshop) node(home string, flags ...string) (stop func()) {
	w.t.Helper()
	cmd := w.command(home, append([]string{"run"}, flags...)...)
	cmd.Stderr = w.t.Output()
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // how it ended is not what is tested
	})
	w.t.Cleanup(stop)
	for end := time.Now().Add(slowly); ; time.Sleep(50 * time.Millisecond) {
		if w.command(home, "page", "link").Run() == nil {
			return stop
		}
		if time.Now().After(end) {
			w.t.Fatalf("the node of %s does not answer", home)
		}
	}
}

// enter opens the page of a home in a tab.
func (w *workshop) enter(b *tab, home string) {
	w.t.Helper()
	b.enter(w.tend(home, "page", "link"))
}

// joined is a circle of two homes whose nodes run: Rosa's, and Tomasz's.
func (w *workshop) joined() (stopRosa, stopTomasz func()) {
	w.t.Helper()
	w.tend("rosa", "begin", "Mill Lane", "--as", "Rosa")
	stopRosa, stopTomasz = w.node("rosa"), w.node("tomasz")
	var invite view.Invite
	if err := json.Unmarshal([]byte(w.tend("rosa", "--json", "invite")), &invite); err != nil {
		w.t.Fatal(err)
	}
	w.tend("tomasz", "join", invite.Text, "--as", "Tomasz", "--wait", "60s")
	return stopRosa, stopTomasz
}

// serve puts a page in memory at a real door until the test ends, and returns a
// link that opens it.
func serve(t *testing.T, f *filled) func() string {
	t.Helper()
	door, err := web.Listen(0, false)
	if err != nil {
		t.Fatal(err)
	}
	s := siteAt(f.home, door.Port)
	s.Drawn(f.drew)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, door) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve the page: %v", err)
		}
	})
	return func() string { return s.Link(false).Link }
}
