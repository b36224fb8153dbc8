//go:build crashpoints

package crashpoint

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// longest is how long after its beginning [During] lets a thing die at most: a
// write of Badger takes that long, now and then.
const longest = 400 * time.Microsecond

var (
	mu    sync.Mutex // guards what follows
	armed string     // what the file said
	times int        // how often that moment came since
)

// At dies here if this moment is meant.
func At(moment string) {
	if due(moment) {
		die()
	}
}

// During lets the program die a random while from now, if this moment is meant.
func During(moment string) {
	if !due(moment) {
		return
	}
	go func() {
		for until := time.Now().Add(rand.N(longest)); time.Now().Before(until); {
		}
		die()
	}()
}

func due(moment string) bool {
	data, err := os.ReadFile(file())
	if err != nil {
		return false
	}
	mu.Lock()
	defer mu.Unlock()
	if string(data) != armed {
		armed, times = string(data), 0
	}
	name, which, _ := strings.Cut(armed, "#")
	if name != moment {
		return false
	}
	times++
	n, err := strconv.Atoi(which)
	return times == n || err != nil && times == 1
}

// die ends the program at once, as SIGKILL does: no deferred call runs.
func die() {
	_ = os.Remove(file()) // that it is still there is seen by whoever waits for it
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill()
	}
	select {}
}

// file is where it is said when to die; in no folder, if nothing is.
func file() string {
	dir, home := os.Getenv("TEND_TEST_CRASHES"), ""
	for i, word := range os.Args[:len(os.Args)-1] {
		if word == "--home" {
			home = filepath.Base(os.Args[i+1])
			break
		}
	}
	return filepath.Join(dir, home)
}
