package web

import (
	"maps"
	"net/http"
)

// routes are all screens and wishes behind the walls.
func (s *Site) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range s.table() {
		mux.Handle(pattern, s.safely(h))
	}
	mux.Handle("/", s.safely(func(http.ResponseWriter, *http.Request) error {
		return &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}))
	return mux
}

// table names each of them by its pattern. A test looks at every GET there is.
func (s *Site) table() map[string]handle {
	all := map[string]handle{
		"GET /{$}":                              s.front,
		"GET /circles":                          s.circles,
		"GET /begin":                            s.beginForm,
		"POST /begin":                           s.begin,
		"GET /join":                             s.joinDoor,
		"POST /join/read":                       s.readCode,
		"POST /join/frame":                      s.readFrame,
		"GET /knocking":                         s.knocking,
		"POST /join/show":                       s.showMyself,
		"GET /device":                           s.device,
		"POST /device/look":                     s.setLook,
		"POST /device/pair":                     s.pair,
		"POST /device/dismiss":                  s.dismiss,
		"GET /events":                           s.events,
		"GET /c/{circle}":                       s.within((*inside).home),
		"GET /c/{circle}/ask":                   s.within((*inside).askForm),
		"POST /c/{circle}/ask":                  s.within((*inside).ask),
		"GET /c/{circle}/show/{thing}":          s.within((*inside).showThing),
		"GET /c/{circle}/edit/{thing}":          s.within((*inside).editForm),
		"POST /c/{circle}/edit/{thing}":         s.within((*inside).edit),
		"POST /c/{circle}/on/{thing}/{verb}":    s.within((*inside).wish),
		"GET /c/{circle}/week":                  s.within((*inside).week),
		"GET /c/{circle}/offers":                s.within((*inside).offers),
		"GET /c/{circle}/look":                  s.within((*inside).lookTogether),
		"GET /c/{circle}/circle":                s.within((*inside).people),
		"GET /c/{circle}/invite":                s.within((*inside).inviteForm),
		"POST /c/{circle}/invite":               s.within((*inside).invite),
		"GET /c/{circle}/invite/{invite}":       s.within((*inside).showInvite),
		"POST /c/{circle}/invite/{invite}/end":  s.within((*inside).endInvite),
		"GET /c/{circle}/let-in":                s.within((*inside).letInDoor),
		"POST /c/{circle}/let-in":               s.within((*inside).letIn),
		"GET /c/{circle}/propose":               s.within((*inside).proposeForm),
		"POST /c/{circle}/propose":              s.within((*inside).propose),
		"GET /c/{circle}/pod":                   s.within((*inside).podScreen),
		"POST /c/{circle}/pod":                  s.within((*inside).podWish),
		"GET /c/{circle}/me":                    s.within((*inside).meScreen),
		"POST /c/{circle}/me/{verb}":            s.within((*inside).meWish),
		"GET /c/{circle}/beforehand":            s.within((*inside).beforehand),
		"GET /c/{circle}/mirror":                s.within((*inside).mirror),
		"GET /c/{circle}/digest":                s.within((*inside).hearing),
		"GET /c/{circle}/talks":                 s.within((*inside).talks),
		"GET /c/{circle}/talk-with/{thing}":     s.within((*inside).talkWithForm),
		"POST /c/{circle}/talk-with/{thing}":    s.within((*inside).talkWith),
		"POST /c/{circle}/talk/{thing}/{step}":  s.within((*inside).talkStep),
		"GET /c/{circle}/leave":                 s.within((*inside).leaveDoor),
		"POST /c/{circle}/leave":                s.within((*inside).leave),
		"GET /c/{circle}/print/week":            s.within((*inside).printWeek),
		"GET /c/{circle}/print/people":          s.within((*inside).printTree),
		"GET /c/{circle}/print/card/{member}":   s.within((*inside).printCard),
		"GET /c/{circle}/print/invite/{invite}": s.within((*inside).printInvite),
		"GET /c/{circle}/print/slips":           s.within((*inside).printSlips),
		"GET /c/{circle}/search":                s.within((*inside).search),
		"GET /c/{circle}/charter":               s.within((*inside).charter),
		"POST /c/{circle}/charter":              s.within((*inside).charterWish),
		"GET /c/{circle}/charter/change":        s.within((*inside).charterForm),
		"POST /c/{circle}/charter/change":       s.within((*inside).charterChange),
		"GET /c/{circle}/part/{thing}":          s.within((*inside).part),
		"POST /c/{circle}/part/{thing}":         s.within((*inside).partWish),
		"GET /c/{circle}/lists":                 s.within((*inside).groups),
		"POST /c/{circle}/lists":                s.within((*inside).groupWish),
	}
	maps.Copy(all, s.ownTable())
	return all
}
