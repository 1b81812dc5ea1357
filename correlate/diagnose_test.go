package correlate

import (
	"slices"
	"testing"

	"psyncope/correlate/timeline"
	"psyncope/fixtures/play"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// Hosts that share no event are said to be unaligned, and their clocks are left as they are.
func TestUnalignedIsSaid(t *testing.T) {
	var c table.Case
	for i, kind := range []string{message.SyncRequested, message.PrimaryLinkLost} {
		e := play.Blank[table.Event]()
		e.Instance, e.Kind, e.Clock, e.Count = []string{"a", "b"}[i], kind, table.ClockLocal, 1
		e.Stamp = play.DayStart + micros(i)*5*second
		e.LastStamp = e.Stamp
		c.Events.Append(&e)
	}
	d := Diagnose(&c, timeline.Options{})
	for _, h := range d.Time.Hosts {
		if h.Instance == "b" && (h.SkewS != 0 || h.ErrorS == 0 || len(h.Method) < 9 || h.Method[:9] != "unaligned") {
			t.Errorf("%+v: want unaligned, with a doubt", h)
		}
	}
}

// A storm of retries is folded: equal requests of a second stand in one row with a count, while every grant has an offset
// of its own. Each grant keeps its request, and none is counted twice.
func TestFoldedRetries(t *testing.T) {
	var c table.Case
	at := play.DayStart
	row := func(kind string, offset, count int64, text string) {
		e := play.Blank[table.Event]()
		e.Instance, e.File, e.Line, e.Kind, e.Role, e.PID, e.Level = "redis-b", "redis-b/redis.log", int32(c.Events.Len()+1), kind, "S", 1, "notice"
		e.Stamp, e.LastStamp, e.Clock, e.Count, e.Text, e.Peer = at, at, table.ClockUTC, table.Int(count), text, ""
		if offset >= 0 {
			e.Offset, e.ReplID = table.Int(offset), play.PlayID
		}
		c.Events.Append(&e)
		at += second / 20
	}
	c.Instances = []table.Instance{{Name: "redis-b"}}
	row(message.SyncFinished, -1, 1, "MASTER <-> REPLICA sync: Finished with success")
	at += 10 * second
	row(message.PrimaryLinkLost, -1, 1, "Connection with master lost.")
	row(message.ReplConnecting, -1, 1, "Connecting to MASTER 10.0.0.1:6379")
	row(message.PsyncTry, 5001, 1, "Trying a partial resynchronization")
	row(message.SyncFullFromPrimary, 9000, 1, "Full resync")
	row(message.SyncAbortedByPrimary, -1, 1, "MASTER aborted replication")
	row(message.PsyncTry, 5001, 3, "Trying a partial resynchronization") // the second, third and fourth
	row(message.SyncFullFromPrimary, 9100, 1, "Full resync")
	row(message.SyncAbortedByPrimary, -1, 3, "MASTER aborted replication")
	row(message.SyncFullFromPrimary, 9200, 1, "Full resync")
	row(message.SyncFullFromPrimary, 9300, 1, "Full resync")
	row(message.PsyncTry, 5001, 1, "Trying a partial resynchronization")
	row(message.SyncFullFromPrimary, 9400, 1, "Full resync")
	row(message.SyncFinished, -1, 1, "MASTER <-> REPLICA sync: Finished with success")
	d := Diagnose(&c, timeline.Options{})
	c.Release()
	if len(d.Incidents) != 1 {
		t.Fatalf("%d incidents", len(d.Incidents))
	}
	in := d.Incidents[0]
	var got []int64
	for _, r := range in.Resyncs {
		if r.RequestedOffset == nil || *r.RequestedOffset != 5001 || r.NeededBytes == nil {
			t.Errorf("a grant without its request: %+v", r)
			continue
		}
		got = append(got, *r.NeededBytes)
	}
	if want := []int64{4000, 4100, 4200, 4300, 4400}; !slices.Equal(got, want) || in.FullSyncs != 5 {
		t.Errorf("needed %v, want %v; %d full resyncs", got, want, in.FullSyncs)
	}
}
