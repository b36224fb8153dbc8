package api

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/view"
)

// call is one request as a route sees it: what was asked, and whom to ask.
type call struct {
	ctx  context.Context
	api  *Handler
	args circle.Args
}

// text returns the value of a key; "" if it is not there.
func (c *call) text(key string) string {
	if v := c.args[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// need returns the value of a key that must be there.
func (c *call) need(key string) (string, error) {
	if v := strings.TrimSpace(c.text(key)); v != "" {
		return v, nil
	}
	return "", refuse(kindUsage, "api.key_missing", key)
}

func (c *call) flag(key string) (bool, error) {
	switch c.text(key) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, refuse(kindUsage, "api.key_flag", key)
}

func (c *call) number(key string) (int, error) {
	if c.text(key) == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(c.text(key), 10, 32)
	if err != nil || n < 0 {
		return 0, refuse(kindUsage, "api.key_number", key)
	}
	return int(n), nil
}

// span reads a length of time such as 30s, 72h or 30d.
func (c *call) span(key string) (time.Duration, error) {
	text := c.text(key)
	if text == "" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 12); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	return 0, refuse(kindUsage, "api.no_length", text)
}

// waiting returns a context that ends after "wait", fallback if it is not given.
func (c *call) waiting(fallback time.Duration) (context.Context, context.CancelFunc, error) {
	d, err := c.span("wait")
	if err != nil {
		return nil, nil, err
	}
	if c.text("wait") == "" {
		d = fallback
	}
	ending, end := untilEnding(c.ctx)
	ctx, cancel := context.WithTimeout(ending, min(d, maxWait))
	return ctx, func() {
		cancel()
		end()
	}, nil
}

// circle finds the circle a request is about: the one named, or the only one this
// home is in.
func (c *call) circle() (crdt.ID, error) {
	all, err := c.api.upkeep.Circles(c.ctx)
	if err != nil {
		return crdt.ID{}, err
	}
	found, err := pick(all, strings.TrimSpace(c.text("circle")))
	if err != nil {
		return crdt.ID{}, err
	}
	return crdt.ParseID(found.ID)
}

// minPrefix is how many hex digits of an id name it at least.
const minPrefix = 6

func pick(all []view.Circle, word string) (view.Circle, error) {
	if len(all) == 0 {
		return view.Circle{}, refuse(kindNotFound, "api.no_circle")
	}
	if word == "" {
		return only(all)
	}
	var fit []view.Circle
	for _, name := range []func(view.Circle) bool{
		func(x view.Circle) bool { return x.ID == strings.ToLower(word) },
		func(x view.Circle) bool { return strings.EqualFold(x.Name, word) },
		func(x view.Circle) bool {
			return len(word) >= minPrefix && strings.HasPrefix(x.ID, strings.ToLower(word))
		},
	} {
		for _, x := range all {
			if name(x) {
				fit = append(fit, x)
			}
		}
		if len(fit) > 0 {
			break
		}
	}
	switch len(fit) {
	case 1:
		return fit[0], nil
	case 0:
		return view.Circle{}, refuse(kindNotFound, "api.no_such_circle", word)
	}
	return view.Circle{}, several(kindAmbiguous, circle.As("api.several_circles_fit", word), fit)
}

// only returns the circle that is meant where none is named: the only one this
// home is in, else the only one it has.
func only(all []view.Circle) (view.Circle, error) {
	in := slices.DeleteFunc(slices.Clone(all), func(x view.Circle) bool { return x.Standing != "in" })
	switch {
	case len(in) == 1:
		return in[0], nil
	case len(in) == 0 && len(all) == 1:
		return all[0], nil
	}
	return view.Circle{}, several(kindUsage, circle.As("api.several_circles"), all)
}

func several(k kind, said circle.Said, fit []view.Circle) error {
	r := &refusal{kind: k, said: said}
	for _, x := range fit {
		if id, err := crdt.ParseID(x.ID); err == nil {
			r.ids = append(r.ids, id)
		}
	}
	return r
}

// source is the circle that is meant, as it is now.
func (c *call) source() (view.Source, error) {
	id, err := c.circle()
	if err != nil {
		return view.Source{}, err
	}
	return c.api.service.View(id)
}

// filter reads the flags of a list.
func (c *call) filter() (view.Filter, error) {
	f := view.Filter{Category: c.text("category"), Text: c.text("text")}
	var errs [4]error
	f.All, errs[0] = c.flag("all")
	f.Mine, errs[1] = c.flag("mine")
	f.Listening, errs[2] = c.flag("listening")
	f.Limit, errs[3] = c.number("limit")
	return f, errors.Join(errs[:]...)
}

func parseQuery(raw string) (circle.Args, error) {
	values, err := url.ParseQuery(raw)
	return circle.Args(values), err
}

func sortedKeys(args circle.Args) []string { return slices.Sorted(maps.Keys(args)) }
