package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts in testdata/net put homes behind routers. Each is a small internet of
// network namespaces, made for it and gone with it; no packet leaves them.
//
//	lan NAME 192.168.1          a network with that prefix (/24), or an IPv6 one (/64)
//	router NAME LAN WAN KIND    a router from the one to the other; KIND keeps ports
//	                            ("cone"), makes 5001 of 4001 ("shifted"), or takes
//	                            another for each way ("symmetric")
//	house HOME LAN…             HOME lives on these networks
//	move HOME LAN               takes its cable to another network: a new address
//	bridge HOME NAME ADDRESS    HOME's machine has a network of its own inside, as
//	                            containers and tunnels make one
//	unplug HOME|ROUTER          pulls its cable
//	plug HOME|ROUTER            puts it back
//	freeze HOME                 puts its node to sleep
//	thaw HOME                   wakes it
//	logged 20s PATTERN HOME…    waits until a line of one of the homes' logs fits
//	portmaps ROUTER             from now on the router maps ports for who asks by
//	                            UPnP, and says so in the file ROUTER.maps
//	relayhost HOME              HOME is no home but a relay that knows nobody; its
//	                            multiaddr is $RELAY
//	pause DURATION              lets time pass, where nothing can be waited for
//
// They run where the person is root and has ip and nft. In a pipeline (CI=true) root
// must have them.
func TestNetwork(t *testing.T) {
	switch why := namespaces(); {
	case why == nil:
	case os.Getuid() == 0 && os.Getenv("CI") == "true":
		t.Fatalf("root cannot make networks: %v", why)
	default:
		t.Skipf("no networks of our own: %v", why)
	}
	if os.Getenv("TEND_TEST_NO_GOSSIP") != "" {
		t.Skip("what is written with gossip off is the same on every network")
	}
	params := scripts("testdata/net")
	params.Setup = setUpLand
	maps.Copy(params.Cmds, landCommands)
	all := &wide{T: t, room: make(chan struct{}, scriptsAtOnce)}
	testscript.RunT(all, params)
	all.running.Wait()
}

// scriptsAtOnce is how many of these scripts run at once: most of their time they
// wait, so it has nothing to do with how many processors there are.
const scriptsAtOnce = 4

// wide runs scripts beside one another, the first of them first.
type wide struct {
	*testing.T
	room    chan struct{}
	running sync.WaitGroup
}

// Run implements [testscript.T].
func (w *wide) Run(name string, script func(testscript.T)) {
	w.room <- struct{}{}
	w.running.Go(func() {
		defer func() { <-w.room }()
		w.T.Run(name, func(t *testing.T) { script(&wide{T: t}) })
	})
}

// Parallel does nothing: Run has done it.
func (w *wide) Parallel() {}

// Verbose implements [testscript.T].
func (w *wide) Verbose() bool { return testing.Verbose() }

// landCommands are the commands of the scripts that make networks.
var landCommands = map[string]func(*testscript.TestScript, bool, []string){
	"lan":       cmdLAN,
	"router":    cmdRouter,
	"house":     cmdHouse,
	"move":      cmdMove,
	"bridge":    cmdBridge,
	"unplug":    cmdPlug("down"),
	"plug":      cmdPlug("up"),
	"freeze":    cmdSignal(syscall.SIGSTOP),
	"thaw":      cmdSignal(syscall.SIGCONT),
	"pause":     cmdPause,
	"logged":    cmdLogged,
	"portmaps":  cmdPortMaps,
	"relayhost": cmdRelayHost,
}

// setUpLand readies a script that may make networks.
func setUpLand(env *testscript.Env) error {
	if err := setUpHomes(env); err != nil {
		return err
	}
	for _, key := range []string{"TEND_LISTEN", "TEND_NO_MDNS", "TEND_NO_PORT_MAP"} {
		env.Setenv(key, "")
	}
	l := &land{name: fmt.Sprintf("tend%d-%d-", os.Getpid(), lands.Add(1)), lans: map[string]*lan{}, cables: map[string][]cable{}}
	env.Values[landKey{}] = l
	env.Defer(l.end)
	return nil
}

// networks tells whether this person can make networks.
func networks() bool { return namespaces() == nil }

// namespaces says why this person cannot make networks.
var namespaces = sync.OnceValue(func() error {
	if os.Getuid() != 0 {
		return errors.New("only root makes them")
	}
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is missing (packages iproute2 and nftables): %w", tool, err)
		}
	}
	name := fmt.Sprintf("tend%d", os.Getpid())
	try := &land{name: name}
	defer try.end()
	if err := try.space(""); err != nil {
		return err
	}
	return try.inside(name, masquerade("symmetric"), "nft", "-f", "-")
})

