package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Every report that is kept is what the schema says, and one without a field, or with text for a number, is not.
func TestSchema(t *testing.T) {
	var b bytes.Buffer
	if err := Schema(&b); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	kept, _ := filepath.Glob("testdata/*.json")
	golden, _ := filepath.Glob("../fixtures/golden/*.json")
	if len(kept) < 3 || len(golden) < 20 {
		t.Fatalf("%d and %d reports", len(kept), len(golden))
	}
	for _, path := range append(kept, golden...) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	whole := bytesOf(t, Formats[1], storm(), Options{})
	for name, spoil := range map[string]func(map[string]any){
		"no incidents":      func(d map[string]any) { delete(d, "incidents") },
		"text for a number": func(d map[string]any) { d["inputs"].(map[string]any)["bytes"] = "many" },
		"a number for text": func(d map[string]any) { d["groups"].([]any)[0].(map[string]any)["id"] = 1 },
		"a stamp in words":  func(d map[string]any) { d["groups"].([]any)[0].(map[string]any)["from"] = "yesterday" },
	} {
		var d map[string]any
		if err := json.Unmarshal(whole, &d); err != nil {
			t.Fatal(err)
		}
		spoil(d)
		spoilt, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(spoilt))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(v) == nil {
			t.Errorf("%s is well by the schema", name)
		}
	}
}
