package correlate

import (
	"testing"

	"psyncope/correlate/timeline"
	"psyncope/fixtures/play"
	"psyncope/ingest/table"
)

// Where a dump is missing a series has a gap, and a replica that is not streaming has no lag.
func TestGapsStayGaps(t *testing.T) {
	x := play.StageOf("network-interruption", "7.0.15", func(x *play.Play) {
		var more []timeline.Sample
		for i := range 9 { // every ten seconds, but for one
			s := x.P.Samples[0]
			s.At = play.DayStart + table.Micros(90+10*i)*table.Second
			s.Stamp, s.PrimaryOffset = s.At, table.Int(4_000_000+1000*i)
			if i != 5 {
				more = append(more, s)
			}
		}
		x.P.Samples = more
		for i, state := range []string{"online", "wait_bgsave", "online"} {
			r := play.Blank[table.Replica]()
			r.Addr, r.State, r.Offset, r.At = "10.0.0.2:6379", state, 0, more[i].At
			x.P.Replicas = append(x.P.Replicas, timeline.ReplicaRow{Replica: r, At: more[i].At})
		}
	})
	timeline.Lay(x.G.Hosts, nil)
	behind := lags(x.G)
	gaps := map[string]int{}
	for _, s := range append(series(x.G, x.P, nil), series(x.G, x.B, behind[x.B])...) {
		for _, v := range s.Values {
			if v == nil {
				gaps[s.Instance+" "+s.Name]++
			}
		}
	}
	if gaps["redis-a used_memory_bytes"] != 1 {
		t.Errorf("gaps %v: want one where the dump is missing", gaps)
	}
	if gaps["redis-b offset_lag_bytes"] != 1 || len(behind[x.B]) != 3 {
		t.Errorf("gaps %v, %d lags: want one while the replica waits for a snapshot", gaps, len(behind[x.B]))
	}
}
