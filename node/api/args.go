package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tend/crdt/circle"
)

// Bounds on a request.
const (
	maxBody  = 1 << 20 // bytes of a JSON body
	maxQuery = 16 << 10
	maxWait  = time.Hour // of anything that waits
	bodyTime = 30 * time.Second
)

// arriveWithin bounds how long a request's body may take to arrive. The server
// itself lifts the deadline once the body is read to its end. A test's recorder
// has none to set, and needs none.
func arriveWithin(w http.ResponseWriter, d time.Duration) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(d))
}

// param is one word or flag of a route.
type param struct {
	name string
	many bool // it may be given several times
}

// params reads a list of names; "*" after one says that it may be repeated.
func params(list string) []param {
	var out []param
	for _, name := range strings.Fields(list) {
		bare, many := strings.CutSuffix(name, "*")
		out = append(out, param{bare, many})
	}
	return out
}

// bodyArgs reads the JSON body of a command: one object whose values are strings,
// whole numbers, booleans, or arrays of them. No body at all is no arguments.
func bodyArgs(w http.ResponseWriter, r *http.Request) (circle.Args, error) {
	if kind := r.Header.Get("Content-Type"); kind != "" {
		if media, _, err := mime.ParseMediaType(kind); err != nil || media != "application/json" {
			return nil, refuse(kindMedia, "api.body_json")
		}
	}
	arriveWithin(w, bodyTime)
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, refuse(kindTooLarge, "api.body_large")
	case err != nil:
		return nil, refuse(kindInterrupt, "api.body_short")
	case len(bytes.TrimSpace(data)) == 0:
		return circle.Args{}, nil
	case !utf8.Valid(data):
		return nil, refuse(kindUsage, "api.body_not_utf8")
	}
	args, err := readArgs(data)
	if err != nil {
		return nil, refuse(kindUsage, "api.body_unreadable", err.Error())
	}
	return args, nil
}

func readArgs(data []byte) (circle.Args, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	args := circle.Args{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, errors.New("it is not JSON")
		}
		key, ok := t.(string)
		if !ok {
			return nil, errors.New("it is not JSON")
		}
		if _, twice := args[key]; twice {
			return nil, fmt.Errorf("%q is there twice", key)
		}
		if args[key], err = readValues(dec, key); err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, errors.New("it is cut short")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("something follows the object")
	}
	return args, nil
}

// readValues reads one value, or an array of them.
func readValues(dec *json.Decoder, key string) ([]string, error) {
	t, err := dec.Token()
	if err != nil {
		return nil, errors.New("it is not JSON")
	}
	if t != json.Delim('[') {
		v, err := scalar(t, key)
		return []string{v}, err
	}
	values := []string{}
	for dec.More() {
		if t, err = dec.Token(); err != nil {
			return nil, errors.New("it is not JSON")
		}
		v, err := scalar(t, key)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	if _, err := dec.Token(); err != nil {
		return nil, errors.New("it is cut short")
	}
	return values, nil
}

func scalar(t json.Token, key string) (string, error) {
	switch v := t.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case json.Number:
		if _, err := v.Int64(); err != nil {
			return "", fmt.Errorf("%q must be a whole number", key)
		}
		return v.String(), nil
	}
	return "", fmt.Errorf("%q must be a text, a number, a boolean or a list of them", key)
}

// queryArgs reads the query of a look.
func queryArgs(r *http.Request) (circle.Args, error) {
	if len(r.URL.RawQuery) > maxQuery {
		return nil, refuse(kindTooLarge, "api.query_long")
	}
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(kindUsage, "api.query_unreadable")
	}
	return query, nil
}

// checkArgs refuses what the route does not know, and what was given twice and
// may be given once. A flag that is "false" is as if it were not there.
func checkArgs(args circle.Args, known []param) error {
	for _, key := range sortedKeys(args) {
		i := slices.IndexFunc(known, func(p param) bool { return p.name == key })
		switch {
		case i < 0:
			return refuse(kindUsage, "api.key_unknown", key, names(known))
		case len(args[key]) > 1 && !known[i].many:
			return refuse(kindUsage, "api.key_twice", key)
		case len(args[key]) == 0 && !known[i].many:
			return refuse(kindUsage, "api.key_empty", key)
		}
	}
	return nil
}

func names(known []param) string {
	if len(known) == 0 {
		return "nothing"
	}
	list := make([]string, len(known))
	for i, p := range known {
		list[i] = p.name
	}
	return strings.Join(list, ", ")
}
