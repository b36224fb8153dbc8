package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdFetch reads an address as a program for calendars does, without cookies: fetch
// STATUS URL. What it answers is the script's stdout.
func cmdFetch(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: fetch STATUS URL")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	client := &http.Client{Timeout: time.Minute}
	res, err := client.Get(args[1])
	ts.Check(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	if res.StatusCode != want {
		ts.Fatalf("%d, want %d:\n%s", res.StatusCode, want, body)
	}
	_, err = ts.Stdout().Write(body)
	ts.Check(err)
}

// cmdSame wants two words to be one: same ONE OTHER.
func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || (args[0] == args[1]) == neg {
		ts.Fatalf("same %q", args)
	}
}

// cmdUnsaid wants the secret of a calendar's address in no file below a folder: unsaid
// URL FOLDER.
func cmdUnsaid(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: unsaid URL FOLDER")
	}
	secret := strings.TrimSuffix(args[0][strings.LastIndex(args[0], "/")+1:], ".ics")
	if len(secret) != 43 {
		ts.Fatalf("%q holds no secret", args[0])
	}
	files := 0
	err := filepath.Walk(ts.MkAbs(args[1]), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(secret)) {
			ts.Fatalf("%s holds the secret", path)
		}
		return err
	})
	ts.Check(err)
	if files == 0 {
		ts.Fatalf("no file below %s", args[1])
	}
}
