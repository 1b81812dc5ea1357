package info

import (
	"reflect"
	"strings"
	"sync"

	"psyncope/ingest/table"
)

// state is the dump being read: the row itself, and the words that are joined into it at its end.
type state struct {
	table.Sample
	redisVersion, valkeyVersion string
	serverTime                  table.Int
}

// field is an INFO field that has a column.
type field struct {
	name string // as the server prints it
	// at is where its value goes: *table.Int, *table.Float or *string.
	at   func(*state) any
	last bool  // as the tag of table.Sample has it
	most int64 // what is beyond reason, by the column's unit
}

// fields is every INFO field with a column, as the tags of table.Sample name them, and those that are joined into a column.
var fields = append([]field{
	{name: "redis_version", at: func(s *state) any { return &s.redisVersion }},
	{name: "valkey_version", at: func(s *state) any { return &s.valkeyVersion }},
	{name: "server_time_usec", most: table.MostInstant, at: func(s *state) any { return &s.serverTime }},
}, tagged(reflect.TypeFor[table.Sample]())...)

// tagged reads the fields of a row's info tags.
func tagged(row reflect.Type) []field {
	var out []field
	for i := range row.NumField() {
		tag, ok := row.Field(i).Tag.Lookup("info")
		if !ok {
			continue
		}
		names, last := strings.CutSuffix(tag, ",last")
		for name := range strings.SplitSeq(names, "|") {
			out = append(out, field{name: name, last: last, most: table.Most(row.Field(i).Tag.Get("col")), at: func(s *state) any {
				return reflect.ValueOf(&s.Sample).Elem().Field(i).Addr().Interface()
			}})
		}
	}
	return out
}

// index is how fields are found by name. It is made once: files are told apart by the thousand.
var index = sync.OnceValue(func() (x struct {
	numbers map[string]uint16 // by name, from 1
	twins   []uint16          // by number: that of the field that has the same column under another name, or 0
},
) {
	var s state
	first := map[any]uint16{}
	x.numbers, x.twins = make(map[string]uint16, len(fields)), make([]uint16, len(fields)+1)
	for i, f := range fields {
		n := uint16(i + 1)
		x.numbers[f.name] = n
		if twin, ok := first[f.at(&s)]; ok {
			x.twins[n], x.twins[twin] = twin, n
		}
		first[f.at(&s)] = n
	}
	return x
})

// sections are the headers that servers print (2.6 and later), "# " left out.
var sections = []string{
	"Server", "Clients", "Memory", "Persistence", "Threads", "Stats", "Replication", "CPU", "Modules", "Commandstats",
	"Errorstats", "Latencystats", "Sentinel", "Cluster", "Keyspace", "Keysizes", "Debug",
}

// families are the beginnings of fields that come under many names and open a dump as a known field does.
var families = []string{"db", "cluster_", "sentinel_", "master", "latency_percentiles_", "used_", "mem_", "keyspace_", "redis_", "valkey_"}

// A field's number tells it from others when a dump is searched for repeats: 0 is none, then come the fields,
// the sections and the date.
const serverSection = 1 << 10

func sectionNumber(i int) uint16 { return uint16(serverSection + i) }

const dateNumber = serverSection - 1
