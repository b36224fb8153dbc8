package vault

import (
	"crypto/subtle"
	"fmt"
)

// Recheck asks for the passphrase of an open vault once more, before something
// that only its owner may do. pass is looked at only if the vault has one. The
// error wraps [ErrWrongPassphrase].
func (v *Vault) Recheck(pass []byte) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.header.Place != InPassphrase {
		return nil
	}
	key, err := v.header.unwrap(pass)
	if err != nil {
		return fmt.Errorf("check the passphrase: %w", err)
	}
	if subtle.ConstantTimeCompare(key[:], v.key[:]) != 1 {
		return fmt.Errorf("check the passphrase: %w", ErrWrongPassphrase)
	}
	return nil
}
