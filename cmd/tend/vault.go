package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tend/crdt/circle"
	"tend/node/api"
	"tend/node/client"
	"tend/node/view"
	"tend/storage"
	"tend/storage/vault"
)

// maxPassphrase bounds a passphrase, in bytes.
const maxPassphrase = 1 << 10

// openVault opens the home's vault, and makes one at the first start; then
// nothing is asked.
func (a *app) openVault(h home) (*vault.Vault, error) {
	o := vault.Options{Passphrase: func() (pass []byte, err error) {
		a.opened, err = a.passphrase("ask.passphrase", "home", h.dir)
		return a.opened, err
	}}
	v, err := vault.Open(h.dir, o)
	if errors.Is(err, vault.ErrNone) {
		if h.hasStore() {
			return nil, fail(exitFailed, "fail.vault_missing", "home", h.dir)
		}
		v, err = vault.Create(h.dir, o)
	}
	if err != nil {
		return nil, vaultFailure(h, err)
	}
	return v, nil
}

func vaultFailure(h home, err error) error {
	key := "fail.vault"
	var own *failure
	switch {
	case errors.As(err, &own):
		return own
	case storage.IsFull(err):
		return diskFull(h, err)
	case storage.IsFailing(err):
		return diskFailure(h, err)
	case errors.Is(err, vault.ErrLocked):
		key = "fail.vault_locked"
	case errors.Is(err, vault.ErrWrongPassphrase):
		key = "fail.vault_passphrase"
	case errors.Is(err, vault.ErrNewer):
		key = "fail.vault_newer"
	case errors.Is(err, vault.ErrDamaged):
		key = "fail.vault_damaged"
	}
	f := fail(exitFailed, key, "home", h.dir).behind(err)
	f.hint = vaultCure(err)
	return f
}

// vaultCure is what a person can do about an error of the vault; "" where there is nothing
// to say beyond the error itself.
func vaultCure(err error) string {
	cure, what := vault.CureOf(err)
	return called("vault_cure", string(cure), "what", what)
}

// passphrase gets the home's passphrase from the descriptor or the file that was
// named, else from the person at the terminal; never from an argument.
func (a *app) passphrase(key string, pairs ...any) ([]byte, error) {
	return a.secret(a.passphraseFD, a.passphraseFile(), sentence(key, pairs...))
}

// secret reads one passphrase from a descriptor, if it is not below 0, else from a
// file, if one is named, else from the person at the terminal.
func (a *app) secret(fd int, name, prompt string) ([]byte, error) {
	if fd >= 0 {
		f := os.NewFile(uintptr(fd), "passphrase-fd")
		if f == nil {
			return nil, usage("fail.descriptor", "n", fd)
		}
		defer f.Close()
		return readPassphrase(f)
	}
	if name != "" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fail(exitFailed, "fail.unreadable", "file", name).because(err)
		}
		defer f.Close()
		return readPassphrase(f)
	}
	in, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, errors.New("nobody is there to ask")
	}
	fmt.Fprint(a.err, prompt)
	defer fmt.Fprintln(a.err)
	return term.ReadPassword(int(in.Fd()))
}

// passphraseFile names the file that holds the passphrase, if there is one.
func (a *app) passphraseFile() string {
	return cmp.Or(a.getenv("TEND_PASSPHRASE_FILE"), a.set.PassphraseFile)
}

// readPassphrase reads one passphrase; a line's end is not part of it.
func readPassphrase(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPassphrase+1))
	if err != nil {
		return nil, fmt.Errorf("read the passphrase: %w", err)
	}
	if len(data) > maxPassphrase {
		return nil, usage("fail.passphrase_long", "most", maxPassphrase)
	}
	return bytes.TrimRight(data, "\r\n"), nil
}

func (a *app) vault() *cobra.Command {
	move := func(place string) *cobra.Command {
		return &cobra.Command{Use: place, Args: words(0, 0, ""), RunE: func(cmd *cobra.Command, _ []string) error {
			return a.moveKey(cmd.Context(), place, sentence("said.vault."+place))
		}}
	}
	return noun("vault",
		move(api.KeyInFile),
		move(api.KeyInKeyring),
		move(api.KeyInPassphrase))
}

// moveKey moves the home's key, of a running node as well. A passphrase travels
// in the request's body alone, over the home's own socket or in this process.
func (a *app) moveKey(ctx context.Context, place, said string) error {
	if !a.home().begun() {
		return noCircle()
	}
	return a.with(ctx, here, func(c *client.Client) error {
		var fresh string
		var err error
		if place == api.KeyInPassphrase {
			if fresh, err = a.newPassphrase(); err != nil {
				return err
			}
		}
		move := func(pass string) (client.Key, error) {
			return c.MoveKey(ctx, place, cmp.Or(pass, string(a.opened)), fresh)
		}
		var key client.Key
		if at, lookErr := vault.PlaceOf(a.homeDir); lookErr == nil && at == vault.InPassphrase {
			key, err = asked(ctx, a, move)
		} else {
			key, err = move("")
		}
		if err != nil {
			return err
		}
		s := a.speaker()
		return s.answer(key, func() { s.line("%s", said) })
	})
}

// newPassphrase gets a passphrase to set; on a terminal it is typed twice.
func (a *app) newPassphrase() (string, error) {
	pass, err := a.passphrase("ask.passphrase_new")
	if err != nil {
		return "", fail(exitFailed, "fail.no_passphrase").behind(err)
	}
	if len(pass) < vault.MinPassphrase {
		return "", usage("fail.passphrase_short", "least", vault.MinPassphrase)
	}
	if in, ok := a.in.(*os.File); ok && a.passphraseFD < 0 && a.passphraseFile() == "" && term.IsTerminal(int(in.Fd())) {
		again, err := a.passphrase("ask.again")
		if err != nil {
			return "", err
		}
		if !bytes.Equal(pass, again) {
			return "", usage("fail.not_the_same")
		}
	}
	return string(pass), nil
}

// MoveKey implements [api.Keys].
func (m *machine) MoveKey(_ context.Context, place, passphrase, fresh string) (view.Key, error) {
	if err := m.recheck(passphrase); err != nil {
		return view.Key{}, err
	}
	var err error
	switch place {
	case api.KeyInFile:
		err = m.vault.MoveToFile()
	case api.KeyInKeyring:
		err = m.vault.MoveToKeyring()
	default:
		if len(fresh) < vault.MinPassphrase {
			return view.Key{}, circle.Refuse(circle.Usage, "no.passphrase_short", vault.MinPassphrase)
		}
		err = m.vault.SetPassphrase([]byte(fresh), vault.DefaultParams)
	}
	if storage.IsFull(err) || storage.IsFailing(err) {
		return view.Key{}, err
	}
	if err != nil {
		m.log.Error("the key was not moved", "to", place, "err", err)
		return view.Key{}, circle.Refuse(circle.Failed, "no.key_unmoved", cmp.Or(vaultCure(err), reason(err)))
	}
	return view.Key{Key: place}, nil
}

// noCircle is the failure of a command that needs a circle on a home without one.
func noCircle() *failure {
	return fail(exitMissing, "fail.no_circle")
}
