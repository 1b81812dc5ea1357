package logs

import (
	"bytes"

	"psyncope/ingest/artifact"
	"psyncope/ingest/info"
	"psyncope/ingest/table"
)

// maxInfo bounds what is kept of the INFO dump in a crash report; real ones have up to 60 KiB.
const maxInfo = 1 << 20

// keep collects a line of the INFO dump in a crash report.
func (s *stream) keep(line []byte, number int32) {
	if len(s.info) == 0 {
		s.infoAt = number
	}
	if len(s.info)+len(line) < maxInfo {
		s.info = append(append(s.info, line...), '\n')
	}
}

// dump hands the INFO dump of a crash report to its own format: it is the server's last, taken when it fell.
// Its lines stay counted as the log's.
func (r *reader) dump(s *stream) {
	if r.out == nil || len(bytes.TrimSpace(s.info)) == 0 {
		s.info = s.info[:0]
		return
	}
	in := artifact.Input{
		Origin:  table.Origin{Instance: s.name, File: r.in.Origin.File, Line: s.infoAt - 1},
		ModTime: table.Null,
		Body:    bytes.NewReader(s.info),
		Fields:  r.in.Fields,
	}
	account, err := info.NewReader(r.out, r.in.Fields).Read(in)
	if err == nil {
		// What the dump's reader rejects has a row of problems: it is no longer ignored.
		rejected := min(account.Rejected, r.account.Ignored)
		r.account.Ignored -= rejected
		r.account.Rejected += rejected
	}
	s.info = s.info[:0]
}
