// Package notes reads what psyncope's own collector noted beside what it took (collect.log): that nobody answered, that a command was refused,
// that a setting had changed, that a link had dropped; and the replies that it kept as they came (views.jsonl).
//
// It concludes nothing from them: a gap is of the collector's, and stands in the dumps as well; what a link does, both ends say better. All but the gaps
// are lines of no interest.
package notes

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"time"

	"psyncope/ingest/artifact"
	"psyncope/ingest/reject"
	"psyncope/ingest/table"
)

// Format is the format's place in package ingest's list.
func Format() artifact.Format {
	return artifact.Format{Name: "collect-notes", Sniff: sniff, Read: read}
}

const noAnswer = "no answer: "

// note is what a line says behind its stamp; ok is false where it is no note of the collector's.
func note(line []byte) (at table.Micros, says string, ok bool) {
	if bytes.HasPrefix(line, []byte("{")) {
		return view(line)
	}
	stamp, rest, ok := strings.Cut(string(bytes.TrimRight(line, "\r\n")), " ")
	if !ok {
		return table.Null, "", false
	}
	t, err := time.Parse(time.RFC3339, stamp)
	if err != nil || !strings.HasSuffix(stamp, "Z") {
		return table.Null, "", false
	}
	if strings.HasPrefix(rest, noAnswer) || strings.HasPrefix(rest, "setting changed: ") || strings.HasPrefix(rest, "noticed: ") {
		return table.MicrosOf(t), rest, true
	}
	for _, step := range []string{"slowlog", "latency", "commandlog", "client", "config", "sentinel", "views"} {
		if strings.HasPrefix(rest, step+": ") || strings.HasPrefix(rest, step+" refused: ") {
			return table.MicrosOf(t), rest, true
		}
	}
	return table.Null, "", false
}

// view is a reply that was kept.
func view(line []byte) (at table.Micros, says string, ok bool) {
	var v struct {
		At      time.Time       `json:"at"`
		Addr    string          `json:"addr"`
		Command string          `json:"command"`
		Reply   json.RawMessage `json:"reply"`
	}
	if json.Unmarshal(line, &v) != nil || v.At.IsZero() || v.Addr == "" || v.Command == "" || v.Reply == nil {
		return table.Null, "", false
	}
	return table.MicrosOf(v.At), v.Command, true
}

// sniff is sure of a file in which every line is a note; one with nothing but gaps reads as well with the dumps.
func sniff(_ string, head []byte) int {
	lines := 0
	for l := range bytes.Lines(head) {
		if len(bytes.TrimSpace(l)) == 0 || !bytes.HasSuffix(l, []byte("\n")) && lines > 0 {
			continue
		}
		if _, _, ok := note(l); !ok {
			return 0
		}
		lines++
	}
	if lines == 0 {
		return 0
	}
	return 90
}

func read(in artifact.Input, out *table.Case) (artifact.Account, error) {
	account := artifact.NewAccount()
	rejected := reject.Lines{In: in, Out: out, Account: &account}
	defer rejected.Close()
	r := bufio.NewReaderSize(in.Body, 64<<10)
	for n := int32(1); ; n++ {
		line, err := r.ReadBytes('\n')
		switch at, says, ok := note(line); {
		case len(bytes.TrimSpace(line)) == 0:
		case !ok:
			rejected.Add(n, "no note of the collector's", string(line))
		case strings.HasPrefix(says, noAnswer):
			e := table.Event{
				Origin: in.Origin, Stamp: at, Clock: table.ClockUTC, Outer: table.Null, PID: table.Null, Kind: table.CollectFailed,
				Offset: table.Null, Bytes: table.Null, Number: table.Null, Detail: says, Text: says, Count: 1, LastLine: n, LastStamp: at,
			}
			e.Line += n
			out.Events.Append(&e)
			account.Records++
			account.Saw(at)
		default:
			account.Ignored++
			account.Saw(at)
		}
		if err == io.EOF {
			return account, nil
		}
		if err != nil {
			return account, err
		}
	}
}
