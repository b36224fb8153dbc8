package main

import (
	"testing"

	"tend/storage/vault"
)

// TestEveryCureOfTheVaultIsSaid: what can be done about a vault that does not open stands
// in the catalogue, with the file or the entry that it is about.
func TestEveryCureOfTheVaultIsSaid(t *testing.T) {
	for _, cure := range []vault.Cure{vault.CureKeyBack, vault.CureAsk, vault.CureGive, vault.CureUnlockKeyring, vault.CureOwnKeyring,
		vault.CureElsewhere, vault.CureTryAgain, vault.CureNewest, vault.CureRestore} {
		if said := vaultCure(&vault.LockedError{Cure: cure, What: "a file"}); said == "" {
			t.Errorf("nothing is said of %q", cure)
		}
	}
	if said := vaultCure(&vault.LockedError{Cure: vault.CureKeyBack, What: "/home/ann/key"}); said != "Put the vault's key back to /home/ann/key, from a backup." {
		t.Errorf("the cure names no file: %q", said)
	}
}
