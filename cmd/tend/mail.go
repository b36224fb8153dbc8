package main

import (
	"bytes"
	"context"
	"fmt"
	"mime/quotedprintable"
	"os/exec"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"tend/node/view"
)

// mailer is the program of this machine that sends mail: any that may be called as
// sendmail is. Tend speaks with no mail server itself and holds no password of one.
type mailer struct{ program string } // "" is the machine's own

func (p *mailer) flags(set *pflag.FlagSet) {
	one := pflag.NewFlagSet("mail", pflag.ContinueOnError)
	one.StringVar(&p.program, "sendmail", "", "")
	mirror(one)
	set.AddFlagSet(one)
}

// mailers are where machines have theirs; the first is looked for on PATH.
var mailers = []string{"sendmail", "/usr/sbin/sendmail", "/usr/lib/sendmail"}

// find returns where the program lies.
func (p mailer) find() (string, error) {
	names := mailers
	if p.program != "" {
		names = []string{p.program}
	}
	for _, name := range names {
		if file, err := exec.LookPath(name); err == nil {
			return file, nil
		}
	}
	if p.program != "" {
		return "", fail(exitFailed, "fail.no_such_mailer", "program", p.program)
	}
	return "", fail(exitFailed, "fail.no_mailer")
}

// mailWait is how long the program may take.
const mailWait = time.Minute

// send hands a letter to the program. The address stands in the letter alone, not among
// the program's arguments, which others on this machine can read.
func (p mailer) send(ctx context.Context, to string, d view.Digest, now time.Time) error {
	program, err := p.find()
	if err != nil {
		return err
	}
	letter, err := mailed(to, d, now)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, mailWait)
	defer stop()
	cmd := exec.CommandContext(ctx, program, "-t", "-oi")
	cmd.Stdin = bytes.NewReader(letter)
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return fail(exitFailed, "fail.mail_refused", "program", program, "why", reason(err)).behind(err)
	}
	return nil
}

// mailed is a letter as mail programs take it. Its subject names neither the circle nor
// anything of what is in it.
func mailed(to string, d view.Digest, now time.Time) ([]byte, error) {
	var out bytes.Buffer
	for _, line := range []string{"To: " + to, "Subject: " + sentence("digest.subject"), "Date: " + now.Format(time.RFC1123Z), "Auto-Submitted: auto-generated",
		"MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"} {
		out.WriteString(line + "\n")
	}
	out.WriteByte('\n')
	body := quotedprintable.NewWriter(&out)
	s := &speaker{w: body, now: now}
	if rest := forMail(d); !rest.Empty() {
		s.digest(rest)
	}
	if len(d.HardDays) > 0 {
		s.say("digest.day_ahead")
	}
	if err := body.Close(); err != nil {
		return nil, fmt.Errorf("write a letter: %w", err)
	}
	return bytes.ReplaceAll(out.Bytes(), []byte("\r\n"), []byte("\n")), nil
}

// forMail is a digest without the words of what is for a few people only, and without the
// hard days of others.
func forMail(d view.Digest) view.Digest {
	d.HardDays = nil
	for _, part := range []*[]view.Item{&d.Asked, &d.ICould, &d.Ahead} {
		*part = slices.Clone(*part)
		for i, item := range *part {
			(*part)[i] = withoutFew(item)
		}
	}
	return d
}

// withoutFew hides the words of what is not the whole circle's to read.
func withoutFew(i view.Item) view.Item {
	switch {
	case i.Post != nil && i.Post.Audience.People != nil:
		p := *i.Post
		p.Tender = true
		return view.Item{Post: &p}
	case i.Agreement != nil && i.Agreement.Audience.People != nil:
		a := *i.Agreement
		a.Tender = true
		return view.Item{Agreement: &a}
	}
	return i
}
