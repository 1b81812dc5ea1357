package correlate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// The curve never rises with size, begins with what happened, and every step down names what it saves.
func TestCurveNeverRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &group{}
		present := rapid.Int64Range(1, 1<<22).Draw(t, "present")
		var as []account
		for range rapid.IntRange(0, 4).Draw(t, "incidents") {
			a := account{feeds: rapid.Bool().Draw(t, "feeds")}
			var os []*outage
			for i := range rapid.IntRange(1, 3).Draw(t, "outages") {
				os = append(os, &outage{replica: &host{name: fmt.Sprintf("redis-%c", 'b'+i)}})
			}
			known := int64(0)
			for i := range rapid.IntRange(0, 8).Draw(t, "demands") {
				d := demand{
					o: os[rapid.IntRange(0, len(os)-1).Draw(t, "o")], at: micros(i) * second, count: rapid.Int64Range(1, 3).Draw(t, "count"),
					curable: rapid.Bool().Draw(t, "curable"), effect: a.feeds && rapid.Bool().Draw(t, "effect"), need: shortfall{least: 0, most: rapid.Int64Range(0, 1<<24).Draw(t, "most")},
				}
				if i == 0 {
					d.effect = false // the first of an incident has nothing before it
				}
				if d.need.most <= present {
					d.curable = false
				}
				known += d.count
				a.demands = append(a.demands, d)
			}
			a.total = known + rapid.Int64Range(-2, 3).Draw(t, "more")
			as = append(as, a)
		}
		curve := g.backlogCurve(as, present)
		total, most := int64(0), int64(0)
		for _, a := range as {
			total += max(a.total, 0)
			for _, d := range a.demands {
				if d.curable {
					most = max(most, d.need.most)
				}
			}
		}
		if curve[0].BacklogBytes != present || curve[0].FullSyncs != total {
			t.Fatalf("begins with %+v, want %d at %d", curve[0], total, present)
		}
		for i := 1; i < len(curve); i++ {
			a, b := curve[i-1], curve[i]
			if b.FullSyncs >= a.FullSyncs || b.BacklogBytes <= a.BacklogBytes || b.Saves == "" || b.FullSyncs < 0 {
				t.Fatalf("step from %+v to %+v", a, b)
			}
		}
		// The last step is the floor: beyond the largest need nothing changes.
		if last := curve[len(curve)-1]; last.FullSyncs != fullOf(as, 1<<62) || last.BacklogBytes > max(most, present) {
			t.Fatalf("ends with %+v, the floor is %d", last, fullOf(as, 1<<62))
		}
		for range 5 {
			x, y := rapid.Int64Range(0, 1<<25).Draw(t, "x"), rapid.Int64Range(0, 1<<25).Draw(t, "y")
			if x > y {
				x, y = y, x
			}
			if fullOf(as, x) < fullOf(as, y) {
				t.Fatalf("%d at %d, %d at %d", fullOf(as, x), x, fullOf(as, y), y)
			}
		}
	})
}

// Whatever the offsets, the recommendation holds what was needed, and less where that is less.
func TestNeverBelowNeeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.Int64Range(1, 1<<40).Draw(t, "asked")
		gone := rapid.Int64Range(0, 1<<36).Draw(t, "gone")
		x := stageOf("network-interruption", "7.0.15", func(x *play) {
			x.t.offset, x.t.primaryOffset = asked, asked-1+gone
			for i := range x.p.samples {
				x.p.samples[i].PrimaryOffset = table.Int(asked + int64(i)*rapid.Int64Range(0, 1<<30).Draw(t, "rate"))
			}
		})
		pl := planOf(x)
		req, primary, needed, _ := x.in.arithmetic(x.o, x.t)
		if *req != asked || *primary-*req+1 != *needed || *needed != gone {
			t.Fatalf("needed %d of %d to %d", *needed, *req, *primary)
		}
		least, most, _ := x.in.shortfall(x.o, x.t).bounds()
		if least != nil && most != nil && *least > *most {
			t.Fatalf("at least %d, at most %d", *least, *most)
		}
		for _, a := range pl.accounts {
			for _, d := range a.demands {
				if d.curable && pl.recommended < d.need.most {
					t.Fatalf("recommends %d, needed %d", pl.recommended, d.need.most)
				}
				if d.curable && a.fullAt(pl.recommended) != 0 {
					t.Fatalf("%d full resyncs are left with the recommended %d", a.fullAt(pl.recommended), pl.recommended)
				}
			}
		}
		if pl.recommended < pl.backlog {
			t.Fatalf("recommends %d, less than the %d there are", pl.recommended, pl.backlog)
		}
	})
}

