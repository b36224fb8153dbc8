package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts speak of homes by name: the home A is the folder A of the script.
//
//	on A VERB…                 run a verb on a home; "! on" wants it to fail
//	exits 5 A VERB…            run a verb and want this exit code
//	node start|stop|kill A …   the node of a home, a process of its own;
//	                           node stop A 30s wants it gone within that
//	keep NAME PATH             set $NAME to a value of the last JSON answer
//	eventually 60s A VERB… -- PATTERN    run a verb until it answers that
//	converge 60s A B C         wait for equal frontiers and states
//	differ A B                 want unequal frontiers
//	clock [A] 72h              put all clocks, or one, that far ahead of the script's
//
// Every script begins at ten o'clock, UTC. $D0 is its first day, $D1 the next, up to $D9.
//
// Nothing passes or fails by how fast the machine is: each wait ends when what it waits
// for is there. More commands stand in the files of the scripts that need them.
func TestScript(t *testing.T) { testscript.Run(t, scripts("testdata/script")) }

// scripts are the parameters of the scripts in dir.
func scripts(dir string) testscript.Params {
	return testscript.Params{
		Dir:   dir,
		Setup: setUpHomes,
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "mounts":
				return mounts(), nil
			case "terminals":
				return terminals(), nil
			case "networks":
				return networks(), nil
			case "baddisks":
				return badDisks(), nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"on":         cmdOn,
			"exits":      cmdExits,
			"node":       cmdNode,
			"keep":       cmdKeep,
			"eventually": cmdEventually,
			"converge":   cmdConverge,
			"differ":     cmdDiffer,
			"clock":      cmdClock,
			"crashes":    cmdCrashes,
			"dies":       cmdDies,
			"recovers":   cmdRecovers,
			"survives":   cmdSurvives,
			"imports":    cmdImports,
			"program":    cmdProgram,
			"bend":       cmdBend,
			"mode":       cmdMode,
			"sealed":     cmdSealed,
			"damages":    cmdDamages,
			"join-shown": cmdJoinShown,
			"long":       cmdLong,
			"kept":       cmdKept,
			"wiretap":    cmdWiretap,
			"silent":     cmdSilent,
			"opened":     cmdOpened,
			"stranger":   cmdStranger,
			"copyhome":   cmdCopyHome,
			"refuses":    cmdRefuses,
			"spoil":      cmdSpoil,
			"picture":    cmdPicture,
			"repeat":     cmdRepeat,
			"smalldisk":  cmdSmallDisk,
			"baddisk":    cmdBadDisk,
			"breakdisk":  cmdBreakDisk,
			"mendisk":    cmdMendDisk,
			"fails":      cmdFails,
			"fill":       cmdFill,
			"terminal":   cmdTerminal,
			"holdlock":   cmdHoldLock,
			"rows":       cmdRows,
			"shapes":     cmdShapes,
			"fetch":      cmdFetch,
			"foundagain": cmdFoundAgain,
			"same":       cmdSame,
			"unsaid":     cmdUnsaid,
			"walk":       cmdWalk,
		},
	}
}

func TestMain(m *testing.M) {
	testscript.Main(m, executables)
}

// executables are those that the scripts run.
var executables = map[string]func(){"tend": func() { moveClock(); showVitals(); os.Exit(Main()) }}

// patience is how long a node may take to start or to stop on a machine that does other
// things as well.
const patience = time.Minute

// homesKey is where a script's [homes] are among its values.
type homesKey struct{}

// homes are the running nodes and taps of one script.
type homes struct {
	mu    sync.Mutex // guards what follows
	nodes map[string]*exec.Cmd
	taps  map[string]*tap
	acked map[string][]string // by home, what was acknowledged in bursts
	spots map[string]string   // by home, the network namespace it lives in; none: the machine's
}

