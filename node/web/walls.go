package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// csp lets the page load from itself and nothing else. The own QR codes and
// pictures are drawn into the page; the camera's film never leaves the browser but
// as single frames to this node.
const csp = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// setHeaders puts on an answer what every answer has.
//
// On a local network the page is no secure context: there browsers leave out
// Sec-Fetch-Site, and under no-referrer they write "Origin: null" on the page's own
// forms, which then look as if they came from elsewhere. So there the policy is
// same-origin, which tells other sites as little.
func setHeaders(h http.Header, local netip.AddrPort) {
	h.Set("Content-Security-Policy", csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if onNetwork(local) {
		h.Set("Referrer-Policy", "same-origin")
	}
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
}

// places are the names this page goes by.
type places struct {
	label string // below .localhost
	port  string
	lan   bool
}

// own reports whether a Host is one of the page's own, for a connection that came
// in at local. The zero local is loopback. On a local network the one name is the
// address that was really reached: so a name that somebody's DNS points here is
// none, and a loopback name means loopback.
func (p places) own(host string, local netip.AddrPort) bool {
	if onNetwork(local) {
		reached := netip.AddrPortFrom(local.Addr().Unmap().WithZone(""), local.Port())
		return p.lan && host == reached.String()
	}
	return host == "127.0.0.1:"+p.port || host == "[::1]:"+p.port || host == p.label+".localhost:"+p.port
}

// onNetwork reports whether a connection came in over a network, not from this
// machine.
func onNetwork(local netip.AddrPort) bool {
	return local.IsValid() && !local.Addr().Unmap().IsLoopback()
}

// base is the address under which this machine's browser opens the page.
func (p places) base(plain bool) string {
	if plain {
		return "http://127.0.0.1:" + p.port
	}
	return "http://" + p.label + ".localhost:" + p.port
}

// localOf is where a request's connection came in.
func localOf(r *http.Request) netip.AddrPort {
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return at.AddrPort()
	}
	return netip.AddrPort{}
}

// sessionKey is where a request's context holds its session.
type sessionKey struct{}

// sessionOf is the session of a request behind the walls.
func sessionOf(ctx context.Context) session {
	s, _ := ctx.Value(sessionKey{}).(session)
	return s
}

// walled stands before everything.
func (s *Site) walled(inside http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.shell(w, r, http.StatusForbidden, "shell.cross_site")
	}))
	guarded := origins.Handler(s.withSession(inside))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header(), localOf(r))
		if !s.places.own(r.Host, localOf(r)) {
			// No words of ours for a name that is not ours.
			http.Error(w, "This address is not Tend's.", http.StatusMisdirectedRequest)
			return
		}
		if len(r.RequestURI) > maxPath {
			s.shell(w, r, http.StatusRequestURITooLong, "shell.unknown")
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// withSession lets the static shell and the door through, and everything else only
// with a session.
func (s *Site) withSession(inside http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, assetsPath):
			s.assets.ServeHTTP(w, r)
		case r.URL.Path == "/enter" && r.Method == http.MethodGet:
			s.enter(w, r)
		case strings.HasPrefix(r.URL.Path, calendarPath):
			s.calendar(w, r)
		case r.URL.Path == "/entered" && r.Method == http.MethodGet:
			s.entered(w, r)
		default:
			own, ok := s.sessions.of(r)
			if !ok {
				s.shell(w, r, http.StatusUnauthorized, "shell.session")
				return
			}
			inside.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, own)))
		}
	})
}

// enter is the one-time link.
func (s *Site) enter(w http.ResponseWriter, r *http.Request) {
	token, ok := s.sessions.enter(r.URL.Query().Get("code"), r.UserAgent())
	if !ok {
		s.shell(w, r, http.StatusUnauthorized, "shell.code")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/entered", http.StatusSeeOther)
}

// entered sends the browser on by the page's own hand: where the one-time link was
// opened from another site's page, such as a terminal in the browser, a Strict
// cookie does not go along on that site's journey, and the first step from here is
// ours.
func (s *Site) entered(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Refresh", "0; url=/")
	s.shell(w, r, http.StatusOK, "shell.entered")
}

func portText(port int) string { return strconv.Itoa(port) }
