package client

import "tend/node/view"

// The types of node/view that a program meets.
type (
	Person       = view.Person
	Post         = view.Post
	Slot         = view.Slot
	Heard        = view.Heard
	Audience     = view.Audience
	Note         = view.Note
	Text         = view.Text
	Agreement    = view.Agreement
	Party        = view.Party
	Place        = view.Place
	Item         = view.Item
	Today        = view.Today
	Attention    = view.Attention
	Choice       = view.Choice
	Member       = view.Member
	Decision     = view.Decision
	Talk         = view.Talk
	TalkStep     = view.TalkStep
	Room         = view.Room
	Charter      = view.Charter
	Day          = view.Day
	Entry        = view.Entry
	Shelf        = view.Shelf
	Done         = view.Done
	Asked        = view.Asked
	NotReached   = view.NotReached
	Status       = view.Status
	CircleStatus = view.CircleStatus
	Circle       = view.Circle
	Invitation   = view.Invite
	Joining      = view.Joining
	Code         = view.Code
	Shown        = view.Shown
	CarriedOut   = view.CarriedOut
	CarriedIn    = view.CarriedIn
	Check        = view.Check
	Verified     = view.Verified
	Peer         = view.Peer
	Version      = view.Version
)

// The kinds of an [Item].
const (
	KindNeed      = view.KindNeed
	KindOffer     = view.KindOffer
	KindAgreement = view.KindAgreement
	KindMember    = view.KindMember
)
