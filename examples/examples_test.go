// Package examples_test builds the examples and runs them against real nodes.
package examples_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/node/client"
)

// patience is how long anything here may take on a machine that does other things as
// well; whole is for a test, which builds programs first.
const (
	patience = 2 * time.Minute
	whole    = 9 * time.Minute
)

// TestExamples tells one story in two homes: Ann offers a lift, the bridge posts
// Rosa's needs from a file, Ann's bell rings for the one that fits, and the week
// stands on a sheet.
func TestExamples(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), whole)
	defer stop()
	w := workshop{t: t, ctx: ctx, bin: t.TempDir(), homes: t.TempDir()}
	w.must(exec.CommandContext(ctx, "go", "build", "-o", w.bin+string(filepath.Separator), "../cmd/tend", "./..."))

	w.tend("rosa", "begin", "Mill Lane", "--as", "Rosa")
	var invite client.Invitation
	w.json(&invite, "rosa", "invite")
	w.node("rosa")
	w.node("ann")
	w.tend("ann", "join", invite.Text, "--as", "Ann", "--wait", patience.String())
	w.tend("ann", "offer", "drive people to the clinic", "--category", "lifts")

	bell := exec.CommandContext(ctx, w.program("bell"), "-home", w.home("ann"))
	rings, err := bell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bell.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = bell.Process.Kill()
		_ = bell.Wait() // it was killed
	}()

	day := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	file := filepath.Join(w.bin, "needs.csv")
	w.write(file, "title,when,category\nsomeone to water the tomatoes,"+day+",\na ride to the clinic,"+day+"T09:30,lifts\n")
	dry := w.must(exec.CommandContext(ctx, w.program("csvbridge"), "-dry-run", file))
	if want := "line 3: a ride to the clinic\n"; !strings.HasSuffix(dry, want) {
		t.Errorf("csvbridge -dry-run = %q, want its end %q", dry, want)
	}
	var none []client.Post
	if w.json(&none, "rosa", "list", "needs"); len(none) != 0 {
		t.Errorf("a dry run posted %d needs", len(none))
	}
	posted := strings.Fields(w.must(exec.CommandContext(ctx, w.program("csvbridge"), "-home", w.home("rosa"), file)))
	if len(posted) != 2 {
		t.Fatalf("csvbridge posted %q, want two ids", posted)
	}

	if line, err := bufio.NewReader(rings).ReadString('\n'); err != nil || line != "\aRosa could use: a ride to the clinic\n" {
		t.Errorf("the bell said %q, %v", line, err)
	}
	sheet := w.must(exec.CommandContext(ctx, w.program("weeksheet"), "-home", w.home("ann")))
	if !strings.HasPrefix(sheet, "Mill Lane, the coming week\n") || !strings.Contains(sheet, "09:30  a ride to the clinic") {
		t.Errorf("the sheet does not show the ride:\n%s", sheet)
	}
	if html := w.must(exec.CommandContext(ctx, w.program("weeksheet"), "-html", "-home", w.home("ann"))); !strings.Contains(html, "<td>a ride to the clinic<td>") {
		t.Errorf("the HTML sheet does not show the ride:\n%s", html)
	}
}

// TestBridgeRefuses holds that a file with a bad row posts nothing at all.
func TestBridgeRefuses(t *testing.T) {
	w := workshop{t: t, ctx: t.Context(), bin: t.TempDir(), homes: t.TempDir()}
	w.must(exec.CommandContext(w.ctx, "go", "build", "-o", w.bin+string(filepath.Separator), "./csvbridge"))
	for name, row := range map[string]struct{ file, want string }{
		"empty":     {"", "read the names of the columns"},
		"no title":  {"when\nsat\n", `no column "title"`},
		"unknown":   {"title,colour\nx,red\n", `no column "colour"`},
		"no people": {"title,people\nsoup,0\n", "line 2: \"0\" is no number of people"},
		"untitled":  {"title,area\nsoup,here\n,there\n", "line 3: a need needs a title"},
		"ragged":    {"title,area\nsoup\n", "line 2"},
	} {
		file := filepath.Join(w.bin, "bad.csv")
		w.write(file, row.file)
		out, err := exec.CommandContext(w.ctx, w.program("csvbridge"), "-home", w.homes, file).CombinedOutput()
		if err == nil || !strings.Contains(string(out), row.want) {
			t.Errorf("%s: csvbridge = %q, %v, want %q", name, out, err, row.want)
		}
	}
}

