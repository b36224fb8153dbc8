package view

import (
	"time"

	"tend/crdt/circle"
	"tend/node/words"
)

// Status is what a node can truthfully say about itself.
type Status struct {
	// State is "caught_up", "travelling", "alone" or "knocking". "caught_up" is
	// said only when it is true by frontiers.
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	// Cures are what the person can do about being alone.
	Cures []string `json:"cures,omitempty"`
	// Why names the reason in the page's catalogues, and Ways the cures.
	Why  circle.Said   `json:"-"`
	Ways []circle.Said `json:"-"`
	// Care is what would be good for this home, one sentence each: a backup, say.
	Care []string `json:"care,omitempty"`
	// Cared names them in the page's catalogues, in the same order.
	Cared []circle.Said `json:"-"`
	Page  string        `json:"page,omitempty"`
	// PeerID and Listen are absent where no node runs.
	PeerID  string         `json:"peer_id,omitempty"`
	Listen  []string       `json:"listen,omitempty"`
	Circles []CircleStatus `json:"circles"`
}

// CircleStatus is one circle as this node holds it.
type CircleStatus struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Standing is "in", "left", "removed", "coming_back"; of a home that is no device
	// of its member any more "device_ended", and of one whose member was let in by
	// somebody who had gone by then "not_in".
	Standing string `json:"standing"`
	Me       Person `json:"me"`
	Members  int    `json:"members"`
	Ops      uint64 `json:"ops"`
	// Waiting counts parked and held ops and missing bodies.
	Waiting int `json:"waiting"`
	// Newer counts what was written with a newer version and shows only there.
	Newer int `json:"newer,omitempty"`
	// Frontier and StateDigest are 64 hex digits, Epoch 32.
	Frontier    string   `json:"frontier"`
	StateDigest string   `json:"state_digest"`
	Epoch       string   `json:"epoch,omitempty"`
	Connected   []Person `json:"connected,omitempty"`
	Heard       []Heard  `json:"heard,omitempty"`
	// Parting is there where this member was asked to go.
	Parting *Parting `json:"parting,omitempty"`
	// Ended is there where this home was a device that was ended.
	Ended *Ended `json:"ended,omitempty"`
}

// Circle is one entry of the list of circles of a home.
type Circle struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Standing string `json:"standing"`
	Me       Person `json:"me"`
	Members  int    `json:"members"`
}

// Invite is an invitation made on this home. Text is there only when it was just
// made, or the seed is still kept.
type Invite struct {
	ID      string    `json:"id"`
	Text    string    `json:"text,omitempty"`
	Expires time.Time `json:"expires"`
	Uses    int       `json:"uses"`
	Used    int       `json:"used,omitempty"`
	For     string    `json:"for,omitempty"`
	Revoked bool      `json:"revoked,omitempty"`
	By      *Person   `json:"by,omitempty"`
}

// Joining is how far a join came.
type Joining struct {
	Circle string `json:"circle,omitempty"`
	Name   string `json:"name,omitempty"`
	// State is "member", "newcomer" or "knocking".
	State string `json:"state"`
}

// Code is what a QR picture or a pasted text turned out to be. Showing it dials
// nobody.
type Code struct {
	// Kind is "invite", or "face" for the code of someone who wants to be let in.
	Kind    string     `json:"kind"`
	Text    string     `json:"text"`
	Circle  string     `json:"circle,omitempty"`
	Expires *time.Time `json:"expires,omitempty"`
	// Addresses are the multiaddrs it would make this node dial.
	Addresses []string `json:"addresses,omitempty"`
}

// Shown is the code of oneself, for a member to scan.
type Shown struct {
	Text string `json:"text"`
}

// CarriedOut says what a carry file holds.
type CarriedOut struct {
	File  string `json:"file,omitempty"`
	Ops   int    `json:"ops"`
	Bytes int64  `json:"bytes"`
}

// CarriedIn says what a carry file brought.
type CarriedIn struct {
	OpsNew   int `json:"ops_new"`
	OpsKnown int `json:"ops_known"`
	Waiting  int `json:"waiting"`
}

// Check is one finding of "doctor".
type Check struct {
	Check   string `json:"check"`
	OK      bool   `json:"ok"`
	Finding string `json:"finding,omitempty"`
	Remedy  string `json:"remedy,omitempty"`
	// Found and Cure name the finding and the remedy in the page's catalogues.
	Found circle.Said `json:"-"`
	Cure  circle.Said `json:"-"`
}

// Find is c with a finding.
func (c Check) Find(what circle.Said) Check {
	c.Found, c.Finding = what, words.Told.Tell(what)
	return c
}

// Wants is c that is not in order, with what mends it.
func (c Check) Wants(cure circle.Said) Check {
	c.OK, c.Cure, c.Remedy = false, cure, words.Told.Tell(cure)
	return c
}

// Verified is the outcome of walking the whole log.
type Verified struct {
	OK  bool `json:"ok"`
	Ops int  `json:"ops"`
	// Findings are empty exactly when OK.
	Findings []string `json:"findings,omitempty"`
}

// Peer is another member's home as this node knows it.
type Peer struct {
	PeerID    string     `json:"peer_id"`
	Member    *Person    `json:"member,omitempty"`
	Connected bool       `json:"connected"`
	Relayed   bool       `json:"relayed,omitempty"` // connected over another home alone
	Addresses []string   `json:"addresses,omitempty"`
	Last      *time.Time `json:"last,omitempty"`
	Reason    string     `json:"reason,omitempty"`
}

// Version names the program.
type Version struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	API     string `json:"api"`
}
