// Package table is the model: what an artifact says, as rows of typed columns.
//
// One Go struct is one table. The struct's tags are the schema that Arrow,
// Parquet, CSV and TABLES.md share:
//
//	UsedMemory Int `col:"used_memory_bytes" doc:"bytes from the allocator"`
//
// A [Table] stores its rows as Arrow record batches (Apache Arrow is imported
// here and in package report, nowhere else); [Table.Append] takes a row,
// [Table.Rows] gives rows back.
//
// The package holds evidence only. It does not parse, does not align clocks and
// concludes nothing. Every row carries its [Origin]: the instance it speaks of,
// and the file and line it was read from.
package table

import (
	"math"
	"time"
)

// Int is a nullable whole number: [Null] where the artifact did not say.
type Int int64

// Null is the Int and the Micros of what was not said.
const Null = math.MinInt64

// Known reports whether the artifact said the number.
func (n Int) Known() bool { return n != Null }

// Or is n, or other where n is not known.
func (n Int) Or(other int64) int64 {
	if n == Null {
		return other
	}
	return int64(n)
}

// Float is a nullable real number: NaN where the artifact did not say.
type Float float64

// NoFloat is the Float of what was not said.
func NoFloat() Float { return Float(math.NaN()) }

// Known reports whether the artifact said the number.
func (f Float) Known() bool { return f == f }

// Micros is an instant in microseconds since 1970-01-01T00:00:00 UTC, [Null] where unknown.
// Which clock it was read from is said by the column that holds it.
type Micros int64

// Known reports whether there is an instant.
func (t Micros) Known() bool { return t != Null }

// Time is t as a time.Time in UTC; the zero time where unknown.
func (t Micros) Time() time.Time {
	if t == Null {
		return time.Time{}
	}
	return time.UnixMicro(int64(t)).UTC()
}

// Abs is a length without its sign.
func (t Micros) Abs() Micros { return max(t, -t) }

// Add is t moved by d; unknown stays unknown.
func (t Micros) Add(d time.Duration) Micros {
	if t == Null {
		return Null
	}
	return t + Micros(d.Microseconds())
}

// MicrosOf is the Micros of a time.Time; Null for the zero time.
func MicrosOf(t time.Time) Micros {
	if t.IsZero() {
		return Null
	}
	return Micros(t.UnixMicro())
}

// Second is one second of Micros.
const Second Micros = 1_000_000

// Origin says whose evidence a row is and where it was read.
type Origin struct {
	Instance string `col:"instance" is:"path" doc:"the server process the row speaks of"`
	File     string `col:"file" is:"path" doc:"path of the artifact as given; a member of an archive follows the archive's path and a slash"`
	Line     int32  `col:"line" doc:"line in the file, counted from 1 after decompression"`
}

// Row is what says where a row of evidence belongs: its table, whose it is, where it was read, and its own stamp with how that reads (see
// Event.Clock; empty for an instant).
type Row struct {
	Table  string
	Origin Origin
	Stamp  Micros
	Clock  string
}

// Place says of a row which group it is of, by the group's key, and when it lies on the group's axis; "" and Null where that is not known.
type Place func(Row) (group string, at Micros)

// Case is the evidence of one unit of work: all instances that may belong to the
// same replication group, or to several that could not be told apart before reading.
type Case struct {
	Instances  []Instance
	Samples    Table[Sample]
	Replicas   Table[Replica]
	Statistics Table[Statistic]
	Events     Table[Event]
	Commands   Table[Command]
	Settings   Table[Setting]
	Clients    Table[Client]
	Latency    Table[Latency]
	Host       Table[HostSample]
	Fields     Table[Field]
	Problems   Table[Problem]
	Files      []File
}

// Take moves all of part's evidence behind c's. Parts are read side by side and taken in a fixed order.
func (c *Case) Take(part *Case) {
	c.Instances = append(c.Instances, part.Instances...)
	if len(c.Files) == 0 {
		c.Files = part.Files // there may be a million
	} else {
		c.Files = append(c.Files, part.Files...)
	}
	c.Samples.Take(&part.Samples)
	c.Replicas.Take(&part.Replicas)
	c.Statistics.Take(&part.Statistics)
	c.Events.Take(&part.Events)
	c.Commands.Take(&part.Commands)
	c.Settings.Take(&part.Settings)
	c.Clients.Take(&part.Clients)
	c.Latency.Take(&part.Latency)
	c.Host.Take(&part.Host)
	c.Fields.Take(&part.Fields)
	c.Problems.Take(&part.Problems)
}

// RenameInstances replaces names of instances by others, in every row.
func (c *Case) RenameInstances(to map[string]string) {
	const column = "instance"
	c.Samples.Rename(column, to)
	c.Replicas.Rename(column, to)
	c.Statistics.Rename(column, to)
	c.Events.Rename(column, to)
	c.Commands.Rename(column, to)
	c.Settings.Rename(column, to)
	c.Clients.Rename(column, to)
	c.Latency.Rename(column, to)
	c.Host.Rename(column, to)
	c.Fields.Rename(column, to)
	c.Problems.Rename(column, to)
	for i, f := range c.Files {
		if name, ok := to[f.Instance]; ok {
			c.Files[i].Instance = name
		}
	}
	for i, in := range c.Instances {
		if name, ok := to[in.Name]; ok {
			c.Instances[i].Name = name
		}
	}
}

// Release gives all Arrow memory back.
func (c *Case) Release() {
	c.Samples.Release()
	c.Replicas.Release()
	c.Statistics.Release()
	c.Events.Release()
	c.Commands.Release()
	c.Settings.Release()
	c.Clients.Release()
	c.Latency.Release()
	c.Host.Release()
	c.Fields.Release()
	c.Problems.Release()
}

// Instance is one server process's name and what is known of it before any row is read.
type Instance struct {
	Name string
	// Addrs are the ip:port (or host:port) under which others may speak of it, as far as its own
	// artifacts tell (announced addresses, bind, file names); may be empty.
	Addrs []string
	// Reached are those by which whoever took its dumps reached it, loopback among them.
	Reached []string
}

// Kinds of file that no format reads.
const (
	KindOther      = "other"      // nothing that this program reads: its bytes are counted, no line of it is
	KindUnreadable = "unreadable" // could not be opened; Problems says why
)

// File is the account of one artifact: every byte was records, lines of no interest, or rejected lines.
type File struct {
	Path     string // as given; a member follows its archive's path and a slash
	Kind     string // name of the format: info, log, slowlog, config, clients, latency, commandlog, sentinel-log, other, unreadable
	Instance string // empty where it belongs to none
	Bytes    int64  // after decompression
	Records  int64  // dumps, entries, and lines of a log with a message in them that was taken
	Ignored  int64  // lines seen and understood as of no interest
	Rejected int64  // lines that could not be read, each a row of Problems
	First    Micros // earliest and latest stamp, as written
	Last     Micros
	// ModTime is the file's modification time, Null where it has none (stdin).
	ModTime Micros
}

// Unclaimed is the account of a file that is no artifact: what is left of a File then. There may be a million.
type Unclaimed struct {
	Path    string
	Bytes   int64
	ModTime Micros
}

// File is the whole account, of kind "other".
func (u Unclaimed) File() File {
	return File{Path: u.Path, Kind: KindOther, Bytes: u.Bytes, First: Null, Last: Null, ModTime: u.ModTime}
}