// setUpHomes lets a script's nodes listen on loopback alone, and ends what is
// left of them with it.
func setUpHomes(env *testscript.Env) error {
	env.Setenv("TEND_LISTEN", "/ip4/127.0.0.1/udp/0/quic-v1,/ip4/127.0.0.1/tcp/0")
	env.Setenv("TEND_NO_MDNS", "1")
	env.Setenv("TEND_NO_PORT_MAP", "1")
	env.Setenv("TZ", "UTC")
	env.Setenv("TEND_KEYRING", "off")
	env.Setenv(crashesVariable, filepath.Join(env.WorkDir, ".crashes"))
	if err := setUpClock(env); err != nil {
		return err
	}
	if os.Getenv("TEND_TEST_NO_GOSSIP") != "" {
		env.Setenv("TEND_NO_GOSSIP", "1")
	}
	h := &homes{nodes: map[string]*exec.Cmd{}, taps: map[string]*tap{}, acked: map[string][]string{}, spots: map[string]string{}}
	env.Values[homesKey{}] = h
	env.Values[terminalKey{}] = &terminal{}
	env.Defer(h.end)
	tapped, err := quietPort()
	if err != nil {
		return err
	}
	env.Setenv("TAPPORT", strconv.Itoa(tapped))
	return newIdentity(env)
}

func (h *homes) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.nodes {
		_ = n.Process.Kill()
		_ = n.Wait() // it was killed: the error says so
	}
	for _, t := range h.taps {
		t.end()
	}
}

func homesOf(ts *testscript.TestScript) *homes { return ts.Value(homesKey{}).(*homes) }

// homeDir is the folder of a home.
func homeDir(ts *testscript.TestScript, name string) string {
	return filepath.Join(ts.Getenv("WORK"), name)
}

// line is the command line of tend on a home, where that home lives. A running node
// is spoken with over its socket, which is no matter of networks.
func line(ts *testscript.TestScript, name string, args ...string) []string {
	out := append([]string{program(ts), "--home", homeDir(ts, name)}, args...)
	h := homesOf(ts)
	if spot := h.spots[name]; spot != "" && h.nodes[name] == nil {
		out = append([]string{"ip", "netns", "exec", spot}, out...)
	}
	return out
}

// command is line, to be run beside the script.
func command(ts *testscript.TestScript, name string, args ...string) *exec.Cmd {
	words := line(ts, name, args...)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env, cmd.Dir = environment(ts), ts.Getenv("WORK")
	return cmd
}

// tend runs a verb on a home and returns its exit code; output is the script's.
func tend(ts *testscript.TestScript, name string, args ...string) int {
	words := line(ts, name, args...)
	err := ts.Exec(words[0], words[1:]...)
	if err == nil {
		return exitDone
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		ts.Fatalf("run tend %q: %v", args, err)
	}
	return exit.ExitCode()
}

func cmdOn(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 {
		ts.Fatalf("usage: on HOME [VERB…]")
	}
	code := tend(ts, args[0], patiently(args[1:])...)
	noPanic(ts, code)
	if (code != exitDone) != neg {
		ts.Fatalf("tend %q on %s: exit %d", args[1:], args[0], code)
	}
}

// patiently lets a verb that waits for another home do so for longer than a person would,
// where the script does not say for how long.
func patiently(verb []string) []string {
	line := strings.TrimPrefix(strings.Join(verb, " "), "--json ")
	for _, waits := range []string{"join ", "let-in ", "device add "} {
		if strings.HasPrefix(line, waits) && !slices.Contains(verb, "--wait") {
			return append(slices.Clone(verb), "--wait", patienceToDie.String())
		}
	}
	return verb
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil || neg {
		ts.Fatalf("usage: exits CODE HOME VERB…")
	}
	if code := tend(ts, args[1], args[2:]...); code != want {
		ts.Fatalf("tend %q on %s: exit %d, want %d", args[2:], args[1], code, want)
	}
}

// noPanic fails when a command ended as only a panic does.
func noPanic(ts *testscript.TestScript, code int) {
	if code > exitNotYet || code < 0 || strings.Contains(ts.ReadFile("stderr"), "panic:") {
		ts.Fatalf("tend ended as a panic does: exit %d", code)
	}
}

