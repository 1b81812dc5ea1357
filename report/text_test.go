package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"psyncope/correlate/diagnosis"
)

func TestTextHostile(t *testing.T) {
	out := bytesOf(t, Formats[0], hostile(), Options{})
	inert(t, out, "\n")
	if strings.Contains(string(out), strings.Repeat("A", longest+1)) {
		t.Error("a line of 1 MB was not cut")
	}
}

// Colour is dressing: taken off, it leaves the report as it is without.
func TestTextColourIsOnlyDressing(t *testing.T) {
	strip := regexp.MustCompile("\x1b\\[[0-9;]*m")
	eachSample(t, func(t *testing.T, _ string, d *diagnosis.Diagnosis) {
		colored := bytesOf(t, Formats[0], d, Options{Color: true})
		plain := bytesOf(t, Formats[0], d, Options{})
		if got := strip.ReplaceAllString(string(colored), ""); got != string(plain) {
			t.Error("coloured and plain differ in more than colour")
		}
	})
}

// Nothing but a place (which one opens), a command (which one pastes) and a table is wider than the page.
func TestTextKeepsToTheWidth(t *testing.T) {
	for _, width := range []int{60, 80, 140} {
		for l := range strings.SplitSeq(string(bytesOf(t, Formats[0], storm(), Options{Width: width})), "\n") {
			if strings.Contains(l, "redis-cli") || strings.Contains(l, "   ") {
				continue
			}
			if w := text.StringWidthWithoutEscSequences(l); w > width {
				t.Errorf("width %d: %d columns: %s", width, w, l)
			}
		}
	}
}

func TestTextSaysTheSum(t *testing.T) {
	out := strings.Join(strings.Fields(string(bytesOf(t, Formats[0], storm(), Options{}))), " ")
	for _, want := range []string{
		"requested 58,709,267; primary at 65,124,116; needed 6,414,849 bytes; backlog 1,048,576; short by 5,366,273",
		"~ 2 +0.0s cart-2", "case/cart-2/redis.log:88", "order not known", "fork-cascade, 3 rounds", "5 full resyncs, 1 partial resync",
		"CONFIG SET repl-backlog-size 16777216",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{commas(0), "0"},
		{commas(-1234567), "-1,234,567"},
		{commas(999), "999"},
		{commas(1000), "1,000"},
		{commas(-9223372036854775808), "-9,223,372,036,854,775,808"},
		{size(0), "0 B"},
		{size(1023), "1023 B"},
		{size(1048576), "1 MiB"},
		{size(1536), "1.5 KiB"},
		{size(1 << 50), "1 PiB"},
		{span(0.35), "0.35 s"},
		{span(65.14), "65.1 s"},
		{span(252), "4 min 12 s"},
		{span(11100), "3 h 5 min"},
		{span(183600), "2 d 3 h"},
		{span(-3), "-3 s"},
		{span(7200), "2 h"},
		{offset(atp(0), atp(0)), "+0.0s"},
		{offset(atp(0), atp(-11.2)), "-11.2s"},
		{offset(atp(0), atp(212.4)), "+3:32.4"},
		{offset(atp(0), atp(7325)), "+2:02:05"},
		{offset(nil, atp(1)), "?"},
		{offset(atp(0), atp(59.99)), "+60.0s"},
		{needed(n(5), nil, nil), "5"},
		{needed(nil, n(1), n(2)), "between 1 and 2"},
		{needed(n(5), n(4), n(6)), "5 (between 4 and 6)"},
		{needed(n(5), n(5), n(5)), "5"},
		{needed(nil, n(7), nil), "at least 7"},
		{needed(nil, nil, nil), ""},
		{percent(0.926), "93%"},
		{list([]string{"a", "b", "c"}, 2), "a, b and 1 more"},
		{list(nil, 2), ""},
		{list([]string{"a"}, 2), "a"},
		{visible("a\x1b[0m\u202e\xff\u00e9"), `a\x1b[0m\u202e\xffé`},
		{visible("日本"), "日本"},
		{visible("\U000e0041"), `\U000e0041`},
		{zone(7200), "UTC+02:00"},
		{zone(-12600), "UTC-03:30"},
		{zone(0), "UTC"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestRoot(t *testing.T) {
	for _, c := range []struct {
		files []string
		want  string
	}{
		{nil, ""},
		{[]string{"/var/tmp/case/one/a.log", "/var/tmp/case/one/b.log"}, "/var/tmp/case/one/"},
		{[]string{"/var/tmp/case/one/a.log", "/var/tmp/case/only/b.log"}, ""},
		{[]string{"/var/tmp/long/case/one/a.log", "/var/tmp/long/case/only/b.log"}, "/var/tmp/long/case/"},
		{[]string{"incident-4711.tar.gz/a/x", "incident-4711.tar.gz/b/x"}, "incident-4711.tar.gz/"},
		{[]string{"/a", "b", ""}, ""},
		{[]string{"-"}, ""},
	} {
		d := &diagnosis.Diagnosis{}
		for _, f := range c.files {
			d.Inputs.Files = append(d.Inputs.Files, diagnosis.InputFile{Path: f})
		}
		if got := rootOf(d); got != c.want {
			t.Errorf("%q: got %q, want %q", c.files, got, c.want)
		}
	}
}
