package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// sheet is one table of a directory: of the diagnosis where records is set, of the evidence where evidence is.
type sheet struct {
	name, doc string
	columns   []table.Column // as they are written out
	own       []table.Column // of the records
	schema    *arrow.Schema  // as it is written out, with text dictionary-coded
	// records gives the rows, and a function that gives their memory back.
	records  func(*diagnosis.Diagnosis) ([]arrow.Record, func())
	evidence func(*table.Case) []arrow.Record
}

// ofDiagnosis is a table made from the diagnosis.
func ofDiagnosis[R any](name, doc string, rows func(*diagnosis.Diagnosis, func(*R))) sheet {
	columns := table.Columns[R]()
	return sheet{name: name, doc: doc, columns: columns, own: columns, schema: schemaOf(columns), records: func(d *diagnosis.Diagnosis) ([]arrow.Record, func()) {
		var t table.Table[R]
		rows(d, t.Append)
		return t.Records(), t.Release
	}}
}

// ofEvidence is a table of the model.
func ofEvidence[R any](name, doc string, of func(*table.Case) *table.Table[R]) sheet {
	own := table.Columns[R]()
	columns := evidenceColumns(own)
	return sheet{name: name, doc: doc, columns: columns, own: own, schema: schemaOf(columns), evidence: func(c *table.Case) []arrow.Record {
		return of(c).Records()
	}}
}

// written is a batch as it is written out. The caller releases it.
func (s sheet) written(r arrow.Record, place table.Place) arrow.Record {
	var cols []arrow.Array
	if s.evidence != nil {
		cols = joined(s.name, s.own, r, place)
	} else {
		for i, c := range s.own {
			cols = append(cols, shaped(c, r.Column(i)))
		}
	}
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	return array.NewRecord(s.schema, cols, r.NumRows())
}

// sheets is every table, in the order of TABLES.md.
var sheets = []sheet{
	ofDiagnosis("incidents", "one row an incident: a break of replication, from what began it until the last link was up again", incidentRows),
	ofDiagnosis("chain", "one row a step of an incident's chain of events, oldest first", stepRows),
	ofDiagnosis("evidence", "one row a line that a step of a chain, an answer or a note rests on", evidenceRows),
	ofDiagnosis("questions", "one row a question that a post-mortem asks of an incident", questionRows),
	ofDiagnosis("resyncs", "one row an attempt of a replica to come back", resyncRows),
	ofDiagnosis("alternatives", "one row a cause that was weighed and lost", alternativeRows),
	ofDiagnosis("recommendations", "one row a thing to change", recommendationRows),
	ofDiagnosis("sizing", "one row a group: what its backlog holds and what it should hold", sizingRows),
	ofDiagnosis("whatif", "one row a step of the curve: full resyncs the capture would have seen with another setting", whatIfRows),
	ofDiagnosis("notes", "one row a thing worth saying that is no incident", noteRows),
	ofDiagnosis("clocks", "one row an instance: its clock against the group's first primary's", clockRows),
	ofDiagnosis("groups", "one row a replication group", groupRows),
	ofDiagnosis("links", "one row a stretch of a link's life", barRows),
	ofDiagnosis("marks", "one row an instant worth seeing in a server's life", markRows),
	ofDiagnosis("series", "one row a number of an instance at an instant, as the charts show it", pointRows),
	ofDiagnosis("files", "one row an artifact, and what became of its lines", fileRows),
	ofDiagnosis("problems", "one row a line or file that could not be read", problemRows),
	ofEvidence("samples", "one row an INFO dump", func(c *table.Case) *table.Table[table.Sample] { return &c.Samples }),
	ofEvidence("replicas", "one row a replica in an INFO dump of its primary", func(c *table.Case) *table.Table[table.Replica] { return &c.Replicas }),
	ofEvidence("statistics", "one row a cmdstat_ or errorstat_ line that differs from the dump before", func(c *table.Case) *table.Table[table.Statistic] { return &c.Statistics }),
	ofEvidence("events", "one row a log message, or a run of equal ones", func(c *table.Case) *table.Table[table.Event] { return &c.Events }),
	ofEvidence("commands", "one row a slowlog entry", func(c *table.Case) *table.Table[table.Command] { return &c.Commands }),
	ofEvidence("settings", "one row a setting of a server", func(c *table.Case) *table.Table[table.Setting] { return &c.Settings }),
	ofEvidence("clients", "one row a connection in CLIENT LIST", func(c *table.Case) *table.Table[table.Client] { return &c.Clients }),
	ofEvidence("latency", "one row an entry of LATENCY LATEST or HISTORY", func(c *table.Case) *table.Table[table.Latency] { return &c.Latency }),
	ofEvidence("host_samples", "one row a thing that a tool said of a host, or of a disk, an interface, a process or a control group of it", func(c *table.Case) *table.Table[table.HostSample] { return &c.Host }),
	ofEvidence("fields", "one row an INFO field without a column in samples, where it differs from the dump before; only when asked for", func(c *table.Case) *table.Table[table.Field] { return &c.Fields }),
}

