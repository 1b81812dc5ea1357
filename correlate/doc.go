// Package correlate turns one case's evidence into a Diagnosis: groups of primaries and replicas, one time axis, the life of each
// replica's link, incidents with their trigger, refusal and loop, and what to change. [Diagnose] is the path on one screen; each
// floor below it is a package of its own, and sees only those under it:
//
//	diagnosis ← timeline ← replication ← incident ← cause ← {chain, sizing} ← advice
//
// The package never opens a file, never prints, and reads no clock of its own: the same case gives the same diagnosis. Where
// evidence is absent a condition is unknown, which lowers confidence and acquits nobody.
package correlate
