package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// crashesVariable names the folder in which it is said when a home is to die
// (storage/crashpoint).
const crashesVariable = "TEND_TEST_CRASHES"

// A home may be slow on a busy machine; it need not be quick to die.
const patienceToDie = 2 * time.Minute

// cmdDies lets a home die at a moment of storage/crashpoint while a verb is carried
// out, on that home or on another: dies HOME MOMENT[#TIME] AT VERB…. The verbs start
// and stop are of the home's node. What a verb acknowledged is remembered.
func cmdDies(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 4 || neg {
		ts.Fatalf("usage: dies HOME MOMENT[#TIME] AT VERB…")
	}
	die(ts, args[0], args[1], args[2], args[3:])
}

func die(ts *testscript.TestScript, name, moment, at string, verb []string) {
	armed := filepath.Join(ts.Getenv(crashesVariable), name)
	ts.Check(os.MkdirAll(filepath.Dir(armed), 0o700))
	draft := armed + ".draft"
	ts.Check(os.WriteFile(draft, []byte(moment), 0o600))
	ts.Check(os.Rename(draft, armed))

	h := homesOf(ts)
	if verb[0] == "start" {
		h.launch(ts, name, nil)
	}
	h.mu.Lock()
	node := h.nodes[name]
	h.mu.Unlock()
	switch verb[0] {
	case "start":
	case "stop":
		ts.Check(node.Process.Signal(syscall.SIGTERM))
	default:
		acknowledge(ts, at, verb)
	}
	if node == nil {
		// The verb itself was the home.
		if _, err := os.Stat(armed); err == nil {
			ts.Fatalf("tend %q on %s never came to %q", verb, at, moment)
		}
		return
	}
	ended := make(chan error, 1)
	go func() { ended <- node.Wait() }()
	select {
	case <-ended:
	case <-time.After(patienceToDie):
		ts.Fatalf("the node of %s lives, and never came to %q:\n%s", name, moment, ts.ReadFile(name+".log"))
	}
	h.mu.Lock()
	delete(h.nodes, name)
	h.mu.Unlock()
	if _, err := os.Stat(armed); !errors.Is(err, fs.ErrNotExist) {
		ts.Fatalf("the node of %s ended, and not at %q: %v\n%s", name, moment, err, ts.ReadFile(name+".log"))
	}
}

// acknowledge runs a verb on a home that may die of it, and remembers the id of
// what it says is done.
func acknowledge(ts *testscript.TestScript, name string, verb []string) {
	cmd := exec.Command(program(ts), append([]string{"--home", homeDir(ts, name), "--json"}, verb...)...)
	cmd.Env, cmd.Dir = environment(ts), ts.Getenv("WORK")
	out, err := cmd.CombinedOutput()
	ts.Logf("%s %q: %v: %s", name, verb, err, out)
	if err != nil {
		return
	}
	if id, err := at(out, ".id"); err == nil && verb[0] == "ask" {
		h := homesOf(ts)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.acked[name] = append(h.acked[name], id)
	}
}

// cmdRecovers starts the node of a home that died and wants everything to be as if
// it had not: recovers HOME OTHER…. What it acknowledged is there, here and with the
// others, nothing is half there, and no place in its chain was used twice.
func cmdRecovers(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 || neg {
		ts.Fatalf("usage: recovers HOME OTHER…")
	}
	recovered(ts, args)
}

func recovered(ts *testscript.TestScript, names []string) {
	homesOf(ts).start(ts, names[0], nil)
	quietly(ts, names[0], "verify")
	cmdConverge(ts, false, append([]string{patienceToDie.String()}, names...))
	cmdKept(ts, false, append([]string{"0", names[0]}, names...))
	for _, name := range names {
		if out := quietly(ts, name, "--json", "look"); bytes.Contains(out, []byte(`"forked_device"`)) {
			ts.Fatalf("a place of a chain was used twice, says %s: %s", name, out)
		}
	}
}

// cmdSurvives lets a home die at each of some moments of a write, and recover:
// survives HOME OTHER… -- MOMENT….
func cmdSurvives(ts *testscript.TestScript, neg bool, args []string) {
	cut := slices.Index(args, "--")
	if cut < 1 || neg {
		ts.Fatalf("usage: survives HOME OTHER… -- MOMENT…")
	}
	for _, moment := range args[cut+1:] {
		die(ts, args[0], moment, args[0], []string{"ask", "asked while " + moment})
		recovered(ts, args[:cut])
	}
}

// cmdImports lets a home die at each of some moments of an import, and recover: all of the
// table is there then, here and with the others, or nothing of it. Whoever imports it once
// more has each row once: imports HOME OTHER… -- MOMENT….
func cmdImports(ts *testscript.TestScript, neg bool, args []string) {
	cut := slices.Index(args, "--")
	if cut < 1 || neg {
		ts.Fatalf("usage: imports HOME OTHER… -- MOMENT…")
	}
	home, all := args[0], args[:cut]
	for i, moment := range args[cut+1:] {
		rows := []string{"text"}
		for n := range tableRows {
			rows = append(rows, fmt.Sprintf("table%d %s row %d", i, strings.ReplaceAll(moment, " ", ""), n))
		}
		table := fmt.Sprintf("table%d.csv", i)
		ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), table), []byte(strings.Join(rows, "\n")+"\n"), 0o600))
		die(ts, home, moment, home, []string{"import", table})
		recovered(ts, all)
		there := rowsOf(ts, home, i)
		if there != 0 && there != tableRows {
			ts.Fatalf("after it died at %q %d rows of %d are there", moment, there, tableRows)
		}
		ts.Logf("after it died at %q %d rows are there", moment, there)
		for range 2 {
			quietly(ts, home, "import", table)
			cmdConverge(ts, false, append([]string{patienceToDie.String()}, all...))
			for _, name := range all {
				if n := rowsOf(ts, name, i); n != tableRows {
					ts.Fatalf("imported again after %q, %s has %d rows, want %d", moment, name, n, tableRows)
				}
			}
		}
	}
}

const tableRows = 5

// rowsOf counts the needs that a home has of the i-th table.
func rowsOf(ts *testscript.TestScript, name string, i int) int {
	out := quietly(ts, name, "--json", "list", "needs", "--all")
	return bytes.Count(out, fmt.Appendf(nil, `"title":"table%d `, i))
}
