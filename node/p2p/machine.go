package p2p

import (
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	machineMemo = time.Second // how long an answer of the interfaces is good
	// libpMemory is how long libp2p may go on naming an address that an interface had.
	libpMemory = 90 * time.Second
)

// innerNames begin the names of interfaces that lead to this machine's own
// containers and tunnels.
var innerNames = []string{"docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "tun", "tap", "wg", "cni"}

// machine is what the interfaces of this machine say. libp2p asks them once a
// minute, which is long for somebody who carried a laptop to another house.
type machine struct {
	mu    sync.Mutex
	at    time.Time            // of the last look
	all   []ma.Multiaddr       // their addresses, without a port
	inner map[string]bool      // those that lead to this machine's own containers and tunnels
	gone  map[string]time.Time // those of a while ago, until libp2p has forgotten them
}

// look asks the interfaces, if the last answer is old.
func (m *machine) look() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if now.Sub(m.at) < machineMemo {
		return
	}
	before := m.all
	m.at, m.all, m.inner = now, nil, map[string]bool{}
	ifaces, _ := net.Interfaces() // none, where the system does not say
	for _, one := range ifaces {
		inner := slices.ContainsFunc(innerNames, func(prefix string) bool { return strings.HasPrefix(one.Name, prefix) })
		addrs, _ := one.Addrs()
		for _, a := range addrs {
			n, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			if inner {
				m.inner[n.IP.String()] = true
			}
			if addr, err := manet.FromNetAddr(n); err == nil {
				m.all = append(m.all, addr)
			}
		}
	}
	if m.gone == nil {
		m.gone = map[string]time.Time{}
	}
	for _, a := range before {
		if ip, err := manet.ToIP(a); err == nil {
			m.gone[ip.String()] = now
		}
	}
	for _, a := range m.all {
		if ip, err := manet.ToIP(a); err == nil {
			delete(m.gone, ip.String())
		}
	}
	for ip, since := range m.gone {
		if now.Sub(since) > libpMemory {
			delete(m.gone, ip)
		}
	}
}

// addrs are the addresses of all interfaces.
func (m *machine) addrs() []ma.Multiaddr {
	m.look()
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.all)
}

// isInner reports whether an address leads to this machine's own containers and
// tunnels.
func (m *machine) isInner(ip net.IP) bool {
	m.look()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.inner[ip.String()]
}

// left reports whether this machine had an address a while ago, and has it no more.
func (m *machine) left(ip net.IP) bool {
	m.look()
	m.mu.Lock()
	defer m.mu.Unlock()
	_, gone := m.gone[ip.String()]
	return gone
}

// here are the addresses of this machine that the host listens on now.
func (n *Net) here() []ma.Multiaddr {
	listen := slices.DeleteFunc(n.host.Network().ListenAddresses(), isCircuit)
	if len(listen) == 0 {
		return nil
	}
	var own []ma.Multiaddr
	if slices.ContainsFunc(listen, manet.IsIPUnspecified) {
		if own = n.machine.addrs(); len(own) == 0 {
			return nil
		}
	}
	out, err := manet.ResolveUnspecifiedAddresses(listen, own)
	if err != nil {
		return nil // no interface fits what it listens on
	}
	return slices.DeleteFunc(out, manet.IsIP6LinkLocal)
}

// ownIPs are the addresses of this machine that the host listens on, ascending.
func (n *Net) ownIPs() []string {
	out := []string{}
	for _, a := range n.here() {
		if ip, err := manet.ToIP(a); err == nil && !ip.IsLinkLocalUnicast() {
			out = append(out, ip.String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// moved draws from other addresses of this machine what they mean, and reports
// whether they are others.
func (n *Net) moved() bool {
	if !n.outside.since(n.ownIPs()) {
		return false
	}
	n.log.Debug("this machine has other addresses", "addrs", n.here())
	n.relaying()
	n.NetworkChanged()
	return true
}
