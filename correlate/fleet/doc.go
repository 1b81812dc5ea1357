// Package fleet holds what is known of a fleet over the nights: which groups there are, what happened to them, what they run with, how near
// the edge they are, and what changed since the night before.
//
// It is fed with the diagnoses of one run and gives the state after it ([State.Apply]) and the page for the morning ([State.Morning]). Both
// are functions of what they are given: no clock is read, no file opened, and the same nights give the same state and the same page. A night
// is a run that had something new to read.
//
// The package concludes nothing about causes: that is the diagnosis's. It decides only what is the same as the night before.
package fleet
