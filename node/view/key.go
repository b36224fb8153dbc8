package view

// Key says where the key of a home's vault is: "file", "keyring" or "passphrase".
type Key struct {
	Key string `json:"key"`
}
