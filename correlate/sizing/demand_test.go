package sizing

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/fixtures/play"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// The curve never rises with size, begins with what happened, and every step down names what it saves.
func TestCurveNeverRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		present := rapid.Int64Range(1, 1<<22).Draw(t, "present")
		var as []Account
		for range rapid.IntRange(0, 4).Draw(t, "incidents") {
			a := Account{feeds: rapid.Bool().Draw(t, "feeds")}
			var os []*replication.Outage
			for i := range rapid.IntRange(1, 3).Draw(t, "outages") {
				os = append(os, &replication.Outage{Replica: &timeline.Host{Name: fmt.Sprintf("redis-%c", 'b'+i)}})
			}
			known := int64(0)
			for i := range rapid.IntRange(0, 8).Draw(t, "demands") {
				d := Demand{
					o: os[rapid.IntRange(0, len(os)-1).Draw(t, "o")], at: micros(i) * second, count: rapid.Int64Range(1, 3).Draw(t, "count"),
					Curable: rapid.Bool().Draw(t, "curable"), effect: a.feeds && rapid.Bool().Draw(t, "effect"), Need: incident.Shortfall{Least: 0, Most: rapid.Int64Range(0, 1<<24).Draw(t, "most")},
				}
				if i == 0 {
					d.effect = false // the first of an incident has nothing before it
				}
				if d.Need.Most <= present {
					d.Curable = false
				}
				known += d.count
				a.Demands = append(a.Demands, d)
			}
			a.Total = known + rapid.Int64Range(-2, 3).Draw(t, "more")
			as = append(as, a)
		}
		curve := backlogCurve(as, present)
		total, most := int64(0), int64(0)
		for _, a := range as {
			total += max(a.Total, 0)
			for _, d := range a.Demands {
				if d.Curable {
					most = max(most, d.Need.Most)
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
		if last := curve[len(curve)-1]; last.FullSyncs != fullOf(as, Settings{Backlog: 1 << 62}) || last.BacklogBytes > max(most, present) {
			t.Fatalf("ends with %+v, the floor is %d", last, fullOf(as, Settings{Backlog: 1 << 62}))
		}
		for range 5 {
			x, y := rapid.Int64Range(0, 1<<25).Draw(t, "x"), rapid.Int64Range(0, 1<<25).Draw(t, "y")
			if x > y {
				x, y = y, x
			}
			if fullOf(as, Settings{Backlog: x}) < fullOf(as, Settings{Backlog: y}) {
				t.Fatalf("%d at %d, %d at %d", fullOf(as, Settings{Backlog: x}), x, fullOf(as, Settings{Backlog: y}), y)
			}
		}
	})
}

// Whatever the offsets, the recommendation holds what was needed, and less where that is less.
func TestNeverBelowNeeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.Int64Range(1, 1<<40).Draw(t, "asked")
		gone := rapid.Int64Range(0, 1<<36).Draw(t, "gone")
		x := play.StageOf("network-interruption", "7.0.15", func(x *play.Play) {
			x.T.Offset, x.T.PrimaryOffset = asked, asked-1+gone
			for i := range x.P.Samples {
				x.P.Samples[i].PrimaryOffset = table.Int(asked + int64(i)*rapid.Int64Range(0, 1<<30).Draw(t, "rate"))
			}
		})
		pl := planOf(x)
		req, primary, needed, _ := x.In.Arithmetic(x.O, x.T)
		if *req != asked || *primary-*req+1 != *needed || *needed != gone {
			t.Fatalf("needed %d of %d to %d", *needed, *req, *primary)
		}
		least, most, _ := x.In.Shortfall(x.O, x.T).Bounds()
		if least != nil && most != nil && *least > *most {
			t.Fatalf("at least %d, at most %d", *least, *most)
		}
		for _, a := range pl.Accounts {
			for _, d := range a.Demands {
				if d.Curable && pl.Recommended < d.Need.Most {
					t.Fatalf("recommends %d, needed %d", pl.Recommended, d.Need.Most)
				}
				if d.Curable && a.FullAt(pl.Recommended) != 0 {
					t.Fatalf("%d full resyncs are left with the recommended %d", a.FullAt(pl.Recommended), pl.Recommended)
				}
			}
		}
		// No more than twice what an outage as long would have taken at any time, or did take.
		if most := 2 * max(pl.need, pl.written); pl.need > 1<<16 && pl.Recommended > most {
			t.Fatalf("recommends %d; %d were needed, and at most %d written in as long", pl.Recommended, pl.need, pl.written)
		}
		if pl.Recommended > 0 && pl.Recommended < pl.Backlog {
			t.Fatalf("recommends %d, less than the %d there are", pl.Recommended, pl.Backlog)
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
			x := play.StageOf("network-interruption", "7.0.15", func(x *play.Play) {
				x.P.Samples[2].At = play.DayStart + 109*second // not in the same moment
				x.P.Samples[2].PrimaryOffset = 5_900_000
				refused := x.Says(x.P, 110, message.PsyncRefusedBacklog, "Unable to partial resync")
				for i, k := range tt.after {
					e := x.Says(x.P, 110.001+float64(i)/1000, k, "next "+fmt.Sprint(i))
					if k == "C" {
						e.Kind, e.Role = "other", "C"
					}
				}
				for i := range x.P.Events {
					if x.P.Events[i].Kind == refused.Kind {
						x.T.AnswerEv = &x.P.Events[i]
					}
				}
				if tt.name == "joined a snapshot" {
					x.P.Samples[3].PrimaryOffset = 10_000_000
				}
			})
			s := x.In.Shortfall(x.O, x.T)
			if s.Least != tt.least || s.Most != tt.most || !strings.Contains(s.How, tt.how) {
				t.Errorf("got %+v, want %d to %d, %q", s, tt.least, tt.most, tt.how)
			}
		})
	}
}

