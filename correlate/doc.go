// Package correlate turns one case's evidence into a Diagnosis: groups of primaries and replicas,
// one time axis, the life of each replica's link, incidents with their trigger, refusal and loop,
// and what to change.
//
// The path, a file each:
//
//	host.go      the tables, by instance, on the axis
//	clock.go     zone and skew of each instance
//	topology.go  who replicated from whom; which instance an address means
//	stall.go     when a server stood still, and what of its own explains it
//	link.go      outages: from a lost link, attempt by attempt, until it was up again
//	incident.go  outages that belong together
//	clue.go      conditions: yes, no or unknown, each with the rows that say so
//	causes.go    the guide as a table: each cause, what speaks for it and against it
//	verdict.go   hypotheses weighed
//	rules.go     X leads to Y, as a table; chain.go draws the incident's chain with it
//	advice.go    shortfall, what-if, sizing, recommendations
//
// The package never opens a file, never prints, and reads no clock of its own: the same case gives
// the same diagnosis. Where evidence is absent a condition is unknown, which lowers confidence and
// acquits nobody.
package correlate
