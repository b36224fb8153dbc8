package api

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"

	"tend/crdt"
	"tend/node/view"
)

// Backups is the one file that brings a member back on another machine.
type Backups interface {
	// Backup writes a sealed backup of all circles to w, and says how much is in it.
	// An error before the first byte is a [*circle.Problem] where a person can mend
	// it.
	Backup(ctx context.Context, w io.Writer, o BackupOptions) (view.Backup, error)
	// BackupKept notes that a backup that was written is kept somewhere.
	BackupKept(ctx context.Context) error
	// Restore makes this empty home a new device of the member whose backup r is.
	Restore(ctx context.Context, r io.Reader, k BackupKey) (view.Backup, error)
	// Alone lets a home that came back from a backup write in a circle although it
	// has met nobody, since there is nobody left to meet. It returns the op by which
	// this device is in.
	Alone(ctx context.Context, id crdt.ID) (crdt.ID, error)
}

// BackupOptions say for whom a backup is sealed: a passphrase of its own, or
// recipients of age. None of it is kept, logged, or in any answer.
type BackupOptions struct {
	Passphrase string // the vault's, asked for again if there is one
	Seal       string // the backup's
	To         []string
}

// BackupKey opens a backup: its passphrase, or the text of identities of age.
type BackupKey struct{ Passphrase, Identities string }

// Bounds of the parts before the file, in bytes.
const (
	maxSeal       = 1 << 10
	maxIdentities = 64 << 10
)

// circlesTrailer counts the circles of a backup. It comes last, with [opsTrailer]:
// whoever has it has the whole file.
const circlesTrailer = "Tend-Circles"

func backup(c *call, w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Trailer", opsTrailer+", "+circlesTrailer)
	counted := &counter{w: w}
	info, err := c.api.upkeep.Backup(c.ctx, counted, BackupOptions{Passphrase: c.text("passphrase"), Seal: c.text("seal"), To: c.args["to"]})
	switch {
	case err != nil && counted.n == 0:
		w.Header().Del("Trailer")
		return err
	case err != nil:
		c.api.log.Error("a backup was cut short", "err", err)
		panic(http.ErrAbortHandler) // part is sent: only a broken connection says that it is not whole
	}
	w.Header().Set(opsTrailer, strconv.Itoa(info.Ops))
	w.Header().Set(circlesTrailer, strconv.Itoa(info.Count))
	return nil
}

func backupKept(c *call) (any, error) { return view.Done{}, c.api.upkeep.BackupKept(c.ctx) }

// restore reads a form: "passphrase" or "identities", then "file", which is last.
func restore(c *call, w http.ResponseWriter, r *http.Request) error {
	form, err := r.MultipartReader()
	if err != nil {
		return refuse(kindMedia, "api.body_form")
	}
	var key BackupKey
	for {
		part, err := form.NextPart()
		if err != nil {
			return refuse(kindUsage, "api.form_empty")
		}
		switch part.FormName() {
		case "passphrase":
			key.Passphrase, err = textPart(part, maxSeal)
		case "identities":
			key.Identities, err = textPart(part, maxIdentities)
		case "file":
			info, err := c.api.upkeep.Restore(c.ctx, part, key)
			if err != nil {
				return err
			}
			return writeJSON(w, info)
		}
		if err != nil {
			return err
		}
	}
}

func textPart(part *multipart.Part, most int64) (string, error) {
	data, err := io.ReadAll(io.LimitReader(part, most+1))
	if err != nil {
		return "", errors.Join(errors.New("read a form"), err)
	}
	if int64(len(data)) > most {
		return "", refuse(kindTooLarge, "api.backup_key_long")
	}
	return string(data), nil
}

func alone(c *call) (any, error) {
	id, err := c.circle()
	if err != nil {
		return nil, err
	}
	made, err := c.api.upkeep.Alone(c.ctx, id)
	return view.Done{ID: made.String()}, err
}
