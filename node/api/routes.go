package api

import (
	"net/http"

	"tend/node/view"
)

// route is one row of the table of routes. openapi.yaml is written from it.
type route struct {
	method, path string // path below /v1/
	summary      string
	params       []param // of the query, or of a POST's JSON body
	answer       any     // a value of the type that is answered, for the description
	// serve answers with JSON. Where it is nil, stream answers by itself.
	serve  func(c *call) (any, error)
	stream func(c *call, w http.ResponseWriter, r *http.Request) error
	// upload says that a POST's body is no JSON: its params come in the query.
	upload bool
}

const listFlags = "circle all mine category text limit"

// routes are all routes but those of the verbs below /v1/do/.
var routes = []route{
	look("today", "For me, I could, we agreed, look.", "circle", view.Today{}, today),
	look("list", "Needs, offers and agreements in one list.", listFlags, []view.Item{}, list),
	look("needs", "Needs.", listFlags, []view.Post{}, posts(view.KindNeed)),
	look("offers", "Offers.", listFlags, []view.Post{}, posts(view.KindOffer)),
	look("agreements", "Agreements.", listFlags, []view.Agreement{}, agreements),
	look("decisions", "The decisions of the circle.", listFlags, []view.Decision{}, decisions),
	look("talks", "The talks that I am in.", listFlags, []view.Talk{}, talks),
	look("members", "The members of the circle.", listFlags+" listening", []view.Member{}, members),
	look("show", "One need, offer, agreement, decision, talk or member, with notes and texts.", "circle id all", view.Item{}, show),
	look("who", "People who may have room for a need, in spread order.", "circle id", []view.Member{}, who),
	look("look", "What needs looking at together.", "circle", []view.Attention{}, attentions),
	look("week", "Seven days from today.", "circle", []view.Day{}, week),
	look("map", "The offers by category.", "circle", []view.Shelf{}, shelves),
	look("search", "What holds every one of the words.", "circle words limit", []view.Item{}, search),
	look("charter", "What the circle agreed on.", "circle", view.Charter{}, charter),
	look("pod", "My pod, and the pods I am in.", "circle", view.Pod{}, pod),
	look("groups", "My own lists of people, on this home alone.", "circle", []view.Group{}, groups),
	look("pair-notes", "My notes about a member or about everybody, on this home alone.", "member circle", []view.PairNote{}, pairNotes),
	look("ceiling", "How much I mean to carry in a week; on this home alone.", "circle", view.Ceiling{}, ceiling),
	look("follow", "The categories of needs that I follow; on this home alone.", "circle", view.Followed{}, followed),
	look("remind", "How long before an agreement I am reminded; on this home alone.", "circle", view.Remind{}, remind),
	look("digest", "What there is to tell me now, and my rhythm; on this home alone.", "circle", view.Digest{}, digest),
	look("mirror", "What moved through me lately, in words, for me alone.", "circle", view.Mirror{}, mirror),
	look("distances", "Whom I keep at a distance, on this home alone.", "circle", []view.Person{}, distances),
	look("reflections", "My answers to the question of now and then, on this home alone.", "circle", view.Reflections{}, reflections),
	look("faces", "Who would read what is written to these; changes nothing.", "to* circle", view.Faces{}, faces),
	look("widening", "What asking more people would do; changes nothing.", "id to* text details circle", view.Widening{}, widening),

	look("circles", "The circles of this home.", "", []view.Circle{}, circles),
	look("status", "What this node can truthfully say about itself.", "", view.Status{}, status),
	look("peers", "The homes this node knows.", "", []view.Peer{}, peers),
	look("invites", "The invitations of the circle, the newest first.", "circle", []view.Invite{}, invites),
	look("joins", "The joinings begun on this home.", "", []view.Joining{}, joins),
	look("leave", "What leaving would hand over; changes nothing.", "circle", view.Done{}, leaveLook),
	look("doctor", "Looks over this home.", "", []view.Check{}, doctor),
	look("version", "Names the program.", "", view.Version{}, version),

	act("begin", "Begins a circle.", "name as purpose charter history", view.Done{}, begin),
	act("invite", "Makes an invitation.", "circle for until uses", view.Invite{}, invite),
	act("revoke-invite", "Ends an invitation.", "circle id", view.Done{}, revokeInvite),
	act("read-code", "Tells what a pasted text is; dials nobody.", "text", view.Code{}, readCode),
	act("join", "Knocks, and waits a while to be let in.", "code as wait", view.Joining{}, join),
	act("show-code", "A code of oneself for a member to scan.", "as", view.Shown{}, showCode),
	act("let-in", "Lets in whose code was scanned.", "circle code wait", view.Done{}, letIn),
	act("welcome", "Says that I know a member.", "circle member", view.Done{}, welcome),
	act("leave", "Leaves the circle.", "circle farewell", view.Done{}, leave),
	act("sync", "Meets whom it can for a while.", "circle wait", view.Status{}, syncNow),
	act("peers", "Gives the node an address to dial.", "addr circle", view.Done{}, addPeer),
	act("verify", "Walks the whole log and every index.", "circle", view.Verified{}, verify),
	act("rebuild", "Throws derived data away and makes it again.", "circle", view.Verified{}, rebuild),

	act("vault", "Moves the home's key to file, keyring or passphrase; asks for the present passphrase again if there is one.", "place passphrase new_passphrase circle", view.Key{}, moveKey),
	act("phrase", "The 24 words; asks for the passphrase again if there is one.", "passphrase circle", []view.Phrase{}, phrase),
	look("devices", "My devices in the circle, the oldest first.", "circle", []view.Device{}, devices),
	look("linking", "How far the device has come whose code this home shows.", "circle", view.Linking{}, linking),
	act("revoke-device", "Ends a device of mine for good.", "circle id", view.Done{}, revokeDevice),
	act("show-link", "A code of this home, for a device I have to scan.", "circle", view.Shown{}, showLink),
	act("add-device", "Meets the device whose code was scanned; with its words it gets my keys.", "circle code words passphrase wait", view.Linking{}, addDevice),
	look("recovery", "What to show to those who stand for me.", "", view.Recovery{}, recovery),
	act("trustees", "Names who may help me back.", "circle member* of", view.Done{}, nameTrustees),
	act("come-back", "Asks to be known again, by 24 words or by those who stand.", "code name phrase wait", view.Joining{}, comeBack),
	act("read-recovery", "The six words of the code of somebody who comes back.", "code", view.Recovery{}, readRecovery),
	act("stand-for", "Says that whoever shows the code is that member.", "circle member code", view.Done{}, standFor),
	look("asking", "Who asks at this home's door to be let back in.", "circle", []view.Asking{}, asking),
	act("meant", "Says who it is that asks at the door under a name nobody is known by.", "circle name member", view.Done{}, meant),
	act("leave-out", "Leaves the devices of a member who comes back out of what is written here for a few.", "circle member", view.Done{}, leaveOut),
	act("object-return", "Says that whoever comes back in my name is not me.", "circle", view.Done{}, objectReturn),
	act("return", "Lets a member back in whom enough stood for.", "circle member", view.Done{}, giveBack),

	act("page-link", "A link that opens the page once, within a minute; plain, under 127.0.0.1.", "plain circle", view.PageLink{}, pageLink),
	look("screens", "The other devices that show the page.", "circle", []view.Screen{}, screens),
	act("dismiss-screen", "Sends one of them away.", "circle id", view.Done{}, dismissScreen),

	look("calendar", "My calendar; all of it, with all.", "circle all", []view.Event{}, entries),
	act("calendar-link", "The secret address of my calendar; new ends the one there was.", "new circle", view.CalendarLink{}, calendarLink),
	{method: http.MethodGet, path: "ical", summary: "My calendar as iCalendar; all of it, with all.", params: params("circle all"), stream: icalendar},
	{method: http.MethodGet, path: "print", summary: "A sheet for paper as HTML that loads nothing: what is week, tree, card, qr or slips, these two of invitations.", params: params("what member invite* circle"), stream: printSheet},
	{method: http.MethodGet, path: "export", summary: "All that this home may see, one JSON object a line; the trailer Tend-Lines counts them and says that it is whole.",
		params: params("circle"), stream: export},

	{method: http.MethodPost, path: "import", summary: "Posts the needs and offers of a table (CSV), all or none; with dry_run it only looks.",
		params: params("dry_run circle"), answer: view.Imported{}, stream: importTable, upload: true},
	{method: http.MethodPost, path: "read-picture", summary: "Finds a Tend code in a PNG or JPEG picture; dials nobody.",
		params: params("circle"), answer: view.Code{}, stream: readPicture, upload: true},
	{method: http.MethodPost, path: "carry", summary: "Takes a carry file in.",
		params: params("circle"), answer: view.CarriedIn{}, stream: carryIn, upload: true},
	{method: http.MethodGet, path: "carry", summary: "A carry file; the trailer Tend-Ops counts its ops and says that it is whole.",
		params: params("circle to"), stream: carryOut},
	{method: http.MethodPost, path: "backup", summary: "A sealed backup of this home, for a passphrase or recipients of age; asks for the home's passphrase again if there is one. The trailers Tend-Ops and Tend-Circles say that it is whole.",
		params: params("passphrase seal to* circle"), stream: backup},
	act("backup-kept", "Notes that the backup that was written is kept.", "", view.Done{}, backupKept),
	{method: http.MethodPost, path: "restore", summary: "Makes an empty home a new device of the member whose backup it is: a form with passphrase or identities, then file.",
		params: params("circle"), answer: view.Backup{}, stream: restore, upload: true},
	act("alone", "Lets a home that came back from a backup write, since nobody is left to meet.", "circle", view.Done{}, alone),
	{method: http.MethodGet, path: "events", summary: "Server-sent events: changed, sync, status.", params: params("circle"), stream: events},
}

func look(path, summary, flags string, answer any, serve func(*call) (any, error)) route {
	return route{method: http.MethodGet, path: path, summary: summary, params: withCircle(flags), answer: answer, serve: serve}
}

func act(path, summary, flags string, answer any, serve func(*call) (any, error)) route {
	return route{method: http.MethodPost, path: path, summary: summary, params: withCircle(flags), answer: answer, serve: serve}
}

// withCircle lets every route take a circle, so that a client bound to one can
// send it always.
func withCircle(flags string) []param {
	p := params(flags)
	for _, have := range p {
		if have.name == "circle" {
			return p
		}
	}
	return append(p, param{name: "circle"})
}