// The offset in the log is the fork's. Where the fork came with the refusal it is exact; else INFO encloses it.
func TestShortfall(t *testing.T) {
	tests := []struct {
		name        string
		after       []string // what the primary says next
		least, most int64
		how         string
	}{
		{"forked at once", []string{message.SyncBgsaveStart}, 3_000_000, 3_000_000, "exact"},
		{"forked at once, after a child's line", []string{"C", message.SyncBgsaveStart}, 3_000_000, 3_000_000, "exact"},
		// INFO at 110 s, the moment of the refusal, and 120 s: 8,000,000 and 10,000,000.
		{"waited for the delay", []string{message.SyncDelayDiskless}, 1_048_577, 3_000_000, "came after"},
		{"waited for a child", []string{message.SyncWaitNextBgsave}, 1_048_577, 3_000_000, "came after"},
		{"joined a snapshot", []string{message.SyncJoinedBgsave}, 3_000_000, 3_000_000 + 2_000_000, "had begun"},
		{"nothing said", nil, 1_048_577, 3_000_000, "whether the primary forked at once is not"},
		{"somebody else asked", []string{message.SyncRequested, message.SyncBgsaveStart}, 1_048_577, 3_000_000, "whether"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := stageOf("network-interruption", "7.0.15", func(x *play) {
				x.p.samples[2].at = dayStart + 109*second // not in the same moment
				x.p.samples[2].PrimaryOffset = 5_900_000
				refused := x.says(x.p, 110, message.PsyncRefusedBacklog, "Unable to partial resync")
				for i, k := range tt.after {
					e := x.says(x.p, 110.001+float64(i)/1000, k, "next "+fmt.Sprint(i))
					if k == "C" {
						e.Kind, e.Role = "other", "C"
					}
				}
				for i := range x.p.events {
					if x.p.events[i].Kind == refused.Kind {
						x.t.answerEv = &x.p.events[i]
					}
				}
				if tt.name == "joined a snapshot" {
					x.p.samples[3].PrimaryOffset = 10_000_000
				}
			})
			s := x.in.shortfall(x.o, x.t)
			if s.least != tt.least || s.most != tt.most || !strings.Contains(s.how, tt.how) {
				t.Errorf("got %+v, want %d to %d, %q", s, tt.least, tt.most, tt.how)
			}
		})
	}
}

// Where no log names a request, the replica's dumps with the link down show what it will ask from.
func TestShortfallFromDumps(t *testing.T) {
	x := stageOf("network-interruption", "7.0.15", func(x *play) {
		x.o.tries = nil
		for i := range x.b.samples {
			s := &x.b.samples[i]
			s.ReplicaOffset, s.LinkStatus, s.ReplID = 4_900_000, "up", playID
			if i == 2 { // at 110 s
				s.ReplicaOffset, s.LinkStatus, s.at = 5_000_000, "down", dayStart+105*second
			}
		}
		x.p.samples[2].at = dayStart + 108*second
		x.p.samples[2].PrimaryOffset = 7_500_000
	})
	a := planOf(x).accounts[0]
	if len(a.demands) != 1 {
		t.Fatalf("demands %+v", a.demands)
	}
	d := a.demands[0]
	if !d.curable || d.need.least != 2_500_000 || d.need.most != 5_000_000 {
		t.Errorf("need %+v, curable %v", d.need, d.curable)
	}
	if planOf(x).recommended < d.need.most {
		t.Errorf("recommends %d", planOf(x).recommended)
	}
	// A primary that began anew in between counts from zero: nothing is known.
	y := stageOf("network-interruption", "7.0.15", func(y *play) {
		y.o.tries = nil
		for i := 3; i < 5; i++ {
			y.p.samples[i].RunID = "f" + playRun[1:]
		}
	})
	if n := len(planOf(y).accounts[0].demands); n != 0 {
		t.Errorf("%d demands across a restart", n)
	}
}

// An attempt that was accepted used exactly what the primary says that it sent.
func TestAcceptedArithmetic(t *testing.T) {
	x := stageOf("network-interruption", "7.0.15", func(x *play) {
		e := x.says(x.p, 110, message.PsyncAccepted, "Sending 123456 bytes of backlog starting from offset 5000001.")
		e.Bytes = 123_456
		x.t.refusal, x.t.granted, x.t.outcome, x.t.primaryOffset, x.t.answerEv = "", "partial", "partial", -1, e
	})
	_, primary, needed, backlog := x.in.arithmetic(x.o, x.t)
	if *needed != 123_456 || *primary != 5_000_001+123_456-1 || *backlog != 1<<20 {
		t.Errorf("needed %d, primary %d, backlog %d", *needed, *primary, *backlog)
	}
}

// A backlog that had room and refused all the same was emptied: a larger one saves nothing.
func TestRefusedThoughItFits(t *testing.T) {
	x := stageOf("network-interruption", "6.2.16", func(x *play) {
		for i := range x.p.samples {
			x.p.samples[i].BacklogSize = 64 << 20
		}
	})
	if d := planOf(x).accounts[0].demands[0]; d.curable {
		t.Errorf("curable: %+v", d)
	}
}