// lands counts the lands of this process.
var lands atomic.Int32

type landKey struct{}

// land is the internet of one script. A script is one goroutine.
type land struct {
	name   string   // what the names of its namespaces begin with
	spaces []string // the namespaces there are
	lans   map[string]*lan
	cables map[string][]cable // by home or router
}

// lan is a bridge in a namespace of its own.
type lan struct {
	space   string
	prefix  string
	gateway string // address of its router; "" without
	hosts   int    // addresses given out
	ports   int
}

// cable is an interface of a home or router.
type cable struct {
	space, dev string
	lan        *lan
	address    string
}

func landOf(ts *testscript.TestScript) *land { return ts.Value(landKey{}).(*land) }

// end takes down what there is. The last process in a namespace is gone before.
func (l *land) end() {
	for _, s := range l.spaces {
		_ = exec.Command("ip", "netns", "del", s).Run() // it was made, so it is there
	}
}

// space makes a namespace.
func (l *land) space(name string) error {
	full := l.name + name
	if err := system("", "ip", "netns", "add", full); err != nil {
		return err
	}
	l.spaces = append(l.spaces, full)
	return system("", "ip", "-n", full, "link", "set", "lo", "up")
}

// inside runs a program in a namespace.
func (l *land) inside(space, stdin string, words ...string) error {
	return system(stdin, append([]string{"ip", "netns", "exec", space}, words...)...)
}

// system runs a program whose silence is its success.
func system(stdin string, words ...string) error {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, out)
	}
	return nil
}

// size is the length of the prefix.
func (n *lan) size() string {
	if n.six() {
		return "/64"
	}
	return "/24"
}

func (n *lan) six() bool { return strings.Contains(n.prefix, ":") }

func (n *lan) address(host int) string {
	if n.six() {
		return fmt.Sprintf("%s::%x", n.prefix, host)
	}
	return fmt.Sprintf("%s.%d", n.prefix, host)
}

// lay lays a cable from a namespace to a network, with an address.
func (l *land) lay(space, dev string, to *lan, host int) (cable, error) {
	to.ports++
	far := "p" + strconv.Itoa(to.ports)
	c := cable{space, dev, to, to.address(host)}
	err := system("", "ip", "-n", to.space, "link", "add", far, "type", "veth", "peer", "name", dev, "netns", space)
	if err != nil {
		return c, err
	}
	address := []string{"ip", "-n", space, "addr", "add", c.address + to.size(), "dev", dev}
	if to.six() {
		address = append(address, "nodad") // else it could not be used for a second
	}
	return c, errors.Join(
		system("", "ip", "-n", to.space, "link", "set", far, "master", "br0", "up"),
		system("", address...),
		c.set("up"))
}

// set puts the near end up or down, with its way to the world.
func (c cable) set(state string) error {
	if err := system("", "ip", "-n", c.space, "link", "set", c.dev, state); err != nil {
		return err
	}
	if state == "up" && c.lan.gateway != "" && !strings.HasPrefix(c.dev, "lan") {
		return system("", "ip", "-n", c.space, "route", "replace", "default", "via", c.lan.gateway)
	}
	return nil
}

