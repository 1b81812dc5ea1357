package host

import (
	"strings"

	"psyncope/ingest/table"
)

// column is what a name in the head of a tool's table says: where the number goes, and what it is multiplied by to be in the table's unit.
type column struct {
	at    func(*table.HostSample) *table.Float
	scale float64
	sum   bool // several columns go to one place: errors of either direction
	most  bool // of several the largest counts: waiting for reads and for writes
}

// columns are a table's head; what is passed over has no place.
type columns []name

type name struct {
	column
	word string // as it is compared
}

const (
	kib  = 1 << 10
	mib  = 1 << 20
	page = 4096 // bytes, of the machines that servers run on
)

// names are the names of columns as sysstat (9 to 12), procps (2 and 3) and top print them, without the per cent sign before and the "/s" behind.
var names = map[string]column{
	"user": {at: func(r *table.HostSample) *table.Float { return &r.User }}, "usr": {at: func(r *table.HostSample) *table.Float { return &r.User }},
	"us":     {at: func(r *table.HostSample) *table.Float { return &r.User }},
	"system": {at: func(r *table.HostSample) *table.Float { return &r.System }}, "sys": {at: func(r *table.HostSample) *table.Float { return &r.System }},
	"sy":     {at: func(r *table.HostSample) *table.Float { return &r.System }},
	"iowait": {at: func(r *table.HostSample) *table.Float { return &r.IOWait }}, "wa": {at: func(r *table.HostSample) *table.Float { return &r.IOWait }},
	"steal": {at: func(r *table.HostSample) *table.Float { return &r.Steal }}, "st": {at: func(r *table.HostSample) *table.Float { return &r.Steal }},
	"idle": {at: func(r *table.HostSample) *table.Float { return &r.Idle }}, "id": {at: func(r *table.HostSample) *table.Float { return &r.Idle }},

	"runq-sz": {at: func(r *table.HostSample) *table.Float { return &r.Runnable }}, "r": {at: func(r *table.HostSample) *table.Float { return &r.Runnable }},
	"blocked": {at: func(r *table.HostSample) *table.Float { return &r.Blocked }}, "b": {at: func(r *table.HostSample) *table.Float { return &r.Blocked }},
	"ldavg-1": {at: func(r *table.HostSample) *table.Float { return &r.Load }},

	"kbavail": {at: func(r *table.HostSample) *table.Float { return &r.MemAvailable }, scale: kib}, "avail": {at: func(r *table.HostSample) *table.Float { return &r.MemAvailable }, scale: kib},
	"kbswpused": {at: func(r *table.HostSample) *table.Float { return &r.SwapUsed }, scale: kib}, "swpused": {at: func(r *table.HostSample) *table.Float { return &r.SwapUsed }, scale: kib},
	"swpd":   {at: func(r *table.HostSample) *table.Float { return &r.SwapUsed }, scale: kib},
	"pswpin": {at: func(r *table.HostSample) *table.Float { return &r.SwapIn }, scale: page}, "si": {at: func(r *table.HostSample) *table.Float { return &r.SwapIn }, scale: kib},
	"pswpout": {at: func(r *table.HostSample) *table.Float { return &r.SwapOut }, scale: page}, "so": {at: func(r *table.HostSample) *table.Float { return &r.SwapOut }, scale: kib},
	"majflt":  {at: func(r *table.HostSample) *table.Float { return &r.MajorFaults }},
	"kbpgtbl": {at: func(r *table.HostSample) *table.Float { return &r.PageTables }, scale: kib}, "pgtbl": {at: func(r *table.HostSample) *table.Float { return &r.PageTables }, scale: kib},

	"util":    {at: func(r *table.HostSample) *table.Float { return &r.DiskUtil }},
	"await":   {at: func(r *table.HostSample) *table.Float { return &r.DiskAwait }},
	"r_await": {at: func(r *table.HostSample) *table.Float { return &r.DiskAwait }, most: true}, "w_await": {at: func(r *table.HostSample) *table.Float { return &r.DiskAwait }, most: true},
	"aqu-sz": {at: func(r *table.HostSample) *table.Float { return &r.DiskQueue }}, "avgqu-sz": {at: func(r *table.HostSample) *table.Float { return &r.DiskQueue }},
	"rkb": {at: func(r *table.HostSample) *table.Float { return &r.DiskRead }, scale: kib}, "kb_read": {at: func(r *table.HostSample) *table.Float { return &r.DiskRead }, scale: kib},
	"wkb": {at: func(r *table.HostSample) *table.Float { return &r.DiskWrite }, scale: kib}, "kb_wrtn": {at: func(r *table.HostSample) *table.Float { return &r.DiskWrite }, scale: kib},
	"rmb": {at: func(r *table.HostSample) *table.Float { return &r.DiskRead }, scale: mib}, "wmb": {at: func(r *table.HostSample) *table.Float { return &r.DiskWrite }, scale: mib},
	"rd_sec": {at: func(r *table.HostSample) *table.Float { return &r.DiskRead }, scale: 512}, "wr_sec": {at: func(r *table.HostSample) *table.Float { return &r.DiskWrite }, scale: 512},
	"mbfsfree": {at: func(r *table.HostSample) *table.Float { return &r.DiskFree }, scale: mib},

	"rxkb": {at: func(r *table.HostSample) *table.Float { return &r.NetIn }, scale: kib}, "txkb": {at: func(r *table.HostSample) *table.Float { return &r.NetOut }, scale: kib},
	"ifutil": {at: func(r *table.HostSample) *table.Float { return &r.NetUtil }},
	"rxerr":  {at: func(r *table.HostSample) *table.Float { return &r.NetErrors }, sum: true}, "txerr": {at: func(r *table.HostSample) *table.Float { return &r.NetErrors }, sum: true},
	"txcarr": {at: func(r *table.HostSample) *table.Float { return &r.NetErrors }, sum: true},
	"rxdrop": {at: func(r *table.HostSample) *table.Float { return &r.NetDrops }, sum: true}, "txdrop": {at: func(r *table.HostSample) *table.Float { return &r.NetDrops }, sum: true},
	"retrans": {at: func(r *table.HostSample) *table.Float { return &r.Retransmits }},

	"scpu": {at: func(r *table.HostSample) *table.Float { return &r.CPUPressure }}, "smem": {at: func(r *table.HostSample) *table.Float { return &r.MemPressure }},
	"fmem": {at: func(r *table.HostSample) *table.Float { return &r.MemStopped }}, "sio": {at: func(r *table.HostSample) *table.Float { return &r.IOPressure }},
	"fio": {at: func(r *table.HostSample) *table.Float { return &r.IOStopped }},
	"rss": {at: func(r *table.HostSample) *table.Float { return &r.RSS }, scale: kib},
}

