package badgerstore_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"tend/storage"
	"tend/storage/badgerstore"
)

// What a home at work asks of the system that changes its files, or that comes between
// two such calls. Each thread of the program counts its own.
var calls = []struct {
	name string
	upTo int // the last count at which the program is killed
}{
	{"unlinkat", 14}, {"ftruncate", 14}, {"openat", 14}, {"close", 14}, {"munmap", 14}, {"mmap", 14},
	{"msync", 8}, {"fsync", 6}, {"write", 6}, {"renameat", 2},
}

// killedIn names the folder of the store of a program that is going to be killed.
const killedIn = "TEND_TEST_KILLED_IN"

// TestKilledAtAnyCall kills a program at its first calls of each kind, in one store after
// another and again in what the last kill left, and looks for all that it had said was
// kept. The calls are those of opening and of closing and, each third time, of
// filling a memtable and of forgetting.
func TestKilledAtAnyCall(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a program a hundred times")
	}
	strace, err := exec.LookPath("strace")
	if err != nil || exec.Command(strace, "-qq", "-o", os.DevNull, "true").Run() != nil {
		t.Skip("no strace that may trace")
	}
	kills := 0
	for _, call := range calls {
		dir, kept := t.TempDir(), map[string]string{}
		for n := 1; n <= call.upTo; n++ {
			work := exec.Command(strace, "-f", "-qq", "-o", os.DevNull, "-e", "trace="+call.name, "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call.name, n),
				os.Args[0], "-test.run", "^TestProgramToKill$", "-test.count=1")
			work.Env = append(os.Environ(), killedIn+"="+dir, "TEND_TEST_ROUND="+strconv.Itoa(n))
			var said bytes.Buffer
			work.Stdout, work.Stderr = &said, &said
			if err := work.Run(); err != nil {
				if status, ok := work.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
					t.Fatalf("%s %d: %v\n%s", call.name, n, err, &said)
				}
				kills++
			}
			for key, value := range acknowledged(&said) {
				kept[key] = value
			}
			s, err := badgerstore.Open(dir, testKey, badgerstore.Options{Logf: t.Logf})
			if err != nil {
				t.Fatalf("after a kill at %s %d: %v", call.name, n, err)
			}
			for key, value := range kept {
				got, _, err := s.Node().Get([]byte(key))
				// What was under way when the kill came may be there too.
				there, _, _ := strings.Cut(string(got), "\x00")
				if err != nil || there != value && there != fmt.Sprint(n) {
					t.Errorf("after a kill at %s %d: %s is %q, %v; %s was kept", call.name, n, key, there, err, value)
				}
				kept[key] = there
			}
			check(t, s.Close())
		}
	}
	if kills < len(calls) {
		t.Errorf("killed %d times only", kills)
	}
}

// acknowledged reads what the program said it had kept. The last line may be cut off.
func acknowledged(said io.Reader) map[string]string {
	kept := map[string]string{}
	for lines := bufio.NewScanner(said); lines.Scan(); {
		var key, value string
		if n, _ := fmt.Sscanf(lines.Text(), "kept %s %s", &key, &value); n == 2 {
			kept[key] = value
		}
	}
	return kept
}

// TestProgramToKill is the program that is killed. It says of each row that it is kept.
func TestProgramToKill(t *testing.T) {
	dir := os.Getenv(killedIn)
	if dir == "" {
		t.Skip("only as a program of its own")
	}
	s, err := badgerstore.Open(dir, testKey, badgerstore.Options{})
	check(t, err)
	rows := s.Node()
	write := func(n int) {
		for i := range n {
			key, value := fmt.Sprintf("Z%d", i), os.Getenv("TEND_TEST_ROUND")
			check(t, rows.Put(storage.Row{Key: []byte(key), Value: append([]byte(value), make([]byte, 90<<10)...)}))
			check(t, s.Sync())
			fmt.Printf("kept %s %s\n", key, value)
		}
	}
	write(3)
	if round, _ := strconv.Atoi(os.Getenv("TEND_TEST_ROUND")); round%3 == 0 {
		write(100)
		check(t, s.Forget())
	}
	check(t, s.Close())
}