// Where no log names a request, the replica's dumps with the link down show what it will ask from.
func TestShortfallFromDumps(t *testing.T) {
	x := play.StageOf("network-interruption", "7.0.15", func(x *play.Play) {
		x.O.Tries = nil
		for i := range x.B.Samples {
			s := &x.B.Samples[i]
			s.ReplicaOffset, s.LinkStatus, s.ReplID = 4_900_000, "up", play.PlayID
			if i == 2 { // at 110 s
				s.ReplicaOffset, s.LinkStatus, s.At = 5_000_000, "down", play.DayStart+105*second
			}
		}
		x.P.Samples[2].At = play.DayStart + 108*second
		x.P.Samples[2].PrimaryOffset = 7_500_000
	})
	a := planOf(x).Accounts[0]
	if len(a.Demands) != 1 {
		t.Fatalf("demands %+v", a.Demands)
	}
	d := a.Demands[0]
	if !d.Curable || d.Need.Least != 2_500_000 || d.Need.Most != 5_000_000 {
		t.Errorf("need %+v, curable %v", d.Need, d.Curable)
	}
	if planOf(x).Recommended < d.Need.Most {
		t.Errorf("recommends %d", planOf(x).Recommended)
	}
	// A primary that began anew in between counts from zero: nothing is known.
	y := play.StageOf("network-interruption", "7.0.15", func(y *play.Play) {
		y.O.Tries = nil
		for i := 3; i < 5; i++ {
			y.P.Samples[i].RunID = "f" + play.PlayRun[1:]
		}
	})
	if n := len(planOf(y).Accounts[0].Demands); n != 0 {
		t.Errorf("%d demands across a restart", n)
	}
}

// An attempt that was accepted used exactly what the primary says that it sent.
func TestAcceptedArithmetic(t *testing.T) {
	x := play.StageOf("network-interruption", "7.0.15", func(x *play.Play) {
		e := x.Says(x.P, 110, message.PsyncAccepted, "Sending 123456 bytes of backlog starting from offset 5000001.")
		e.Bytes = 123_456
		x.T.Refusal, x.T.Granted, x.T.Outcome, x.T.PrimaryOffset, x.T.AnswerEv = "", "partial", "partial", -1, e
	})
	_, primary, needed, backlog := x.In.Arithmetic(x.O, x.T)
	if *needed != 123_456 || *primary != 5_000_001+123_456-1 || *backlog != 1<<20 {
		t.Errorf("needed %d, primary %d, backlog %d", *needed, *primary, *backlog)
	}
}

// A backlog that had room and refused all the same was emptied: a larger one saves nothing.
func TestRefusedThoughItFits(t *testing.T) {
	x := play.StageOf("network-interruption", "6.2.16", func(x *play.Play) {
		for i := range x.P.Samples {
			x.P.Samples[i].BacklogSize = 64 << 20
		}
	})
	if d := planOf(x).Accounts[0].Demands[0]; d.Curable {
		t.Errorf("curable: %+v", d)
	}
}

