package client

import (
	"maps"
	"strconv"
	"time"
)

// Args are a command's positional words and flags under their long names, with
// "_" for "-": text, id, member, when, extra_ok… A flag that may be repeated has
// several values; one that is only set has the value "true".
type Args map[string][]string

// Set puts values in place of key's, and drops the key when there are none.
func (a Args) Set(key string, values ...string) {
	if len(values) == 0 {
		delete(a, key)
		return
	}
	a[key] = values
}

// with returns a copy of a with one more key.
func (a Args) with(key, value string) Args {
	b := maps.Clone(a)
	if b == nil {
		b = Args{}
	}
	b[key] = []string{value}
	return b
}

// wire returns a as it is sent: a string for one value, an array for several.
func (a Args) wire() map[string]any {
	w := make(map[string]any, len(a))
	for k, v := range a {
		if len(v) == 1 {
			w[k] = v[0]
		} else {
			w[k] = v
		}
	}
	return w
}

// text sets key where value is not empty.
func (a Args) text(key, value string) Args {
	if value != "" {
		a[key] = []string{value}
	}
	return a
}

// list sets key where there are values.
func (a Args) list(key string, values []string) Args {
	if len(values) > 0 {
		a[key] = values
	}
	return a
}

// flag sets key where on is true.
func (a Args) flag(key string, on bool) Args {
	if on {
		a[key] = []string{"true"}
	}
	return a
}

// number sets key where n is not 0.
func (a Args) number(key string, n int) Args {
	if n != 0 {
		a[key] = []string{strconv.Itoa(n)}
	}
	return a
}

// wait sets key where d is not 0.
func (a Args) wait(key string, d time.Duration) Args {
	if d != 0 {
		a[key] = []string{d.String()}
	}
	return a
}