// writer writes one table; Close ends the file's content, not the file.
type writer interface {
	Write(arrow.Record) error
	Close() error
}

// Tables is an open directory of tables. Evidence may be larger than memory, so that it comes case by case.
type Tables struct {
	dir, ext string
	begin    func(*os.File, sheet) (writer, error)
	open     []openSheet // the evidence's, from the first Case on
}

type openSheet struct {
	sheet
	file *os.File
	to   writer
}

// openTables makes the directory where it is missing.
func openTables(dir, ext string, begin func(*os.File, sheet) (writer, error)) (*Tables, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make directory of tables: %w", err)
	}
	return &Tables{dir: dir, ext: ext, begin: begin}, nil
}

// Case writes the evidence of one case behind what is there, each row with its group and its place on the reference axis, by place; not for
// use from several goroutines at once. The tables of evidence exist from the first call on: a saved report holds no
// evidence, and an empty table would deny that there was any.
func (t *Tables) Case(c *table.Case, place table.Place) error {
	if t.open == nil {
		for _, s := range sheets {
			if s.evidence == nil {
				continue
			}
			o, err := t.start(s)
			if err != nil {
				return err
			}
			t.open = append(t.open, o)
		}
	}
	for _, o := range t.open {
		for _, r := range o.evidence(c) {
			out := o.written(r, place)
			err := o.to.Write(out)
			out.Release()
			if err != nil {
				return fmt.Errorf("write table %s: %w", o.name, err)
			}
		}
	}
	return nil
}

// Close writes the tables of the diagnosis and ends all files. Without a diagnosis (nil: the
// analysis failed on the way) it only ends them.
func (t *Tables) Close(d *diagnosis.Diagnosis) error {
	var errs []error
	for _, o := range t.open {
		errs = append(errs, o.end())
	}
	t.open = nil
	if d == nil {
		return errors.Join(errs...)
	}
	for _, s := range sheets {
		if s.records != nil {
			errs = append(errs, t.whole(s, d))
		}
	}
	return errors.Join(errs...)
}

func (t *Tables) whole(s sheet, d *diagnosis.Diagnosis) error {
	o, err := t.start(s)
	if err != nil {
		return err
	}
	records, release := s.records(d)
	defer release()
	for _, r := range records {
		out := s.written(r, nil)
		err := o.to.Write(out)
		out.Release()
		if err != nil {
			return errors.Join(fmt.Errorf("write table %s: %w", s.name, err), o.file.Close())
		}
	}
	return o.end()
}

func (t *Tables) start(s sheet) (openSheet, error) {
	f, err := os.Create(filepath.Join(t.dir, s.name+t.ext))
	if err != nil {
		return openSheet{}, fmt.Errorf("make table: %w", err)
	}
	w, err := t.begin(f, s)
	if err != nil {
		return openSheet{}, errors.Join(fmt.Errorf("begin table %s: %w", s.name, err), f.Close())
	}
	return openSheet{s, f, w}, nil
}

func (o openSheet) end() error {
	err := o.to.Close()
	if err != nil {
		err = fmt.Errorf("end table %s: %w", o.name, err)
	}
	return errors.Join(err, o.file.Close())
}
