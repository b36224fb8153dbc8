package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// zone returns the time zone this home lives in and its IANA name, which is
// stored with dates. Where the system does not tell a name, it is UTC's.
func zone(getenv func(string) string) (*time.Location, string) {
	for _, name := range []string{strings.TrimPrefix(getenv("TZ"), ":"), linkedZone(), writtenZone()} {
		if name == "" || name == "Local" {
			continue
		}
		if loc, err := time.LoadLocation(name); err == nil {
			return loc, name
		}
	}
	return time.UTC, "UTC"
}

// linkedZone reads the name of the zone file that /etc/localtime points to.
func linkedZone() string {
	target, err := filepath.EvalSymlinks("/etc/localtime")
	if err != nil {
		return ""
	}
	_, name, _ := strings.Cut(filepath.ToSlash(target), "/zoneinfo/")
	return name
}

// writtenZone reads the name that some systems write down.
func writtenZone() string {
	name, err := os.ReadFile("/etc/timezone")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}
