package web

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/view"
)

// here lets a handle through only on the machine that Tend runs on. What passes
// there is secret or is about the machine itself, and a phone's page crosses the
// Wi-Fi in the clear.
func (s *Site) here(h handle) handle {
	return func(w http.ResponseWriter, r *http.Request) error {
		if sessionOf(r.Context()).screen {
			return &notice{status: http.StatusForbidden, key: "device.not_from_here"}
		}
		return h(w, r)
	}
}

// ownScreen draws a screen about this home, again with a sentence where wrong is
// something that a person can mend there.
func (s *Site) ownScreen(w http.ResponseWriter, r *http.Request, screen, title string, body any, wrong error) error {
	if wrong == nil {
		return s.plainScreen(w, r, http.StatusOK, screen, title, body)
	}
	say, code := s.problem(languageOf(r, nil), wrong)
	if say == nil {
		return wrong
	}
	return s.plainScreen(w, r, code, screen, title, body, say)
}

// locked reports whether a passphrase is set, which what is secret asks for again.
func (s *Site) locked(ctx context.Context) (bool, error) {
	k, err := s.upkeep.Keeping(ctx)
	return k.Key == keyInPassphrase, err
}

// devicesModel lists this member's devices by circle.
type devicesModel struct{ Circles []deviceCircle }

type deviceCircle struct {
	Name    string
	Devices []deviceLine
}

// deviceLine is one of them. End is where it is ended; "" for this one, and for one
// that is out.
type deviceLine struct {
	This, Out    bool
	Added, Heard template.HTML
	End          string
}

func (s *Site) devices(w http.ResponseWriter, r *http.Request) error {
	all, err := s.upkeep.Circles(r.Context())
	if err != nil {
		return err
	}
	l, now := languageOf(r, nil), s.now()
	m := devicesModel{}
	for _, c := range all {
		id, err := crdt.ParseID(c.ID)
		if err != nil {
			return err
		}
		if c.Standing != "in" {
			continue
		}
		list, err := s.upkeep.Devices(r.Context(), id)
		if err != nil {
			return err
		}
		one := deviceCircle{Name: c.Name}
		for _, d := range list {
			line := deviceLine{This: d.This, Out: d.State == "out", Added: l.day(d.Added, now)}
			if d.Heard != nil {
				line.Heard = l.ago(*d.Heard, now)
			}
			if !line.This && !line.Out {
				line.End = "/c/" + c.ID + "/device/" + d.ID
			}
			one.Devices = append(one.Devices, line)
		}
		m.Circles = append(m.Circles, one)
	}
	return s.plainScreen(w, r, http.StatusOK, "devices", "devices.title", m)
}

// endModel asks once more before a device is ended.
type endModel struct {
	To    string
	Added template.HTML
	Heard template.HTML
}

// endDoor says what ending a device does.
func (in *inside) endDoor() error {
	d, err := in.ownDevice()
	if err != nil {
		return err
	}
	m := endModel{To: in.r.URL.Path, Added: in.lang.day(d.Added, in.now)}
	if d.Heard != nil {
		m.Heard = in.lang.ago(*d.Heard, in.now)
	}
	return in.show("enddevice", "", in.lang.say("devices.end_title"), m)
}

// ownDevice finds the device in the address: one of this member's, in the circle
// still, and not this one.
func (in *inside) ownDevice() (view.Device, error) {
	list, err := in.site.upkeep.Devices(in.r.Context(), in.id)
	if err != nil {
		return view.Device{}, err
	}
	i := slices.IndexFunc(list, func(d view.Device) bool { return d.ID == in.r.PathValue("device") && !d.This && d.State != "out" })
	if i < 0 {
		return view.Device{}, &notice{status: http.StatusNotFound, key: "devices.no_such"}
	}
	return list[i], nil
}

