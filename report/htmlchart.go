package report

import (
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
)

// charts puts series of one name into one chart, and axes that are equal down once.
func charts(series []*diagnosis.Series, most int) (axes [][]int64, out []chartData) {
	axes, out = [][]int64{}, []chartData{}
	at := map[string]int{}
	seen := map[string]int{}
	for _, s := range series {
		n, ok := at[s.Name]
		if !ok {
			n = len(out)
			at[s.Name] = n
			out = append(out, chartData{Name: visible(s.Name), Title: title(s.Name), Unit: visible(s.Unit)})
		}
		xs, ys := thinned(s.At, s.Values, most)
		steps := deltas(xs)
		key := fmt.Sprint(steps)
		axis, ok := seen[key]
		if !ok {
			axis = len(axes)
			seen[key] = axis
			axes = append(axes, steps)
		}
		out[n].Series = append(out[n].Series, seriesData{Label: visible(s.Instance), X: axis, Y: ys})
	}
	slices.SortStableFunc(out, func(a, b chartData) int { return chartRank(a.Name) - chartRank(b.Name) })
	return axes, out
}

// chartNames are the titles of what is drawn most, in the order of what matters first in an incident. The first whose
// word is in the series' name gives the place; the title is given where the name is equal.
var chartNames = []struct{ name, title string }{
	{"offset_lag_bytes", "Replicas behind the primary"},
	{"lag", ""},
	{"headroom", ""},
	{"master_repl_offset_rate", "Written to the replication stream"},
	{"write", ""},
	{"repl_backlog_histlen_bytes", "Held in the backlog"},
	{"backlog", ""},
	{"latest_fork_us", "Last fork"},
	{"fork", ""},
	{"machine_cpu_throttled_percent", "Machine: held at its control group's CPU limit"},
	{"machine_cpu_steal_percent", "Machine: CPU that the hypervisor gave to others"},
	{"machine_cpu_pressure_percent", "Machine: some task waited for a CPU"},
	{"machine_runnable_tasks", "Machine: tasks that wanted a CPU"},
	{"machine_memory_full_pressure_percent", "Machine: every task waited for memory"},
	{"machine_major_faults_per_second", "Machine: memory read back from disk"},
	{"machine_swap_in_bytes_per_second", "Machine: memory read back from swap"},
	{"machine_io_full_pressure_percent", "Machine: every task waited for a disk"},
	{"machine_disk_util_percent", "Machine: the disk was busy"},
	{"machine_", ""},
	{"mem_clients_slaves_bytes", "Replicas' output buffers"},
	{"client_recent_max_output_buffer_bytes", "Biggest output buffer"},
	{"output", ""},
	{"omem", ""},
	{"sync_full", "Full resyncs granted since start"},
	{"master_last_io_seconds_ago", "Since any byte from the primary"},
	{"used_memory_bytes", "Used memory"},
	{"memory", ""},
	{"instantaneous_ops_per_second", "Operations"},
	{"connected_slaves", "Connected replicas"},
	{"link_up", "Link up"},
}

func chartRank(name string) int {
	for n, c := range chartNames {
		if strings.Contains(name, c.name) {
			return n
		}
	}
	return len(chartNames)
}

// title makes a heading of a series' name: mem_fragmentation_bytes is Mem fragmentation.
func title(name string) string {
	for _, c := range chartNames {
		if c.name == name && c.title != "" {
			return c.title
		}
	}
	name = visible(name)
	for _, unit := range []string{"_bytes_per_s", "_bytes", "_seconds", "_us", "_ms"} {
		name = strings.TrimSuffix(name, unit)
	}
	return capital(strings.ReplaceAll(name, "_", " "))
}

func deltas(xs []int64) []int64 {
	out := make([]int64, len(xs))
	last := int64(0)
	for i, x := range xs {
		out[i], last = x-last, x
	}
	return out
}

// thinned keeps at most about most points: of each stretch its first, lowest, highest and last, and a
// gap where there is one. The diagnosis is thinned already; this holds the page's size, whatever it is given.
func thinned(xs []int64, ys []*float64, most int) ([]int64, []*float64) {
	n := min(len(xs), len(ys))
	if n <= most {
		return xs[:n], rounded(ys[:n])
	}
	stretch := (n*4 + most - 1) / most
	var ox []int64
	var oy []*float64
	for from := 0; from < n; from += stretch {
		to := min(from+stretch, n)
		low, high, gap := -1, -1, -1
		for i := from; i < to; i++ {
			switch {
			case ys[i] == nil || !finite(*ys[i]):
				gap = i
			case low < 0:
				low, high = i, i
			case *ys[i] < *ys[low]:
				low = i
			case *ys[i] > *ys[high]:
				high = i
			}
		}
		keep := []int{from, to - 1, low, high, gap}
		slices.Sort(keep)
		for _, i := range slices.Compact(keep) {
			if i >= 0 {
				ox, oy = append(ox, xs[i]), append(oy, ys[i])
			}
		}
	}
	return ox, rounded(oy)
}

// rounded keeps seven digits: more than a screen shows, and half the bytes.
func rounded(ys []*float64) []*float64 {
	out := make([]*float64, len(ys))
	for i, y := range ys {
		if y == nil || !finite(*y) {
			continue
		}
		v := significant(*y)
		out[i] = &v
	}
	return out
}
