package timeline

import (
	"math"
	"testing"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// A machine is a server's by its address or by where its files lie; where servers of several machines may be meant, it is nobody's.
func TestGiveMachines(t *testing.T) {
	server := func(name, addr, file string) *Host {
		h := &Host{Name: name, Addrs: []string{addr}, Samples: []Sample{{}}}
		h.Samples[0].File = file
		return h
	}
	machine := func(name, file string) *Host {
		h := &Host{Name: name, Machine: []HostSample{{}}}
		h.Machine[0].File = file
		return h
	}
	for _, c := range []struct {
		of   string
		hs   []*Host
		want []int // rows of each server's machine
	}{
		{"by its address", []*Host{server("a", "10.0.0.1:6379", "a/info.log"), server("b", "10.0.0.2:6379", "b/info.log"), machine("hosts/10.0.0.2", "hosts/10.0.0.2/sar.txt")}, []int{0, 1}},
		{"above one server", []*Host{server("a", "10.0.0.1:6379", "m1/a/info.log"), server("b", "10.0.0.2:6379", "m2/b/info.log"), machine("m1", "m1/sar.txt")}, []int{1, 0}},
		{"above two servers of one machine", []*Host{server("a", "10.0.0.1:6379", "m1/a/info.log"), server("b", "10.0.0.1:6380", "m1/b/info.log"), machine("m1", "m1/sar.txt")}, []int{1, 1}},
		{"above two machines' servers", []*Host{server("a", "10.0.0.1:6379", "m/a/info.log"), server("b", "10.0.0.2:6379", "m/b/info.log"), machine("m", "m/sar.txt")}, []int{0, 0}},
		{"elsewhere", []*Host{server("a", "10.0.0.1:6379", "a/info.log"), server("b", "10.0.0.2:6379", "b/info.log"), machine("db-9", "db-9/sar.txt")}, []int{0, 0}},
	} {
		got := giveMachines(c.hs)
		if len(got) != len(c.want) {
			t.Errorf("%s: %d servers", c.of, len(got))
			continue
		}
		for i, h := range got {
			if len(h.Machine) != c.want[i] {
				t.Errorf("%s: %s has %d rows", c.of, h.Name, len(h.Machine))
			}
		}
	}
}

// What a machine lacked is counted in time: evenly over an interval, and at most as if all of it fell into the time in question.
func TestLacks(t *testing.T) {
	row := func(at, interval micros, set func(*HostSample)) HostSample {
		m := HostSample{HostSample: table.NewHostSample(table.Origin{File: "f", Line: 1}), At: at}
		m.Interval = table.Float(interval / second)
		set(&m)
		return m
	}
	in := Span{100 * second, 120 * second}
	for _, c := range []struct {
		of         string
		m          HostSample
		resource   diagnosis.Resource
		even, most micros
	}{
		{"a second by second tool", row(120*second, 20*second, func(m *HostSample) { m.Steal = 90 }), diagnosis.CPU, 18 * second, 18 * second},
		{"a long mean", row(400*second, 600*second, func(m *HostSample) { m.Steal = 5 }), diagnosis.CPU, second, 20 * second},
		{"before it", row(100*second, 20*second, func(m *HostSample) { m.Steal = 90 }), "", 0, 0},
		{"twice as many tasks as CPUs, none idle", row(120*second, 20*second, func(m *HostSample) { m.CPUs, m.Runnable, m.Idle = 2, 4, 0 }), diagnosis.CPU, 10 * second, 10 * second},
		{"as many tasks, and a CPU idle", row(120*second, 20*second, func(m *HostSample) { m.CPUs, m.Runnable, m.Idle = 2, 4, 40 }), "", 0, 0},
		{"pages read back", row(120*second, 20*second, func(m *HostSample) { m.MajorFaults = 5000 }), diagnosis.Memory, 10 * second, 10 * second},
		{"a busy disk", row(110*second, 10*second, func(m *HostSample) { m.DiskUtil = 100 }), diagnosis.Disk, 10 * second, 10 * second},
	} {
		h := &Host{Name: "a", Machine: []HostSample{c.m}, longest: micros(c.m.Interval * 1e6)}
		got := h.Lacks(in)
		if c.resource == "" {
			if len(got) > 0 {
				t.Errorf("%s: %+v", c.of, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Resource != c.resource || math.Abs(float64(got[0].Even-c.even)) > 1000 || math.Abs(float64(got[0].Most-c.most)) > 1000 {
			t.Errorf("%s: %+v", c.of, got)
		}
	}
}
