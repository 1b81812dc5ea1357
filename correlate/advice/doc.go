// Package advice says what to change, with the incident's own numbers and the commands that do it, and what is about to break.
//
// It refuses to advise what the evidence shows would not help, or is done already.
package advice
