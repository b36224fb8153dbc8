package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"iter"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/api"
	"tend/node/client"
	"tend/node/view"
	"tend/node/web"
)

// pageWish is where the page is wished for.
type pageWish struct {
	addr   string // as typed; "" is any port
	lan    bool
	noOpen bool
}

func (p *pageWish) flags(set *pflag.FlagSet) {
	set.StringVar(&p.addr, "page", "", "")
	set.BoolVar(&p.lan, "lan", false, "")
	set.BoolVar(&p.noOpen, "no-open", false, "")
	mirror(set)
}

// settledPage returns what environment and settings say about the page.
func (a *app) settledPage() (pageWish, error) {
	var p pageWish
	set := pflag.NewFlagSet("page", pflag.ContinueOnError)
	p.flags(set)
	return p, a.set.fillFlags(set, a.getenv)
}

// port reads the address: it may only name this machine.
func (p pageWish) port() (int, error) {
	if p.addr == "" {
		return 0, nil
	}
	host, text, err := net.SplitHostPort(p.addr)
	if err != nil {
		return 0, usage("fail.page_address", "word", plain(p.addr))
	}
	at, err := netip.ParseAddr(host)
	if host != "localhost" && (err != nil || !at.IsLoopback()) {
		return 0, usage("fail.page_elsewhere", "word", plain(p.addr))
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, usage("fail.page_port", "word", plain(text))
	}
	return int(port), nil
}

// pagePlace is where this home's page was last, so that it is found there again:
// its port, and its own name below .localhost. It lies in the file "page".
type pagePlace struct {
	Port  int    `json:"port"`
	Label string `json:"label"`
}

// labelBytes is the randomness of the label: 16 characters of base32.
const labelBytes = 10

// pagePlace reads where the page was; a lost or damaged file costs a new name.
func (h home) pagePlace() pagePlace {
	var p pagePlace
	data, err := os.ReadFile(h.path("page"))
	if err != nil || json.Unmarshal(data, &p) != nil || len(p.Label) != 16 || p.Port < 0 || p.Port > 65535 ||
		strings.Trim(p.Label, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		var raw [labelBytes]byte
		_, _ = rand.Read(raw[:]) // never fails, or the program ends
		return pagePlace{Label: strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))}
	}
	return p
}

// keepPage keeps it. The file is replaced whole.
func (h home) keepPage(p pagePlace) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(h.path("page")); err == nil && string(old) == string(data) {
		return nil
	}
	tmp := filepath.Join(h.dir, ".page")
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, h.path("page"))
}

// openPage opens the page's door, where it was before if that is free. A port that
// was asked for must be had; another program's hold on the stored one costs a new
// port for this run alone.
func (m *machine) openPage(wish pageWish) (*web.Door, error) {
	if wish.addr == "off" {
		return nil, nil
	}
	asked, err := wish.port()
	if err != nil {
		return nil, err
	}
	place := m.home.pagePlace()
	door, err := web.Listen(cmp.Or(asked, place.Port), wish.lan)
	stored := err == nil
	if errors.Is(err, web.ErrTaken) && asked == 0 {
		m.log.Warn("the page's port is taken; it gets another one for this run")
		door, err = web.Listen(0, wish.lan)
	}
	if err != nil {
		return nil, fail(exitFailed, "fail.page").because(err)
	}
	if stored && asked == 0 {
		place.Port = door.Port
	}
	if err := m.home.keepPage(place); err != nil {
		m.log.Warn("the page's port could not be kept", "err", err)
	}
	config := web.Config{Service: pageHouse{m}, Upkeep: pageHouse{m}, Label: place.Label, Port: door.Port, Calendar: m.calendarBehind, Now: m.config.Now, Log: m.log}
	if wish.lan {
		config.LAN = door.LAN
	}
	site := web.New(config)
	m.mu.Lock()
	m.page = site
	m.mu.Unlock()
	return door, nil
}

// pageHouse is the machine as the page asks it: the same answers, in the page's own
// types where those are its own.
type pageHouse struct{ *machine }

// Watch implements [web.Service].
func (p pageHouse) Watch(ctx context.Context) iter.Seq[web.Revision] {
	revisions := p.machine.Watch(ctx)
	return func(yield func(web.Revision) bool) {
		for r := range revisions {
			if !yield(web.Revision(r)) {
				return
			}
		}
	}
}

// Begin implements [web.Upkeep].
func (p pageHouse) Begin(ctx context.Context, o web.BeginOptions) (crdt.ID, error) {
	return p.machine.Begin(ctx, api.BeginOptions(o))
}