func (in *inside) endDevice() error {
	d, err := in.ownDevice()
	if err != nil {
		return err
	}
	if _, err := in.site.upkeep.RevokeDevice(in.r.Context(), in.id, d.ID); err != nil {
		return in.problemAt(err, in.endDoor)
	}
	http.Redirect(in.w, in.r, "/devices?said=device_ended", http.StatusSeeOther)
	return nil
}

// addModel is the older device's side of adding one: a code is read, then the words
// of both are compared by a person.
type addModel struct {
	Words  string // as typed
	Code   string // the new device's
	Six    string // what both show; "" until they met
	Locked bool
}

func (s *Site) addDoor(w http.ResponseWriter, r *http.Request) error {
	return s.plainScreen(w, r, http.StatusOK, "adddevice", "adddevice.title", addModel{})
}

// readDevice reads the new device's code and goes to meet it.
func (s *Site) readDevice(w http.ResponseWriter, r *http.Request) error {
	words, fields, err := readWords(w, r)
	m := addModel{Words: fields["words"], Code: words}
	if err == nil {
		ctx, cancel := waiting(r.Context())
		defer cancel()
		var met view.Linking
		met, err = s.upkeep.MeetDevice(ctx, words)
		m.Six = met.Words
	}
	var wish *circle.Problem
	switch {
	case errors.As(err, &wish) && wish.Code == circle.NotYet:
		return s.plainScreen(w, r, http.StatusOK, "samewords", "adddevice.title", m)
	case err != nil:
		return s.ownScreen(w, r, "adddevice", "adddevice.title", m, err)
	}
	return s.sameWords(w, r, m, nil)
}

// sameWords shows the six words and asks whether they are the same on both.
func (s *Site) sameWords(w http.ResponseWriter, r *http.Request, m addModel, wrong error) error {
	var err error
	if m.Locked, err = s.locked(r.Context()); err != nil {
		return err
	}
	return s.ownScreen(w, r, "samewords", "adddevice.title", m, wrong)
}

// addDevice hands this member's keys to the device whose words were compared.
func (s *Site) addDevice(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	m := addModel{Code: form.Get("code"), Six: form.Get("six")}
	if strings.TrimSpace(m.Six) == "" {
		return s.ownScreen(w, r, "adddevice", "adddevice.title", m, &notice{status: http.StatusUnprocessableEntity, key: "form.unreadable"})
	}
	ctx, cancel := waiting(r.Context())
	defer cancel()
	if _, err := s.upkeep.AddDevice(ctx, m.Code, m.Six, form.Get("passphrase")); err != nil {
		return s.sameWords(w, r, m, err)
	}
	http.Redirect(w, r, "/devices?said=device_added", http.StatusSeeOther)
	return nil
}

// linkModel is the new device's side.
type linkModel struct {
	Shown   bool
	Code    template.HTML // as a picture
	Words   string        // the same in words
	Six     string        // what the other device shows too; "" until they met
	Done    bool
	Circles template.HTML
}

// link shows this home's code for a device that its member has, then the words, and
// says when it is in. It looks again by itself.
func (s *Site) link(w http.ResponseWriter, r *http.Request) error {
	h := s.frame(r, nil)
	now, shown := s.upkeep.Linking(r.Context())
	m := linkModel{Shown: shown, Words: now.Code, Six: now.Words, Done: now.Done}
	if shown {
		var err error
		if m.Code, err = drawn(now.Code, h.Lang.plain("link.picture")); err != nil {
			return err
		}
		h.Self, h.Often = "/link", !now.Done
	}
	var names []template.HTML
	for _, name := range now.Circles {
		names = append(names, isolated(name))
	}
	m.Circles = h.Lang.list(names)
	h.Title, h.Body = h.Lang.say("link.title"), m
	return s.draw(w, http.StatusOK, "link", h)
}

func (s *Site) showLink(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.upkeep.ShowLink(r.Context()); err != nil {
		return s.ownScreen(w, r, "link", "link.title", linkModel{}, err)
	}
	http.Redirect(w, r, "/link", http.StatusSeeOther)
	return nil
}
