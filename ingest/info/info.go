// Package info reads INFO dumps: one to a file or many, dated by a line, by the file's name or by
// themselves, whole or some sections, of Redis 2.2 to 8 and Valkey, and of Sentinels.
//
// A dump becomes a row of Samples; its slaveN lines rows of Replicas; cmdstat_ and errorstat_ lines that differ from
// the dump before rows of Statistics; and, where asked for, other fields that differ rows of Fields. What
// stands where a dump should, because the server did not answer, is an Event of kind [table.CollectFailed]: a gap
// in INFO has a meaning.
//
// INFO text is nine parts repetition. A [Reader] therefore does not parse a dump, it compares it with the one before:
// stretches that are equal are passed over at memory speed, and only values that changed are read, into the row
// that is carried over. Where the lines themselves changed (a replica came, a role changed, a restart), they
// are read by name and the comparison goes on behind them. A row never depends on the dumps before it; a test
// holds that against a parser that has no memory.
//
// The package does not align clocks, does not compute rates and does not look for restarts: a dump's numbers are
// given as the server printed them, "master_link_down_since_seconds:1795373130" included.
package info

import (
	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// Format is the artifact kind "info". Its Read knows one file; where an instance's dumps lie in many files, a
// [Reader] that is given them in order does less work.
func Format() artifact.Format {
	return artifact.Format{Name: "info", Sniff: sniff, Read: func(in artifact.Input, out *table.Case) (artifact.Account, error) {
		return NewReader(out, in.Fields).Read(in)
	}}
}