// With the limit of the closes raised, the loop's later rounds are gone; the first request was there before.
func TestBufferCurve(t *testing.T) {
	x := stageOf("output-buffer-overflow", "7.0.15", func(x *play) {
		x.fails(message.ClientOutputBufferLimit, "Client id=7 addr=10.0.0.2:6379 flags=S omem=300000000 closed for overcoming of output buffer limits.", 300_000_000)
	})
	w := x.g.bufferCurve(planOf(x))
	if len(w) != 2 || w[0].Value != "256mb" || w[0].FullSyncs != 1 || w[1].FullSyncs != 0 || w[1].Value != "296875kb" || !strings.Contains(w[1].Saves, "redis-b") {
		t.Errorf("curve %+v", w)
	}
	if w := stageOf("network-interruption", "7.0.15", nil); w.g.bufferCurve(planOf(w)) != nil {
		t.Error("a curve without a close")
	}
}

func TestTimeoutCurve(t *testing.T) {
	x := stageOf("slow-command", "7.0.15", func(x *play) { x.silent("6"); ran(x.p, 104, 10, "KEYS", "*"); x.p.findStalls() })
	w := x.g.timeoutCurve(planOf(x))
	if len(w) != 2 || w[0].Value != "6" || w[0].FullSyncs != 1 || w[1].FullSyncs != 0 {
		t.Fatalf("curve %+v", w)
	}
	if n := x.in.timeoutNeed(); w[1].Value != itoa(n) || n < 11 || n > 14 {
		t.Errorf("needs %d s for a command of 10 s, last heard of 7 s before", n)
	}
	if y := stageOf("network-interruption", "7.0.15", nil); y.g.timeoutCurve(planOf(y)) != nil {
		t.Error("a curve for a link that was closed")
	}
}

// Which refusal came first is the primary's to say: the replicas' clocks are not sure to the millisecond.
func TestFirstRefusal(t *testing.T) {
	x := stageOf("network-interruption", "7.0.15", func(x *play) {
		o := *x.o
		o.replica = x.c
		o.tries = []*attempt{{at: x.t.at + second/2, end: x.t.end, asked: "partial", offset: 4_000_000, primaryOffset: 8_000_000, refusal: "backlog-overflow", granted: "full", outcome: "full", count: 1, server: x.p}}
		o.tries[0].answerEv = x.says(x.p, 110.001, message.PsyncRefusedBacklog, "redis-c")
		x.t.answerEv = x.says(x.p, 110.002, message.PsyncRefusedBacklog, "redis-b")
		x.in.outages = append(x.in.outages, &o)
	})
	if r := x.in.refusal(); r.Instance != "redis-c" || *r.NeededBytes != 4_000_001 || *r.ShortByBytes != 4_000_001-1<<20 {
		t.Errorf("refusal %+v", r)
	}
}

func TestManySteps(t *testing.T) {
	var as []account
	for i := range 500 {
		as = append(as, account{total: 1, demands: []demand{{o: &outage{replica: &host{name: "r"}}, count: 1, curable: true, need: shortfall{most: int64(2<<20 + i)}}}})
	}
	c := (&group{}).backlogCurve(as, 1<<20)
	if len(c) != maxSteps+1 || c[len(c)-1].FullSyncs != 0 || !slices.IsSortedFunc(c, func(a, b WhatIf) int { return int(b.FullSyncs - a.FullSyncs) }) {
		t.Errorf("%d steps, the last %+v", len(c), c[len(c)-1])
	}
}

// A storm of retries is folded: equal requests of a second stand in one row with a count, while every grant has an offset
// of its own. Each grant keeps its request, and none is counted twice.
func TestFoldedRetries(t *testing.T) {
	var c table.Case
	at := dayStart
	row := func(kind string, offset, count int64, text string) {
		e := blank[table.Event]()
		e.Instance, e.File, e.Line, e.Kind, e.Role, e.PID, e.Level = "redis-b", "redis-b/redis.log", int32(c.Events.Len()+1), kind, "S", 1, "notice"
		e.Stamp, e.LastStamp, e.Clock, e.Count, e.Text, e.Peer = at, at, table.ClockUTC, table.Int(count), text, ""
		if offset >= 0 {
			e.Offset, e.ReplID = table.Int(offset), playID
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
	d := Diagnose(&c, Options{})
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

// redis.conf has a line for each class; one that sets another class only leaves the replicas' limit at its default.
func TestReplicaLimit(t *testing.T) {
	for _, tt := range []struct {
		lines []string
		want  int64
	}{
		{[]string{"normal 0 0 0", "slave 1gb 64mb 60", "pubsub 32mb 8mb 60"}, 1 << 30},
		{[]string{"pubsub 32mb 8mb 60"}, 256 << 20},
		{[]string{"normal 0 0 0 slave 100 50 60 pubsub 1 1 1"}, 100},
		{nil, 256 << 20},
	} {
		var c table.Case
		c.Instances = []table.Instance{{Name: "a"}}
		for _, l := range tt.lines {
			c.Settings.Append(&table.Setting{Origin: table.Origin{Instance: "a"}, Name: "client-output-buffer-limit", Value: l})
		}
		hs := hosts(&c)
		if hard, _, _, ok := hs[0].replicaLimit(); !ok || hard != tt.want {
			t.Errorf("%q: %d, %v", tt.lines, hard, ok)
		}
		c.Release()
	}
}

// planOf is what the incident of a play would have taken.
func planOf(x *play) *plan { return x.g.planFor([]*judged{x.in}) }
