package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/rogpeppe/go-internal/testscript"
)

// What stands beside homes in the scripts of testdata/net: a router that maps ports,
// and a relay that belongs to no circle.
func init() {
	executables["routerd"] = func() { fatal(mapPorts(os.Args[1])) }
	executables["relayd"] = func() { fatal(relayForAll(os.Args[1])) }
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func cmdPortMaps(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg || len(landOf(ts).cables[args[0]]) != 2 {
		ts.Fatalf("usage: portmaps ROUTER")
	}
	out := landOf(ts).cables[args[0]][0]
	beside(ts, out.space, args[0]+".maps", "routerd", out.address)
}

func cmdRelayHost(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: relayhost HOME")
	}
	c := landOf(ts).cables[args[0]][0]
	ts.Setenv("RELAY", beside(ts, c.space, args[0]+".relay", "relayd", c.address))
}

// mapPorts is the part of UPnP (IGD 1) by which a home asks its router for a port:
// it is found by SSDP, describes itself, and takes SOAP calls. Its inner address is
// that of lan0, outer the one given. It says what it maps, and ends with the process.
func mapPorts(outer string) error {
	lan, err := net.InterfaceByName("lan0")
	if err != nil {
		return err
	}
	addrs, err := lan.Addrs()
	if err != nil {
		return err
	}
	inner, _, err := net.ParseCIDR(addrs[0].String())
	if err != nil {
		return err
	}
	search, err := net.ListenMulticastUDP("udp4", lan, &net.UDPAddr{IP: net.IPv4(239, 255, 255, 250), Port: 1900})
	if err != nil {
		return err
	}
	service, err := net.Listen("tcp4", inner.String()+":5000")
	if err != nil {
		return err
	}
	location := "http://" + service.Addr().String()
	go func() { fatal(answerSearches(search, location)) }()
	fmt.Println("maps ports of", outer)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /device.xml", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, deviceXML, location)
	})
	mux.HandleFunc("POST /control", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		if err == nil {
			err = serveSOAP(w, r.Header.Get("SOAPAction"), string(body), outer)
		}
		if err != nil {
			fmt.Println(err)
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	return http.Serve(service, mux)
}

// wanDevice is what homes search for, and the router is.
const wanDevice = "urn:schemas-upnp-org:device:WANConnectionDevice:1"

const wanService = "urn:schemas-upnp-org:service:WANIPConnection:1"

const deviceXML = `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion><major>1</major><minor>0</minor></specVersion>
<URLBase>%s</URLBase>
<device><deviceType>` + wanDevice + `</deviceType><friendlyName>router</friendlyName><UDN>uuid:1</UDN>
<serviceList><service><serviceType>` + wanService + `</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
<controlURL>/control</controlURL><eventSubURL>/event</eventSubURL><SCPDURL>/scpd.xml</SCPDURL></service></serviceList>
</device></root>`

func answerSearches(conn *net.UDPConn, location string) error {
	ask := make([]byte, 2048)
	for {
		size, from, err := conn.ReadFromUDP(ask)
		if err != nil {
			return err
		}
		if text := string(ask[:size]); !strings.HasPrefix(text, "M-SEARCH") || !strings.Contains(text, wanDevice) {
			continue
		}
		answer := "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nEXT:\r\nST: " + wanDevice + "\r\nUSN: uuid:1::" + wanDevice +
			"\r\nLOCATION: " + location + "/device.xml\r\n\r\n"
		if _, err := conn.WriteToUDP([]byte(answer), from); err != nil {
			return err
		}
	}
}

// serveSOAP does what one call asks for.
func serveSOAP(w io.Writer, action, body, outer string) error {
	_, name, _ := strings.Cut(strings.Trim(action, `"`), "#")
	field := func(name string) string {
		_, rest, _ := strings.Cut(body, "<"+name+">")
		value, _, _ := strings.Cut(rest, "</"+name+">")
		return value
	}
	var answer string
	switch name {
	case "GetNATRSIPStatus":
		answer = "<NewRSIPAvailable>0</NewRSIPAvailable><NewNATEnabled>1</NewNATEnabled>"
	case "GetExternalIPAddress":
		answer = "<NewExternalIPAddress>" + outer + "</NewExternalIPAddress>"
	case "AddPortMapping":
		way := strings.ToLower(field("NewProtocol"))
		to := net.JoinHostPort(field("NewInternalClient"), field("NewInternalPort"))
		rule := fmt.Sprintf("add rule ip router in iifname wan0 %s dport %s dnat to %s", way, field("NewExternalPort"), to)
		if out, err := exec.Command("nft", rule).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", rule, err, out)
		}
		fmt.Println(way, field("NewExternalPort"), "to", to)
	case "DeletePortMapping": // it ends with the script
	default:
		return fmt.Errorf("no such call: %s", action)
	}
	_, err := fmt.Fprintf(w, `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>`+
		`<u:%sResponse xmlns:u="%s">%s</u:%sResponse></s:Body></s:Envelope>`, name, wanService, answer, name)
	return err
}

// relayForAll is a libp2p relay for whoever comes. It ends with the process.
func relayForAll(address string) error {
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/"+address+"/udp/4001/quic-v1"),
		libp2p.ForceReachabilityPublic(), libp2p.EnableRelayService(relay.WithInfiniteLimits()))
	if err != nil {
		return err
	}
	fmt.Printf("%s/p2p/%s\n", h.Addrs()[0], h.ID())
	select {}
}
