package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"psyncope/report"
)

// The manual is run: each block that begins with "$ psyncope" shows what that command prints,
// where a line "…" stands for any lines. The commands run in this folder.
func TestManual(t *testing.T) {
	runTranscripts(t, "doc.go", func(line string) (string, bool) { return strings.CutPrefix(line, "\t") }, "$ psyncope ")
}

// The README shows what `make demo` prints.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	runTranscripts(t, "README.md", func(line string) (string, bool) { return line, !strings.HasPrefix(line, "```") }, "$ bin/psyncope ")
}

// update writes the transcripts anew: as many lines as they show now.
var update = flag.Bool("update", false, "write the transcripts of the manual and the README anew")

func runTranscripts(t *testing.T, file string, inBlock func(string) (string, bool), prompt string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	var written []string
	ran := 0
	for n := 0; n < len(lines); n++ {
		written = append(written, lines[n])
		line, _ := inBlock(lines[n])
		command, ok := strings.CutPrefix(line, prompt)
		if !ok {
			continue
		}
		indent := strings.TrimSuffix(lines[n], line)
		var want []string
		for at := n + 1; at < len(lines); at++ {
			line, ok := inBlock(lines[at])
			if !ok && lines[at] != "" || strings.HasPrefix(line, "$ ") {
				break
			}
			want = append(want, line)
		}
		for len(want) > 0 && strings.TrimSpace(want[len(want)-1]) == "" {
			want = want[:len(want)-1]
		}
		var out bytes.Buffer
		run(t.Context(), strings.Fields(command), strings.NewReader(""), &out, &out)
		ran++
		got := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
		if missing := shows(got, want); missing != "" && !*update {
			t.Errorf("%s:%d: %s%s does not print\n%s\nbut\n%s\n(go test ./cmd/psyncope -run 'Manual|Readme' -update)", file, n+1, prompt, command, missing, out.String())
		}
		n += len(want)
		if len(want) > 0 && want[len(want)-1] == "…" && len(want) <= len(got) {
			got = append(got[:len(want)-1], "…")
		}
		for _, line := range got {
			written = append(written, strings.TrimRight(indent+line, " \t"))
		}
	}
	if ran == 0 {
		t.Errorf("%s shows no %q: the test runs nothing", file, prompt)
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(written, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// shows is the first line of want that got does not have in its place; empty if it has all.
func shows(got, want []string) string {
	skip := false
	i := 0
	for _, w := range want {
		if strings.TrimSpace(w) == "…" {
			skip = true
			continue
		}
		for skip && i < len(got) && strings.TrimRight(got[i], " ") != strings.TrimRight(w, " ") {
			i++
		}
		if i >= len(got) || strings.TrimRight(got[i], " ") != strings.TrimRight(w, " ") {
			return w
		}
		i, skip = i+1, false
	}
	if i < len(got) && !skip {
		return "(the end, but more follows) " + got[i]
	}
	return ""
}

func TestShows(t *testing.T) {
	got := []string{"a", "b", "c", "d"}
	for _, c := range []struct {
		want string
		ok   bool
	}{
		{"a b c d", true},
		{"a b c", false},
		{"a b …", true},
		{"a … d", true},
		{"… c …", true},
		{"… x …", false},
		{"a c …", false},
		{"b …", false},
		{"a b c d e", false},
		{"…", true},
	} {
		if missing := shows(got, strings.Fields(c.want)); (missing == "") != c.ok {
			t.Errorf("%q: missing %q, want ok %v", c.want, missing, c.ok)
		}
	}
}

// The README names every verb and every format.
func TestReadmeIsWhole(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Formats {
		if !strings.Contains(string(text), "`"+f.Name+"`") {
			t.Errorf("README.md does not name the format %s", f.Name)
		}
	}
	for _, verb := range verbs() {
		if name := verb.Name(); name != "completion" && name != "version" && !strings.Contains(string(text), "psyncope "+name+" ") {
			t.Errorf("README.md does not name the verb %s", name)
		}
	}
}
