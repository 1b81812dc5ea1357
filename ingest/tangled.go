package ingest

import (
	"bytes"
	"context"
	"io"
	"path"
	"slices"
	"strings"

	"psyncope/ingest/artifact"
	"psyncope/ingest/info"
	"psyncope/ingest/logline"
	"psyncope/ingest/logs"
	"psyncope/ingest/reject"
	"psyncope/ingest/table"
	"psyncope/ingest/untangle"
)

// share is what a source is that was taken out of a file with several servers' evidence, or with evidence in records.
type share struct {
	file  string // the file's path
	kind  string // what the share holds: log, info or slowlog
	bytes int64  // of the file, on its first share; 0 on the others
	extra int64  // lines of the file that are the container's own, on its first share
	// broken are lines that look like a server's and could not be taken out of the container, on its first share.
	broken []brokenLine
	lines  []int32 // the lines of the file that the share's lines are from
	own    int64   // how many lines of the file those are that no share before it has a part of
}

// brokenLine is a line of the file, and its text.
type brokenLine struct {
	line int32
	text string
}

// evidence is the path under which a source's rows stand.
func (s *Source) evidence() string {
	if s.share != nil {
		return s.share.file
	}
	return s.Path
}

// tangled reports whether a file that begins like this is worth taking apart: the plain files of servers, and what the readers of those
// take out of its wrapper as they go, are not.
func tangled(kind string, sure bool, head []byte) bool {
	switch kind {
	case "config", "clients", "latency":
		return false
	case "slowlog":
		if sure && !bytes.Contains(head, []byte(" | ")) {
			return false
		}
	}
	text := string(head)
	if !untangle.Tangled(text) || isNative(head) {
		return false
	}
	t := bytes.TrimLeft(head, " \t\r\n")
	return len(t) == 0 || t[0] == '{' || logs.Servers(head) < 2
}

// isNative knows the records that servers' own runtimes write a line each: docker's json-file and the journal.
func isNative(head []byte) bool {
	first, _, _ := bytes.Cut(head, []byte("\n"))
	first = bytes.TrimSpace(first)
	if bytes.Contains(first, []byte(`"__REALTIME_TIMESTAMP"`)) {
		return true
	}
	return bytes.HasPrefix(first, []byte(`{"log":`)) && bytes.Contains(first, []byte(`"stream":"std`)) && bytes.Count(first, []byte(`":`)) == 3
}

// untangle replaces files that hold several servers' evidence, or evidence in records, by their shares. It reports whether there were any.
func (e *engine) untangle(ctx context.Context, found *Found, fams []*family) (bool, error) {
	type job struct {
		src    *Source
		shares []Source
		by     string
	}
	var jobs []*job
	for _, f := range fams {
		if !slices.ContainsFunc(f.files, func(x file) bool { return x.src.tangled }) {
			continue
		}
		for _, x := range f.files {
			jobs = append(jobs, &job{src: x.src})
		}
	}
	if len(jobs) == 0 {
		return false, nil
	}
	err := e.sideBySide(ctx, len(jobs), func(i int, _ []byte) { jobs[i].shares, jobs[i].by = e.sharesOf(jobs[i].src) })
	if err != nil {
		return false, err
	}
	shares := map[string][]Source{}
	for _, j := range jobs {
		if len(j.shares) > 0 {
			shares[j.src.Path] = j.shares
			if servers := serversIn(j.shares); e.Apart != nil && servers > 1 {
				e.Apart(j.src.Path, j.by, servers)
			}
		}
	}
	if len(shares) == 0 {
		return false, nil
	}
	var all []Source
	for _, s := range found.Sources {
		if parts, ok := shares[s.Path]; ok {
			all = append(all, parts...)
		} else {
			all = append(all, s)
		}
	}
	found.Sources = all
	return true, nil
}

// left accounts for the lines of a file: how many each of its parts has that none before it has, and those that are in none, which are the
// container's own, or have a server's header in them that the container lost by being broken.
func left(text string, res *untangle.Result) (parts []int64, own int64, broken []brokenLine) {
	taken := map[int32]bool{}
	for _, p := range res.Parts {
		before := len(taken)
		for _, l := range p.Lines {
			taken[l] = true
		}
		parts = append(parts, int64(len(taken)-before))
	}
	var p logline.Parser
	var h logline.Header
	n := int32(0)
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || taken[n]:
		case !res.Behind[n] && p.Find([]byte(line), &h) >= 0:
			broken = append(broken, brokenLine{n, line})
		default:
			own++
		}
	}
	return parts, own, broken
}

// maxTangled is the largest file that is taken apart, in bytes after decompression: it is held in memory for that.
const maxTangled = 512 << 20

