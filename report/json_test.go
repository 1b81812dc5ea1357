package report

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"psyncope/correlate/diagnosis"
)

func TestJSONReadsBack(t *testing.T) {
	eachSample(t, func(t *testing.T, name string, d *diagnosis.Diagnosis) {
		out := bytesOf(t, Formats[1], d, Options{})
		got, err := Load(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		want := whole(d)
		// JSON has no bytes that are no UTF-8; they come back as the replacement character.
		poison(want, func(s string) string {
			return strings.Map(func(r rune) rune { return r }, s)
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-written +read):\n%s", head(diff, 2000))
		}
		if again := bytesOf(t, Formats[1], got, Options{}); !bytes.Equal(out, again) {
			t.Error("a report written again differs")
		}
	})
}

func TestJSONHasNoNullSlice(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, &diagnosis.Diagnosis{Incidents: []diagnosis.Incident{{Chain: []diagnosis.Step{{}}}}, Sizing: []diagnosis.Sizing{{}}, Lanes: []diagnosis.Lane{{Marks: []diagnosis.Mark{{}}}}, Series: []diagnosis.Series{{}}, Notes: []diagnosis.Note{{}}, Groups: []diagnosis.Group{{}}, Time: diagnosis.TimeAxis{Hosts: []diagnosis.HostClock{{}}}}, Options{}); err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	// What may be null is what is unknown: stamps, numbers, and the loop that is none.
	may := map[string]bool{"window": true, "shard": true, "cost": true, "bytes": true, "seconds": true, "start": true, "end": true, "at": true, "from": true, "to": true, "loop": true, "requested_offset": true, "primary_offset": true, "needed_bytes": true, "backlog_bytes": true, "short_by_bytes": true, "needed_at_least_bytes": true, "needed_at_most_bytes": true, "lost_writes_bytes": true, "recommended_bytes": true, "memory_limit_bytes": true, "upper_bytes": true}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				if e == nil && !may[k] {
					t.Errorf("%s is null", k)
				}
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
}

func TestJSONSaysNoNaN(t *testing.T) {
	nan := math.NaN()
	d := &diagnosis.Diagnosis{Sizing: []diagnosis.Sizing{{SecondsCovered: math.Inf(1)}}, Series: []diagnosis.Series{{At: []int64{1}, Values: []*float64{&nan}}}}
	var b bytes.Buffer
	if err := JSON(&b, d, Options{}); err != nil {
		t.Fatal(err)
	}
	got, err := Load(&b)
	if err != nil {
		t.Fatal(err)
	}
	if got.Series[0].Values[0] != nil || got.Sizing[0].SecondsCovered != 0 {
		t.Errorf("got %v and %v", got.Series[0].Values[0], got.Sizing[0].SecondsCovered)
	}
}

func TestJSONHostileText(t *testing.T) {
	out := bytesOf(t, Formats[1], hostile(), Options{})
	inert(t, out, "\n")
	if !json.Valid(out) {
		t.Error("not valid")
	}
}

// The layout must change nothing: any value reads back the same from both layouts.
func TestIndentKeepsMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Custom(func(t *rapid.T) any { return anyJSON(t, 3) }).Draw(t, "value")
		compact, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := json.Unmarshal(compact, &want); err != nil {
			t.Fatal(err)
		}
		laid := indent(nil, compact, 0)
		if err := json.Unmarshal(laid, &got); err != nil {
			t.Fatalf("%v in %s", err, laid)
		}
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("%s became %s", compact, laid)
		}
	})
}

func anyJSON(t *rapid.T, depth int) any {
	kinds := 4
	if depth == 0 {
		kinds = 2
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0:
		return rapid.String().Draw(t, "text")
	case 1:
		return rapid.Int().Draw(t, "number")
	case 2:
		return nil
	case 3:
		out := make([]any, rapid.IntRange(0, 4).Draw(t, "len"))
		for i := range out {
			out[i] = anyJSON(t, depth-1)
		}
		return out
	default:
		out := map[string]any{}
		for range rapid.IntRange(0, 4).Draw(t, "len") {
			out[rapid.String().Draw(t, "key")] = anyJSON(t, depth-1)
		}
		return out
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "it is empty"},
		{"text", "No replication incident", "invalid character"},
		{"other json", `{"a":1}`, `"schema" is missing`},
		{"a list", `[1]`, `"schema" is missing`},
		{"later schema", `{"schema":"psyncope/report/v9"}`, `its schema is "psyncope/report/v9", this psyncope reads "psyncope/report/v1"`},
		{"bad stamp", `{"schema":"psyncope/report/v1","incidents":[{"start":"yesterday"}]}`, "yesterday"},
		{"two reports", `{"schema":"psyncope/report/v1"}{"schema":"psyncope/report/v1"}`, "more after its end"},
		{"cut", `{"schema":"psyncope/report/v1","incidents":[`, "unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Load(strings.NewReader(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v and %v, want an error with %q", d, err, c.want)
			}
		})
	}
}