func cmdLAN(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: lan NAME PREFIX")
	}
	l := landOf(ts)
	ts.Check(l.space(args[0]))
	n := &lan{space: l.name + args[0], prefix: args[1], hosts: 10}
	ts.Check(system("", "ip", "-n", n.space, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0"))
	ts.Check(system("", "ip", "-n", n.space, "link", "set", "br0", "up"))
	l.lans[args[0]] = n
}

func lanOf(ts *testscript.TestScript, name string) *lan {
	n := landOf(ts).lans[name]
	if n == nil {
		ts.Fatalf("no network %s", name)
	}
	return n
}

// masquerade are the rules of a home router: what goes out has the router's
// address, what was not asked for does not come in.
func masquerade(kind string) string {
	rule := `oifname "wan0" masquerade;`
	switch kind {
	case "symmetric":
		rule = `oifname "wan0" masquerade fully-random;`
	case "shifted":
		rule = `oifname "wan0" udp sport 4001 masquerade to :5001; ` + rule
	}
	return `table ip router {
	chain out {
		type nat hook postrouting priority 100;
		` + rule + `
	}
	chain in {
		type nat hook prerouting priority -100;
	}
	chain through {
		type filter hook forward priority 0; policy drop;
		iifname "lan0" oifname "wan0" accept;
		ct state established,related accept;
		ct status dnat accept;
	}
	chain self {
		type filter hook input priority 0; policy accept;
		iifname "wan0" ct state new drop;
	}
}
`
}

func cmdRouter(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 4 || neg || !slices.Contains([]string{"cone", "shifted", "symmetric"}, args[3]) {
		ts.Fatalf("usage: router NAME LAN WAN cone|shifted|symmetric")
	}
	l, near, far := landOf(ts), lanOf(ts, args[1]), lanOf(ts, args[2])
	ts.Check(l.space(args[0]))
	space := l.name + args[0]
	far.hosts++
	out, err := l.lay(space, "wan0", far, far.hosts)
	ts.Check(err)
	in, err := l.lay(space, "lan0", near, 1)
	ts.Check(err)
	near.gateway = near.address(1)
	l.cables[args[0]] = []cable{out, in}
	ts.Check(l.inside(space, "", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"))
	ts.Check(l.inside(space, masquerade(args[3]), "nft", "-f", "-"))
}

func cmdHouse(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: house HOME LAN…")
	}
	l := landOf(ts)
	ts.Check(l.space(args[0]))
	space := l.name + args[0]
	for i, name := range args[1:] {
		n := lanOf(ts, name)
		n.hosts++
		c, err := l.lay(space, "eth"+strconv.Itoa(i), n, n.hosts)
		ts.Check(err)
		l.cables[args[0]] = append(l.cables[args[0]], c)
	}
	homesOf(ts).spots[args[0]] = space
}

func cmdMove(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: move HOME LAN")
	}
	l, to := landOf(ts), lanOf(ts, args[1])
	for _, c := range l.cables[args[0]] {
		ts.Check(system("", "ip", "-n", c.space, "link", "del", c.dev))
	}
	to.hosts++
	c, err := l.lay(homesOf(ts).spots[args[0]], "eth0", to, to.hosts)
	ts.Check(err)
	l.cables[args[0]] = []cable{c}
}

func cmdBridge(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: bridge HOME NAME ADDRESS")
	}
	space := homesOf(ts).spots[args[0]]
	ts.Check(system("", "ip", "-n", space, "link", "add", args[1], "type", "bridge"))
	ts.Check(system("", "ip", "-n", space, "addr", "add", args[2]+"/24", "dev", args[1]))
	ts.Check(system("", "ip", "-n", space, "link", "set", args[1], "up"))
}

func cmdPlug(state string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) != 1 || neg || len(landOf(ts).cables[args[0]]) == 0 {
			ts.Fatalf("usage: plug|unplug HOME|ROUTER")
		}
		for _, c := range landOf(ts).cables[args[0]] {
			ts.Check(c.set(state))
		}
	}
}

func cmdSignal(sig syscall.Signal) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) != 1 || neg {
			ts.Fatalf("usage: freeze|thaw HOME")
		}
		h := homesOf(ts)
		h.mu.Lock()
		defer h.mu.Unlock()
		node := h.nodes[args[0]]
		if node == nil {
			ts.Fatalf("no node of %s runs", args[0])
		}
		ts.Check(node.Process.Signal(sig))
	}
}

// cmdLogged waits for a line in the logs of homes that are verbose.
func cmdLogged(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 || neg {
		ts.Fatalf("usage: logged DURATION PATTERN HOME…")
	}
	wait, err := time.ParseDuration(args[0])
	ts.Check(err)
	pattern := regexp.MustCompile(`(?m)^.*` + args[1] + `.*$`)
	for until := time.Now().Add(wait); ; time.Sleep(50 * time.Millisecond) {
		for _, name := range args[2:] {
			if line := pattern.FindString(ts.ReadFile(filepath.Join(name, "log", "tend.log"))); line != "" {
				ts.Logf("(%s: %s)", name, line)
				return
			}
		}
		if time.Now().After(until) {
			ts.Fatalf("no log of %q has %q", args[2:], args[1])
		}
	}
}

// beside runs one of the test's programs in a namespace until the script ends, with
// its output in a file, and waits for the first line of that.
func beside(ts *testscript.TestScript, space, file string, words ...string) string {
	name := filepath.Join(ts.Getenv("WORK"), file)
	out, err := os.Create(name)
	ts.Check(err)
	defer out.Close() // the child has its own
	cmd := exec.Command("ip", append([]string{"netns", "exec", space, filepath.Join(filepath.Dir(program(ts)), words[0])}, words[1:]...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(ts), out, out
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if first, _, whole := strings.Cut(ts.ReadFile(file), "\n"); whole {
			return first
		}
	}
	ts.Fatalf("%s says nothing", words[0])
	return ""
}

// cmdPause lets time pass: pause DURATION. Only where nothing can be waited for.
func cmdPause(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: pause DURATION")
	}
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	time.Sleep(d)
}
