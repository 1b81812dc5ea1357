package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"psyncope/correlate/diagnosis"
)

// The diagnoses that every format is tested with. They are written by hand: a format's tests must
// not change because the analysis did.

var t0 = time.Date(2026, 3, 29, 0, 58, 30, 250e6, time.UTC)

func at(s float64) diagnosis.Stamp {
	return diagnosis.Stamp{Time: t0.Add(time.Duration(math.Round(s*1e3)) * time.Millisecond)}
}

func atp(s float64) *diagnosis.Stamp { t := at(s); return &t }

func n(v int64) *int64 { return &v }

func ev(file string, line int32, text string) []diagnosis.Evidence {
	return []diagnosis.Evidence{{File: file, Line: line, Text: text}}
}

// samples lists them by name.
func samples() map[string]*diagnosis.Diagnosis {
	return map[string]*diagnosis.Diagnosis{
		"storm":   storm(),
		"refused": refused(),
		"healthy": healthy(),
		"hostile": hostile(),
		"empty":   {Schema: diagnosis.Schema},
		"fleet":   fleet(300),
	}
}

// storm is a fork cascade: each full resync's fork costs the other replica its link.
func storm() *diagnosis.Diagnosis {
	d := &diagnosis.Diagnosis{
		Schema: diagnosis.Schema,
		Inputs: diagnosis.Inputs{
			Files: []diagnosis.InputFile{
				{Path: "case/cart-1/redis.log", Kind: "log", Instance: "cart-1", Bytes: 48211, Records: 412, Ignored: 3, First: atp(-600), Last: atp(300)},
				{Path: "case/cart-2/redis.log", Kind: "log", Instance: "cart-2", Bytes: 30122, Records: 288, Rejected: 1, First: atp(-600), Last: atp(300)},
				{Path: "case/cart-1/info.txt", Kind: "info", Instance: "cart-1", Bytes: 512000, Records: 90, First: atp(-600), Last: atp(300)},
				{Path: "case/cart-1/slowlog.json", Kind: "slowlog", Instance: "cart-1", Bytes: 900, Records: 3, First: atp(-600), Last: atp(0)},
			},
			Problems: []diagnosis.Problem{{File: "case/cart-2/redis.log", Line: 101, Reason: "line has no stamp and follows none", Text: "~~~ torn ~~~"}},
			Bytes:    591233, Records: 793, Rejected: 1,
		},
		Time: diagnosis.TimeAxis{Hosts: []diagnosis.HostClock{
			{Instance: "cart-1", Group: "cart", Method: "the reference; log in UTC: 88 of 90 dumps agree with their log lines", Pairs: 90},
			{Instance: "cart-2", Group: "cart", ZoneOffsetS: 3600, SkewS: -1.204, ErrorS: 0.03, Method: "21 pairs of log lines that both ends wrote about one event", Pairs: 21, Changes: []string{"2026-03-29 01:00:00 UTC: local time jumps from +01:00 to +02:00 (daylight saving)"}},
			{Instance: "cart-3", Group: "cart", SkewS: 0.4, ErrorS: 2.5, Method: "1 pair: the snapshot request", Pairs: 1},
		}},
		Groups: []diagnosis.Group{{ID: "cart", Key: "c0ffee", Primary: "cart-1", Replicas: []string{"cart-2", "cart-3"}, Versions: []string{"7.2.5"}, From: atp(-600), To: atp(300)}},
		Incidents: []diagnosis.Incident{{
			ID: "cart-1", Key: "1a2b3c", Group: "cart", Start: atp(0), End: atp(212.4), Severity: diagnosis.Critical,
			Headline: "cart-2 and cart-3 went round in full resyncs for 212 s after KEYS * held cart-1 for 11.2 s",
			Trigger:  diagnosis.Trigger{Kind: "slow-command", Instance: "cart-1", At: atp(-11.2), Confidence: 0.93, Summary: "KEYS * held the event loop for 11.2 s, longer than repl-timeout (6 s)"},
			Alternatives: []diagnosis.Alternative{
				{Kind: "network-interruption", Instance: "cart-1", At: atp(0), Confidence: 0.04, WhyNot: "both links broke within 20 ms of the command's end, and the primary answered nobody meanwhile"},
				{Kind: "fork-stall", Instance: "cart-1", At: atp(-60), Confidence: 0.03, WhyNot: "the only fork before it took 0.2 s"},
			},
			Refusal: diagnosis.Refusal{Kind: "backlog-overflow", Instance: "cart-2", RequestedOffset: n(58709267), PrimaryOffset: n(65124116), NeededBytes: n(6414849), BacklogBytes: n(1048576), ShortByBytes: n(5366273)},
			Storm:   true, Loop: &diagnosis.Loop{Kind: "fork-cascade", Rounds: 3, PeriodS: 70.8}, FullSyncs: 5, PartialSyncs: 1,
			Affected: []string{"cart-2", "cart-3"},
			Chain: []diagnosis.Step{
				{At: atp(-11.2), Kind: "slow-command", Instance: "cart-1", Summary: "KEYS * runs for 11.2 s", Evidence: ev("case/cart-1/slowlog.json", 14, `{"id":7,"usec":11200431,"argv":["KEYS","*"]}`), From: -1},
				{At: atp(0), Kind: "link-lost", Instance: "cart-2", Summary: "cart-2 gives up on cart-1 after 6 s of silence", Rule: "stall-outlasts-timeout", From: 0, Unordered: true, Evidence: []diagnosis.Evidence{
					{File: "case/cart-2/redis.log", Line: 88, Text: "311:S 29 Mar 2026 01:58:29.046 # MASTER timeout: no data nor PING received..."},
					{File: "case/cart-1/redis.log", Line: 203, Text: "290:M 29 Mar 2026 00:58:30.250 * Connection with replica 10.8.0.2:6379 lost."},
				}},
				{At: atp(0.02), Kind: "link-lost", Instance: "cart-3", Summary: "cart-3 does the same", Rule: "stall-outlasts-timeout", From: 0, Unordered: true, Evidence: ev("case/cart-3/redis.log", 90, "MASTER timeout: no data nor PING received...")},
				{At: atp(1.1), Kind: "partial-refused", Instance: "cart-2", Summary: "the backlog no longer holds what cart-2 asks for", Rule: "backlog-overflow", From: 1, Evidence: ev("case/cart-1/redis.log", 210, "Unable to partial resync with replica 10.8.0.2:6379 for lack of backlog (Replica request was: 58709267).")},
				{At: atp(1.4), Kind: "fork", Instance: "cart-1", Summary: "the fork for cart-2's snapshot holds cart-1 for 7.9 s", Rule: "full-resync-forks", From: 3, Evidence: ev("case/cart-1/info.txt", 4120, "latest_fork_usec:7912004")},
				{At: atp(9.4), Kind: "link-lost", Instance: "cart-3", Summary: "cart-3, just back by a partial resync, times out again", Rule: "stall-outlasts-timeout", From: 4, Evidence: ev("case/cart-3/redis.log", 99, "MASTER timeout: no data nor PING received...")},
				{At: atp(212.4), Kind: "link-up", Instance: "cart-3", Summary: "both links are up again", Rule: "resync-closes", From: 5, Evidence: ev("case/cart-3/redis.log", 171, "MASTER <-> REPLICA sync: Finished with success")},
			},
			Resyncs: []diagnosis.Resync{
				{Instance: "cart-2", At: atp(1.1), Asked: "partial", Outcome: "full", Refusal: "backlog-overflow", RequestedOffset: n(58709267), PrimaryOffset: n(65124116), NeededBytes: n(6414849), BacklogBytes: n(1048576), Seconds: 66.2},
				{Instance: "cart-3", At: atp(1.2), Asked: "partial", Outcome: "partial", Refusal: "none", BacklogBytes: n(1048576), Seconds: 0.4},
				{Instance: "cart-3", At: atp(10.4), Asked: "partial", Outcome: "failed", Refusal: "backlog-overflow", BacklogBytes: n(1048576)},
			},
			Questions: []diagnosis.Question{
				{ID: "nobody-wrote", Question: "For how long could nobody write?", Known: true, Answer: "19.1 s: cart-1 stood still", Seconds: seconds(19.1), From: atp(-11.2), To: atp(7.9), Evidence: ev("case/cart-1/slowlog.json", 14, `{"id":7,"usec":11200431}`)},
				{ID: "who-ran-it", Question: "Which client ran the command?", Needs: "SLOWLOG GET of a server from 4.0 on"},
			},
			Missing: []string{"cart-3's slowlog: nothing says what it did between 00:59:02 and 00:59:40"},
			Recommendations: []diagnosis.Recommendation{
				{ID: "raise-backlog", Instance: "cart-1", Setting: "repl-backlog-size", From: "1mb", To: "16mb", Command: "redis-cli -h 10.8.0.1 CONFIG SET repl-backlog-size 16777216\nredis-cli -h 10.8.0.1 CONFIG REWRITE", Why: "cart-2 needed 6,414,849 bytes and the backlog held 1,048,576", Cuts: "backlog-overflow", Cost: "15 MiB of memory on cart-1"},
				{ID: "stop-keys", Instance: "cart-1", Setting: "KEYS", To: "SCAN", Command: "redis-cli -h 10.8.0.1 ACL SETUSER app -keys", Why: "KEYS * walks all keys in one go", Cuts: "stall-outlasts-timeout"},
			},
		}},
		Notes: []diagnosis.Note{{Kind: "large-fork", Group: "cart", Instance: "cart-1", At: atp(1.4), Summary: "a fork takes 7.9 s for 19 GiB: transparent huge pages?", Evidence: ev("case/cart-1/info.txt", 4120, "latest_fork_usec:7912004")}},
		Sizing: []diagnosis.Sizing{{
			Group: "cart", BacklogBytes: 1048576, PeakWriteBytesPerS: 612345.6, P99WriteBytesPerS: 590000, MedianWriteBytesPerS: 401234, SecondsCovered: 1.712, LongestOutageS: 12.3, RecommendedBytes: new(int64(16777216)),
			Method: "twice the peak write rate times the longest outage, rounded up to a power of two",
			WhatIf: []diagnosis.WhatIf{
				{Setting: "repl-backlog-size", BacklogBytes: 1048576, Value: "1mb", FullSyncs: 5},
				{Setting: "repl-backlog-size", BacklogBytes: 4194304, Value: "4mb", FullSyncs: 4, Saves: "cart-3 at 00:58:40"},
				{Setting: "repl-backlog-size", BacklogBytes: 8388608, Value: "8mb", FullSyncs: 0, Saves: "cart-2 at 00:58:31"},
			},
		}},
		Lanes: []diagnosis.Lane{
			{Instance: "cart-1", Group: "cart", Role: "primary", Bars: []diagnosis.Bar{{State: "stalled", From: at(-11.2), To: at(0)}, {State: "stalled", From: at(1.4), To: at(9.3)}}, Marks: []diagnosis.Mark{
				{At: at(-11.2), Kind: "slow-command", Seconds: 11.2, ErrorS: 1, Summary: "KEYS * runs for 11.2 s", Evidence: ev("case/cart-1/slowlog.json", 14, `{"id":7,"usec":11200431,"argv":["KEYS","*"]}`)},
				{At: at(1.4), Kind: "fork", Seconds: 7.9, Summary: "fork of 7.9 s", Evidence: ev("case/cart-1/info.txt", 4120, "latest_fork_usec:7912004")},
				{At: at(9.3), Kind: "snapshot", Seconds: 31, Summary: "snapshot for cart-2", Evidence: ev("case/cart-1/redis.log", 214, "Background saving started by pid 991")},
			}},
			{Instance: "cart-2", Group: "cart", Role: "replica", Bars: []diagnosis.Bar{{State: "up", From: at(-600), To: at(0)}, {State: "down", From: at(0), To: at(1.1)}, {State: "connecting", From: at(1.1), To: at(40)}, {State: "transfer", From: at(40), To: at(58)}, {State: "load", From: at(58), To: at(67.3)}, {State: "up", From: at(67.3), To: at(300)}}, Marks: []diagnosis.Mark{
				{At: at(0), Kind: "link-lost", ErrorS: 0.03, Summary: "link lost", Evidence: ev("case/cart-2/redis.log", 88, "MASTER timeout: no data nor PING received...")},
				{At: at(67.3), Kind: "link-up", ErrorS: 0.03, Summary: "link up", Evidence: ev("case/cart-2/redis.log", 130, "MASTER <-> REPLICA sync: Finished with success")},
			}},
			{Instance: "cart-3", Group: "cart", Role: "replica", Bars: []diagnosis.Bar{{State: "up", From: at(-600), To: at(0.02)}, {State: "down", From: at(0.02), To: at(1.2)}, {State: "up", From: at(1.6), To: at(9.4)}, {State: "down", From: at(9.4), To: at(150)}, {State: "transfer", From: at(150), To: at(190)}, {State: "load", From: at(190), To: at(212.4)}, {State: "up", From: at(212.4), To: at(300)}}, Marks: []diagnosis.Mark{
				{At: at(-300), Kind: "restart", Summary: "started", Evidence: ev("case/cart-3/redis.log", 2, "Server initialized")},
			}},
		},
	}
	for _, s := range []struct {
		instance, name, unit string
		f                    func(x float64) float64
	}{
		{"cart-1", "write_rate", "bytes/s", func(x float64) float64 { return 400000 + 200000*math.Sin(x/40) }},
		{"cart-1", "repl_backlog_histlen_bytes", "bytes", func(float64) float64 { return 1048576 }},
		{"cart-2", "lag_bytes", "bytes", func(x float64) float64 { return max(0, min(x, 67)) * 500000 * math.Max(0, 1-x/200) }},
		{"cart-1", "used_memory_bytes", "bytes", func(x float64) float64 { return 19.2e9 + x*1e6 }},
		{"cart-1", "instantaneous_ops_per_second", "1/s", func(x float64) float64 { return 12000 + 3000*math.Cos(x/25) }},
	} {
		out := diagnosis.Series{Instance: s.instance, Group: "cart", Name: s.name, Unit: s.unit}
		for x := -600.0; x <= 300; x += 10 {
			out.At = append(out.At, at(x).UnixMilli())
			if x > -12 && x < 0 {
				out.Values = append(out.Values, nil)
				continue
			}
			v := math.Round(s.f(x))
			out.Values = append(out.Values, &v)
		}
		d.Series = append(d.Series, out)
	}
	return d
}

