// Package web is the page: a calm place in the browser to ask, offer and agree,
// served by one's own node to one's own machine.
//
// # One way of drawing
//
// Every screen is an html/template filled from a view model, a plain struct made
// for that screen; no template sees a domain value. A screen is a GET, a wish is an
// ordinary form, answered with 303 to the screen that shows what became of it, or
// with 422 and the same screen holding what was typed. htmx only improves on that:
// an event without content says that something changed, and the screen fetches its
// own address again and morphs. So there is one path, it works without script, and
// nothing has to be kept in step.
//
// # Walls
//
// The page can do all that its person can, and a browser carries any site's wishes
// to any address it can reach. Each request passes, in this order and before any
// route is looked up:
//
//  1. Headers: a strict Content-Security-Policy and its like go on every answer.
//     Nothing external is ever loaded.
//  2. The Host must be literally one of this page's names with its port. A name
//     that a stranger's DNS turned to 127.0.0.1 (rebinding) is not, whatever the
//     browser thinks of its origin.
//  3. [http.CrossOriginProtection]: no other site's form gets in. No GET changes
//     anything.
//  4. The session. Requests without browser headers pass 3, and every user and
//     program of the machine can reach a loopback port, so everything but the
//     static shell asks for it.
//
// The session begins with a one-time link, /enter?code=…, good for a minute. Its
// answer sets the cookie and sends the browser on to an address without a secret;
// the code is the only secret that is ever in a query string. A code that comes a
// second time ends the session that its first use began: one of the two was not
// the person, and opening the page again is easy.
//
// Why a cookie: pages must work without script, so what carries the session must
// travel with links, forms and pictures by itself. It is HttpOnly, so that no
// script reads it, and SameSite=Strict, so that no other site's link brings it.
//
// Why a name of its own: a cookie belongs to a host, not to a port, and whoever
// serves anything on another port of 127.0.0.1 would be sent it. So the page is
// opened under a random name below .localhost, which browsers turn to loopback by
// themselves and which no other server on the machine goes by. Both loopback
// addresses are bound, since a browser may take either for such a name. Where such
// names do not work (Safari), the plain address is the fallback.
//
// With a page for phones (--lan), the node also listens on the addresses of its
// local networks. A screen there is let in by a link of its own, once, within ten
// minutes; it is listed, and can be sent away. Its page crosses the Wi-Fi in the
// clear, so what is secret is neither asked for nor shown there: the 24 words,
// passphrases, backups, the adding and ending of devices. Everywhere a secret travels
// in a form's body alone; no form sends one back, and the one answer that shows the
// words has no address.
//
// All that members wrote is text: html/template escapes it, and no part of it ever
// becomes markup, an address of a link, or a picture to load.
package web
