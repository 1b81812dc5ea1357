package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"

	"github.com/jedib0t/go-pretty/v6/text"
)

// verdict is the first line of every report.
func verdict(d *diagnosis.Diagnosis) string {
	where := count(int64(len(d.Groups)), "group") + ", " + count(int64(instances(d)), "instance")
	if from, to := d.Extent(); from != nil {
		where += ", " + when(from) + " to " + until(from, to) + " UTC"
	}
	if s := windowWords(d.Window); s != "" {
		where += "; looked at: " + s
	}
	if len(d.Incidents) == 0 && !d.Tells() && len(d.Coverage) > 0 {
		return "Nothing that was read tells whether replication was well: this is no all-clear (" + where + ")."
	}
	if len(d.Incidents) == 0 {
		return "No replication incident found (" + where + ")."
	}
	critical := 0
	for _, i := range d.Incidents {
		if i.Severity == diagnosis.Critical {
			critical++
		}
	}
	how := ""
	switch {
	case critical == len(d.Incidents):
		how = ", critical"
	case critical > 0:
		how = fmt.Sprintf(", %d of them critical", critical)
	}
	return count(int64(len(d.Incidents)), "replication incident") + how + " (" + where + ")."
}

// windowWords say what was looked at; empty where that is everything.
func windowWords(w *diagnosis.Window) string {
	switch {
	case w == nil || w.Since == nil && w.Until == nil:
		return ""
	case w.Until == nil:
		return "from " + when(w.Since) + " UTC on"
	case w.Since == nil:
		return "until " + when(w.Until) + " UTC"
	}
	return when(w.Since) + " to " + until(w.Since, w.Until) + " UTC"
}

// unread names the files in which nothing could be read; empty without any.
func unread(d *diagnosis.Diagnosis) string {
	const most = 6
	files, all := d.Unread(most)
	if all == 0 {
		return ""
	}
	root := rootOf(d)
	var names []string
	for _, f := range files {
		names = append(names, visible(strings.TrimPrefix(f.Path, root)))
	}
	more := ""
	if n := all - len(names); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return "Not understood, and not in this report: " + strings.Join(names, ", ") + more + "."
}

func instances(d *diagnosis.Diagnosis) int {
	n := 0
	for _, g := range d.Groups {
		n += len(g.Replicas)
		if g.Primary != "" {
			n++
		}
	}
	return n
}

// worstFirst orders incidents as people want them: critical before the rest, then as they began.
func worstFirst(in []diagnosis.Incident) []*diagnosis.Incident {
	out := make([]*diagnosis.Incident, len(in))
	for i := range in {
		out[i] = &in[i]
	}
	slices.SortStableFunc(out, func(a, b *diagnosis.Incident) int { return rank(a) - rank(b) })
	return out
}

func rank(i *diagnosis.Incident) int {
	if i.Severity == diagnosis.Critical {
		return 0
	}
	return 1
}

// summary is what an overview says of a group.
type summary struct {
	group             diagnosis.Group
	critical, warning int
	full              int64
	worst             *diagnosis.Incident // the first of the worst
}

// summaries lists the groups with incidents, worst first, and counts those without.
func summaries(d *diagnosis.Diagnosis) (sums []summary, quiet int) {
	at := map[string]int{}
	for _, g := range d.Groups {
		at[g.ID] = len(sums)
		sums = append(sums, summary{group: g})
	}
	for _, i := range worstFirst(d.Incidents) {
		n, ok := at[i.Group]
		if !ok { // a saved report may be anyone's: an incident is shown even where its group is not listed
			n = len(sums)
			at[i.Group] = n
			sums = append(sums, summary{group: diagnosis.Group{ID: i.Group}})
		}
		s := &sums[n]
		if s.worst == nil {
			s.worst = i
		}
		if rank(i) == 0 {
			s.critical++
		} else {
			s.warning++
		}
		s.full += i.FullSyncs
	}
	all := len(sums)
	sums = slices.DeleteFunc(sums, func(s summary) bool { return s.worst == nil })
	slices.SortStableFunc(sums, func(a, b summary) int {
		return cmp.Or(b.critical-a.critical, b.warning-a.warning)
	})
	return sums, all - len(sums)
}

// cut shortens s to width columns.
func cut(s string, width int) string {
	return text.Snip(s, width, "…")
}

// because is why a step follows: in words, or in a report of an older version by the rule's name.
func because(s diagnosis.Step) string {
	if s.Because != "" {
		return PlainText(s.Because)
	}
	return visible(s.Rule)
}

// leadsFrom says why a step follows, and from which where that is not the one above.
func leadsFrom(s diagnosis.Step, n int) string {
	switch {
	case s.Rule == "":
		return ""
	case s.From < 0 || s.From == n-1:
		return " (follows: " + because(s) + ")"
	default:
		return fmt.Sprintf(" (follows from %d: %s)", s.From+1, because(s))
	}
}

// change says what a recommendation changes: repl-backlog-size on redis-a: 1mb -> 64mb. What is of the plan is marked.
func change(r diagnosis.Recommendation) string {
	s := visible(r.Setting)
	if s == "" {
		s = visible(r.ID)
	}
	if r.Instance != "" {
		s += " on " + visible(r.Instance)
	}
	switch {
	case r.From != "" && r.To != "":
		s += ": " + PlainText(r.From) + " -> " + PlainText(r.To)
	case r.To != "":
		s += ": " + PlainText(r.To)
	}
	if r.Plan {
		s += " [plan]"
	}
	return s
}