// Invite implements [web.Upkeep].
func (p pageHouse) Invite(ctx context.Context, id crdt.ID, o web.InviteOptions) (view.Invite, error) {
	return p.machine.Invite(ctx, id, api.InviteOptions(o))
}

// served is the page of this run; nil without one.
func (m *machine) served() *web.Site {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.page
}

func noPage() error {
	return circle.Refuse(circle.Failed, "no.page")
}

// PageLink implements [api.Pages].
func (m *machine) PageLink(_ context.Context, plain bool) (view.PageLink, error) {
	site := m.served()
	if site == nil {
		return view.PageLink{}, noPage()
	}
	// Safari does not know names below .localhost.
	link := site.Link(plain || runtime.GOOS == "darwin")
	return link, nil
}

// Screens implements [api.Pages].
func (m *machine) Screens(context.Context) ([]view.Screen, error) {
	site := m.served()
	if site == nil {
		return nil, noPage()
	}
	return site.Screens(), nil
}

// DismissScreen implements [api.Pages].
func (m *machine) DismissScreen(_ context.Context, id string) error {
	site := m.served()
	if site == nil {
		return noPage()
	}
	if !site.Dismiss(id) {
		return circle.Refuse(circle.NotFound, "no.screen", plain(id))
	}
	return nil
}

// pageCommands are the verbs about the page.
func (a *app) pageCommands() *cobra.Command {
	var plain bool
	open := &cobra.Command{Use: "open", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), running, func(c *client.Client) error { return a.openInBrowser(cmd.Context(), c, plain) })
		}}
	open.Flags().BoolVar(&plain, "plain", false, "")
	link := &cobra.Command{Use: "link", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), running, func(c *client.Client) error { return a.printLink(cmd.Context(), c, plain) })
		}}
	link.Flags().BoolVar(&plain, "plain", false, "")
	var away string
	devices := &cobra.Command{Use: "devices", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), running, func(c *client.Client) error { return a.screens(cmd.Context(), c, away) })
		}}
	devices.Flags().StringVar(&away, "dismiss", "", "")
	return noun("page", open, link, devices)
}

func (a *app) printLink(ctx context.Context, c *client.Client, plain bool) error {
	l, err := c.PageLink(ctx, plain)
	if err != nil {
		return err
	}
	s := a.speaker()
	return s.answer(l, func() { s.line("%s", l.Link) })
}

// openInBrowser opens the page, or says the link where there is no browser to open.
func (a *app) openInBrowser(ctx context.Context, c *client.Client, plain bool) error {
	if !a.canOpen() {
		a.aside("page.no_browser")
		return a.printLink(ctx, c, plain)
	}
	l, err := c.PageLink(ctx, plain)
	if err != nil {
		return err
	}
	if err := openBrowser(ctx, l.Link); err != nil {
		a.aside("page.browser_closed", "why", reason(err))
		return a.printLink(ctx, c, plain)
	}
	s := a.speaker()
	return s.answer(l, func() { s.say("page.opens") })
}

// canOpen reports whether there is a browser on a screen before this person: not
// over a remote shell, and not without a display.
func (a *app) canOpen() bool {
	switch {
	case a.getenv("SSH_CONNECTION") != "":
		return false
	case runtime.GOOS == "windows", runtime.GOOS == "darwin":
		return true
	}
	return a.getenv("DISPLAY") != "" || a.getenv("WAYLAND_DISPLAY") != ""
}

// openBrowser hands a link to the desktop. Others on this machine may see it among
// the running programs for a moment: that is why it is good for one use, and why a
// second use ends what the first began.
func openBrowser(ctx context.Context, link string) error {
	switch runtime.GOOS {
	case "darwin":
		return exec.CommandContext(ctx, "open", link).Run()
	case "windows":
		return exec.CommandContext(ctx, "rundll32", "url.dll,FileProtocolHandler", link).Run()
	}
	return exec.CommandContext(ctx, "xdg-open", link).Run()
}

func (a *app) screens(ctx context.Context, c *client.Client, away string) error {
	s := a.speaker()
	if away != "" {
		done, err := c.DismissScreen(ctx, away)
		if err != nil {
			return err
		}
		return s.answer(done, func() { s.say("page.sent_away") })
	}
	list, err := c.Screens(ctx)
	if err != nil {
		return err
	}
	if list == nil {
		list = []view.Screen{}
	}
	return s.answer(list, func() {
		if len(list) == 0 {
			s.say("page.no_phone")
		}
		for _, one := range list {
			s.line("%s  %s", one.ID, sentence("page.phone", "name", plain(one.Name), "when", one.Since.Format("2006-01-02 15:04")))
		}
	})
}