// sharesOf takes one file apart, and says what told its servers apart; nil where that fails, or there is nothing to take apart.
func (e *engine) sharesOf(src *Source) (shares []Source, by string) {
	raw, err := src.Open()
	if err != nil {
		return nil, ""
	}
	body, _, err := decode(raw, e.Limits)
	if err != nil {
		return nil, ""
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxTangled+1))
	if err != nil || len(data) > maxTangled {
		return nil, ""
	}
	if returned(data) {
		renewed(data)
	}
	res, ok := untangle.Take(string(data))
	if !ok {
		return nil, ""
	}
	own, extra, broken := left(string(data), &res)
	for i, p := range res.Parts {
		s := Source{Path: src.Path, Size: int64(len(p.Text)), ModTime: src.ModTime}
		s.share = &share{file: src.Path, kind: p.Kind, lines: p.Lines, own: own[i]}
		if i == 0 {
			s.share.bytes, s.share.extra, s.share.broken = bytesOf(body, int64(len(data))), extra, broken
		}
		dir := path.Dir(slashed(src.Path))
		if p.Server != "" {
			dir = path.Join(dir, strings.Trim(path.Clean("/"+p.Server), "/"))
		}
		s.Path = path.Join(dir, shareName(src.Name(), p))
		text := p.Text
		s.in = opened(src.Root(), nil, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
		shares = append(shares, s)
	}
	return shares, res.By
}

// serversIn is how many servers a file's shares are of.
func serversIn(shares []Source) int {
	dirs := map[string]bool{}
	for _, s := range shares {
		dirs[path.Dir(s.Path)] = true
	}
	return len(dirs)
}

// shareName is the name of the file that a server would have written.
func shareName(name string, p untangle.Part) string {
	stem := trimExt(trimCodec(name))
	if p.Server != "" {
		stem = "redis"
	}
	switch p.Kind {
	case "info":
		if p.Server != "" {
			return "info.txt"
		}
		return stem + ".info.txt"
	case "slowlog":
		if p.Server != "" {
			return "slowlog.txt"
		}
		return stem + ".slowlog.txt"
	}
	return stem + ".log"
}

// readShare reads a share and puts the file's own lines into its rows.
func readShare(in artifact.Input, s *share, read func(artifact.Input, *table.Case) (artifact.Account, error), out *table.Case) (artifact.Account, error) {
	var c table.Case
	line := func(n int32) int32 {
		if n >= 1 && int(n) <= len(s.lines) {
			return s.lines[n-1]
		}
		return n
	}
	own, refused := in, map[int32]bool{}
	own.Refused = func(n int32) {
		refused[line(n)] = true
		in.Refuse(line(n))
	}
	a, err := read(own, &c)
	if s.kind == "log" {
		inLines(&a, s.own, int64(len(refused)))
	}
	moved(&c.Samples, &out.Samples, func(r *table.Sample) { r.Line = line(r.Line) })
	moved(&c.Replicas, &out.Replicas, func(r *table.Replica) { r.Line = line(r.Line) })
	moved(&c.Statistics, &out.Statistics, func(r *table.Statistic) { r.Line = line(r.Line) })
	moved(&c.Events, &out.Events, func(r *table.Event) { r.Line, r.LastLine = line(r.Line), line(r.LastLine) })
	moved(&c.Commands, &out.Commands, func(r *table.Command) { r.Line = line(r.Line) })
	moved(&c.Fields, &out.Fields, func(r *table.Field) { r.Line = line(r.Line) })
	moved(&c.Problems, &out.Problems, func(r *table.Problem) { r.Line = line(r.Line) })
	a.Ignored += s.extra
	rejected := reject.Lines{In: in, Out: out, Account: &a}
	for _, b := range s.broken {
		rejected.Add(b.line, "a record that is broken: the line in it cannot be taken out", b.text)
	}
	rejected.Close()
	return a, err
}

// inLines turns an account in lines of a share into one in lines of the file, of which the share has own: a line with several messages in it
// counts once, and one of which anything was rejected is rejected.
func inLines(a *artifact.Account, own, rejected int64) {
	a.Rejected = min(rejected, own)
	a.Records = min(a.Records, own-a.Rejected)
	a.Ignored = own - a.Rejected - a.Records
}

// readInfo is how a share of INFO is read: by itself, for its rows' lines are its own.
func readInfo(in artifact.Input, out *table.Case) (artifact.Account, error) {
	return info.NewReader(out, in.Fields).Read(in)
}

// moved puts all rows of one table behind another's, changed.
func moved[R any](from, to *table.Table[R], change func(*R)) {
	rows := from.Rows()
	for i := range rows {
		change(&rows[i])
		to.Append(&rows[i])
	}
	// The rows' texts are the table's: it stays, as the rows do.
}

// oneAccount adds up the accounts of a file's shares. The files are in the order of their paths.
func oneAccount(files []table.File) []table.File {
	out := files[:0]
	for _, f := range files {
		if n := len(out); n > 0 && out[n-1].Path == f.Path {
			o := &out[n-1]
			o.Bytes, o.Records, o.Ignored, o.Rejected = o.Bytes+f.Bytes, o.Records+f.Records, o.Ignored+f.Ignored, o.Rejected+f.Rejected
			if o.Instance != f.Instance {
				o.Instance = ""
			}
			o.First, o.Last = earlier(o.First, f.First), later(o.Last, f.Last)
			continue
		}
		out = append(out, f)
	}
	return out
}

func earlier(a, b table.Micros) table.Micros {
	if a == table.Null || b != table.Null && b < a {
		return b
	}
	return a
}

func later(a, b table.Micros) table.Micros {
	if a == table.Null || b != table.Null && b > a {
		return b
	}
	return a
}
