package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"strconv"

	"tend/node/view"
)

// Backup says what a backup holds.
type Backup = view.Backup

// BackupOptions say for whom a backup is sealed: Seal, a passphrase of its own, or
// To, recipients of age. Passphrase is the home's, where there is one. They travel
// in the request's body alone.
type BackupOptions struct {
	Passphrase string
	Seal       string
	To         []string
}

// Backup writes a sealed backup of this home to w. w holds a whole one only if the
// error is nil; say so with [Client.BackupKept] once it lies where it shall.
func (c *Client) Backup(ctx context.Context, w io.Writer, o BackupOptions) (Backup, error) {
	data, err := json.Marshal(Args{}.text("passphrase", o.Passphrase).text("seal", o.Seal).list("to", o.To).wire())
	if err != nil {
		return Backup{}, fmt.Errorf("back up: %w", err)
	}
	res, err := c.open(ctx, "POST", "backup", nil, "application/json", bytes.NewReader(data))
	if err != nil {
		return Backup{}, err
	}
	defer res.Body.Close()
	n, err := io.Copy(w, res.Body)
	if err != nil {
		return Backup{}, fmt.Errorf("back up: %w", err)
	}
	ops, err := strconv.Atoi(res.Trailer.Get("Tend-Ops"))
	circles, cerr := strconv.Atoi(res.Trailer.Get("Tend-Circles"))
	if errors.Join(err, cerr) != nil {
		return Backup{}, fmt.Errorf("back up: the file was cut short: %w", io.ErrUnexpectedEOF)
	}
	return Backup{Count: circles, Ops: ops, Bytes: n}, nil
}

// BackupKept notes that the backup that was written is kept.
func (c *Client) BackupKept(ctx context.Context) error {
	_, err := send[Done](ctx, c, "backup-kept", nil)
	return err
}

// BackupKey opens a backup: its passphrase, or the text of identities of age.
type BackupKey struct{ Passphrase, Identities string }

// Restore makes an empty home a new device of the member whose backup file is.
func (c *Client) Restore(ctx context.Context, file io.Reader, k BackupKey) (Backup, error) {
	body, in := io.Pipe()
	form := multipart.NewWriter(in)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		in.CloseWithError(fill(form, file, k))
	}()
	defer func() {
		_ = body.Close() // the node answered: what it did not read is not wanted
		<-sent
	}()
	return upload[Backup](ctx, c, "restore", form.FormDataContentType(), body)
}

// fill writes the form that restores.
func fill(form *multipart.Writer, file io.Reader, k BackupKey) error {
	for _, part := range []struct{ name, text string }{{"passphrase", k.Passphrase}, {"identities", k.Identities}} {
		if part.text == "" {
			continue
		}
		if err := form.WriteField(part.name, part.text); err != nil {
			return err
		}
	}
	w, err := form.CreateFormFile("file", "backup.age")
	if err == nil {
		_, err = io.Copy(w, file)
	}
	return errors.Join(err, form.Close())
}

// Alone lets a home that came back from a backup write in the circle, since there
// is nobody left to meet.
func (c *Client) Alone(ctx context.Context) (Done, error) { return send[Done](ctx, c, "alone", nil) }