// scopes are columns that say which part of the host a row is of.
var scopes = map[string]bool{"cpu": true, "dev": true, "device": true, "disk-device": true, "iface": true, "filesystem": true, "pid": true, "mountpoint": true}

// plain is a name as it is compared.
func plain(word string) string {
	if word == "r/s" || word == "w/s" { // requests, and not vmstat's runnable tasks
		return word
	}
	word = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(word), ":"), "-percent")
	return strings.TrimSuffix(strings.TrimPrefix(word, "%"), "/s")
}

// columnsOf reads a head. It is one if something in it is known and nothing in it is a number.
func columnsOf(words []string) (columns, bool) {
	out := make(columns, len(words))
	known := 0
	for i, w := range words {
		if _, ok := number(w); ok {
			return nil, false
		}
		p := plain(w)
		out[i] = name{names[p], p}
		if out[i].at != nil {
			known++
		}
	}
	return out, known > 0
}

// set puts a number where the column says.
func (c *column) set(row *table.HostSample, v float64) {
	if c.at == nil {
		return
	}
	if c.scale != 0 {
		v *= c.scale
	}
	p := c.at(row)
	switch {
	case c.sum && p.Known():
		*p += table.Float(v)
	case c.most && p.Known():
		*p = max(*p, table.Float(v))
	default:
		*p = table.Float(v)
	}
}
