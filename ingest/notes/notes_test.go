package notes

import (
	"strings"
	"testing"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// The collector's own notes are understood, whatever they note; what looks like them and is not is left to others.
func TestNotes(t *testing.T) {
	const all = "2026-11-22T22:01:53.866Z setting changed: requirepass: \"\" -> \"(redacted)\"\n" +
		"2026-11-22T22:01:54.866Z no answer: i/o timeout (asked at 2026-11-22T22:01:53.866Z, waited 1.0 s)\n" +
		"2026-11-22T22:01:55.866Z config refused: NOPERM this user has no permissions\n\n" +
		"2026-11-22T22:01:56.866Z noticed: its link to the primary is down\n" +
		`{"at":"2026-11-22T22:01:56.866Z","addr":"10.0.0.1:6379","command":"ROLE","reply":["master",14,[]]}` + "\n"
	f := Format()
	if n := f.Sniff("collect.log", []byte(all)); n < 50 {
		t.Errorf("sniffed %d", n)
	}
	for _, other := range []string{"", "\n", "811:M 22 Nov 2026 10:00:12.000 * Ready\n", "2026-11-22T22:01:53.866Z role:master\n", "2026-11-22T22:01:53.866Z\n", "# Server\nredis_version:7.0.15\n", `{"at":"2026-11-22T22:01:56.866Z","msg":"1:M 22 Nov 2026 10:00:12.000 * Ready"}`} {
		if n := f.Sniff("collect.log", []byte(other)); n != 0 {
			t.Errorf("%q: sniffed %d", other, n)
		}
	}
	var out table.Case
	a, err := f.Read(artifact.Input{Name: "collect.log", ModTime: table.Null, Body: strings.NewReader(all + "something else\n")}, &out)
	if err != nil || a.Records != 1 || a.Ignored != 4 || a.Rejected != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	if rows := out.Events.Rows(); len(rows) != 1 || rows[0].Kind != table.CollectFailed || rows[0].Line != 2 {
		t.Errorf("%+v", rows)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("2026-11-22T22:01:54.866Z no answer: x\nfoo\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return
		}
		var out table.Case
		a, err := Format().Read(artifact.Input{Name: "collect.log", ModTime: table.Null, Body: strings.NewReader(text)}, &out)
		if err != nil || a.Records < 0 || a.Ignored < 0 || a.Rejected < 0 {
			t.Errorf("%+v, %v", a, err)
		}
	})
}
