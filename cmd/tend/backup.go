package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"tend/crdt/circle"
	"tend/node"
	"tend/node/client"
	"tend/storage/agefile"
	"tend/storage/vault"
)

// backup are the verbs about the one file that brings a member back.
func (a *app) backup() *cobra.Command {
	return noun("backup",
		a.backupCreate(), a.backupRestore(), a.backupVerify(), a.backupAlone())
}

// seal is how a backup is sealed or opened, as typed.
type seal struct {
	fd       int // the descriptor of its passphrase; < 0: none
	identity string
}

func (k *seal) flags(set *pflag.FlagSet) {
	set.IntVar(&k.fd, "backup-passphrase-fd", -1, "")
}

// sealVariable names the file that holds the passphrase of backups.
const sealVariable = "TEND_BACKUP_PASSPHRASE_FILE"

// typed reports whether the passphrase is typed by a person.
func (k *seal) typed(a *app) bool { return k.fd < 0 && a.getenv(sealVariable) == "" }

// passphrase gets the passphrase of a backup, never from an argument.
func (k *seal) passphrase(a *app, key string) (string, error) {
	pass, err := a.secret(k.fd, a.getenv(sealVariable), sentence(key))
	var own *failure
	if err != nil && !errors.As(err, &own) {
		return "", fail(exitFailed, "fail.no_backup_passphrase").behind(err)
	}
	return string(pass), err
}

// fresh gets a passphrase to seal with; on a terminal it is typed twice.
func (k *seal) fresh(a *app) (string, error) {
	pass, err := k.passphrase(a, "ask.backup_new")
	if err != nil {
		return "", err
	}
	if err := checkLock(agefile.Lock{Passphrase: pass}); err != nil {
		return "", asProblem(err)
	}
	if in, ok := a.in.(*os.File); ok && k.typed(a) && term.IsTerminal(int(in.Fd())) {
		again, err := k.passphrase(a, "ask.again")
		if err != nil {
			return "", err
		}
		if again != pass {
			return "", usage("fail.not_the_same_backup")
		}
	}
	return pass, nil
}

// asProblem makes the failure of a problem that did not come from a node.
func asProblem(err error) error {
	var p *circle.Problem
	if !errors.As(err, &p) {
		return err
	}
	return ofProblem(p, err)
}

func (a *app) backupCreate() *cobra.Command {
	var k seal
	var to []string
	var force bool
	cmd := &cobra.Command{Use: "create FILE", Args: words(1, 1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.createBackup(cmd.Context(), args[0], &k, to, force)
		}}
	k.flags(cmd.Flags())
	cmd.Flags().StringArrayVar(&to, "to", nil, "")
	cmd.Flags().BoolVar(&force, "force", false, "")
	return cmd
}

func (a *app) createBackup(ctx context.Context, file string, k *seal, to []string, force bool) error {
	if !a.home().begun() {
		return noCircle()
	}
	if _, err := os.Lstat(file); err == nil && !force {
		return fail(exitFailed, "fail.backup_there", "file", file)
	}
	return a.with(ctx, here, func(c *client.Client) error {
		var pass string
		if len(to) == 0 {
			var err error
			if pass, err = k.fresh(a); err != nil {
				return err
			}
		}
		write := func(home string) (client.Backup, error) {
			if home == "" {
				home = string(a.opened)
			}
			return backupTo(ctx, c, file, client.BackupOptions{Passphrase: home, Seal: pass, To: to})
		}
		var out client.Backup
		var err error
		if at, lookErr := vault.PlaceOf(a.homeDir); lookErr == nil && at == vault.InPassphrase {
			out, err = asked(ctx, a, write)
		} else {
			out, err = write("")
		}
		if err != nil {
			return err
		}
		if err := c.BackupKept(ctx); err != nil {
			return err
		}
		s := a.speaker()
		return s.answer(out, func() {
			if s.quiet {
				s.line("%s", out.File)
				return
			}
			s.say("backup.made", "ops", count(out.Ops, "count.ops"), "circles", count(out.Count, "count.circles"), "file", out.File)
			s.say("backup.keep")
		})
	})
}

// backupTo writes a backup whole or not at all.
func backupTo(ctx context.Context, c *client.Client, file string, o client.BackupOptions) (out client.Backup, err error) {
	err = replaced(file, func(w io.Writer) (err error) {
		out, err = c.Backup(ctx, w, o)
		return err
	})
	out.File = file
	return out, err
}

