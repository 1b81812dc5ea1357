package correlate

import (
	"slices"
	"strings"

	"psyncope/correlate/advice"
	"psyncope/correlate/cause"
	"psyncope/correlate/chain"
)

// word is another word of the report that `explain` knows.
type word struct{ name, prose string }

var words = []word{
	{"unknown", cause.UnknownProse},
	{"backlog-overflow-refusal", "refusal kind backlog-overflow: the offset asked for is older than the oldest byte in the backlog. needed_bytes is the primary's offset less the requested one plus one; short_by_bytes is that less the backlog."},
	{"no-backlog", "The primary had no backlog: it was freed repl-backlog-ttl after the last replica left, or never made. From 4.0 such a primary takes a new replication id and answers with an id mismatch; the kind is still this one."},
	{"replid-mismatch", "The replica asked for a replication id the primary does not have: the primary was restarted, or roles changed."},
	{"offset-ahead", "The replica asked for an offset the primary has not reached: the primary lost data, or it is another one."},
	{"fresh-replica", "The replica asked for everything: it had nothing to continue from."},
	{"forced", "A full resync was demanded (SYNC, or a change that drops the cached primary)."},
	{"none", "The resync was partial, or it never got as far as asking."},
	{"fork-cascade", "loop kind: each snapshot's fork stalls the primary, and its other replicas lose their links behind it."},
	{"partial-loop", "loop kind: a partial resync is granted, closed at the output buffer limit with all that it sends, and asked for again from the same offset: the replica does not get on. Before 7.0 the backlog may be larger than the limit."},
	{"output-buffer", "loop kind: each full resync ends when what is written meanwhile overruns the replica's output buffer limit."},
	{"big-key", "loop kind: one huge key makes the transfer or the load stop for longer than repl-timeout, each time."},
	{"snapshot-failed", "loop kind: each attempt fails because the snapshot cannot be made or written. It does not feed itself: it repeats until that is mended."},
	{"herd", "loop kind: many replicas ask at once, and their resyncs slow each other down."},
	{"link-lost", "step: a replica and its primary lost their connection. Either end may notice first; a silent link is given up after repl-timeout."},
	{"connect-failed", "step: the replica tried to connect again and could not: nobody listened, no route, or a refused handshake."},
	{"partial-refused", "step: the replica asked to continue from its offset and the primary could not grant it. refusal.kind says why."},
	{"partial-resync", "step: the primary granted it: the replica goes on from its offset, and gets what it missed."},
	{"full-resync", "step: the primary makes a snapshot and sends it all: a fork, a transfer, a load, and what is written meanwhile waits."},
	{"attempt-failed", "step: an attempt to come back ended without success; its line says how."},
	{"output-buffer-close", "step: the primary closed the replica at client-output-buffer-limit replica: more waited for it than that allows."},
	{"link-up", "step: the replica is in sync again."},
	{"promotion", "step: a replica was made the primary."},
	{"re-pointed", "step: a server was told to follow another primary."},
	{"plan", "recommendations[].plan: of the smallest set of settings that ends what happened, by the model that replays the capture. None can be left out."},
	{"what_if", "What would have been without the cause, and with each setting: the model's answers, whether advised or not."},
	{"storm", "True where the work of one full resync brings on the next: fork-cascade, output-buffer, partial-loop, sync-timeout, big-key."},
	{"confidence", "The share of belief a cause has among all that were weighed, \"unknown\" included. Each clue adds or takes weight in logarithms of odds."},
	{"skew_s", "How far an instance's clock is ahead of the group's first primary, in seconds, with error_s on either side."},
	{"severity", "critical: a full resync that was no provisioning or planned restart, or a link down for more than 30 s. warning: what was survived or planned."},
}

// Explain returns the prose of a cause, a rule or another word of the report.
func Explain(name string) (string, bool) {
	for _, c := range cause.All {
		if string(c.Kind) != name {
			continue
		}
		var b strings.Builder
		b.WriteString(c.Prose + "\n\nWhat speaks for it or against it:\n")
		for _, q := range c.Clues {
			b.WriteString("  - " + q.Says + " (" + q.Words() + ")\n")
		}
		return b.String(), true
	}
	for _, r := range chain.Rules {
		if r.Name == name {
			return r.String() + "\n\n" + r.Prose, true
		}
	}
	for _, t := range words {
		if t.name == name {
			return t.prose, true
		}
	}
	return advice.AdviceProse(name)
}

// ExplainNames lists what Explain knows, sorted.
func ExplainNames() []string {
	var out []string
	for _, c := range cause.All {
		out = append(out, string(c.Kind))
	}
	for _, r := range chain.Rules {
		out = append(out, r.Name)
	}
	for _, w := range words {
		out = append(out, w.name)
	}
	out = append(out, advice.AdviceNames()...)
	slices.Sort(out)
	return slices.Compact(out)
}
