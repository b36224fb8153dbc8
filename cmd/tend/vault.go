package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tend/storage/vault"
)

// maxPassphrase bounds a passphrase, in bytes.
const maxPassphrase = 1 << 10

// openVault opens the home's vault, and makes one at the first start; then
// nothing is asked.
func (a *app) openVault(h home) (*vault.Vault, error) {
	o := vault.Options{Passphrase: func() ([]byte, error) { return a.passphrase("Passphrase of " + h.dir + ": ") }}
	v, err := vault.Open(h.dir, o)
	if errors.Is(err, vault.ErrNone) {
		v, err = vault.Create(h.dir, o)
	}
	if err != nil {
		return nil, vaultFailure(h, err)
	}
	return v, nil
}

func vaultFailure(h home, err error) error {
	f := &failure{code: exitFailed, say: "the vault of " + h.dir + " cannot be opened", hint: vault.Hint(err), err: err}
	var own *failure
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, vault.ErrLocked):
		f.say = "the vault of " + h.dir + " is locked"
	case errors.Is(err, vault.ErrWrongPassphrase):
		f.say = "that is not the passphrase of " + h.dir
	case errors.Is(err, vault.ErrNewer):
		f.say = "the vault of " + h.dir + " was written by a newer tend"
	case errors.Is(err, vault.ErrDamaged):
		f.say = "the vault of " + h.dir + " is damaged"
	}
	return f
}

// passphrase gets a passphrase from the descriptor or the file that was named,
// else from the person at the terminal; never from an argument.
func (a *app) passphrase(prompt string) ([]byte, error) {
	if a.passphraseFD >= 0 {
		f := os.NewFile(uintptr(a.passphraseFD), "passphrase-fd")
		if f == nil {
			return nil, usage("", "descriptor %d is not open", a.passphraseFD)
		}
		defer f.Close()
		return readPassphrase(f)
	}
	name := a.getenv("TEND_PASSPHRASE_FILE")
	if name == "" {
		name = a.set.PassphraseFile
	}
	if name != "" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &failure{code: exitFailed, say: name + " cannot be read", hint: reason(err), err: err}
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

// readPassphrase reads one passphrase; a line's end is not part of it.
func readPassphrase(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPassphrase+1))
	if err != nil {
		return nil, fmt.Errorf("read the passphrase: %w", err)
	}
	if len(data) > maxPassphrase {
		return nil, usage("", "the passphrase is longer than %d bytes", maxPassphrase)
	}
	return bytes.TrimRight(data, "\r\n"), nil
}

func (a *app) vault() *cobra.Command {
	move := func(use, short, said string, do func(*vault.Vault) error) *cobra.Command {
		return &cobra.Command{Use: use, Short: short, Args: words(0, 0, ""), RunE: func(cmd *cobra.Command, _ []string) error {
			return a.moveKey(cmd.Context(), said, do)
		}}
	}
	return noun("vault", "where this home's key is kept",
		move("file", "in a file beside the vault, so that a start asks nothing", "The key is in a file beside the vault.", (*vault.Vault).MoveToFile),
		move("keyring", "in this computer's keyring", "The key is in this computer's keyring.", (*vault.Vault).MoveToKeyring),
		move("passphrase", "behind a passphrase, which each start then needs", "From now on each start needs the passphrase.", a.setPassphrase))
}

// moveKey opens the vault alone, without the store, and moves its key.
func (a *app) moveKey(ctx context.Context, said string, do func(*vault.Vault) error) (err error) {
	if c, err := a.runningNode(ctx); err == nil {
		return errors.Join(fail(exitFailed, "end it, then try again", "a node is running on %s and holds its key", a.homeDir), c.Close())
	}
	h := a.home()
	if !h.begun() {
		return noCircle()
	}
	lock, err := a.takeHome(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	v, err := a.openVault(h)
	if err != nil {
		return err
	}
	if err := do(v); err != nil {
		return vaultFailure(h, err)
	}
	s := a.speaker()
	return s.answer(map[string]string{"key": v.Where().String()}, func() { s.line("%s", said) })
}

func (a *app) setPassphrase(v *vault.Vault) error {
	pass, err := a.passphrase("New passphrase: ")
	if err != nil {
		return &failure{code: exitFailed, say: "there is no passphrase to set",
			hint: "start it on a terminal, or give one by --passphrase-fd or TEND_PASSPHRASE_FILE", err: err}
	}
	if len(pass) < vault.MinPassphrase {
		return usage("longer is better: several words that only you put together", "a passphrase needs at least %d characters", vault.MinPassphrase)
	}
	if in, ok := a.in.(*os.File); ok && a.passphraseFD < 0 && a.getenv("TEND_PASSPHRASE_FILE") == "" && term.IsTerminal(int(in.Fd())) {
		again, err := a.passphrase("The same again: ")
		if err != nil {
			return err
		}
		if !bytes.Equal(pass, again) {
			return usage("", "the two were not the same; nothing has changed")
		}
	}
	return v.SetPassphrase(pass, vault.DefaultParams)
}

// noCircle is the failure of a command that needs a circle on a home without one.
func noCircle() *failure {
	return fail(exitMissing, "begin one:  tend begin NAME --as ME    join one:  tend join INVITE --as ME", "there is no circle on this home yet")
}
