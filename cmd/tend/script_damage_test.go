package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// damage is one way in which a file may be spoilt; nil takes it away.
type damage struct {
	name string
	do   func(data []byte) []byte
}

// damages are the ways that make sense for a file of n bytes.
func damages(n int) []damage {
	out := []damage{{"gone", nil}}
	for _, at := range []int{0, 1, n / 4, n / 2, 3 * n / 4, n - 1} {
		if at >= 0 && at < n {
			out = append(out, damage{fmt.Sprintf("flipped at %d of %d", at, n), func(data []byte) []byte { data[at] ^= 0x10; return data }})
		}
	}
	for _, to := range []int{0, n / 2, n - 1} {
		if to >= 0 && to < n {
			out = append(out, damage{fmt.Sprintf("cut to %d of %d", to, n), func(data []byte) []byte { return data[:to] }})
		}
	}
	return out
}

// cmdDamages spoils each kind of file of a closed home in each way, and opens it:
// damages HOME NEEDS. It must work with all of its needs, or be refused in words
// with a hint, or be found by verify; what is refused must be whole again when the
// file is. It never ends as a panic does.
func cmdDamages(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: damages HOME NEEDS")
	}
	needs, err := strconv.Atoi(args[1])
	ts.Check(err)
	from, bent := homeDir(ts, args[0]), homeDir(ts, args[0]+"-bent")
	tried, refused := 0, 0
	for _, file := range kindsOfFiles(ts, from) {
		whole, err := os.ReadFile(filepath.Join(from, file))
		ts.Check(err)
		for _, d := range damages(len(whole)) {
			what := file + " " + d.name
			ts.Check(errors.Join(os.RemoveAll(bent), os.CopyFS(bent, regularFS{os.DirFS(from)})))
			name := filepath.Join(bent, file)
			if d.do == nil {
				ts.Check(os.Remove(name))
			} else {
				ts.Check(os.WriteFile(name, d.do(bytes.Clone(whole)), 0o600))
			}
			tried++
			code, got, stderr := countNeeds(ts, bent)
			if code == exitDone && got == needs {
				continue
			}
			if code == exitDone { // something is missing: verify must know
				if code, _, _ := onBent(ts, bent, "verify"); code != exitFailed {
					ts.Fatalf("%s: %d needs of %d, and verify is exit %d", what, got, needs, code)
				}
				continue
			}
			refused++
			if code != exitFailed || len(strings.Split(strings.TrimSpace(stderr), "\n")) < 2 || strings.Contains(stderr, "went wrong inside") {
				ts.Fatalf("%s: exit %d, want a sentence, a hint, and exit 1:\n%s", what, code, stderr)
			}
			ts.Check(os.WriteFile(name, whole, 0o600))
			if code, got, stderr := countNeeds(ts, bent); code != exitDone || got != needs {
				ts.Fatalf("%s: refused, and with the file put back exit %d, %d needs of %d:\n%s", what, code, got, needs, stderr)
			}
		}
	}
	ts.Logf("%d kinds of damage, %d refused", tried, refused)
	if tried < 60 || refused < 20 {
		ts.Fatalf("only %d kinds of damage were tried, %d refused", tried, refused)
	}
}

// kindsOfFiles are the files of a home, of each kind the first and the last.
func kindsOfFiles(ts *testscript.TestScript, dir string) []string {
	byKind := map[string][]string{}
	ts.Check(filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, file)
		kind := filepath.Ext(name)
		if kind == "" {
			kind = name
		}
		if kind != ".log" {
			byKind[kind] = append(byKind[kind], name)
		}
		return err
	}))
	var out []string
	for _, files := range byKind { // ascending within a kind
		out = append(out, files[0])
		if len(files) > 1 {
			out = append(out, files[len(files)-1])
		}
	}
	return out
}

// onBent runs a verb on a damaged home.
func onBent(ts *testscript.TestScript, dir string, args ...string) (code int, stdout, stderr string) {
	cmd := exec.Command(program(ts), append([]string{"--home", dir}, args...)...)
	cmd.Env, cmd.Dir = environment(ts), ts.Getenv("WORK")
	var out, say strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &say
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("run tend %q: %v", args, err)
	}
	if code = cmd.ProcessState.ExitCode(); code > exitNotYet || code < 0 || strings.Contains(say.String(), "panic:") {
		ts.Fatalf("tend %q ended as a panic does: exit %d\n%.2000s", args, code, say.String())
	}
	return code, out.String(), say.String()
}

func countNeeds(ts *testscript.TestScript, dir string) (code, n int, stderr string) {
	code, out, stderr := onBent(ts, dir, "--json", "list", "needs")
	return code, strings.Count(out, `"kind":"need"`), stderr
}