// reason says why, and what it costs.
func reason(r diagnosis.Recommendation) string {
	var parts []string
	if r.Why != "" {
		parts = append(parts, sentence(PlainText(r.Why)))
	}
	if r.Plan {
		parts = append(parts, "It is of the plan, the smallest set of settings that ends what happened.")
	}
	if r.Cost != "" {
		parts = append(parts, sentence("Costs: "+PlainText(r.Cost)))
	}
	return strings.Join(parts, " ")
}

// wanted is the recommended size: none where no size helps, or none that there is room for.
func wanted(s diagnosis.Sizing) string {
	if s.RecommendedBytes == nil {
		return "none"
	}
	return size(float64(*s.RecommendedBytes))
}

// curve is the what-if in a line: backlog 1.0 MiB: 4, 8.0 MiB: 1 (saves ...).
func curve(ws []diagnosis.WhatIf) string {
	parts := make([]string, 0, len(ws))
	setting := ""
	for _, w := range ws {
		s := ""
		if name := whatSetting(w); name != setting {
			s, setting = name+" ", name
		}
		s += whatBridges(w) + ": " + commas(w.FullSyncs)
		if w.Saves != "" {
			s += " (saves " + PlainText(w.Saves) + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

func whatSetting(w diagnosis.WhatIf) string {
	if w.Setting == "" {
		return "repl-backlog-size"
	}
	return visible(w.Setting)
}

func whatValue(w diagnosis.WhatIf) string {
	if w.Value != "" {
		return visible(w.Value)
	}
	return size(float64(w.BacklogBytes))
}

// whatBridges is the value, for a backlog with how long an outage it bridges at the peak write rate.
func whatBridges(w diagnosis.WhatIf) string {
	s := whatValue(w)
	if w.SurvivesS > 0 {
		s += " (bridges " + span(w.SurvivesS) + ")"
	}
	return s
}

// telling reports whether a clock is off by more than the doubt, changed, or is not aligned.
func telling(h diagnosis.HostClock) bool {
	return h.SkewS > h.ErrorS || -h.SkewS > h.ErrorS || len(h.Changes) > 0 || strings.HasPrefix(h.Method, "unaligned")
}

// kinds counts the files of each kind, in order of first appearance.
func kinds(files []diagnosis.InputFile) string {
	var names []string
	n := map[string]int{}
	for _, f := range files {
		if n[f.Kind] == 0 {
			names = append(names, f.Kind)
		}
		n[f.Kind]++
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	parts := make([]string, len(names))
	for i, k := range names {
		parts[i] = fmt.Sprintf("%s %d", visible(k), n[k])
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// lasted is the incident's extent in words.
func lasted(i *diagnosis.Incident) string {
	switch {
	case i.Start == nil:
		return "at an unknown time"
	case i.End == nil:
		return when(i.Start) + " UTC, still going on at the end of the capture"
	default:
		return when(i.Start) + " to " + until(i.Start, i.End) + " UTC, " + span(i.End.Sub(i.Start.Time).Seconds())
	}
}

// arithmetic is the refusal's sum in words; empty where no number is known.
func arithmetic(r diagnosis.Refusal) string {
	var parts []string
	add := func(words string, n *int64) {
		if n != nil {
			parts = append(parts, fmt.Sprintf(words, commas(*n)))
		}
	}
	add("requested %s", r.RequestedOffset)
	add("primary at %s", r.PrimaryOffset)
	if s := needed(r.NeededBytes, r.AtLeastBytes, r.AtMostBytes); s != "" {
		parts = append(parts, "needed "+s+" bytes")
	}
	add("backlog %s", r.BacklogBytes)
	add("short by %s", r.ShortByBytes)
	return strings.Join(parts, "; ")
}

// lines makes each line of a command visible.
func lines(s string) string {
	in := strings.Split(strings.TrimSpace(s), "\n")
	for i := range in {
		in[i] = visible(in[i])
	}
	return strings.Join(in, "\n")
}

func inputWords(in diagnosis.Inputs) string {
	return count(int64(len(in.Files)), "file") + ", " + size(float64(in.Bytes)) + ", " + count(in.Records, "record") + ", " + count(in.Rejected, "line") + " rejected" + kinds(in.Files)
}

// list joins names as prose does, and counts those beyond the first few.
func list(names []string, most int) string {
	shown := names
	if len(shown) > most {
		shown = shown[:most]
	}
	words := make([]string, len(shown))
	for i, n := range shown {
		words[i] = visible(n)
	}
	if more := len(names) - len(shown); more > 0 {
		words = append(words, commas(int64(more))+" more")
	}
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
	}
}

// lacking is what nobody took of the groups that are not well, or of which nothing is known.
func lacking(d *diagnosis.Diagnosis) []string {
	var out []string
	for _, c := range d.Coverage {
		if c.Verdict != diagnosis.Healthy {
			out = append(out, c.Missing...)
		}
	}
	return out
}
