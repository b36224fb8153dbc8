package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"tend/node/api"
	"tend/node/client"
	"tend/node/web"
)

// network is how a node meets others.
type network struct {
	listen, relay               []string
	noMDNS, noPortMap, noGossip bool
}

// flags lets a command set the network; all of it has TEND_ variables.
func (n *network) flags(set *pflag.FlagSet) {
	set.StringArrayVar(&n.listen, "listen", nil, "")
	set.StringArrayVar(&n.relay, "relay", nil, "")
	set.BoolVar(&n.noMDNS, "no-mdns", false, "")
	set.BoolVar(&n.noPortMap, "no-port-map", false, "")
	set.BoolVar(&n.noGossip, "no-gossip", false, "")
	mirror(set)
}

// settled returns the network that environment and settings ask for, for a
// command that meets others without being `run`.
func (a *app) settled() (network, error) {
	var n network
	set := pflag.NewFlagSet("network", pflag.ContinueOnError)
	n.flags(set)
	return n, a.set.fillFlags(set, a.getenv)
}

func (a *app) run() *cobra.Command {
	var n network
	var page pageWish
	var says saying
	cmd := &cobra.Command{Use: "run", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c, err := a.runningNode(cmd.Context()); err == nil {
				return errors.Join(fail(exitFailed, "fail.node_there", "home", a.homeDir), c.Close())
			}
			return a.beNode(cmd.Context(), n, page, says, nil)
		}}
	n.flags(cmd.Flags())
	page.flags(cmd.Flags())
	says.flags(cmd.Flags())
	return cmd
}

// saying is how a node reaches its person where they are not looking.
type saying struct {
	post    mailer
	notices noticeWish
}

func (s *saying) flags(set *pflag.FlagSet) {
	s.post.flags(set)
	s.notices.flags(set)
}

// settledSaying returns what environment and settings say of that.
func (a *app) settledSaying() (saying, error) {
	var s saying
	set := pflag.NewFlagSet("saying", pflag.ContinueOnError)
	s.flags(set)
	return s, a.set.fillFlags(set, a.getenv)
}

// bare is tend without a verb: it speaks of the running node, or is the node.
func (a *app) bare(ctx context.Context) error {
	if c, err := a.runningNode(ctx); err == nil {
		defer c.Close()
		fmt.Fprintln(a.out, sentence("run.there", "home", a.homeDir))
		page, err := a.settledPage()
		if err != nil {
			return err
		}
		if a.canOpen() && !page.noOpen {
			return a.openInBrowser(ctx, c, false)
		}
		return a.printStatus(ctx, c)
	}
	n, err := a.settled()
	if err != nil {
		return err
	}
	page, err := a.settledPage()
	if err != nil {
		return err
	}
	says, err := a.settledSaying()
	if err != nil {
		return err
	}
	return a.beNode(ctx, n, page, says, a.welcomeHome)
}

// beNode runs the node until ctx ends. hello, if any, speaks with the person
// while the node runs already.
func (a *app) beNode(ctx context.Context, n network, page pageWish, says saying, hello func(ctx context.Context, c *client.Client, empty bool) error) (err error) {
	h := a.home()
	if err := h.make(); err != nil {
		return err
	}
	lock, err := a.takeHome(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	m, err := a.wire(ctx, h, &n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	socket, err := api.Listen(h.dir)
	if err != nil {
		return fail(exitFailed, "fail.socket", "home", h.dir).because(err)
	}
	door, err := m.openPage(page)
	if err != nil {
		return errors.Join(err, socket.Close())
	}
	return a.serve(ctx, m, socket, door, page, says, hello)
}

// takeHome locks the home, waiting for a command that is at work on it.
func (a *app) takeHome(ctx context.Context) (interface{ Unlock() error }, error) {
	for until := time.Now().Add(takenWait); ; {
		lock, err := a.home().lock()
		if err != nil {
			return nil, err
		}
		if lock != nil {
			return lock, nil
		}
		if time.Now().After(until) {
			return nil, a.home().taken()
		}
		if err := pause(ctx, takenLook); err != nil {
			return nil, err
		}
	}
}

// serve answers on the socket until ctx ends or the node fails.
func (a *app) serve(ctx context.Context, m *machine, socket *api.Socket, door *web.Door, page pageWish, says saying, hello func(ctx context.Context, c *client.Client, empty bool) error) error {
	empty := len(m.at().All()) == 0 // before anybody can begin a circle by the socket
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return api.Serve(ctx, socket, m.handler, m.log) })
	g.Go(func() error { return m.wait(ctx) })
	if door != nil {
		g.Go(func() error { return m.served().Serve(ctx, door) })
		g.Go(func() error { return a.showPage(ctx, m, page) })
	}
	g.Go(func() error { m.digests(ctx, says.post); return nil })
	if says.notices.on {
		if show, ok := findNotifier(); ok {
			g.Go(func() error { m.notices(ctx, show); return nil })
		} else {
			a.aside("run.no_notices")
		}
	}
	if hello != nil {
		g.Go(func() error {
			c := client.New(client.InMemory(m.handler))
			defer c.Close()
			return hello(ctx, c, empty)
		})
	} else {
		a.aside("run.running", "home", a.homeDir)
	}
	return g.Wait()
}