// refused is a link lost for 40 s and still down at the capture's end.
func refused() *diagnosis.Diagnosis {
	return &diagnosis.Diagnosis{
		Schema: diagnosis.Schema,
		Inputs: diagnosis.Inputs{Files: []diagnosis.InputFile{{Path: "/var/tmp/incident-4711/primary.log.gz", Kind: "log", Instance: "10.1.0.5:6379", Bytes: 1200, Records: 11}}, Bytes: 1200, Records: 11},
		Groups: []diagnosis.Group{{ID: "10.1.0.5:6379", Primary: "10.1.0.5:6379", Replicas: []string{"10.1.0.6:6379"}, From: atp(-5), To: atp(90)}},
		Incidents: []diagnosis.Incident{{
			ID: "i1", Group: "10.1.0.5:6379", Start: atp(0), Severity: diagnosis.Critical,
			Headline: "10.1.0.6:6379 lost its link for an unknown reason and was refused a partial resync",
			Trigger:  diagnosis.Trigger{Kind: "unknown", Confidence: 0.3, Summary: "only the primary's log was given"},
			Refusal:  diagnosis.Refusal{Kind: "backlog-overflow", Instance: "10.1.0.6:6379", RequestedOffset: n(1001), BacklogBytes: n(1048576), AtLeastBytes: n(1048577), AtMostBytes: n(2500000), How: "the log says no more than that the backlog was too small; the dumps around it enclose the offset"},
			Loop:     &diagnosis.Loop{Kind: "failover", Rounds: 2}, FullSyncs: 1, Affected: []string{"10.1.0.6:6379"},
			Chain: []diagnosis.Step{
				{At: atp(0), Kind: "link-lost", Instance: "10.1.0.6:6379", Summary: "the primary loses its replica", Evidence: ev("/var/tmp/incident-4711/primary.log.gz", 4, "Connection with replica 10.1.0.6:6379 lost."), From: -1},
				{Kind: "partial-refused", Instance: "10.1.0.6:6379", Summary: "no backlog for it", Evidence: ev("/var/tmp/incident-4711/primary.log.gz", 5, "Unable to partial resync with replica 10.1.0.6:6379 for lack of backlog (Replica request was: 1001)."), Rule: "backlog-overflow", From: 0},
			},
			Missing: []string{"the replica's log around 00:58:30 would say who closed the link", "an INFO dump of the primary would say how much was written meanwhile"},
		}},
	}
}

