package record

import (
	"strings"
	"testing"
)

// TestRead: what is said, in each way of writing it down.
func TestRead(t *testing.T) {
	for name, text := range map[string]string{
		"json":               `{"a":{"b":"x y"},"n":7}`,
		"json in a string":   `{"a":"{\"b\":\"x y\"}","n":7}`,
		"python":             `{'a': {'b': 'x y'}, 'n': 7}`,
		"ruby":               `{"a"=>{"b"=>"x y"}, "n"=>7}`,
		"a comma too many":   `{"a":{"b":"x y",},"n":7,}`,
		"ends early":         `{"a":{"b":"x y"},"n":7`,
		"behind a word":      `data: {"a":{"b":"x y"},"n":7}`,
		"csv":                "a.b,n\nx y,7\nx y,7\n",
		"tsv":                "a.b\tn\nx y\t7\nx y\t7\n",
		"markdown":           "| a.b | n |\n|-----|---|\n| x y | 7 |\n",
		"pairs":              `k=v a.b="x y" n=7`,
		"a list of one":      `[{"a":{"b":"x y"},"n":7}]`,
		"around a list":      `{"n":7,"l":[{"a.b":"x y"}]}`,
		"escapes":            `{"a":{"b":"x\u0020y"},"n":7}`,
		"a surrogate before": `{"z":"\ud83d\ude00","a":{"b":"x y"},"n":7}`,
	} {
		t.Run(name, func(t *testing.T) {
			records := Read(text)
			if len(records) == 0 {
				t.Fatal("nothing was read")
			}
			got := map[string]string{}
			for _, f := range records[0].Fields {
				got[strings.TrimPrefix(f.Path, "l.")] = f.Text
			}
			if got["a.b"] != "x y" || got["n"] != "7" {
				t.Errorf("%v", records[0].Fields)
			}
		})
	}
	for _, text := range []string{"", "plain words", "[pod/a] line", "8010:M 22 Nov 2026 10:00:00.000 * x\n8010:M 22 Nov 2026 10:00:00.000 * y\n"} {
		if r := Read(text); len(r) > 0 {
			t.Errorf("%q is read as %v", text, r)
		}
	}
}

// FuzzRead: no text makes it fail, and records lie within the text.
func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"a":[{"b":1},{"b":2}]}`, "a,b\n1,2\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "a=1 b=\"2\" c=3", strings.Repeat(`["a",`, 100), "\"a\\nb\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		Structured(text)
		n := int32(strings.Count(text, "\n") + 1)
		for _, r := range Read(text) {
			if r.Line < 1 || r.Line > n {
				t.Fatalf("line %d of %d", r.Line, n)
			}
		}
	})
}