func (a *app) backupVerify() *cobra.Command {
	var k seal
	cmd := &cobra.Command{Use: "verify FILE", Args: words(1, 1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out, _, err := a.readBackup(cmd.Context(), args[0], &k)
			if err != nil {
				return err
			}
			s := a.speaker()
			return s.answer(out, func() {
				names := make([]string, len(out.Circles))
				for i, c := range out.Circles {
					names[i] = plain(c.Name)
				}
				s.say("backup.whole", "circles", and(names), "ops", count(out.Ops, "count.ops"), "when", out.Made.In(s.now.Location()).Format("Mon 2 Jan 2006 15:04"), "program", plain(out.Program))
			})
		}}
	k.flags(cmd.Flags())
	cmd.Flags().StringVar(&k.identity, "identity", "", "")
	return cmd
}

// readBackup opens a backup and checks it, in this process and without any home.
func (a *app) readBackup(ctx context.Context, file string, k *seal) (client.Backup, client.BackupKey, error) {
	none := func(err error) (client.Backup, client.BackupKey, error) {
		return client.Backup{}, client.BackupKey{}, err
	}
	unreadable := func(err error) error {
		return fail(exitFailed, "fail.unreadable", "file", file).because(err)
	}
	f, err := os.Open(file)
	if err != nil {
		return none(unreadable(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New(sentence("fail.no_file"))
	}
	if err != nil {
		return none(unreadable(err))
	}
	key, err := a.backupKey(f, info.Size(), k)
	if err != nil {
		return none(err)
	}
	plain, err := agefile.Open(f, info.Size(), agefile.Key{Passphrase: key.Passphrase, Identities: key.Identities})
	if err != nil {
		return none(asProblem(badLock(err)))
	}
	checked, err := node.CheckBackup(ctx, plain)
	if err != nil {
		return none(asProblem(badLock(err)))
	}
	out := backupView(checked)
	out.File, out.Bytes = file, info.Size()
	return out, key, nil
}

// backupKey gets what a backup wants: its header says whether that is a
// passphrase.
func (a *app) backupKey(f io.ReaderAt, size int64, k *seal) (client.BackupKey, error) {
	var key client.BackupKey
	if k.identity != "" {
		in, err := os.Open(k.identity)
		if err != nil {
			return key, fail(exitFailed, "fail.unreadable", "file", k.identity).because(err)
		}
		defer in.Close()
		data, err := io.ReadAll(io.LimitReader(in, agefile.MaxIdentities+1))
		key.Identities = string(bytes.TrimSpace(data))
		return key, err
	}
	_, err := agefile.Open(f, size, agefile.Key{})
	if !errors.Is(err, agefile.ErrNeedsPassphrase) {
		return key, asProblem(badLock(err))
	}
	key.Passphrase, err = k.passphrase(a, "ask.backup")
	return key, err
}

func (a *app) backupRestore() *cobra.Command {
	var k seal
	var alone bool
	cmd := &cobra.Command{Use: "restore FILE", Args: words(1, 1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			// Checked before the home is touched: a bad file leaves not even an empty one.
			checked, key, err := a.readBackup(ctx, args[0], &k)
			if err != nil {
				return err
			}
			return a.with(ctx, here, func(c *client.Client) error {
				return a.restoreFrom(ctx, c, args[0], key, checked, alone)
			})
		}}
	k.flags(cmd.Flags())
	cmd.Flags().StringVar(&k.identity, "identity", "", "")
	cmd.Flags().BoolVar(&alone, "alone", false, "")
	return cmd
}

func (a *app) restoreFrom(ctx context.Context, c *client.Client, file string, key client.BackupKey, checked client.Backup, alone bool) error {
	f, err := os.Open(file)
	if err != nil {
		return fail(exitFailed, "fail.unreadable", "file", file).because(err)
	}
	defer f.Close()
	out, err := c.Restore(ctx, f, key)
	if err != nil {
		return err
	}
	out.File = file
	names := make([]string, len(out.Circles))
	for i, one := range out.Circles {
		names[i] = plain(one.Name)
		if alone {
			if _, err := c.In(one.ID).Alone(ctx); err != nil {
				return fmt.Errorf("%s: %w", plain(one.Name), err)
			}
		}
	}
	s := a.speaker()
	return s.answer(out, func() {
		s.say("backup.back", "circles", and(names), "ops", count(out.Ops, "count.ops"), "when", checked.Made.In(s.now.Location()).Format("Mon 2 Jan 2006 15:04"))
		s.say("backup.new_device")
		if !alone {
			s.say("backup.only_reads")
			s.say("backup.no_other")
		}
		s.say("backup.old_device")
	})
}

func (a *app) backupAlone() *cobra.Command {
	return &cobra.Command{Use: "alone", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !a.home().begun() {
				return noCircle()
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				done, err := c.Alone(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.done(sentence("said.backup.alone"), done) })
			})
		}}
}