// What loads is written as it was loaded; damage is an error.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		`{"schema":"psyncope/report/v1"}`, `{"schema":"psyncope/report/v1","incidents":[{"id":"a","start":"2026-11-22T18:45:30.123Z","chain":[{"kind":"x"}]}],"notes":[]}`,
		`{"schema":"psyncope/report/v1","series":[{"name":"a","points":[[0,null]]}]}`, `{"schema":"x"}`, `[1`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := Load(bytes.NewReader(in))
		if err != nil || len(in) > 4<<10 {
			return
		}
		var a, b bytes.Buffer
		if err := JSON(&a, d, Options{}); err != nil {
			t.Fatal(err)
		}
		again, err := Load(bytes.NewReader(a.Bytes()))
		if err != nil {
			t.Fatalf("%v in %s", err, a.String())
		}
		if err := JSON(&b, again, Options{}); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%v: %s becomes %s", err, a.String(), b.String())
		}
	})
}

// FuzzRender puts names of any kind where servers, files and messages have theirs: no format fails or lets a terminal's commands through, and a
// plan's lines stay lines of shell that call nothing new.
func FuzzRender(f *testing.F) {
	for _, s := range []string{"redis-a", "a; rm -rf /", "$(id)", "`id`", "\x1b[2J", "<script>", "a\nb", "|x|", "=cmd()", "\u202e", "'"} {
		f.Add(s, "text")
	}
	stamp := atp(0)
	named := func(name, text string) *diagnosis.Diagnosis {
		return &diagnosis.Diagnosis{
			Schema: diagnosis.Schema,
			Groups: []diagnosis.Group{{ID: name, Primary: name, Replicas: []string{text}}},
			Incidents: []diagnosis.Incident{{
				ID: "incident-1", Group: name, Start: stamp, End: stamp, Severity: diagnosis.Critical, Headline: text, Affected: []string{name},
				Trigger: diagnosis.Trigger{Kind: "slow-command", Instance: name, At: stamp, Confidence: 0.9, Summary: text},
				Chain:   []diagnosis.Step{{At: stamp, Kind: "link-lost", Instance: name, Summary: text, Evidence: []diagnosis.Evidence{{File: name, Line: 1, Text: text}}, From: -1}},
			}},
			Notes: []diagnosis.Note{{Kind: "x", Instance: name, Summary: text}},
		}
	}
	var plain bytes.Buffer
	if err := HTML(&plain, named("redis-a", "text"), Options{}); err != nil {
		f.Fatal(err)
	}
	scripts := bytes.Count(plain.Bytes(), []byte("<script"))
	f.Fuzz(func(t *testing.T, name, text string) {
		if len(name)+len(text) > 300 {
			return
		}
		d := named(name, text)
		for _, format := range []string{"text", "md", "plan", "html"} {
			if format == "html" && (len(name)+len(text))%8 != 0 {
				continue // it takes longer than the others together
			}
			f, _ := ByName(format)
			var b bytes.Buffer
			if err := f.Write(&b, d, Options{}); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			if i := bytes.IndexByte(b.Bytes(), 0x1b); i >= 0 {
				t.Errorf("%s lets an escape through: %q", format, b.Bytes()[max(0, i-20):])
			}
			if n := bytes.Count(b.Bytes(), []byte("<script")); format == "html" && n != scripts {
				t.Errorf("html has %d scripts, and %d of its own", n, scripts)
			}
		}
	})
}

// The field names that scripts rely on, once each way: a renamed tag breaks users' scripts.
func TestJSONTags(t *testing.T) {
	var walk func(typ reflect.Type, path string)
	walk = func(typ reflect.Type, path string) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[diagnosis.Stamp]() {
			return
		}
		seen := map[string]bool{}
		for f := range typ.Fields() {
			tag := f.Tag.Get("json")
			if tag == "" || strings.ContainsAny(tag, ",- ") || strings.ToLower(tag) != tag || seen[tag] {
				t.Errorf("%s.%s: json tag %q", path, f.Name, tag)
			}
			seen[tag] = true
			walk(f.Type, path+"."+f.Name)
		}
	}
	walk(reflect.TypeFor[diagnosis.Diagnosis](), "Diagnosis")
	for _, path := range []string{
		"schema", "inputs.files.0.path", "inputs.rejected", "time.hosts.0.zone_offset_s", "time.hosts.0.skew_s", "groups.0.replicas", "incidents.0.trigger.confidence",
		"incidents.0.alternatives.0.why_not", "incidents.0.refusal.short_by_bytes", "incidents.0.loop.period_s", "incidents.0.chain.0.evidence.0.line",
		"incidents.0.recommendations.0.command", "notes.0.evidence", "sizing.0.whatif.0.full_syncs", "sizing.0.p99_write_bytes_per_s",
	} {
		var v any
		if err := json.Unmarshal(bytesOf(t, Formats[1], storm(), Options{}), &v); err != nil {
			t.Fatal(err)
		}
		for _, key := range strings.Split(path, ".") {
			if list, ok := v.([]any); ok {
				v = list[0]
				continue
			}
			next, ok := v.(map[string]any)[key]
			if !ok {
				t.Errorf("%s: no %s", path, key)
			}
			v = next
		}
	}
}