// With the limit of the closes raised, the loop's later rounds are gone; the first request was there before.
func TestBufferCurve(t *testing.T) {
	x := play.StageOf("output-buffer-overflow", "7.0.15", func(x *play.Play) {
		x.Fails(message.ClientOutputBufferLimit, "Client id=7 addr=10.0.0.2:6379 flags=S omem=300000000 closed for overcoming of output buffer limits.", 300_000_000)
	})
	w := bufferCurve(x.G, planOf(x).Accounts)
	if len(w) != 2 || w[0].Value != "256mb" || w[0].FullSyncs != 1 || w[1].FullSyncs != 0 || w[1].Value != "296875kb" || !strings.Contains(w[1].Saves, "redis-b") {
		t.Errorf("curve %+v", w)
	}
	if w := play.StageOf("network-interruption", "7.0.15", nil); bufferCurve(w.G, planOf(w).Accounts) != nil {
		t.Error("a curve without a close")
	}
}

func TestTimeoutCurve(t *testing.T) {
	x := play.StageOf("slow-command", "7.0.15", func(x *play.Play) { x.Silent("6"); play.Ran(x.P, 104, 10, "KEYS", "*"); x.P.FindStalls() })
	w := timeoutCurve(x.G, planOf(x).Accounts)
	if len(w) != 2 || w[0].Value != "6" || w[0].FullSyncs != 1 || w[1].FullSyncs != 0 {
		t.Fatalf("curve %+v", w)
	}
	if n := TimeoutNeed(x.In); w[1].Value != diagnosis.Itoa(n) || n < 11 || n > 14 {
		t.Errorf("needs %d s for a command of 10 s, last heard of 7 s before", n)
	}
	if y := play.StageOf("network-interruption", "7.0.15", nil); timeoutCurve(y.G, planOf(y).Accounts) != nil {
		t.Error("a curve for a link that was closed")
	}
}

// Which refusal came first is the primary's to say: the replicas' clocks are not sure to the millisecond.
func TestFirstRefusal(t *testing.T) {
	x := play.StageOf("network-interruption", "7.0.15", func(x *play.Play) {
		o := *x.O
		o.Replica = x.C
		o.Tries = []*replication.Attempt{{At: x.T.At + second/2, End: x.T.End, Asked: diagnosis.Partial, Offset: 4_000_000, PrimaryOffset: 8_000_000, Refusal: diagnosis.BacklogOverflow, Granted: diagnosis.Full, Outcome: diagnosis.Full, Count: 1, Server: x.P}}
		o.Tries[0].AnswerEv = x.Says(x.P, 110.001, message.PsyncRefusedBacklog, "redis-c")
		x.T.AnswerEv = x.Says(x.P, 110.002, message.PsyncRefusedBacklog, "redis-b")
		x.In.Outages = append(x.In.Outages, &o)
	})
	if r := x.In.Refusal(); r.Instance != "redis-c" || *r.NeededBytes != 4_000_001 || *r.ShortByBytes != 4_000_001-1<<20 {
		t.Errorf("refusal %+v", r)
	}
}

func TestManySteps(t *testing.T) {
	var as []Account
	for i := range 500 {
		as = append(as, Account{Total: 1, Demands: []Demand{{o: &replication.Outage{Replica: &timeline.Host{Name: "r"}}, count: 1, Curable: true, Need: incident.Shortfall{Most: int64(2<<20 + i)}}}})
	}
	c := backlogCurve(as, 1<<20)
	if len(c) != maxSteps+1 || c[len(c)-1].FullSyncs != 0 || !slices.IsSortedFunc(c, func(a, b diagnosis.WhatIf) int { return int(b.FullSyncs - a.FullSyncs) }) {
		t.Errorf("%d steps, the last %+v", len(c), c[len(c)-1])
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
		hs := timeline.Read(&c, timeline.Options{})
		if hard, _, _, ok := hs[0].ReplicaLimit(); !ok || hard != tt.want {
			t.Errorf("%q: %d, %v", tt.lines, hard, ok)
		}
		c.Release()
	}
}

// planOf is what the incident of a play would have taken.
func planOf(x *play.Play) *Plan { return For(x.G, []*cause.Judged{x.In}) }
