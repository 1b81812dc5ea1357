// Package slowlog reads what SLOWLOG GET and COMMANDLOG GET answered, in whatever form a client
// saved it: redis-cli on a terminal, raw, --csv, --json and --quoted-json; the wire protocol; the
// lists and dictionaries of client libraries; the slow log of managed services.
//
// An entry has four elements up to redis 3.2, six from 4.0, more in releases to come (redis 7.4.1
// slowlog.c): id, second in which the command ended, microseconds (bytes in the two other logs of
// COMMANDLOG), arguments, and the caller's address and name. Captures that were taken again and again
// overlap: an entry that one file holds twice, by (id, time), is one row. The same entry in two files
// is two rows, which whoever joins the files merges.
//
// The package does not say which command was to blame, sorts nothing, and does not take the listing
// order for time. Passwords in arguments are replaced, as servers do themselves from 6.2. In the raw
// form nothing marks where an argument ends, so there an argument's own line breaks are blanks.
package slowlog

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"psyncope/ingest/artifact"
	"psyncope/ingest/heading"
	"psyncope/ingest/reject"
	"psyncope/ingest/reply"
	"psyncope/ingest/secret"
	"psyncope/ingest/table"
)

// The logs of COMMANDLOG, as table.Command.Log names them.
const (
	logSlow         = "slow"
	logLargeRequest = "large-request"
	logLargeReply   = "large-reply"
)

// Format is the format's place in package ingest's list.
func Format() artifact.Format {
	return artifact.Format{Name: "slowlog", Sniff: sniff, Read: read}
}

// sink takes what scan finds.
type sink struct {
	entry  func(e *entry)
	ignore func()
	reject func(line int32, reason, text string)
}

// entry is one slowlog entry as it was shown.
type entry struct {
	line   int32
	log    string
	node   string // host:port where one file holds the replies of several
	id     int64  // noID where it is not shown
	ended  table.Micros
	amount int64 // microseconds, or bytes
	argv   []string
	client string
	user   string
}

// noID is the id of an entry that a managed service shows without one.
const noID = -1

func read(in artifact.Input, out *table.Case) (artifact.Account, error) {
	account := artifact.NewAccount()
	rejected := reject.Lines{In: in, Out: out, Account: &account}
	type key struct {
		log, node string
		id        int64
		ended     table.Micros
	}
	seen := map[key]bool{}
	err := scan(in.Name, in.Body, sink{
		entry: func(e *entry) {
			k := key{e.log, e.node, e.id, e.ended}
			if seen[k] && e.id != noID {
				account.Ignored++
				return
			}
			seen[k] = true
			row := e.row(in.Origin)
			account.Records++
			account.Saw(row.Ended)
			out.Commands.Append(&row)
		},
		ignore: func() { account.Ignored++ },
		reject: rejected.Add,
	})
	rejected.Close()
	return account, err
}

const (
	maxName = 64  // of a command's name
	maxArgs = 512 // of its arguments together: enough to see what they are
	maxUser = 128
)

// row is the entry as the table has it.
func (e *entry) row(origin table.Origin) table.Command {
	secret.Args(e.argv)
	row := table.Command{
		Origin: origin, ID: e.id, Ended: e.ended, Micros: e.amount, Log: e.log,
		Client: reject.Cut(e.client, maxUser), User: reject.Cut(e.user, maxUser),
	}
	row.Line += e.line
	if e.node != "" {
		row.Instance = strings.Clone(e.node)
	}
	if len(e.argv) == 0 {
		return row
	}
	row.Name = reject.Cut(strings.ToUpper(e.argv[0]), maxName)
	row.Args = joined(e.argv[1:])
	return row
}

// joined is the arguments with blanks between them. What is beyond maxArgs is cut, but not how many
// arguments the server itself left out.
func joined(args []string) string {
	var b strings.Builder
	for i, a := range args {
		if b.Len()+1+len(a) <= maxArgs {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(a)
			continue
		}
		if room := maxArgs - b.Len() - 1; room > 0 {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(reject.Cut(a, room))
		}
		b.WriteString(" ...")
		if last := args[len(args)-1]; i < len(args)-1 && strings.HasPrefix(last, "... (") && len(last) < 60 {
			b.WriteString(last[3:])
		}
		break
	}
	return b.String()
}

// sniffBytes is how much of a file's beginning is read to report whether it is a slowlog.
const sniffBytes = 4 << 10

func sniff(name string, head []byte) int {
	head = reply.Head(head, sniffBytes)
	entries, rejected := 0, 0
	_ = scan(name, bytes.NewReader(head), sink{
		entry:  func(*entry) { entries++ },
		ignore: func() {},
		reject: func(_ int32, _, text string) {
			if !heading.Refusal(text) {
				rejected++
			}
		},
	})
	named := isNamed(name)
	switch {
	case entries > 0 && rejected <= 1:
		return 95
	case entries > 0:
		return 90 * entries / (entries + rejected)
	case named && rejected == 0:
		return 75 // an empty log, or a server that refused
	}
	return 0
}

