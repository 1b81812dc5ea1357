package correlate

import (
	"testing"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/table"
)

// What a machine lacked for more than half of the time stands on its server's lane, as one stretch, and all that was measured in its series; a disk that is
// busy with whatever is no lack.
func TestOverlay(t *testing.T) {
	h := &timeline.Host{Name: "redis-a"}
	for i, throttled := range []float64{0, 10, 80, 95, 20, 0, 60, 0} {
		for _, scope := range []string{"", "/other"} {
			m := timeline.HostSample{HostSample: table.NewHostSample(table.Origin{File: "machine.txt", Line: int32(i + 1)}), At: micros(i+1) * second}
			m.Tool, m.Interval, m.Scope = "cpu.stat", 1, scope
			m.DiskUtil = 100
			if scope == "" {
				m.Throttled = table.Float(throttled)
			}
			h.Machine = append(h.Machine, m)
		}
	}
	h.Kernel = []timeline.Event{{Event: table.Event{Kind: table.KernelLinkDown, Text: "eth0: Link is Down"}, At: 3 * second}}
	l := diagnosis.Lane{}
	b := bars{on: &l, h: h, end: 10 * second}
	b.machine()
	kinds := map[string]float64{}
	for _, m := range l.Marks {
		kinds[m.Kind] += m.Seconds
	}
	if len(l.Marks) != 3 || kinds["lack-of-cpu"] != 3 || l.Marks[0].Seconds != 2 || l.Marks[0].Evidence[0].Line != 3 {
		t.Errorf("%+v", l.Marks)
	}
	if _, ok := kinds[table.KernelLinkDown]; !ok {
		t.Errorf("%+v", kinds)
	}
	points := map[string]int{}
	for _, s := range ofMachine(&replication.Group{}, h, &curve{}, nil) {
		points[s.Name+" "+s.Unit] = len(s.Values)
	}
	if len(points) != 2 || points["machine_cpu_throttled_percent %"] != 8 || points["machine_disk_util_percent %"] != 8 {
		t.Errorf("%+v", points)
	}
}
