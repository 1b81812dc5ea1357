package timeline

import (
	"testing"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// TestLinesThatGoTogether: a primary's answer without the request before it is a line lost, again and again; a request without an answer is
// a SYNC, and the warning of an offset ahead stands besides its answer.
func TestLinesThatGoTogether(t *testing.T) {
	const twice = 2
	for name, c := range map[string]struct {
		kinds []message.Kind
		want  int
	}{
		"answers that nobody asked for":            {[]message.Kind{message.SyncRequested, message.PsyncRefusedBacklog, message.PsyncRefusedBacklog, message.SyncFullRequested}, twice},
		"lines that somebody picked":               {[]message.Kind{message.PsyncRefusedBacklog, message.SyncFullRequested, message.SyncStarted, message.SyncStarted}, 0},
		"each asked and answered":                  {[]message.Kind{message.SyncRequested, message.PsyncRefusedBacklog, message.SyncRequested, message.SyncFullRequested}, 0},
		"asked with SYNC, answered without a word": {[]message.Kind{message.SyncRequested, message.SyncRequested, message.SyncRequested}, 0},
		"refused, and warned of the offset besides": {[]message.Kind{
			message.SyncRequested, message.PsyncRefusedBacklog, message.PsyncOffsetAhead, message.SyncRequested, message.PsyncRefusedBacklog, message.PsyncOffsetAhead,
		}, 0},
		"asked for what the second id no longer has": {[]message.Kind{message.SyncRequested, message.PsyncRefusedSecondOffset, message.SyncRequested, message.PsyncRefusedSecondOffset}, 0},
		"connected without a start":                  {[]message.Kind{message.ReplConnecting, message.SyncStarted, message.ReplConnecting, message.ReplConnecting}, twice},
		"one that the file's end cut off":            {[]message.Kind{message.ReplConnecting, message.SyncStarted, message.ReplConnecting}, 0},
	} {
		var rows table.Case
		for i, k := range c.kinds {
			e := said1("a", k, "2026-11-22 00:00:00.000", 0)
			e.Origin = table.Origin{Instance: "a", File: "redis.log", Line: int32(i + 1)}
			rows.Events.Append(&e)
		}
		h := Read(&rows, Options{})[0]
		if got := len(h.missLines()); got != c.want {
			t.Errorf("%s: %d lines missing, not %d", name, got, c.want)
		}
		if c.want > 0 && len(h.Damage) != 1 {
			t.Errorf("%s: damage is %+v", name, h.Damage)
		}
	}
}