// healthy has notes only.
func healthy() *diagnosis.Diagnosis {
	return &diagnosis.Diagnosis{
		Schema: diagnosis.Schema,
		Inputs: diagnosis.Inputs{Files: []diagnosis.InputFile{{Path: "a/info.txt", Kind: "info", Instance: "a", Bytes: 40000, Records: 20}}, Bytes: 40000, Records: 20},
		Time:   diagnosis.TimeAxis{Hosts: []diagnosis.HostClock{{Instance: "a", Group: "a", Method: "the reference"}, {Instance: "b", Group: "a", Method: "unaligned: nothing ties it to the primary"}}},
		Groups: []diagnosis.Group{{ID: "a", Key: "0a0a0a", Primary: "a", Replicas: []string{"b"}, Versions: []string{"valkey 8.0.1"}, From: atp(0), To: atp(7300)}},
		Notes: []diagnosis.Note{
			{Kind: "headroom", Instance: "a", Summary: "the backlog covers 9.1 s at the peak write rate, and repl-timeout is 60 s"},
			{Kind: "provisioning", Instance: "b", At: atp(44), Summary: "b was set up with a full resync", Evidence: ev("a/redis.log", 7, "Full resync requested by replica")},
		},
		Sizing: []diagnosis.Sizing{{Group: "a", BacklogBytes: 10485760, PeakWriteBytesPerS: 1150000, P99WriteBytesPerS: 900000, SecondsCovered: 9.118, RecommendedBytes: new(int64(141557760)), Method: "peak write rate times repl-timeout, twice"}},
	}
}

