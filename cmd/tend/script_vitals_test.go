package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"
)

// vitalsVariable names a folder in which a node of the scripts says now and then how
// many goroutines and how much heap it has, in the file that has the home's name;
// what the goroutines do is in the one with .goroutines behind it. No other build of
// tend says so.
const vitalsVariable = "TEND_TEST_VITALS"

// vitalsEvery is how often.
const vitalsEvery = 5 * time.Second

// showVitals begins to say so, if this program is asked to.
func showVitals() {
	dir := os.Getenv(vitalsVariable)
	if dir == "" || homeName() == "" {
		return
	}
	go func() {
		for {
			writeVitals(filepath.Join(dir, homeName()))
			time.Sleep(vitalsEvery)
		}
	}()
}

func writeVitals(name string) {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	text := fmt.Sprintf("%d %d", runtime.NumGoroutine(), mem.HeapInuse)
	if os.WriteFile(name+".draft", []byte(text), 0o600) == nil {
		_ = os.Rename(name+".draft", name) // the next one may succeed
	}
	if f, err := os.Create(name + ".goroutines"); err == nil {
		_ = pprof.Lookup("goroutine").WriteTo(f, 1)
		_ = f.Close()
	}
}

// homeName is the name of the home that the command line is about; "" if it names
// none.
func homeName() string {
	for i, word := range os.Args[:len(os.Args)-1] {
		if word == "--home" {
			return filepath.Base(os.Args[i+1])
		}
	}
	return ""
}
