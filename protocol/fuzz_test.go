package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tend/crdt"
	"tend/protocol"
)

// seeds adds one field of every vector in a file.
func seeds(f *testing.F, file, field string) {
	data, err := os.ReadFile(filepath.Join("testdata", "vectors", file+".json"))
	if err != nil {
		f.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(data, &vectors); err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		if len(v.In[field]) > 1<<14 {
			continue
		}
		if field == "text" {
			f.Add([]byte(v.In[field]))
		} else {
			f.Add(v.In.bytes(field))
		}
	}
}

func FuzzDecodeFrame(f *testing.F) {
	seeds(f, "frames", "frame")
	seeds(f, "tables", "frame")
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := protocol.DecodeFrame(data)
		if err != nil {
			return
		}
		again, err := protocol.EncodeFrame(frame)
		if err != nil {
			t.Fatalf("%x decodes and does not encode: %v", data, err)
		}
		if ops, ok := frame.(*protocol.Ops); ok {
			protocol.UnpackByID(fixtureCircle, ops)
			return
		}
		if !bytes.Equal(again, data) {
			t.Fatalf("%x encodes again as %x", data, again)
		}
	})
}

func FuzzParseCode(f *testing.F) {
	seeds(f, "codes", "text")
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := protocol.ParseCode(string(text))
		if err != nil {
			return
		}
		again, err := protocol.ParseCode(c.Text())
		if err != nil || again.Text() != c.Text() {
			t.Fatalf("%q reads as %q, and that as %v, %v", text, c.Text(), again, err)
		}
	})
}

func FuzzOpenBody(f *testing.F) {
	s, dev := protocol.Secret(fill[[32]byte]("epoch")), pubOf[crdt.Device]("dev")
	seeds(f, "bodies", "body")
	f.Fuzz(func(t *testing.T, body []byte) {
		_, epochErr := protocol.BodyEpoch(body)
		o, err := protocol.OpenBody(s, fixtureCircle, dev, 7, body)
		if err == nil && (epochErr != nil || o.Kind >= protocol.MaxKind || len(o.Payload) > protocol.MaxPayload) {
			t.Fatalf("%x opens beyond its bounds: %d, %d bytes", body, o.Kind, len(o.Payload))
		}
	})
}

// FuzzBodyText is what an author with the secret may put inside a seal.
func FuzzBodyText(f *testing.F) {
	s, dev, salt := protocol.Secret(fill[[32]byte]("epoch")), pubOf[crdt.Device]("dev"), [16]byte{}
	f.Add(padded([]any{64, 0, []byte("soup")}))
	f.Add(padded([]any{64, 1, protocol.Deflate([]byte("soup soup soup"))}))
	f.Fuzz(func(t *testing.T, text []byte) {
		commit := protocol.CommitOf(s, salt)
		b := sealedBody{Suite: 1, Epoch: s.EpochID(), Salt: salt, Commit: commit, Text: protocol.SealText(s, salt, fixtureCircle, dev, 1, text)}
		o, err := protocol.OpenBody(s, fixtureCircle, dev, 1, marshal(b))
		if err == nil && (o.Kind >= protocol.MaxKind || len(o.Payload) > protocol.MaxPayload) {
			t.Fatalf("%x opens beyond its bounds: %d, %d bytes", text, o.Kind, len(o.Payload))
		}
		if err != nil && !errors.Is(err, protocol.ErrBodyForm) {
			t.Fatalf("%x is refused for another reason: %v", text, err)
		}
	})
}

func FuzzJoinMessages(f *testing.F) {
	seeds(f, "join", "message")
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := protocol.DecodeOpening(data); err == nil && !bytes.Equal(protocol.EncodeOpening(m), data) {
			t.Fatalf("opening %x encodes again as %x", data, protocol.EncodeOpening(m))
		}
		if a, err := protocol.DecodeDoorAnswer(data); err == nil && !bytes.Equal(protocol.EncodeDoorAnswer(a), data) {
			t.Fatalf("answer %x encodes again as %x", data, protocol.EncodeDoorAnswer(a))
		}
		if p, err := protocol.DecodeProve(data); err == nil && !bytes.Equal(p.Encode(), data) {
			t.Fatalf("proof %x encodes again as %x", data, p.Encode())
		}
		if p, err := protocol.DecodeFaceProve(data); err == nil && !bytes.Equal(p.Encode(), data) {
			t.Fatalf("proof %x encodes again as %x", data, p.Encode())
		}
		if p, err := protocol.DecodeRecoverProve(data); err == nil && !bytes.Equal(p.Encode(), data) {
			t.Fatalf("proof %x encodes again as %x", data, p.Encode())
		}
	})
}

// FuzzCarry gives every input a good digest, so that the frames are reached.
func FuzzCarry(f *testing.F) {
	seeds(f, "carry", "file")
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, file := range [][]byte{data, protocol.Trailed(bytes.Clone(data))} {
			c, err := protocol.OpenCarry(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				continue
			}
			frames := 0
			for _, err := range c.Frames() {
				if frames++; err != nil && !errors.Is(err, protocol.ErrCarryDamaged) {
					t.Fatalf("%x: %v", file, err)
				}
			}
			if frames > len(file)/4 {
				t.Fatalf("%d frames in %d bytes", frames, len(file))
			}
		}
	})
}
