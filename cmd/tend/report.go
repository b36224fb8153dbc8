package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"

	"tend/node/client"
	"tend/node/view"
)

// report is what the doctor found, for somebody who helps: how things stand, and no
// name, no text, no address and no id of anybody.
type report struct {
	Version view.Version   `json:"version"`
	State   string         `json:"state"`
	Checks  []view.Check   `json:"checks"`
	Circles []reportCircle `json:"circles"`
}

type reportCircle struct {
	Standing  string `json:"standing"`
	Members   int    `json:"members"`
	Ops       uint64 `json:"ops"`
	Waiting   int    `json:"waiting"`
	Connected int    `json:"connected"`
}

// writeReport writes the report into a file.
func (a *app) writeReport(ctx context.Context, c *client.Client, file string, checks []view.Check) error {
	version, err := c.Version(ctx)
	if err != nil {
		return err
	}
	st, err := c.Status(ctx)
	if err != nil {
		return err
	}
	out := report{Version: version, State: st.State, Checks: a.unnamed(checks), Circles: []reportCircle{}}
	for _, one := range st.Circles {
		out.Circles = append(out.Circles, reportCircle{Standing: one.Standing, Members: one.Members, Ops: one.Ops,
			Waiting: one.Waiting, Connected: len(one.Connected)})
	}
	data, err := json.MarshalIndent(out, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(data, '\n'), 0o600)
	}
	if err != nil {
		return fail(exitFailed, "fail.unwritable", "file", file).because(err)
	}
	s := a.speaker()
	return s.answer(out, func() { s.say("report.written", "file", file) })
}

// unnamed are checks without the path of the home, in which a person's name often
// stands. Nothing else in a check is private: findings count, and name no circle.
func (a *app) unnamed(checks []view.Check) []view.Check {
	out := make([]view.Check, len(checks))
	for i, c := range checks {
		c.Finding = strings.ReplaceAll(c.Finding, a.homeDir, "HOME")
		c.Remedy = strings.ReplaceAll(c.Remedy, a.homeDir, "HOME")
		out[i] = c
	}
	return out
}