func isNamed(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"slowlog", "slow-log", "slow_log", "commandlog"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// scan reads body in whatever form it is.
func scan(name string, body io.Reader, s sink) error {
	r := &reader{sink: s, log: logOf(name, logSlow)}
	buffered := reply.Buffered(body)
	head, _ := buffered.Peek(sniffBytes)
	if beginsRaw(head) {
		raw := raw{reader: r}
		err := reply.Lines(buffered, raw.line)
		raw.end()
		return err
	}
	flat := flat{reader: r}
	err := reply.Read(buffered, reply.Handler{
		List: r.list,
		Scalar: func(v reply.Value) {
			flat.scalar(v)
		},
		Line: func(line int32, text string) {
			flat.end()
			r.line(line, text)
		},
		Broken: func(line int32, reason, text string) {
			flat.end()
			r.sink.reject(line, reason, text)
		},
	})
	flat.end()
	return err
}

// logOf is the log of COMMANDLOG that a file's name or a heading speaks of; other where it speaks of none.
func logOf(s, other string) string {
	s = strings.ReplaceAll(strings.ToLower(s), "_", "-")
	for _, log := range []string{logLargeRequest, logLargeReply} {
		if strings.Contains(s, log) {
			return log
		}
	}
	if strings.Contains(s, "slowlog") || strings.Contains(s, "commandlog") && strings.Contains(s, logSlow) {
		return logSlow
	}
	return other
}

// reader is what the forms share: which log and node the lines belong to, and where entries go.
type reader struct {
	sink
	log     string
	node    string
	entries int  // good ones
	taken   int  // entries since the last outermost list ended
	peers   bool // an entry had its caller's address
	noPeers bool // the first entry had none
}

func (r *reader) emit(e *entry) {
	e.log, e.node = r.log, r.node
	r.taken++
	r.entries++
	r.sink.entry(e)
}

// list takes every list that is an entry. The lists of arguments stay in their entry; what stays in
// an outermost list is nothing that a slowlog has.
func (r *reader) list(v reply.Value, depth int) bool {
	e, verdict := entryOf(v)
	switch {
	case verdict == isEntry:
		r.emit(&e)
		return true
	case verdict != notEntry:
		r.taken++
		r.sink.reject(v.Line, string(verdict), "")
		return true
	case depth > 0:
		return false
	}
	if len(v.Items) == 0 && r.taken == 0 {
		r.sink.ignore() // an empty slowlog
	}
	if len(v.Items) > 0 && r.taken == 0 && !r.unindented(v) {
		r.sink.reject(v.Line, "a reply that is no slowlog", textOf(v.Items[0]))
	}
	r.taken = 0
	return true
}

// unindented reads a log whose blanks at the beginning of lines were lost on the way: its lists do not
// nest any more, but three numbers still begin an entry, as in --csv.
func (r *reader) unindented(v reply.Value) bool {
	f := flat{reader: r, anyLine: true, lost: true} // what is rejected is rejected as a whole
	begun := r.entries
	f.list(v)
	f.end()
	return r.entries > begun
}

// line reads a line outside of replies.
func (r *reader) line(line int32, text string) {
	if e, ok := managedText(text); ok {
		e.line = line
		r.emit(&e)
		return
	}
	if _, typed := heading.Command(text); typed || strings.HasPrefix(text, "#") {
		r.log = logOf(text, r.log)
	}
	switch {
	case isNode(text):
		r.node = strings.Clone(text)
		r.sink.ignore()
	case heading.Refusal(text):
		r.sink.reject(line, "the server refused", text)
	case heading.Noise(text):
		r.sink.ignore()
	default:
		r.sink.reject(line, "not of a slowlog", text)
	}
}

// isNode tells a line that redis-cli --cluster call puts before a node's reply.
func isNode(text string) bool {
	return heading.IsAddr(text) && strings.Count(text, ":") == 1
}

// splitPeer parts what stands after an entry's three numbers, where nothing marks the end of the
// arguments: the last two are the caller's address and name, from redis 4.0. If the first entry is
// without them, its server is older and no entry has them.
func (r *reader) splitPeer(words []string) (argv []string, client, user string) {
	if r.noPeers {
		return words, "", ""
	}
	n := peerAt(words)
	r.peers = r.peers || n > 0
	r.noPeers = !r.peers
	if n == 0 {
		return words, "", ""
	}
	return words[:n], words[n], words[n+1]
}

// peerAt is where a caller's address stands in front of a name; 0 where there is none.
func peerAt(words []string) int {
	n := len(words)
	switch {
	case n >= 3 && isPeer(words[n-2]):
		return n - 2
	case n >= 4 && isPeer(words[n-3]) && isCount(words[n-1]): // an empty line behind it, or the number of arguments
		return n - 3
	case n >= 3 && words[n-2] == "" && words[n-1] == "": // called by a script (redis 7.4)
		return n - 2
	}
	return 0
}

func isCount(s string) bool {
	_, err := strconv.Atoi(s)
	return s == "" || err == nil
}
