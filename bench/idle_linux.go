package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"tend/bench/meter"
	"tend/bench/report"
	"tend/bench/tendsys"
)

// village is a circle of real homes, the program itself, on a network of their own:
// what is on the wire is theirs alone then.
type village struct {
	Tend    string        // the program
	Dir     string        // where the homes are
	Members int           // of the circle
	Homes   int           // of them running; the others came in, and are switched off
	Settle  time.Duration // until those that run have met
	Rest    time.Duration // how long they are watched
}

// idleHomes measures homes in which nothing happens.
func (b *bench) idleHomes(members, homes int) error {
	tend, err := b.program()
	if err != nil {
		return err
	}
	v := village{Tend: tend, Dir: b.folder("idle", members), Members: members, Homes: homes, Settle: 45 * time.Second, Rest: b.rest}
	if err := os.MkdirAll(v.Dir, 0o700); err != nil {
		return err
	}
	plan, err := json.Marshal(v)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "-village")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(plan), os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if uid := os.Getuid(); uid != 0 { // only root may have a network of its own, so be root of nothing else
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("a village on a network of its own: %w", err)
	}
	var row report.Row
	if err := json.Unmarshal(out, &row); err != nil {
		return err
	}
	b.table.Add(fmt.Sprintf("idle home, circle of %d, %d running, %s", members, homes, b.rest), "tend", row)
	return nil
}

// program builds tend, unless one was named.
func (b *bench) program() (string, error) {
	if b.tend != "" {
		return filepath.Abs(b.tend)
	}
	b.tend = filepath.Join(b.dir, "tend")
	cmd := exec.Command("go", "build", "-o", b.tend, "./cmd/tend")
	cmd.Dir, cmd.Stderr = "..", os.Stderr // not of this module's dependencies
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build tend (in bench/, or name one by -tend): %w", err)
	}
	return b.tend, nil
}

// serveVillage is the process with a network of its own.
func serveVillage(in io.Reader, out io.Writer) (err error) {
	var v village
	if err := json.NewDecoder(in).Decode(&v); err != nil {
		return err
	}
	if err := ownNetwork(); err != nil {
		return fmt.Errorf("set up a network: %w", err)
	}
	homes := make([]*homeProcess, v.Homes)
	for i := range homes {
		homes[i] = &homeProcess{tend: v.Tend, dir: filepath.Join(v.Dir, fmt.Sprint("home", i))}
		defer func() { err = errors.Join(err, homes[i].stop()) }()
	}
	if err := v.gather(homes); err != nil {
		return err
	}
	row, err := v.watch(homes)
	return errors.Join(err, json.NewEncoder(out).Encode(row))
}

// The homes' place on their network: an address that homes tell one another, on the
// interface that every machine has.
var homeAddress = [4]byte{10, 77, 0, 1}

// ownNetwork sets an empty network up.
func ownNetwork() error {
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(s)
	var up struct { // struct ifreq of netdevice(7)
		name  [16]byte
		flags uint16
		_     [22]byte
	}
	copy(up.name[:], "lo")
	up.flags = syscall.IFF_UP | syscall.IFF_RUNNING
	if _, _, no := syscall.Syscall(syscall.SYS_IOCTL, uintptr(s), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&up))); no != 0 {
		return no
	}
	var add struct {
		name   [16]byte
		family uint16
		port   uint16
		addr   [4]byte
		_      [16]byte
	}
	copy(add.name[:], "lo:1")
	add.family, add.addr = syscall.AF_INET, homeAddress
	if _, _, no := syscall.Syscall(syscall.SYS_IOCTL, uintptr(s), syscall.SIOCSIFADDR, uintptr(unsafe.Pointer(&add))); no != 0 {
		return no
	}
	return nil
}

// homeProcess is a home with its folder.
type homeProcess struct {
	tend, dir string
	cmd       *exec.Cmd
}

// start lets the home run. It asks its network for nothing that is not there: a router
// that forwards ports, neighbours.
func (h *homeProcess) start() error {
	h.cmd = exec.Command(h.tend, "run", "--home", h.dir, "--page", "off", "--no-mdns", "--no-port-map")
	return h.cmd.Start()
}

func (h *homeProcess) stop() error {
	if h.cmd == nil {
		return nil
	}
	_ = h.cmd.Process.Signal(os.Interrupt)
	return h.cmd.Wait()
}