// nasty holds something against every format there is.
const nasty = "</script><script>alert(1)</script><img src=x onerror=alert(2)> | `code` ```` *b* [x](javascript:alert(3)) \x1b[31mred\x1b[0m \u202egnp.exe\u202c \u009b2J\a\r\n=1+2 {{.}} ]]> \"'&amp; \xff\xfe \u200bzero\u2028 ;end participant X\n- [ ] # heading %00"

// hostile has nasty text in every string.
func hostile() *diagnosis.Diagnosis {
	d := storm()
	// Equal texts stay equal, so that groups, lanes and incidents still belong together.
	seen := map[string]string{}
	poison(d, func(was string) string {
		if was == diagnosis.Schema || was == diagnosis.Critical {
			return was
		}
		i := len(seen)
		if seen[was] == "" { // every one begins as a formula and is told apart by its number
			seen[was] = fmt.Sprintf("%c%d %s", "=+-@\t\r"[i%6], i, nasty)
		}
		return seen[was]
	})
	d.Incidents[0].Chain[0].Evidence[0].Text = strings.Repeat("A", 1<<20) + nasty
	return d
}

// fleet is many groups, a few with an incident.
func fleet(groups int) *diagnosis.Diagnosis {
	d := &diagnosis.Diagnosis{Schema: diagnosis.Schema}
	for g := range groups {
		id := fmt.Sprintf("shard-%03d", g)
		d.Groups = append(d.Groups, diagnosis.Group{ID: id, Primary: id + "/a", Replicas: []string{id + "/b"}, Versions: []string{"7.4.1"}, From: atp(0), To: atp(43200)})
		d.Time.Hosts = append(d.Time.Hosts, diagnosis.HostClock{Instance: id + "/a", Group: id, Method: "the reference"}, diagnosis.HostClock{Instance: id + "/b", Group: id, SkewS: float64(g%7) / 10, ErrorS: 0.55, Method: "12 pairs", Pairs: 12})
		d.Inputs.Files = append(d.Inputs.Files, diagnosis.InputFile{Path: id + "/a/redis.log", Kind: "log", Instance: id + "/a", Bytes: 1000, Records: 10})
		d.Sizing = append(d.Sizing, diagnosis.Sizing{Group: id, BacklogBytes: 1 << 20, PeakWriteBytesPerS: float64(1000 * g), SecondsCovered: 30, RecommendedBytes: new(int64(1 << 24))})
		start := float64(g * 100)
		lane := diagnosis.Lane{Instance: id + "/b", Group: id, Role: "replica", Bars: []diagnosis.Bar{{State: "up", From: at(0), To: at(43200)}}}
		if g%11 == 3 {
			severity := diagnosis.Critical
			if g%2 == 0 {
				severity = diagnosis.Warning
			}
			d.Incidents = append(d.Incidents, diagnosis.Incident{
				ID: id + "-1", Group: id, Start: atp(start), End: atp(start + 45), Severity: severity,
				Headline: id + "/b had to resync after a network interruption",
				Trigger:  diagnosis.Trigger{Kind: "network-interruption", Instance: id + "/b", At: atp(start), Confidence: 0.8, Summary: "connection reset by peer"},
				Refusal:  diagnosis.Refusal{Kind: "none"}, FullSyncs: int64(g % 2), PartialSyncs: int64(1 - g%2), Affected: []string{id + "/b"},
				Chain: []diagnosis.Step{{At: atp(start), Kind: "link-lost", Instance: id + "/b", Summary: "reset", Evidence: ev(id+"/b/redis.log", 9, "Connection with master lost."), From: -1}},
			})
			lane.Bars = []diagnosis.Bar{{State: "up", From: at(0), To: at(start)}, {State: "down", From: at(start), To: at(start + 45)}, {State: "up", From: at(start + 45), To: at(43200)}}
		}
		d.Lanes = append(d.Lanes, diagnosis.Lane{Instance: id + "/a", Group: id, Role: "primary"}, lane)
	}
	d.Inputs.Bytes, d.Inputs.Records = int64(1000*groups), int64(10*groups)
	return d
}

func seconds(f float64) *float64 { return &f }