// TestBridgeStopsForTheDay gives the bridge more than a device may write in a day:
// it stops with room to spare for Rosa's own hand, says how to go on, and Ann sees
// in whose home much was written.
func TestBridgeStopsForTheDay(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), whole)
	defer stop()
	w := workshop{t: t, ctx: ctx, bin: t.TempDir(), homes: t.TempDir()}
	w.must(exec.CommandContext(ctx, "go", "build", "-o", w.bin+string(filepath.Separator), "../cmd/tend", "./csvbridge"))
	w.tend("rosa", "begin", "Mill Lane", "--as", "Rosa")
	var invite client.Invitation
	w.json(&invite, "rosa", "invite")
	w.node("rosa")
	w.node("ann")
	w.tend("ann", "join", invite.Text, "--as", "Ann", "--wait", patience.String())

	file := filepath.Join(w.bin, "needs.csv")
	w.write(file, "title\n"+strings.Repeat("someone to water the tomatoes\n", 1900))
	began := time.Now().UTC().YearDay()
	sameDay := func() {
		t.Helper()
		if time.Now().UTC().YearDay() != began {
			t.Skip("a new day began meanwhile, and with it a new budget")
		}
	}
	var out, progress strings.Builder
	bridge := exec.CommandContext(ctx, w.program("csvbridge"), "-home", w.home("rosa"), file)
	bridge.Stdout, bridge.Stderr = &out, &progress
	err := bridge.Run()
	sameDay()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 5 {
		t.Fatalf("the bridge ends with %v, want exit 5: %s", err, progress.String()[max(0, progress.Len()-300):])
	}
	if n := len(strings.Fields(out.String())); n < 1700 || n > 1800 {
		t.Errorf("it posted %d needs, want nearly nine tenths of 2000", n)
	}
	for _, want := range []string{"tomorrow", "go on later with -from 1"} {
		if !strings.Contains(progress.String(), want) {
			t.Errorf("it does not say %q: %s", want, progress.String()[max(0, progress.Len()-300):])
		}
	}
	w.tend("rosa", "ask", "by hand")
	for until := time.Now().Add(patience); ; time.Sleep(time.Second) {
		var look []client.Attention
		w.json(&look, "ann", "look")
		if slices.ContainsFunc(look, func(a client.Attention) bool {
			return a.Kind == "busy_device" && strings.Contains(a.Text, "Rosa has written almost as much today")
		}) {
			return
		}
		sameDay() // else nobody wrote much today
		if time.Now().After(until) {
			t.Fatalf("Ann is shown %+v", look)
		}
	}
}

// workshop is where programs are built and homes live.
type workshop struct {
	t          *testing.T
	ctx        context.Context
	bin, homes string
}

func (w *workshop) program(name string) string { return filepath.Join(w.bin, name) }
func (w *workshop) home(name string) string    { return filepath.Join(w.homes, name) }

func (w *workshop) write(file, text string) {
	w.t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// must runs a program and returns what it wrote to stdout.
func (w *workshop) must(cmd *exec.Cmd) string {
	w.t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	cmd.Env = append(os.Environ(), "TZ=UTC", "TEND_NO_MDNS=1", "TEND_NO_PORT_MAP=1",
		"TEND_LISTEN=/ip4/127.0.0.1/udp/0/quic-v1,/ip4/127.0.0.1/tcp/0")
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("%q: %v\n%s%s", cmd.Args, err, out, stderr.String())
	}
	return string(out)
}

func (w *workshop) tend(home string, args ...string) string {
	w.t.Helper()
	return w.must(exec.CommandContext(w.ctx, w.program("tend"), append([]string{"--home", w.home(home)}, args...)...))
}

func (w *workshop) json(into any, home string, args ...string) {
	w.t.Helper()
	out := w.tend(home, append([]string{"--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		w.t.Fatalf("tend %q: %v in %s", args, err, out)
	}
}

// node runs a home's node until the test ends.
func (w *workshop) node(home string) {
	w.t.Helper()
	cmd := exec.Command(w.program("tend"), "run", "--home", w.home(home))
	cmd.Env = append(os.Environ(), "TZ=UTC", "TEND_NO_MDNS=1", "TEND_NO_PORT_MAP=1",
		"TEND_LISTEN=/ip4/127.0.0.1/udp/0/quic-v1,/ip4/127.0.0.1/tcp/0")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	c, err := client.Open(w.home(home))
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	for until := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if _, err := c.Version(w.ctx); err == nil {
			return
		}
		if time.Now().After(until) {
			w.t.Fatalf("the node of %s does not answer", home)
		}
	}
}
