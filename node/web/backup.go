package web

import (
	"errors"
	"html/template"
	"io"
	"net/http"
	"unicode/utf8"

	"tend/crdt"
)

// backupModel is the one file that brings this member back on another machine.
type backupModel struct {
	Last   template.HTML // when one was last made; "" if none was
	Locked bool
}

func (s *Site) backupDoor(w http.ResponseWriter, r *http.Request) error {
	return s.drawBackup(w, r, nil)
}

func (s *Site) drawBackup(w http.ResponseWriter, r *http.Request, wrong error) error {
	k, err := s.upkeep.Keeping(r.Context())
	if err != nil {
		return err
	}
	m := backupModel{Locked: k.Key == keyInPassphrase}
	if !k.Backup.IsZero() {
		m.Last = languageOf(r, nil).day(k.Backup, s.now())
	}
	return s.ownScreen(w, r, "backup", "backup.title", m, wrong)
}

// backupType is of a file that is saved, and never shown.
const backupType = "application/octet-stream"

// backup answers with the sealed file, for the browser to keep.
func (s *Site) backup(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	if form.Get("seal") != form.Get("again") {
		return s.drawBackup(w, r, &notice{status: http.StatusUnprocessableEntity, key: "key.differ"})
	}
	file := &download{w: w, name: "tend-" + s.now().Format(dayForm) + ".backup"}
	err = s.upkeep.Backup(r.Context(), file, form.Get("passphrase"), form.Get("seal"))
	switch {
	case err != nil && !file.began:
		return s.drawBackup(w, r, err)
	case err != nil:
		s.log.Error("a backup was cut short", "err", err)
		panic(http.ErrAbortHandler) // part is sent: only a broken connection says that it is not whole
	}
	return s.upkeep.BackupKept(r.Context())
}

// download writes a file to be saved; its headers go with the first byte, so that
// what goes wrong before is a screen.
type download struct {
	w     http.ResponseWriter
	name  string
	began bool
}

func (d *download) Write(p []byte) (int, error) {
	if !d.began {
		d.began = true
		d.w.Header().Set("Content-Type", backupType)
		d.w.Header().Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
	}
	return d.w.Write(p)
}

// backupAside hears that a person saw the word about a backup.
func (s *Site) backupAside(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	if err := s.upkeep.BackupAside(r.Context()); err != nil {
		return err
	}
	to := "/"
	if id, err := crdt.ParseID(form.Get("circle")); err == nil {
		to = "/c/" + id.String()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (s *Site) restoreDoor(w http.ResponseWriter, r *http.Request) error {
	return s.plainScreen(w, r, http.StatusOK, "restore", "restore.title", nil)
}

// restore reads a form: what opens the backup, then the file, which is last. The
// file goes on to the node as it comes.
func (s *Site) restore(w http.ResponseWriter, r *http.Request) error {
	again := func(err error) error {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			err = badForm(err)
		}
		return s.ownScreen(w, r, "restore", "restore.title", nil, err)
	}
	arriveWithin(w, restoreTime)
	r.Body = http.MaxBytesReader(w, r.Body, maxBackup)
	parts, err := r.MultipartReader()
	if err != nil {
		return badForm(err)
	}
	var key BackupKey
	for {
		part, err := parts.NextPart()
		if err != nil {
			return again(badForm(err))
		}
		switch part.FormName() {
		case "passphrase":
			key.Passphrase, err = textOf(part, maxSeal)
		case "identities":
			key.Identities, err = textOf(part, maxIdentities)
		case "file":
			out, err := s.upkeep.Restore(r.Context(), part, key)
			if err != nil {
				return again(err)
			}
			to := "/circles"
			if len(out.Circles) == 1 {
				to = "/c/" + out.Circles[0].ID
			}
			http.Redirect(w, r, to+"?said=restored", http.StatusSeeOther)
			return nil
		}
		if err != nil {
			return again(err)
		}
	}
}

// textOf reads a field of a form, in bounds and as text.
func textOf(part io.Reader, most int64) (string, error) {
	data, err := io.ReadAll(io.LimitReader(part, most+1))
	switch {
	case err != nil:
		return "", badForm(err)
	case int64(len(data)) > most:
		return "", &notice{status: http.StatusRequestEntityTooLarge, key: "form.too_large"}
	case !utf8.Valid(data):
		return "", &notice{status: http.StatusUnprocessableEntity, key: "form.unreadable"}
	}
	return string(data), nil
}

// aloneDoor says how a home that came back from a backup writes again.
func (in *inside) aloneDoor() error {
	if !in.head.Circle.Coming {
		return in.to("", "")
	}
	return in.show("alone", "", in.lang.say("unmet.title"), nil)
}

func (in *inside) alone() error {
	if _, err := in.site.upkeep.Alone(in.r.Context(), in.id); err != nil {
		return in.problemAt(err, in.aloneDoor)
	}
	return in.to("", "alone")
}