func cmdNode(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: node start|stop|kill HOME [FLAG…]")
	}
	h, name := homesOf(ts), args[1]
	switch args[0] {
	case "start":
		h.start(ts, name, args[2:])
	case "stop":
		within := patience
		if len(args) > 2 {
			var err error
			within, err = time.ParseDuration(args[2])
			ts.Check(err)
		}
		h.stop(ts, name, syscall.SIGTERM, within)
	case "kill":
		h.stop(ts, name, syscall.SIGKILL, patience)
	default:
		ts.Fatalf("node %s: start, stop or kill", args[0])
	}
}

// start runs a node and waits until it answers.
func (h *homes) start(ts *testscript.TestScript, name string, flags []string) {
	h.launch(ts, name, flags)
	for until := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		c := &app{homeDir: homeDir(ts, name)}
		if running, err := c.runningNode(context.Background()); err == nil {
			ts.Check(running.Close())
			return
		}
		if time.Now().After(until) {
			ts.Fatalf("the node of %s does not answer:\n%s", name, ts.ReadFile(name+".log"))
		}
	}
}

// launch runs a node, whatever becomes of it.
func (h *homes) launch(ts *testscript.TestScript, name string, flags []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.nodes[name] != nil {
		ts.Fatalf("the node of %s runs already", name)
	}
	cmd := command(ts, name, append([]string{"run"}, flags...)...)
	log, err := os.OpenFile(filepath.Join(ts.Getenv("WORK"), name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	ts.Check(err)
	defer log.Close() // the child has its own
	cmd.Stdout, cmd.Stderr = log, log
	ts.Check(cmd.Start())
	h.nodes[name] = cmd
}

// stop ends a node and waits until it is gone, at most within.
func (h *homes) stop(ts *testscript.TestScript, name string, sig syscall.Signal, within time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	cmd := h.nodes[name]
	if cmd == nil {
		ts.Fatalf("no node of %s runs", name)
	}
	delete(h.nodes, name)
	ts.Check(cmd.Process.Signal(sig))
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if sig == syscall.SIGTERM && err != nil {
			ts.Fatalf("the node of %s ended badly: %v\n%s", name, err, ts.ReadFile(name+".log"))
		}
	case <-time.After(within):
		_ = cmd.Process.Kill()
		<-ended
		ts.Fatalf("the node of %s does not stop within %v:\n%s", name, within, ts.ReadFile(name+".log"))
	}
}

// program is where the tend under test lies.
func program(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		file := filepath.Join(dir, "tend")
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	ts.Fatalf("tend is not in PATH")
	return ""
}

func environment(ts *testscript.TestScript) []string {
	var env []string
	for _, key := range []string{"PATH", "HOME", "TMPDIR", "TZ", "TEND_LISTEN", "TEND_NO_MDNS", "TEND_NO_PORT_MAP", "TEND_NO_GOSSIP",
		"TEND_PASSPHRASE_FILE", sealVariable, "TEND_KEYRING", clocksVariable, crashesVariable, vitalsVariable} {
		if v := ts.Getenv(key); v != "" {
			env = append(env, key+"="+v)
		}
	}
	return env
}

func cmdKeep(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: keep NAME PATH")
	}
	value, err := at([]byte(ts.ReadFile("stdout")), args[1])
	ts.Check(err)
	ts.Setenv(args[0], value)
}

// at returns the value at a path as .circles[0].me.id, as text.
func at(data []byte, path string) (string, error) {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return "", fmt.Errorf("no JSON: %w: %s", err, data)
	}
	for _, step := range regexp.MustCompile(`[^.\[\]]+`).FindAllString(path, -1) {
		switch x := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = x[step]; !ok {
				return "", fmt.Errorf("no %q in %s", step, data)
			}
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n >= len(x) {
				return "", fmt.Errorf("no element %s in %s", step, data)
			}
			v = x[n]
		default:
			return "", fmt.Errorf("nothing at %q of %s", step, data)
		}
	}
	if s, ok := v.(string); ok {
		return s, nil
	}
	out, err := json.Marshal(v)
	return string(out), err
}

