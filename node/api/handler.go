package api

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"tend/crdt/circle"
)

// Handler is the local API of one home. It is safe for concurrent use and holds
// nothing between requests.
type Handler struct {
	service Service
	upkeep  Upkeep
	log     *slog.Logger
	mux     *http.ServeMux
}

// New returns the API of a home. The log gets what went wrong inside, never what
// members wrote.
func New(service Service, upkeep Upkeep, log *slog.Logger) *Handler {
	h := &Handler{service: service, upkeep: upkeep, log: log, mux: http.NewServeMux()}
	for _, r := range routes {
		h.mux.Handle(r.method+" /v1/"+r.path, h.safely(func(w http.ResponseWriter, req *http.Request) error {
			return h.serve(r, w, req)
		}))
	}
	h.mux.Handle("POST /v1/do/{command}", h.safely(h.serveVerb))
	h.mux.Handle("GET /v1/problems/{name}", h.safely(h.explain))
	h.mux.Handle("/", h.safely(unknownPath))
	return h
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// safely turns an error into a problem document, and a panic, which is our own
// mistake, into one that tells nothing of the inside.
func (h *Handler) safely(serve func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			h.log.Error("a request panicked", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			document(kindUnexpected, circle.As("api.unexpected"), nil).write(w)
		}()
		w.Header().Set("Cache-Control", "no-store")
		if err := serve(w, r); err != nil {
			problemOf(h.log, err).write(w)
		}
	})
}

// serve reads a request as its route says, and answers it.
func (h *Handler) serve(route route, w http.ResponseWriter, r *http.Request) error {
	args, err := route.read(w, r)
	if err != nil {
		return err
	}
	if err := checkArgs(args, route.params); err != nil {
		return err
	}
	c := &call{ctx: r.Context(), api: h, args: args}
	if route.stream != nil {
		return route.stream(c, w, r)
	}
	answer, err := route.serve(c)
	if err != nil {
		return err
	}
	return writeJSON(w, answer)
}

func (route route) read(w http.ResponseWriter, r *http.Request) (map[string][]string, error) {
	if route.method == http.MethodGet || route.upload {
		return queryArgs(r)
	}
	return bodyArgs(w, r)
}

// unknownPath answers what no route fits, also a known path with another method.
func unknownPath(_ http.ResponseWriter, r *http.Request) error {
	for _, route := range routes {
		if r.URL.Path == "/v1/"+route.path {
			return refuse(kindMethod, "api.method", r.URL.Path, r.Method)
		}
	}
	if strings.HasPrefix(r.URL.Path, "/v1/do/") {
		return refuse(kindMethod, "api.verb_method", r.URL.Path, r.Method)
	}
	return refuse(kindUnknown, "api.unknown_path", r.URL.Path)
}

// explain describes a kind of problem, since its type is an address.
func (h *Handler) explain(w http.ResponseWriter, r *http.Request) error {
	for _, k := range []kind{kindUsage, kindNotFound, kindAmbiguous, kindKept, kindNotYet, kindFailed, kindUnknown,
		kindMethod, kindTooLarge, kindMedia, kindInterrupt, kindUnexpected} {
		if k.name == r.PathValue("name") {
			return writeJSON(w, map[string]any{"type": k.uri(), "title": k.title(), "status": k.status, "exit": k.exit})
		}
	}
	return refuse(kindNotFound, "api.no_such_problem")
}
