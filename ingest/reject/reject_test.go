package reject

import (
	"strings"
	"testing"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

func TestLines(t *testing.T) {
	var out table.Case
	account := artifact.NewAccount()
	l := Lines{In: artifact.Input{Origin: table.Origin{Instance: "a", File: "f"}}, Out: &out, Account: &account}
	for i := range maxRows + 50 {
		l.Add(int32(i+1), "reason", strings.Repeat("é", 300))
	}
	l.Close()
	rows := out.Problems.Rows()
	if account.Rejected != maxRows+50 || len(rows) != maxRows+1 {
		t.Fatalf("%d rejected in %d rows, want %d in %d", account.Rejected, len(rows), maxRows+50, maxRows+1)
	}
	if r := rows[0]; r.Line != 1 || r.File != "f" || r.Text != strings.Repeat("é", 100) {
		t.Errorf("first row %+v", r)
	}
	if r := rows[maxRows]; r.Line != maxRows+1 || r.Reason != "50 more lines that could not be read" {
		t.Errorf("last row %+v", r)
	}
}

func TestSecretOnTheNextLine(t *testing.T) {
	var out table.Case
	account := artifact.NewAccount()
	l := Lines{In: artifact.Input{}, Out: &out, Account: &account}
	for i, text := range []string{`1) "requirepass"`, `2) "hunter2"`, `3) "maxmemory"`, `4) "1"`} {
		l.Add(int32(i+1), "reason", text)
	}
	for i, r := range out.Problems.Rows() {
		if want := []string{`1) "requirepass"`, "", `3) "maxmemory"`, `4) "1"`}[i]; r.Text != want {
			t.Errorf("line %d: %q, want %q", r.Line, r.Text, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aéé", 4, "aé"}, {"aéé", 5, "aéé"}, {"\xff\xff\xff\xff\xff", 4, "\xff\xff\xff\xff"}, {"\x80\x80\x80\x80\x80\x80", 5, "\x80\x80\x80\x80\x80"}, {"", 0, ""},
	} {
		if got := Cut(c.s, c.n); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.s, c.n, got, c.want)
		}
	}
}