// say runs a command on the home, and reads its answer into to unless that is nil.
func (h *homeProcess) say(to any, words ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, h.tend, append([]string{"--home", h.dir, "--json"}, words...)...).Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return fmt.Errorf("tend %q: %w: %s", words, err, failed.Stderr)
	}
	if err != nil || to == nil {
		return err
	}
	return json.Unmarshal(out, to)
}

// invite returns the text of an invitation for so many.
func (h *homeProcess) invite(uses int) (string, error) {
	var made struct{ Text string }
	err := h.say(&made, "invite", "--uses", strconv.Itoa(uses))
	return made.Text, err
}

// gather makes the circle, starts its homes, and lets each of these let in its share of
// those that are away: nobody may let in many whom a circle does not know yet.
func (v *village) gather(homes []*homeProcess) error {
	first, charter := homes[0], filepath.Join(v.Dir, "charter.toml")
	// Nobody is to need a sponsor: there is nobody here to be one.
	err := os.WriteFile(charter, []byte("k_div = 4\nb_div = 5\nwindow_days = 7\nsponsors_from = 1000\n"), 0o600)
	if err = errors.Join(err, first.say(nil, "begin", "Elm Street", "--as", "Home 0", "--charter", charter)); err != nil {
		return err
	}
	if err := first.start(); err != nil {
		return err
	}
	text, err := first.invite(len(homes))
	if err != nil {
		return err
	}
	for i, h := range homes[1:] {
		if err := h.start(); err != nil {
			return err
		}
		if err := h.say(nil, "join", text, "--as", fmt.Sprint("Home ", i+1)); err != nil {
			return err
		}
	}
	time.Sleep(v.Settle)
	away := v.Members - v.Homes
	for i, h := range homes {
		n := away*(i+1)/v.Homes - away*i/v.Homes
		if n == 0 {
			continue
		}
		text, err := h.invite(n)
		for tries := 0; err != nil && tries < 20; tries++ { // until most of the circle saw it come
			time.Sleep(5 * time.Second)
			text, err = h.invite(n)
		}
		if err != nil {
			return err
		}
		if err := tendsys.ComeAndGo(context.Background(), filepath.Join(v.Dir, "away"), text, n); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "home %d let in %d\n", i, n)
	}
	time.Sleep(v.Settle)
	return v.check(homes)
}

// check makes sure that all who run know of all members.
func (v *village) check(homes []*homeProcess) error {
	for _, h := range homes {
		var status struct{ Circles []struct{ Members int } }
		if err := h.say(&status, "status"); err != nil {
			return err
		}
		if len(status.Circles) != 1 || status.Circles[0].Members != v.Members {
			return fmt.Errorf("%s knows of %+v, want one circle of %d members", filepath.Base(h.dir), status.Circles, v.Members)
		}
	}
	return nil
}

// watch says what a home takes while nothing happens: the middle one of all that run.
func (v *village) watch(homes []*homeProcess) (report.Row, error) {
	used := func() (all []meter.Usage, err error) {
		for _, h := range homes {
			u, err := meter.UsedBy(h.cmd.Process.Pid)
			if err != nil {
				return nil, err
			}
			all = append(all, u)
		}
		return all, nil
	}
	time.Sleep(v.Settle) // the questions of before are over, and the store is at rest
	before, err := used()
	if err != nil {
		return nil, err
	}
	wire, packets, err := meter.Sent("lo")
	if err != nil {
		return nil, err
	}
	time.Sleep(v.Rest)
	after, err := used()
	if err != nil {
		return nil, err
	}
	wireThen, packetsThen, err := meter.Sent("lo")
	if err != nil {
		return nil, err
	}
	middle := func(of func(i int) float64) float64 {
		var all []float64
		for i := range homes {
			all = append(all, of(i))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	seconds, each := v.Rest.Seconds(), v.Rest.Hours()*float64(len(homes))
	return report.Row{
		"wake-ups/s":      middle(func(i int) float64 { return float64(after[i].Woke-before[i].Woke) / seconds }),
		"CPU ms/s":        middle(func(i int) float64 { return milli(after[i].CPU-before[i].CPU) / seconds }),
		"RSS MB":          middle(func(i int) float64 { return mega(after[i].RSS) }),
		"RSS MB, its own": middle(func(i int) float64 { return mega(after[i].Own) }),
		"sent kB/h, each": float64(wireThen-wire) / 1e3 / each,
		"packets/h, each": float64(packetsThen-packets) / each,
	}, nil
}
