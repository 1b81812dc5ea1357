package info

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"psyncope/ingest/table"
)

// Every column that an info tag names is filled from a dump that has the field, under each of its names, and a column
// without one is filled by what dates and names the dump. A new line of table.Sample needs no other.
func TestEveryColumnIsFilled(t *testing.T) {
	row := reflect.TypeFor[table.Sample]()
	byReader := []string{"Origin", "At", "Dated", "Collected", "Version", "Flavor", "ServerTime"}
	for i := range row.NumField() {
		f := row.Field(i)
		tag, ok := f.Tag.Lookup("info")
		if !ok {
			if !strings.Contains(strings.Join(byReader, " "), f.Name) {
				t.Errorf("no INFO field fills %s", f.Name)
			}
			continue
		}
		names, _ := strings.CutSuffix(tag, ",last")
		for name := range strings.SplitSeq(names, "|") {
			value := "7"
			if f.Type.Kind() == reflect.String {
				value = "word"
			}
			dump := fmt.Sprintf("# Server\r\nredis_version:7.4.1\r\n# Replication\r\n%s:%s\r\n", name, value)
			samples := readNamed(t, "info.txt", dump, table.Null).Samples
			if len(samples) != 1 {
				t.Fatalf("%s: %d dumps of %q", name, len(samples), dump)
			}
			if got := fmt.Sprint(reflect.ValueOf(samples[0]).Field(i).Interface()); got != value {
				t.Errorf("%s: column of %s holds %s, want %s", name, f.Name, got, value)
			}
		}
	}
}
