package timeline

import (
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"psyncope/ingest/table"
)

// Dumps in a file of their own each do not hold its path a second time, in whatever order they come; one without an account keeps the word it has.
func TestDumpsShareTheirFilesPaths(t *testing.T) {
	var c table.Case
	for _, name := range []string{"b", "a", "c", "c", "none", "a"} {
		c.Samples.Append(&table.Sample{Origin: table.Origin{Instance: "r", File: strings.Clone(name)}})
	}
	c.Files = []table.File{{Path: "a"}, {Path: "b"}, {Path: "c"}}
	byPath := map[string]*byte{}
	for _, f := range c.Files {
		byPath[f.Path] = unsafe.StringData(f.Path)
	}
	var got []string
	for _, s := range samplesOf(&c.Samples, c.Files, table.Spend[dump, table.Sample]) {
		got = append(got, s.File)
		if at, ok := byPath[s.File]; ok && at != unsafe.StringData(s.File) {
			t.Errorf("the path %s is held twice", s.File)
		}
	}
	if text := strings.Join(got, " "); text != "b a c c none a" || c.Samples.Len() != 0 {
		t.Errorf("files %s, %d dumps left", text, c.Samples.Len())
	}
}

// A container's log is taken apart where it holds a server's lines and a Sentinel's; a Sentinel's own, with the lines of its start, stays whole.
func TestWatchersLinesAreTakenOut(t *testing.T) {
	for roles, want := range map[string]string{"SXXS": "a 2 a/sentinel 2", "CXX": "a 3", "MCM": "a 3"} {
		var c table.Case
		for i, r := range roles {
			c.Events.Append(&table.Event{Origin: table.Origin{Instance: "a", File: "f", Line: int32(i + 1)}, Role: string(r), Number: table.Null})
		}
		var got []string
		for _, h := range Read(&c, Options{}) {
			got = append(got, h.Name, strconv.Itoa(len(h.Events)))
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s: %q, want %q", roles, g, want)
		}
	}
}
