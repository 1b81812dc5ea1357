// Package incident joins outages that belong together and works out, once, what all later questions rest on: the first round, when
// the link was last alive, why a partial resync was refused and by how many bytes, how many resyncs there were, and what goes round.
//
// It refuses to name a cause.
package incident
