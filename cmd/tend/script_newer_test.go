package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The tag of the build that [newerOverlay] makes.
const newer = "newer"

// changes make a tend of tomorrow of this one: it has one more kind of content, one
// more control kind and one more frame, and it uses them. Numbers are the reserved
// ones of SPEC.md; what they mean is what there is to show that they work.
var changes = []struct{ file, from, to string }{
	// A note is of kind 82.
	{"crdt/circle/kinds.go", "{KindPodAsked, \"PodAsked\", true, decoder[PodAsked]},\n",
		"{KindPodAsked, \"PodAsked\", true, decoder[PodAsked]},\n{82, \"NoteWrittenAnew\", false, decoder[NoteWritten]},\n"},
	{"node/replica/propose.go", "kind, payload = circle.Encode(content)\n",
		"if kind, payload = circle.Encode(content); kind == circle.KindNoteWritten {\nkind = 82\n}\n"},
	// Whoever writes a note is away, and says so by kind 21: no verb says so yet.
	{"node/service.go", "\t\treturn w.Do(cmd, env, n.clock())\n", "out, err := w.Do(cmd, env, n.clock())\n" +
		"if _, note := cmd.(circle.WriteNote); note && err == nil {\n_, err = w.Propose(&membership.Away{}, n.clock())\n}\nreturn out, err\n"},
	{"crdt/membership/kinds.go", "KindBeat:         {\"beat\", nil, false, false},\n",
		"KindBeat:         {\"beat\", nil, false, false},\n21: {\"away.anew\", read[Away], true, false},\n"},
	{"node/replica/propose.go", "kind, payload = membership.Encode(control)\n",
		"if kind, payload = membership.Encode(control); kind == membership.KindAway {\nkind = 21\n}\n"},
	// Frame 10 comes at the beginning of every stream, from both sides.
	{"protocol/frame.go", "\tcase numPack:\n\t\treturn &Pack{}, true\n", "\tcase numPack:\n\t\treturn &Pack{}, true\n\tcase 10:\n\t\treturn &Anew{}, true\n"},
	{"node/p2p/session.go", "\tt.table = true\n\tt.send(&protocol.Addr{", "\tt.table = true\n\tt.send(&protocol.Anew{Text: \"tomorrow\"})\n\tt.send(&protocol.Addr{"},
	{"node/p2p/session.go", "\tcase *protocol.Want:\n", "\tcase *protocol.Anew:\n\t\treturn nil\n\tcase *protocol.Want:\n"},
}

// anew is the type of frame 10.
const anew = `package protocol

type Anew struct {
	_    struct{} ` + "`cbor:\",toarray\"`" + `
	Text string
}

func (*Anew) Number() uint64 { return 10 }
func (*Anew) check() error   { return nil }
`

// newerOverlay writes the sources of a tend of tomorrow into dir, and returns the
// file that tells the go command to build with them.
func newerOverlay(dir string) (string, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return "", err
	}
	texts := map[string]string{filepath.Join(root, "protocol", "anew.go"): anew}
	for _, c := range changes {
		name := filepath.Join(root, filepath.FromSlash(c.file))
		text, begun := texts[name]
		if !begun {
			data, err := os.ReadFile(name)
			if err != nil {
				return "", err
			}
			text = string(data)
		}
		if strings.Count(text, c.from) != 1 {
			return "", fmt.Errorf("%s has %d times %q: change the test with it", c.file, strings.Count(text, c.from), c.from)
		}
		texts[name] = strings.Replace(text, c.from, c.to, 1)
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for name, text := range texts {
		file := filepath.Join(dir, fmt.Sprintf("%d.go", len(overlay.Replace)))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return "", err
		}
		overlay.Replace[name] = file
	}
	data, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, data, 0o600)
}
