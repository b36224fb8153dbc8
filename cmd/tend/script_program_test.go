package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// programs are the programs beside the one under test, by their build tag, and
// where they lie.
var programs = struct {
	sync.Mutex
	built map[string]string
}{built: map[string]string{}}

// cmdProgram lets the script's homes run another build of tend from here on:
// program TAG builds it with that tag, program newer one of a later version, and
// program without a word goes back to the program under test.
func cmdProgram(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) > 1 || neg {
		ts.Fatalf("usage: program [TAG]")
	}
	path := os.Getenv("PATH")
	if len(args) == 1 {
		dir, err := build(args[0])
		ts.Check(err)
		path = dir + string(filepath.ListSeparator) + path
	}
	ts.Setenv("PATH", path)
}

// build returns the folder of a tend with a build tag: this test's program built
// once more, so that it has the clocks that scripts move.
func build(tag string) (string, error) {
	programs.Lock()
	defer programs.Unlock()
	if dir, ok := programs.built[tag]; ok {
		return dir, nil
	}
	// Beside the folder of the program under test, which goes when the tests end.
	dir := filepath.Join(filepath.Dir(filepath.SplitList(os.Getenv("PATH"))[0]), tag)
	args := []string{"test", "-c", "-tags", tag, "-o", filepath.Join(dir, "tend"+os.Getenv("GOEXE"))}
	if tag == newer {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", err
		}
		overlay, err := newerOverlay(dir)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	if out, err := exec.Command("go", append(args, "tend/cmd/tend")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build with %s: %w\n%s", tag, err, out)
	}
	programs.built[tag] = dir
	return dir, nil
}
