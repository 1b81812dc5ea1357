package message

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write kinds.go and testdata anew")

// TestKindsAreTheCatalogues holds kinds.go to the catalogue: a constant for each kind, in its order.
func TestKindsAreTheCatalogues(t *testing.T) {
	want := kindsFile(t)
	if *update {
		if err := os.WriteFile("kinds.go", want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("kinds.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("kinds.go is not what the catalogue says; run: go generate ./ingest/message")
	}
}

// kindsFile writes the constants out. An id's words are joined with capitals: psync-ok is PsyncOk.
func kindsFile(t *testing.T) []byte {
	var b bytes.Buffer
	b.WriteString("// Code generated from catalogue.txt by kinds_test.go. DO NOT EDIT.\n\npackage message\n\n// The kinds of messages, by family; what each means is in catalogue.txt and in [Info].\nconst (\n")
	family := ""
	for _, k := range Default().Kinds() {
		if k.Family != family {
			if family != "" {
				b.WriteString("\n")
			}
			family = k.Family
			fmt.Fprintf(&b, "\t// %s\n", family)
		}
		name := ""
		for word := range strings.SplitSeq(k.Kind, "-") {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
		fmt.Fprintf(&b, "\t%s Kind = %q\n", name, k.Kind)
	}
	b.WriteString(")\n")
	src, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return src
}
