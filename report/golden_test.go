package report

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"psyncope/correlate/diagnosis"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with testdata/name. A miss leaves name.got- with the bytes beside it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./report -update writes it)", err)
	}
	if bytes.Equal(got, want) {
		os.Remove(path + ".got-")
		return
	}
	if err := os.WriteFile(path+".got-", got, 0o666); err != nil {
		t.Error(err)
	}
	t.Errorf("%s differs (-want +got), see %s.got-; -update accepts it:\n%s", path, path, head(cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")), 4000))
}

func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "\n..."
}

// eachSample runs f for every sample, in order of name.
func eachSample(t *testing.T, f func(t *testing.T, name string, d *diagnosis.Diagnosis)) {
	all := samples()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) { f(t, name, all[name]) })
	}
}

// bytesOf renders the diagnosis in a format of one file.
func bytesOf(t *testing.T, f Format, d *diagnosis.Diagnosis, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b, d, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func files() []Format {
	return slices.DeleteFunc(slices.Clone(Formats), Format.Dir)
}

func TestGoldenFiles(t *testing.T) {
	for _, f := range files() {
		t.Run(f.Name, func(t *testing.T) {
			eachSample(t, func(t *testing.T, name string, d *diagnosis.Diagnosis) {
				if f.Name == "json" && (name == "fleet" || name == "hostile") {
					t.Skip("large, and held by TestJSONReadsBack")
				}
				if f.Name == "html" && name == "fleet" {
					d = fleet(12)
				}
				if f.Binary {
					if name == "fleet" || name == "hostile" {
						t.Skip("large, and held by TestXLSXIsHarmless")
					}
					golden(t, name+f.Ext+".txt", cellsOf(t, bytesOf(t, f, d, Options{})))
					return
				}
				golden(t, name+f.Ext, withoutAssets(bytesOf(t, f, d, Options{})))
			})
		})
	}
}

// withoutAssets leaves out of a page what is kept as files of its own.
func withoutAssets(b []byte) []byte {
	for _, part := range []struct{ name, content string }{{"uPlot.iife.min.js", uplotScript}, {"uPlot.min.css", uplotStyle}, {"report.js", htmlScript}, {"report.css", htmlStyle}} {
		b = bytes.ReplaceAll(b, []byte(part.content), []byte("/* "+part.name+" */"))
	}
	return policyHash.ReplaceAll(b, []byte("'sha256-...'"))
}

var policyHash = regexp.MustCompile(`'sha256-[^']*'`)

func TestSameDiagnosisSameBytes(t *testing.T) {
	for _, f := range files() {
		eachSample(t, func(t *testing.T, name string, d *diagnosis.Diagnosis) {
			first := bytesOf(t, f, d, Options{})
			for range 3 {
				if !bytes.Equal(first, bytesOf(t, f, samples()[name], Options{})) {
					t.Fatalf("%s of %s differs between two runs", f.Name, name)
				}
			}
		})
	}
}

// A report must not change what it reports: several formats are written side by side from one diagnosis.
func TestWriteLeavesDiagnosisAlone(t *testing.T) {
	for _, f := range files() {
		eachSample(t, func(t *testing.T, name string, d *diagnosis.Diagnosis) {
			bytesOf(t, f, d, Options{Color: true})
			if diff := cmp.Diff(samples()[name], d); diff != "" {
				t.Errorf("%s changed it (-before +after):\n%s", f.Name, head(diff, 2000))
			}
		})
	}
}

func TestFormatsAreUsable(t *testing.T) {
	names := map[string]bool{}
	for _, f := range Formats {
		if f.Name == "" || f.Help == "" || !strings.HasPrefix(f.Ext, ".") || names[f.Name] {
			t.Errorf("format %+v: name, help or extension missing, or the name is taken", f)
		}
		if (f.Write == nil) == (f.Open == nil) {
			t.Errorf("format %s: one of Write and Open", f.Name)
		}
		names[f.Name] = true
		if g, ok := ByName(f.Name); !ok || g.Help != f.Help {
			t.Errorf("ByName(%q) does not find it", f.Name)
		}
	}
	if _, ok := ByName("pdf"); ok {
		t.Error("ByName finds what is not there")
	}
}

// poison gives every string in v that f decides on a new text.
func poison(v any, f func(string) string) {
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[diagnosis.Stamp]() {
				return
			}
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.String:
			v.SetString(f(v.String()))
		}
	}
	walk(reflect.ValueOf(v))
}

// inert fails where a byte or character of out acts on whoever looks at it.
func inert(t *testing.T, out []byte, allowed string) {
	t.Helper()
	bad := map[string]int{}
	for _, r := range strings.ToValidUTF8(string(out), "\x00") {
		if hidden(r) && !strings.ContainsRune(allowed, r) {
			bad[fmt.Sprintf("%U", r)]++
		}
	}
	if len(bad) > 0 {
		t.Errorf("raw characters in the output: %v", bad)
	}
}
