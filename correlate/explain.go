package correlate

import (
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/advice"
	"psyncope/correlate/cause"
	"psyncope/correlate/chain"
	"psyncope/correlate/questions"
)

// word is another word of the report that `explain` knows.
type word struct{ name, prose string }

// kind is what sort of word it is, by how its prose begins.
func (w word) kind() string {
	for _, k := range []string{"refusal kind", "loop kind", "step", "note"} {
		if strings.HasPrefix(w.prose, k) {
			return k
		}
	}
	return ""
}

var words = []word{
	{"unknown", cause.UnknownProse},
	{"backlog-overflow", "refusal kind: the offset asked for is older than the oldest byte in the backlog. needed_bytes is the primary's offset less the requested one plus one; short_by_bytes is that less the backlog."},
	{"no-backlog", "refusal kind: the primary had no backlog: it was freed repl-backlog-ttl after the last replica left, or never made. From 4.0 such a primary takes a new replication id and answers with an id mismatch; the kind is still this one."},
	{"replid-mismatch", "refusal kind: the replica asked for a replication id the primary does not have: the primary was restarted, or roles changed."},
	{"offset-ahead", "refusal kind: the replica asked for an offset the primary has not reached: the primary lost data, or it is another one."},
	{"fresh-replica", "refusal kind: the replica asked for everything: it had nothing to continue from."},
	{"forced", "refusal kind: a full resync was demanded (SYNC, or a change that drops the cached primary)."},
	{"none", "refusal kind: the resync was partial, or it never got as far as asking."},
	{"fork-cascade", "loop kind: each snapshot's fork stalls the primary, and its other replicas lose their links behind it."},
	{"partial-loop", "loop kind: a partial resync is granted, closed at the output buffer limit with all that it sends, and asked for again from the same offset: the replica does not get on. Before 7.0 the backlog may be larger than the limit. Or the replica closes it, at its own client-query-buffer-limit."},
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
	{"sync-timeout", "loop kind: each transfer or load outruns repl-timeout, and begins again."},
	{"failover", "loop kind: roles change again and again, and each change costs resyncs."},
	{"provisioning", "note: a replica attached for the first time, or was rebuilt: no incident."},
	{"clock-step", "note: a server's clock was set inside the capture; times on both sides of that do not compare."},
	{"date-guessed", "note: a log without years, which nothing else dates: the year is that of the file's own time."},
	{"servers-not-told-apart", "note: a log holds the lines of several servers and nothing tells them apart: nothing that is said of it is sure."},
	{"damaged-evidence", "note: rows are not as a server writes them: cut, changed or out of place. Nothing that rests on them is sure."},
	{"plan", "recommendations[].plan: of the smallest set of settings that ends what happened, by the model that replays the capture. None can be left out."},
	{"what_if", "What would have been without the cause, and with each setting: the model's answers, whether advised or not."},
	{"storm", "True where the work of one full resync brings on the next: fork-cascade, output-buffer, partial-loop, sync-timeout, big-key."},
	{"confidence", "The share of belief a cause has among all that were weighed, \"unknown\" included. Each clue adds or takes weight in logarithms of odds."},
	{"skew_s", "How far an instance's clock is ahead of the group's first primary, in seconds, with error_s on either side."},
	{"severity", "critical: a full resync that was no provisioning or planned restart, or a link down for more than 30 s. warning: what was survived or planned."},
}

// Explain returns the prose of a cause, a rule or another word of the report; of all of them, where one name means several things.
func Explain(name string) (string, bool) {
	var out []string
	for _, e := range entries() {
		if e.name == name {
			out = append(out, e.prose())
		}
	}
	return strings.Join(out, "\n\n"), len(out) > 0
}

// entry is a word that `explain` knows: under which heading it is listed, with which line, and all that is said of it.
type entry struct {
	heading, name, line string
	prose               func() string
}

// Headings of the list, in its order.
const (
	headCauses    = "Causes: what began an incident (trigger.kind)"
	headRefusals  = "Refusals: why no partial resync (refusal.kind)"
	headLoops     = "Loops: what goes round (loop.kind)"
	headSteps     = "Steps of the chain"
	headQuestions = "Questions of a post-mortem"
	headRules     = "Why a step follows from another (chain[].rule)"
	headAdvice    = "Recommendations and what is about to break"
	headNotes     = "Notes"
	headOther     = "Other words"
)

func entries() (out []entry) {
	for _, c := range cause.All {
		out = append(out, entry{headCauses, string(c.Kind), c.Prose, func() string {
			var b strings.Builder
			b.WriteString(c.Prose + "\n\nWhat speaks for it or against it:\n")
			for _, q := range c.Clues {
				b.WriteString("  - " + q.Says + " (" + q.Words() + ")\n")
			}
			return strings.TrimSuffix(b.String(), "\n")
		}})
	}
	under := map[string]string{"refusal kind": headRefusals, "loop kind": headLoops, "step": headSteps, "note": headNotes}
	for _, w := range words {
		heading, line := under[w.kind()], w.prose
		if heading == "" {
			heading = headOther
		} else {
			_, line, _ = strings.Cut(w.prose, ": ")
		}
		out = append(out, entry{heading, w.name, line, func() string { return w.prose }})
	}
	for _, q := range questions.Names() {
		out = append(out, entry{headQuestions, q.ID, q.Question, func() string { return "question: " + q.Question + " (questions[] of an incident)" }})
	}
	for _, r := range chain.Rules {
		out = append(out, entry{headRules, r.Name, r.String(), func() string { return r.String() + "\n\n" + r.Prose }})
	}
	for _, name := range advice.AdviceNames() {
		prose, _ := advice.AdviceProse(name)
		_, line, _ := strings.Cut(prose, ": ")
		out = append(out, entry{headAdvice, name, line, func() string { return prose }})
	}
	return out
}

// ExplainNames lists what Explain knows, sorted.
func ExplainNames() []string {
	var out []string
	for _, e := range entries() {
		out = append(out, e.name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ExplainList is what Explain knows, under headings, a line each.
func ExplainList() string {
	all := entries()
	var b strings.Builder
	for _, h := range []string{headCauses, headRefusals, headLoops, headSteps, headQuestions, headRules, headAdvice, headNotes, headOther} {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(h + "\n")
		for _, e := range all {
			if e.heading == h {
				fmt.Fprintf(&b, "  %-30s %s\n", e.name, firstSentence(e.line))
			}
		}
	}
	return b.String()
}

// firstSentence is the beginning of a prose, as much as a line of a list takes.
func firstSentence(s string) string {
	const most = 110
	s, _, _ = strings.Cut(s, "\n")
	if i := strings.IndexAny(s, ".;"); i > 20 && (i+1 == len(s) || s[i+1] == ' ') {
		s = s[:i]
	}
	if len(s) <= most {
		return s
	}
	return s[:strings.LastIndexByte(s[:most], ' ')] + " …"
}