func cmdEventually(ts *testscript.TestScript, neg bool, args []string) {
	wait, err := time.ParseDuration(args[0])
	ts.Check(err)
	name, rest := args[1], args[2:]
	cut := len(rest) - 2
	if cut < 1 || rest[cut] != "--" || neg {
		ts.Fatalf("usage: eventually DURATION HOME VERB… -- PATTERN")
	}
	pattern := regexp.MustCompile(`(?m)` + rest[cut+1])
	began := time.Now()
	for until := began.Add(wait); ; time.Sleep(50 * time.Millisecond) {
		out, _ := command(ts, name, rest[:cut]...).Output() // a verb that fails now may not later
		if pattern.Match(out) {
			ts.Logf("(after %v)", time.Since(began).Round(10*time.Millisecond))
			return
		}
		if time.Now().After(until) {
			ts.Fatalf("tend %q on %s never answered %q; the last was:\n%s", rest[:cut], name, pattern, out)
		}
	}
}

// standing is what status says of a home's first circle.
type standing struct {
	Frontier    string `json:"frontier"`
	StateDigest string `json:"state_digest"`
	Waiting     int    `json:"waiting"`
	Ops         int    `json:"ops"`
}

func standingOf(ts *testscript.TestScript, name string) standing {
	out := quietly(ts, name, "--json", "status")
	var st struct {
		Circles []standing `json:"circles"`
	}
	ts.Check(json.Unmarshal(out, &st))
	if len(st.Circles) == 0 {
		ts.Fatalf("%s is in no circle: %s", name, out)
	}
	return st.Circles[0]
}

// quietly runs a verb that must not fail and returns its answer, leaving the
// script's own output as it is.
func quietly(ts *testscript.TestScript, name string, args ...string) []byte {
	cmd := command(ts, name, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		ts.Fatalf("tend %q on %s: %v\n%s", args, name, err, stderr.String())
	}
	return out
}

func cmdConverge(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 || neg {
		ts.Fatalf("usage: converge DURATION HOME HOME…")
	}
	wait, err := time.ParseDuration(args[0])
	ts.Check(err)
	for until := time.Now().Add(wait); ; time.Sleep(100 * time.Millisecond) {
		all := make([]standing, len(args)-1)
		equal := true
		for i, name := range args[1:] {
			all[i] = standingOf(ts, name)
			equal = equal && all[i] == all[0] && all[i].Waiting == 0
		}
		if equal {
			return
		}
		if time.Now().After(until) {
			ts.Fatalf("%q did not converge: %+v", args[1:], all)
		}
	}
}

func cmdDiffer(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: differ HOME HOME")
	}
	if a, b := standingOf(ts, args[0]), standingOf(ts, args[1]); a.Frontier == b.Frontier {
		ts.Fatalf("%s and %s hold the same: %+v", args[0], args[1], a)
	}
}

// cmdRepeat runs one line many times, # in it being the round's number.
func cmdRepeat(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 || neg {
		ts.Fatalf("usage: repeat N HOME VERB…")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	for i := range n {
		line := make([]string, len(args)-2)
		for j, word := range args[2:] {
			line[j] = strings.ReplaceAll(word, "#", strconv.Itoa(i+1))
		}
		if code := tend(ts, args[1], line...); code != exitDone {
			ts.Fatalf("tend %q on %s: exit %d\n%s", line, args[1], code, ts.ReadFile("stderr"))
		}
	}
}

// cmdJoinShown begins to join by a code of one's own, and sets $SHOWN to it:
// join-shown HOME NAME FILE. It goes on until the script ends.
func cmdJoinShown(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: join-shown HOME NAME FILE")
	}
	file := filepath.Join(ts.Getenv("WORK"), args[2])
	out, err := os.Create(file)
	ts.Check(err)
	defer out.Close() // the child has its own
	cmd := command(ts, args[0], "--json", "join", "--show", "--as", args[1])
	cmd.Stdout = out
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed, or is done
	})
	for until := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if data, err := os.ReadFile(file); err == nil && strings.HasSuffix(string(data), "\n") {
			code, err := at(data, ".text")
			ts.Check(err)
			ts.Setenv("SHOWN", code)
			return
		}
		if time.Now().After(until) {
			ts.Fatalf("%s shows no code", args[0])
		}
	}
}

// cmdLong sets a variable to a long text: long NAME LETTERS.
func cmdLong(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: long NAME LETTERS")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Setenv(args[0], strings.Repeat("x", n))
}
