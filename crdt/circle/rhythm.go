package circle

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"tend/crdt/canon"
)

// Rhythm is how often a person wishes a digest, in which hour, and where it goes: into a
// file that their home writes, to an address of theirs by mail, or both.
type Rhythm struct {
	Days int // 1 or 7; 0: never
	At   time.Duration
	Out  string
	Mail string
}

type rhythm struct {
	_    struct{} `cbor:",toarray"`
	Days uint64
	At   uint64 // minutes after midnight
	Out  string
}

const (
	maxOut     = 4096 // bytes of a file's name
	maxAddress = 254  // bytes of an address for mail, as RFC 5321 has it
)

// Rhythm returns one's own; false if there is none.
func (o Own) Rhythm() (Rhythm, bool) {
	var kept rhythm
	if canon.Unmarshal(o.rows[ownDigest], &kept) != nil || kept.Days != 1 && kept.Days != 7 || kept.At >= 24*60 {
		return Rhythm{}, false
	}
	r := Rhythm{Days: int(kept.Days), At: time.Duration(kept.At) * time.Minute, Out: kept.Out}
	if mail := string(o.rows[ownMail]); IsAddress(mail) {
		r.Mail = mail
	}
	return r, true
}

// DigestDue reports whether a digest is to be made now: its hour has come since the last
// one, and for a weekly one seven days have begun since.
func (o Own) DigestDue(now time.Time) bool {
	wish, ok := o.Rhythm()
	if !ok {
		return false
	}
	last := time.Unix(o.told().At, 0).In(now.Location())
	y, m, d := now.Date()
	hour := time.Date(y, m, d, int(wish.At/time.Hour), int(wish.At%time.Hour/time.Minute), 0, 0, now.Location())
	if now.Before(hour) {
		hour = hour.AddDate(0, 0, -1)
	}
	return last.Before(hour.AddDate(0, 0, 1-wish.Days))
}

// IsAddress reports whether a text may be handed to a program that sends mail as the one
// address to send to: a name, an @ and a place, without anything that could make it two,
// an option, or a line of its own.
func IsAddress(text string) bool {
	name, place, ok := strings.Cut(text, "@")
	odd := func(c rune) bool {
		return unicode.IsSpace(c) || !unicode.IsPrint(c) || strings.ContainsRune("@,;:<>()[]\\\"|", c)
	}
	return ok && name != "" && place != "" && len(text) <= maxAddress && name[0] != '-' && !strings.ContainsFunc(name+place, odd)
}

// SetRhythm says how often, and where to; the zero Rhythm is never. What is there now
// counts as told.
type SetRhythm struct{ Rhythm Rhythm }

func (c SetRhythm) decide(s *State, env Env) (plan, error) {
	had, _ := env.Own.Rhythm()
	if c.Rhythm.Days > 0 && c.Rhythm.Out == "" && c.Rhythm.Mail == "" {
		c.Rhythm.Out, c.Rhythm.Mail = had.Out, had.Mail
	}
	switch {
	case had == c.Rhythm:
		return unchanged(env.Me), nil
	case c.Rhythm.Days == 0:
		return keptAlone(env, env.Me, OwnRow{Key: ownDigest}, OwnRow{Key: ownMail})
	case c.Rhythm.Out == "" && c.Rhythm.Mail == "":
		return plan{}, usage("no.digest_where")
	case len(c.Rhythm.Out) > maxOut:
		return plan{}, usage("no.file_name")
	case c.Rhythm.Mail != "" && !IsAddress(c.Rhythm.Mail):
		return plan{}, usage("no.mail_address", c.Rhythm.Mail)
	}
	rows := []OwnRow{{ownDigest, canon.MustMarshal(rhythm{Days: uint64(c.Rhythm.Days), At: uint64(c.Rhythm.At / time.Minute), Out: c.Rhythm.Out})}, {Key: ownMail}}
	if c.Rhythm.Mail != "" {
		rows[1].Value = []byte(c.Rhythm.Mail)
	}
	return keptAlone(env, env.Me, slices.Concat(rows, []OwnRow{s.reader(env).tell()})...)
}

// Told says that this person has been told all that a digest holds now.
type Told struct{}

func (Told) decide(s *State, env Env) (plan, error) {
	return keptAlone(env, env.Me, s.reader(env).tell())
}

// digest reads --every with --at, --out and --mail, or that all was told.
func (p *parser) digest() Command {
	if p.flag("told") {
		return Told{}
	}
	c := SetRhythm{Rhythm{At: 8 * time.Hour, Out: p.text("out"), Mail: p.text("mail")}}
	switch t := p.text("every"); t {
	case "day":
		c.Rhythm.Days = 1
	case "week":
		c.Rhythm.Days = 7
	case "never":
		c.Rhythm = Rhythm{}
	default:
		p.fail(usage("no.choice.rhythm", t))
	}
	if at := p.text("at"); at != "" {
		t, err := time.Parse("15:04", pad(at))
		if err != nil {
			p.fail(usage("no.hour", at))
		}
		if c.Rhythm.Days > 0 {
			c.Rhythm.At = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
		}
	}
	return c
}
