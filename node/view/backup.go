package view

import "time"

// Backup says what a backup holds.
type Backup struct {
	File string `json:"file,omitempty"`
	// Made and Program are there where a backup was read.
	Made    *time.Time `json:"made,omitempty"`
	Program string     `json:"program,omitempty"`
	// Circles are those in it; only counted where it was just written.
	Circles []BackupCircle `json:"circles,omitempty"`
	Count   int            `json:"count"` // of the circles
	Ops     int            `json:"ops"`
	Bytes   int64          `json:"bytes,omitempty"`
}

// BackupCircle is one circle of a backup.
type BackupCircle struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Ops  int    `json:"ops"`
}
