package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdWalk walks one way through a demonstration to its end, by the commands that it
// printed: walk FILE NAME, FILE being its answer in JSON. Its homes run, and hear one
// another before each step. What all steps said is in the
// file NAME.said.
func cmdWalk(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: walk FILE NAME")
	}
	var made struct {
		Homes map[string]string `json:"homes"`
		Walks []walkView        `json:"walks"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &made))
	meet := []string{"60s"}
	for _, home := range made.Homes {
		meet = append(meet, filepath.ToSlash(home))
	}
	for _, w := range made.Walks {
		if w.Name != args[1] {
			continue
		}
		said := ""
		for _, s := range w.Steps {
			cmdConverge(ts, false, meet)
			if code := tend(ts, s.Home, s.Words...); code != exitDone {
				ts.Fatalf("%s: exit %d\n%s", s.Line, code, ts.ReadFile("stderr"))
			}
			said += ts.ReadFile("stdout")
		}
		cmdConverge(ts, false, meet)
		ts.Check(os.WriteFile(ts.MkAbs(args[1]+".said"), []byte(said), 0o600))
		return
	}
	ts.Fatalf("there is no walk %q", args[1])
}
