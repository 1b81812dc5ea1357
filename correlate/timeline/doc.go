// Package timeline lays each instance's evidence on one axis: the clock of its group's first primary.
//
// [Read] sorts a case's rows by instance and reads off each instance's own evidence what its local time is ahead of UTC. [Align] compares
// the clocks of servers that wrote of the same requests. [Lay] then gives every row its place on the axis, once, and finds
// the instance's process lives and the times in which it stood still, with what of its own explains them. What comes after changes no row.
//
// Instants are microseconds since the epoch on the axis (unknown where nothing dates a row), lengths are microseconds. The package
// refuses to know links: which instance replicated from which is package replication's.
package timeline
