package vault

import "time"

// TestingStop lets stop run in place of the next steps of a write, between the
// temporary file and its rename; the write fails with stop's error.
func (v *Vault) TestingStop(stop func() error) { v.stop = stop }

// TestingKey returns the vault key.
func (v *Vault) TestingKey() [32]byte { return v.key }

// TestingPatience sets how long the keyring may take, and returns a way back.
func TestingPatience(d time.Duration) (back func()) {
	old := patience
	patience = d
	return func() { patience = old }
}

// TestingKeyring puts a keyring in place of the operating system's.
func TestingKeyring(r interface {
	Set(service, user, password string) error
	Get(service, user string) (string, error)
	Delete(service, user string) error
}) (back func()) {
	old := ring
	ring = r
	return func() { ring = old }
}

// TestingSeal writes a vault file with any header and contents, sealed with v's key.
func (v *Vault) TestingSeal(change func(version *uint64, plain []byte) []byte) ([]byte, error) {
	h := v.header
	plain := change(&h.V, append([]byte(nil), v.plain...))
	return joinFile(v.o.Rand, h, v.key, plain)
}
