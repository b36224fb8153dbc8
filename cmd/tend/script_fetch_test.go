package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
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

// pageTaken is what a node logs when somebody else has the port of its page.
const pageTaken = "the page's port is taken"

// cmdFoundAgain starts a home's node, and wants its page where it was: foundagain HOME
// ADDRESS. While the node was stopped another program may have been given that port, which
// the node says; then it is started anew until that program is gone.
func cmdFoundAgain(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: foundagain HOME ADDRESS")
	}
	h, name := homesOf(ts), args[0]
	taken := func() int { return strings.Count(ts.ReadFile(filepath.Join(name, "log", "tend.log")), pageTaken) }
	for until := time.Now().Add(patience); ; time.Sleep(time.Second) {
		before := taken()
		h.start(ts, name, nil)
		page, err := at(quietly(ts, name, "--json", "status"), ".page")
		ts.Check(err)
		if page == args[1] {
			return
		}
		if taken() == before || time.Now().After(until) {
			ts.Fatalf("the page of %s was at %s and is at %s", name, args[1], page)
		}
		h.stop(ts, name, syscall.SIGTERM, patience)
	}
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
