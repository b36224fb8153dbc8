package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdShapes holds JSON answers to what scripts are promised: shapes HOME FILE. A
// row is the keys that must be there, those that may be, and the command's words,
// with "|" between. Of an array the elements are looked at, and "[]" as keys wants
// an empty one. Nowhere is there a null; ids, digests and times are in their forms.
func cmdShapes(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: shapes HOME FILE")
	}
	rows := 0
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.SplitN(line, "|", 3)
		if len(cells) != 3 {
			ts.Fatalf("row %q: want MUST | MAY | WORDS", line)
		}
		words, err := splitWords(os.Expand(strings.TrimSpace(cells[2]), ts.Getenv))
		ts.Check(err)
		rows++
		out := quietly(ts, args[0], append([]string{"--json"}, words...)...)
		if fault := shapeFault(out, strings.Fields(cells[0]), strings.Fields(cells[1])); fault != "" {
			ts.Fatalf("tend %q: %s\n%s", words, fault, out)
		}
	}
	if rows == 0 {
		ts.Fatalf("%s holds no row", args[1])
	}
}

// shapeFault says what is wrong with an answer; "" if nothing is.
func shapeFault(out []byte, must, may []string) string {
	var v any
	if err := json.Unmarshal(out, &v); err != nil {
		return err.Error()
	}
	if strings.Count(string(out), "\n") != 1 {
		return "not one line"
	}
	if fault := formFault("", v); fault != "" {
		return fault
	}
	objects, list := v.([]any)
	switch {
	case slices.Equal(must, []string{"[]"}):
		if !list || len(objects) > 0 {
			return "not an empty array"
		}
		return ""
	case list && len(objects) == 0:
		return "an empty array"
	case !list:
		objects = []any{v}
	}
	for _, o := range objects {
		object, ok := o.(map[string]any)
		if !ok {
			return fmt.Sprintf("%v is no object", o)
		}
		for _, key := range must {
			if _, ok := object[key]; !ok {
				return fmt.Sprintf("no %q", key)
			}
		}
		for key := range object {
			if !slices.Contains(must, key) && !slices.Contains(may, key) {
				return fmt.Sprintf("%q was never promised", key)
			}
		}
	}
	return ""
}

// forms are what the values of some keys look like, wherever they stand.
var forms = map[string]*regexp.Regexp{
	"id": regexp.MustCompile(`^[0-9a-f]{64}$`), "circle": regexp.MustCompile(`^[0-9a-f]{64}$`),
	"frontier": regexp.MustCompile(`^[0-9a-f]{64}$`), "state_digest": regexp.MustCompile(`^[0-9a-f]{64}$`),
	"epoch": regexp.MustCompile(`^[0-9a-f]{32}$`), "rev": regexp.MustCompile(`^[0-9a-f]+$`),
}

// moments are the keys whose values are moments.
var moments = []string{"made", "edited", "expires", "at", "last"}

// formFault walks a value and says what in it has not its form.
func formFault(key string, v any) string {
	switch x := v.(type) {
	case nil:
		return fmt.Sprintf("%q is null", key)
	case map[string]any:
		for k, inner := range x {
			if fault := formFault(k, inner); fault != "" {
				return fault
			}
		}
	case []any:
		for _, inner := range x {
			if fault := formFault(key, inner); fault != "" {
				return fault
			}
		}
	case string:
		if form := forms[key]; form != nil && !form.MatchString(x) {
			return fmt.Sprintf("%q is %q", key, x)
		}
		if slices.Contains(moments, key) {
			if _, err := time.Parse(time.RFC3339, x); err != nil {
				return fmt.Sprintf("%q is no moment: %v", key, err)
			}
		}
	}
	return ""
}
