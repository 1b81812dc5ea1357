package report

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"psyncope/correlate/diagnosis"
)

func htmlOf(t *testing.T, d *diagnosis.Diagnosis) string {
	t.Helper()
	f, _ := ByName("html")
	return string(bytesOf(t, f, d, Options{}))
}

// inside is what stands between the first open and the next end.
func inside(t *testing.T, s, open, end string) string {
	t.Helper()
	_, after, ok := strings.Cut(s, open)
	in, _, ok2 := strings.Cut(after, end)
	if !ok || !ok2 {
		t.Fatalf("no %s ... %s", open, end)
	}
	return in
}

// The page's own policy lets its script and its style run, and nothing else.
func TestHTMLPolicy(t *testing.T) {
	for name, d := range samples() {
		p := htmlOf(t, d)
		policy := inside(t, p, `Content-Security-Policy" content="`, `"`)
		for _, part := range []struct{ directive, open, end string }{{"script-src", "<script>", "</script>"}, {"style-src", "<style>", "</style>"}} {
			sum := sha256.Sum256([]byte(inside(t, p, part.open, part.end)))
			if want := part.directive + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q has no %s", name, policy, want)
			}
		}
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", name, policy)
		}
		// No element can carry style or script of its own, so that none may.
		for _, bad := range []string{" style=", "javascript:", " src=", "@import", "url(http", `href="http`} {
			if strings.Contains(bodyOf(p), bad) && name != "hostile" {
				t.Errorf("%s: %s", name, bad)
			}
		}
	}
}

// bodyOf is the page less script, style and data.
func bodyOf(p string) string {
	for _, part := range []string{"script", "style"} {
		p = regexp.MustCompile(`(?s)(<`+part+`[^>]*>).*?(</`+part+`>)`).ReplaceAllString(p, "$1$2")
	}
	return p
}

var (
	tagPattern  = regexp.MustCompile(`<(/?)([a-zA-Z!][a-zA-Z0-9]*)((?:[^>"']|"[^"]*"|'[^']*')*)>`)
	attrPattern = regexp.MustCompile(`([a-zA-Z][-a-zA-Z0-9]*)(?:="([^"]*)")?`)
)

// With hostile text in every field, the page is made of the same elements and attributes as with tame text.
func TestHTMLHostile(t *testing.T) {
	shape := func(p string) map[string]bool {
		out := map[string]bool{}
		for _, m := range tagPattern.FindAllStringSubmatch(bodyOf(p), -1) {
			for _, a := range attrPattern.FindAllStringSubmatch(m[3], -1) {
				if strings.HasPrefix(m[2], "!") {
					continue
				}
				out[m[2]+" "+a[1]] = true
				if strings.HasPrefix(a[1], "on") || a[1] == "href" && !strings.HasPrefix(a[2], "#") && a[2] != "data:," {
					t.Errorf("<%s %s=%q>", m[2], a[1], a[2])
				}
			}
			out[m[2]] = true
		}
		return out
	}
	bad := htmlOf(t, hostile())
	inert(t, []byte(bodyOf(bad)), "\n")
	tame := shape(htmlOf(t, storm()))
	for k := range shape(bad) {
		if !tame[k] {
			t.Errorf("hostile text makes %q", k)
		}
	}
	if n := strings.Count(bad, "<script"); n != 2+strings.Count(uplotScript+htmlScript, "<script") {
		t.Errorf("%d script elements", n)
	}
	data := inside(t, bad, `<script type="application/json" id="data">`, "</script>")
	if strings.ContainsAny(data, "<>&") || !json.Valid([]byte(data)) {
		t.Error("the data is not valid JSON without <, > and &")
	}
	inert(t, []byte(data), "")
}

func TestHTMLSaysIt(t *testing.T) {
	p := bodyOf(htmlOf(t, storm()))
	for _, want := range []string{
		"cart-2 and cart-3 went round in full resyncs", "93% sure", "short by 5,366,273", "case/cart-2/redis.log:88", "CONFIG SET repl-backlog-size 16777216",
		"order not known", "from 4</a>: full-resync-forks", `class="bar stalled"`, `class="mark diamond"`, `class="doubt"`, "the only fork before it took 0.2 s", "daylight saving", "line has no stamp",
	} {
		if !strings.Contains(p, want) {
			t.Errorf("no %q", want)
		}
	}
	p = bodyOf(htmlOf(t, fleet(300)))
	if n := strings.Count(p, " data-rank="); n != 300 {
		t.Errorf("%d rows in the overview, want 300", n)
	}
	if n := strings.Count(p, `<section class="group"`); n != 300 {
		t.Errorf("%d sections, want 300", n)
	}
}