// showPage opens the page of a node that just started, or says how. It never opens
// one where nobody sits before a screen.
func (a *app) showPage(ctx context.Context, m *machine, page pageWish) error {
	if page.noOpen || !a.canOpen() || !a.onTerminal() {
		a.aside("run.page")
		return nil
	}
	c := client.New(client.InMemory(m.handler))
	defer c.Close()
	return a.openInBrowser(ctx, c, false)
}

// onTerminal reports whether a person is at the other end of both stdin and stdout.
func (a *app) onTerminal() bool {
	in, isFile := a.in.(*os.File)
	out, outIsFile := a.out.(*os.File)
	return isFile && outIsFile && term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd()))
}

// welcomeHome speaks to whoever started tend without a verb. Without a circle it
// asks two questions on a terminal, and else says how to begin or join; the node
// runs on in every case.
func (a *app) welcomeHome(ctx context.Context, c *client.Client, empty bool) error {
	if !empty {
		a.aside("run.running", "home", a.homeDir)
		return nil
	}
	if !a.onTerminal() {
		a.aside("run.no_circle")
		a.aside("run.or_join")
		return nil
	}
	return a.firstQuestions(ctx, c)
}

// firstQuestions begins or joins a circle with the person at the terminal. What
// goes wrong is said, and the node runs on.
func (a *app) firstQuestions(ctx context.Context, c *client.Client) error {
	lines := a.lines(ctx)
	ask := func(key string) string {
		fmt.Fprintf(a.out, "%s ", sentence(key))
		select {
		case <-ctx.Done():
			return ""
		case line := <-lines:
			return strings.TrimSpace(line)
		}
	}
	fmt.Fprintln(a.out, sentence("run.welcome"))
	answer := ask("ask.first")
	if answer == "" || ctx.Err() != nil {
		a.aside("run.later")
		return nil
	}
	me := ask("ask.name")
	if err := a.firstStep(ctx, c, answer, me); err != nil && ctx.Err() == nil {
		if f := asFailure(err); f.say != "" {
			f.report(a.err, a.verbose)
		}
		a.aside("run.from_another_window")
	}
	return nil
}

// firstStep does what the first answer was: a code, a picture, show, or a name.
func (a *app) firstStep(ctx context.Context, c *client.Client, answer, me string) error {
	switch {
	case strings.EqualFold(answer, "show"):
		return a.showMyself(ctx, c, me, "", 15*time.Minute)
	case !namesPicture(answer) && !strings.HasPrefix(strings.ToUpper(answer), "TEND:"):
		done, err := c.Begin(ctx, client.BeginOptions{Name: answer, As: me})
		if err != nil {
			return err
		}
		a.speaker().done(sentence("begin.begun", "circle", plain(answer)), done)
		a.aside("run.invite")
		return nil
	}
	code, err := a.code(ctx, c, []string{answer}, "")
	if err != nil {
		return err
	}
	j, err := c.Join(ctx, code.Text, me, 30*time.Second)
	if err != nil {
		return err
	}
	return a.joined(ctx, c, j)
}

// lines reads the terminal line by line. Its goroutine ends with the input; a
// read that waits for a key cannot be called back, and ends with the process.
func (a *app) lines(ctx context.Context) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(a.in); in.Scan(); {
			select {
			case lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
