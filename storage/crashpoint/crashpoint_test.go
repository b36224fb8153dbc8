package crashpoint_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// traces are what a program that can die on purpose has in it: where it is told to,
// and the name of a moment in each package that has some.
var traces = []string{"TEND_TEST_CRASHES", "checkpoint under way", "vault renamed", "let in, control log kept"}

// TestNoTraceInTheProgram looks through the program that people run for anything of
// this package, and through one made for tests, which has it, so that looking for
// the wrong thing cannot pass for finding nothing.
func TestNoTraceInTheProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	program, made := build(t), build(t, "-tags", "crashpoints")
	found := 0
	for _, trace := range traces {
		if bytes.Contains(program, []byte(trace)) {
			t.Errorf("%q is in the program", trace)
		}
		if bytes.Contains(made, []byte(trace)) {
			found++
		}
	}
	if found < len(traces) {
		t.Errorf("only %d of %d traces are in a program with crashpoints", found, len(traces))
	}
}

func build(t *testing.T, flags ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tend")
	out, err := exec.Command("go", append(append([]string{"build", "-o", file}, flags...), "tend/cmd/tend")...).CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
