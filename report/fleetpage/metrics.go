package fleetpage

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
	"psyncope/report"
)

// Metrics writes the page as Prometheus' text format, for node_exporter's textfile collector. How old it is tells
// psyncope_evidence_through_timestamp_seconds: no metric goes stale by itself in a file.
func Metrics(w io.Writer, p Page) error {
	var b bytes.Buffer
	family := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	if p.Through != nil {
		family("psyncope_evidence_through_timestamp_seconds", "gauge", "Up to where the evidence reaches, in seconds since 1970.")
		fmt.Fprintf(&b, "psyncope_evidence_through_timestamp_seconds %d\n", p.Through.Unix())
	}
	family("psyncope_incidents", "gauge", "Incidents of the last night, by what has become of them.")
	for _, l := range []struct {
		state string
		cases []fleet.Case
	}{{"new", p.New}, {"open", p.Open}, {"over", p.Gone}, {"acknowledged", p.Acked}} {
		for _, severity := range []string{diagnosis.Critical, diagnosis.Warning} {
			n := 0
			for _, c := range l.cases {
				if c.Incident.Severity == severity {
					n++
				}
			}
			fmt.Fprintf(&b, "psyncope_incidents{state=%q,severity=%q} %d\n", l.state, severity, n)
		}
	}
	for _, f := range []struct {
		name, help string
		n          int
	}{
		{"psyncope_groups", "Replication groups that are known.", len(p.Groups)},
		{"psyncope_groups_missing", "Groups of which nothing came.", len(p.Missing)},
		{"psyncope_servers_silent", "Servers of which nothing came although their group's evidence goes on.", len(p.Silent)},
		{"psyncope_artifacts_unreadable", "Artifacts of the last night that could not be read.", len(p.Broken)},
		{"psyncope_changes", "Settings, versions and roles that changed since the night before.", len(p.Changes)},
	} {
		family(f.name, "gauge", f.help)
		fmt.Fprintf(&b, "%s %d\n", f.name, f.n)
	}
	last := func(g fleet.Ranked) *fleet.Measure {
		if n := len(g.Trend); n > 0 {
			return g.Trend[n-1]
		}
		return nil
	}
	for _, f := range []struct {
		name, help string
		of         func(*fleet.Measure) (float64, bool)
	}{
		{"psyncope_group_backlog_survives_seconds", "How long an outage the backlog bridges at the peak write rate.", func(m *fleet.Measure) (float64, bool) { return m.SurvivesS, m.SurvivesS > 0 }},
		{"psyncope_group_backlog_used_ratio", "The most of the backlog that a partial resync used.", func(m *fleet.Measure) (float64, bool) { return m.BacklogUsed, m.BacklogUsed > 0 }},
		{"psyncope_group_full_syncs", "Full resyncs in the last night's incidents.", func(m *fleet.Measure) (float64, bool) { return float64(m.FullSyncs), true }},
		{"psyncope_group_fork_seconds", "How long the longest fork held a server.", func(m *fleet.Measure) (float64, bool) { return m.ForkS, m.ForkS > 0 }},
		{"psyncope_group_peak_write_bytes_per_second", "Highest write rate to the replication stream.", func(m *fleet.Measure) (float64, bool) { return m.PeakBytesPerS, m.PeakBytesPerS > 0 }},
	} {
		family(f.name, "gauge", f.help)
		for _, g := range p.Groups {
			if m := last(g); m != nil {
				if v, ok := f.of(m); ok {
					fmt.Fprintf(&b, "%s{group=\"%s\",group_id=\"%s\"} %s\n", f.name, label(g.Name), label(g.Key), number(v))
				}
			}
		}
	}
	family("psyncope_group_risk_ratio", "gauge", "How near the edge a group is, 0 to 1.")
	for _, g := range p.Groups {
		fmt.Fprintf(&b, "psyncope_group_risk_ratio{group=\"%s\",group_id=\"%s\"} %s\n", label(g.Name), label(g.Key), number(g.Risk))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// label is a value of a label: quotes, backslashes and line ends are written as the format wants them.
func label(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(report.PlainText(s))
}