// A group-day of dense series stays below 5 MB, and thinning keeps what stands out.
func TestHTMLSize(t *testing.T) {
	d := storm()
	d.Series = nil
	for i := range 3 {
		for k := range 20 {
			s := diagnosis.Series{Instance: fmt.Sprintf("cart-%d", i+1), Group: "cart", Name: fmt.Sprintf("field_%d", k), Unit: "bytes"}
			for x := range 86400 {
				v := math.Round(1e9 + 1e8*math.Sin(float64(x*(k+1))/500) + float64(x*7919%10007))
				if x == 40000 {
					v = 9e9
				}
				s.At, s.Values = append(s.At, t0.UnixMilli()+int64(x)*1000), append(s.Values, &v)
			}
			d.Series = append(d.Series, s)
		}
	}
	p := htmlOf(t, d)
	if len(p) > 5<<20 {
		t.Errorf("%d bytes", len(p))
	}
	if n := strings.Count(p, "9000000000"); n < 60 {
		t.Errorf("%d of 60 peaks are left", n)
	}
}

// A storm of a day has a hundred thousand steps: the page says how many it leaves out, and trouble stays to be seen.
func TestHTMLOfALongStorm(t *testing.T) {
	d := storm()
	i := &d.Incidents[0]
	step, lane := i.Chain[len(i.Chain)-1], &d.Lanes[1]
	for n := range 100_000 {
		s := at(60 + float64(n))
		step.At = &s
		i.Chain = append(i.Chain, step)
		lane.Bars = append(lane.Bars, diagnosis.Bar{State: "up", From: s, To: at(60.9 + float64(n))}, diagnosis.Bar{State: "down", From: at(60.9 + float64(n)), To: at(61 + float64(n))})
		lane.Marks = append(lane.Marks, diagnosis.Mark{At: s, Kind: "fork", Summary: "child started"})
	}
	p := htmlOf(t, d)
	if len(p) > 5<<20 {
		t.Errorf("%d bytes", len(p))
	}
	if want := fmt.Sprintf("and %d that only --format json has", len(i.Chain)-1000); !strings.Contains(p, want) {
		t.Errorf("the page does not say %q", want)
	}
	if n := strings.Count(p, `"bar down"`); n < 500 {
		t.Errorf("%d bars are down", n)
	}
}

func TestThinnedKeepsExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 400).Draw(t, "n")
		most := rapid.IntRange(8, 100).Draw(t, "most")
		xs, ys := make([]int64, n), make([]*float64, n)
		low, high := math.Inf(1), math.Inf(-1)
		gaps := 0
		for i := range n {
			xs[i] = int64(i) * 10
			if rapid.IntRange(0, 9).Draw(t, "gap") == 0 {
				gaps++
				continue
			}
			v := float64(rapid.IntRange(-1000, 1000).Draw(t, "y"))
			ys[i], low, high = &v, min(low, v), max(high, v)
		}
		gx, gy := thinned(xs, ys, most)
		if len(gx) != len(gy) || len(gx) > max(most*5/4+5, 0) && n > most {
			t.Fatalf("%d and %d points of %d, most %d", len(gx), len(gy), n, most)
		}
		gotLow, gotHigh, gotGaps := math.Inf(1), math.Inf(-1), 0
		for i, y := range gy {
			if i > 0 && gx[i] <= gx[i-1] {
				t.Fatalf("time goes back: %v", gx)
			}
			if y == nil {
				gotGaps++
				continue
			}
			gotLow, gotHigh = min(gotLow, *y), max(gotHigh, *y)
		}
		if gotLow != low || gotHigh != high || gaps > 0 && gotGaps == 0 {
			t.Fatalf("extremes %v %v became %v %v, %d gaps became %d", low, high, gotLow, gotHigh, gaps, gotGaps)
		}
	})
}

func TestSignificant(t *testing.T) {
	for _, c := range []struct{ in, want float64 }{{0, 0}, {123456789, 123456800}, {0.123456789, 0.1234568}, {-5, -5}, {1e300, 1e300}, {5e-324, 5e-324}, {1.7976931348623157e308, 1.7976931348623157e308}} {
		if got := significant(c.in); got != c.want && math.Abs(got-c.want) > math.Abs(c.want)*1e-6 {
			t.Errorf("%v: got %v, want %v", c.in, got, c.want)
		}
	}
}
