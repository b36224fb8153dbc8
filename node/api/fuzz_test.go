package api_test

import (
	"testing"
	"unicode/utf8"

	"tend/node/api"
)

// FuzzReadArgs reads the body of a command: an object of texts, numbers, booleans
// and lists of them, and nothing else.
func FuzzReadArgs(f *testing.F) {
	for _, s := range []string{`{}`, `{"text":"soup","people":2,"mine":true,"to":["Ann","Ben"]}`, `{"a":1,"a":2}`, `{"a":{"b":[]}}`, `{"a":1e9}`, `{"a":null}`, `{} x`, `[1]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		args, err := api.ReadArgs(data)
		if err == nil && args == nil {
			t.Fatalf("%q reads as nothing at all", data)
		}
		total := 0
		for key, values := range args {
			total += len(key)
			for _, v := range values {
				total += len(v)
				if utf8.Valid(data) && !utf8.ValidString(v) {
					t.Fatalf("%q holds %q, which is not UTF-8", data, v)
				}
			}
		}
		if total > 5*len(data) {
			t.Fatalf("%d bytes grow to %d", len(data), total)
		}
	})
}
