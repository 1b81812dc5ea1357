package reply

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// show prints what Read found, one thing a line, so that the tables below can be read.
func show(t testing.TB, text string) []string {
	t.Helper()
	out := []string{}
	err := Read(strings.NewReader(text), Handler{
		List: func(v Value, depth int) bool {
			if depth == 0 {
				out = append(out, print(v))
			}
			return false
		},
		Scalar: func(v Value) { out = append(out, "flat "+print(v)) },
		Line:   func(n int32, s string) { out = append(out, fmt.Sprintf("line %d %q", n, s)) },
		Broken: func(n int32, reason, s string) { out = append(out, fmt.Sprintf("broken %d %q", n, s)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func print(v Value) string {
	switch v.Kind {
	case Nil:
		return "nil"
	case Int:
		return fmt.Sprint(v.Int)
	case Text:
		return fmt.Sprintf("%q", v.Text)
	case Bare:
		return "<" + v.Text + ">"
	}
	items := []string{}
	for _, i := range v.Items {
		items = append(items, print(i))
	}
	if v.Kind == Map {
		return "{" + strings.Join(items, " ") + "}"
	}
	return "[" + strings.Join(items, " ") + "]"
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{
			"terminal", "1) 1) (integer) 4\n   2) 1) \"mset\"\n      2) \"a \\\"b\\\"\\n\\xff\"\n   3) \"\"\n2) (nil)\n",
			[]string{`[[4 ["mset" "a \"b\"\n\xff"] ""] nil]`},
		},
		{"terminal, more than nine", " 1) \"a\"\n 2) 1) (integer) 1\n    2) (integer) 2\n10) \"b\"\n", []string{`["a" [1 2] "b"]`}},
		{"terminal, CRLF", "1) \"a\"\r\n2) \"b\"\r\n", []string{`["a" "b"]`}},
		{"terminal, indented", "    1) 1) \"a\"\n       2) \"b\"\n    2) \"c\"\n", []string{`[["a" "b"] "c"]`}},
		{"terminal, twice", "1) \"a\"\n2) \"b\"\n1) \"c\"\n", []string{`["a" "b"]`, `["c"]`}},
		{"terminal, prompt between", "1) \"a\"\n127.0.0.1:6379> x\n1) \"c\"\n", []string{`["a"]`, `line 2 "127.0.0.1:6379> x"`, `["c"]`}},
		{"terminal, blank line within", "1) 1) \"a\"\n\n   2) \"b\"\n", []string{`line 2 ""`, `[["a" "b"]]`}},
		{"terminal, wrapped", "1) \"abc\ndef\"\n2) \"b\"\n", []string{`["abcdef" "b"]`}},
		{"terminal, text cut off", "1) \"abc\n2) \"b\"\n", []string{`["abc" "b"]`}},
		{"terminal, maps", "1# \"a\" => \"1\"\n2# \"b\" => (integer) 2\n", []string{`{"a" "1" "b" 2}`}},
		{"terminal, empty", "(empty array)\n(empty list or set)\n1) (empty array)\n", []string{"[]", "[]", "[[]]"}},
		{"terminal, error", "(error) NOAUTH\n", []string{`line 1 "(error) NOAUTH"`}},
		{
			"terminal, of many nodes", "10.0.0.1:7000: 1) \"a\"\n2) \"b\"\n10.0.0.2:7000: (empty array)\n",
			[]string{`line 1 "10.0.0.1:7000"`, `["a" "b"]`, `line 3 "10.0.0.2:7000"`, "[]"},
		},
		{"json", `[[11,1795374621,3,["HELLO","3"],"127.0.0.1:36018",""]]` + "\n", []string{`[[11 1795374621 3 ["HELLO" "3"] "127.0.0.1:36018" ""]]`}},
		{"json, printed", "[\n  {\n    \"a\": -1.5,\n    \"b\": null\n  }\n]\n[]\n", []string{`[{"a" <-1.5> "b" nil}]`, "[]"}},
		{"json, escapes", `["\u0001\u00e9\ud83d\ude00\/\t\"\\"]`, []string{`["\x01é😀/\t\"\\"]`}},
		{"quoted json", `["a\\x00b", "say \\"hi\\" \\x01", "c:\\"]`, []string{`["a\x00b" "say \"hi\" \x01" "c:\\"]`}},
		{"quoted json, json within", `[["{\\"a\\":[\\"x\\",\\"y\\"],\\"b\\":{}}","z"],1]`, []string{`[["{\"a\":[\"x\",\"y\"],\"b\":{}}" "z"] 1]`}},
		{"quoted json or not", `["\"\\x41"]`, []string{`["\"\\x41"]`}},
		{"python", "[{'id': 4, 'command': b'set k \\x00\\'', 'client_name': None, 'x': (1, True)}]", []string{`[{"id" 4 "command" "set k \x00'" "client_name" nil "x" [1 <True>]}]`}},
		{"csv", "7,1795374621,3,\"slowlog\",\"a\\\"b\"\n\"x\"\n", []string{"flat 7", "flat 1795374621", "flat 3", `flat "slowlog"`, `flat "a\"b"`, `flat "x"`}},
		{"headings", "### 2026-11-22T18:45:30Z\n[1]\n# ts=1\n[2]\n", []string{`line 1 "### 2026-11-22T18:45:30Z"`, "[1]", `line 3 "# ts=1"`, "[2]"}},
		{"cut json", "[[1, \"ab\n### next\n[2]\n", []string{`broken 1 "[[1, \"ab"`, `line 2 "### next"`, "[2]"}},
		{"cut json between values", "[[1,\n### next\n[2]\n", []string{`broken 2 "### next"`, "[2]"}},
		{"wire", "*2\r\n*3\r\n:1\r\n$4\r\na\r\nb\r\n$-1\r\n+OK\r\n", []string{`[[1 "a\r\nb" nil] "OK"]`}},
		{"wire, no carriage returns", "*2\n$1\na\n*0\n*1\n:5\n", []string{`["a" []]`, "[5]"}},
		{"wire, RESP3", "%1\r\n$1\r\na\r\n,1.5\r\n", []string{`{"a" <1.5>}`}},
		{"wire, cut", "*2\r\n$5\r\nab", []string{`["ab"]`}},
		{"wire, broken", "*2\r\nhello\r\n*1\r\n:1\r\n", []string{`broken 2 "hello"`, "[1]"}},
		{"other", "1:M 22 Nov 2026 18:57:20.123 * Ready\n# Server\n\n", []string{`line 1 "1:M 22 Nov 2026 18:57:20.123 * Ready"`, `line 2 "# Server"`, `line 3 ""`}},
		{"nothing", "", []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, show(t, c.text)); d != "" {
				t.Error(d)
			}
		})
	}
}

// What the owner takes out, the list around it does not hold.
func TestTaken(t *testing.T) {
	var outer Value
	err := Read(strings.NewReader("[[1,2],[3,[4]],5]"), Handler{
		List: func(v Value, depth int) bool {
			outer = v
			return depth == 1
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := print(outer); got != "[5]" {
		t.Errorf("the outer list holds %s", got)
	}
}

func TestHead(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"abc\ndef\nghi", 10, "abc\ndef\n"}, {"abc\n", 4, "abc\n"}, {"#\n[1,2,3,4", 10, "#\n[1,2,3,4"}, {"[1,2", 3, "[1,"}, {"", 3, ""},
	} {
		if got := string(Head([]byte(c.text), c.n)); got != c.want {
			t.Errorf("Head(%q, %d) = %q, want %q", c.text, c.n, got, c.want)
		}
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken disk")
	for _, text := range []string{"", "1) \"a\"\n", "[1,2", "*2\r\n:1\r\n", "maxmemory\n0"} {
		err := Read(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), Handler{
			List:   func(Value, int) bool { return false },
			Scalar: func(Value) {},
			Line:   func(int32, string) {},
			Broken: func(int32, string, string) {},
		})
		if !errors.Is(err, broken) {
			t.Errorf("Read(%q and an error) = %v", text, err)
		}
	}
}

// Hostile input costs no more memory than the limits say.
func TestLimits(t *testing.T) {
	deep := show(t, strings.Repeat("[", 1000))
	if len(deep) == 0 || !strings.HasPrefix(deep[0], "broken 1") {
		t.Errorf("a thousand lists in each other: %v", deep)
	}
	for _, text := range []string{
		"[\"" + strings.Repeat("x", 1<<20) + "\"]",
		"1) \"" + strings.Repeat("x", 1<<20) + "\"\n",
		"*1\r\n$1048576\r\n" + strings.Repeat("x", 1<<20) + "\r\n",
		"[" + strings.Repeat("1,", 1<<20) + "2]",
		"1) 1) 1) 1) 1) 1) 1) 1) 1) 1) 1) 1) 1) 1) 1) 1) 1) 1) 1) 1) \"x\"\n",
		strings.Repeat("x", 3<<20),
	} {
		_ = Read(strings.NewReader(text), Handler{
			List: func(v Value, depth int) bool {
				if len(v.Items) > maxItems || len(v.Items) > 0 && len(v.Items[0].Text) > maxText {
					t.Errorf("%.10s...: a list of %d, its text of %d", text, len(v.Items), len(v.Items[0].Text))
				}
				return false
			},
			Scalar: func(Value) {},
			Line: func(_ int32, s string) {
				if len(s) > maxLine {
					t.Errorf("a line of %d", len(s))
				}
			},
			Broken: func(int32, string, string) {},
		})
	}
}

// Any tree comes back from the terminal form and from the wire, whatever its text and its depth.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := Value{Kind: List, Items: rapid.SliceOfN(drawValue(3), 1, 12).Draw(t, "items")}
		for _, text := range []string{wireOf(v), strings.Join(ttyOf(v), "\n") + "\n"} {
			var got []string
			_ = Read(strings.NewReader(text), Handler{
				List: func(v Value, depth int) bool {
					if depth == 0 {
						got = append(got, print(v))
					}
					return false
				},
				Scalar: func(v Value) { t.Fatalf("%q: scalar %v", text, v) },
				Line:   func(_ int32, s string) { t.Fatalf("%q: line %q", text, s) },
				Broken: func(_ int32, _, s string) { t.Fatalf("%q: broken %q", text, s) },
			})
			if d := cmp.Diff([]string{print(v)}, got); d != "" {
				t.Fatalf("%q: %s", text, d)
			}
		}
	})
}

func drawValue(depth int) *rapid.Generator[Value] {
	kinds := []*rapid.Generator[Value]{
		rapid.Map(rapid.Int64(), func(n int64) Value { return Value{Kind: Int, Int: n} }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) Value { return Value{Kind: Text, Text: string(b)} }),
		rapid.Just(Value{}),
	}
	if depth > 0 {
		kinds = append(kinds, rapid.Map(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[Value] { return drawValue(depth - 1) }), 0, 12), func(items []Value) Value {
			return Value{Kind: List, Items: items}
		}))
	}
	return rapid.OneOf(kinds...)
}

func wireOf(v Value) string {
	switch v.Kind {
	case Nil:
		return "$-1\r\n"
	case Int:
		return fmt.Sprintf(":%d\r\n", v.Int)
	case Text:
		return fmt.Sprintf("$%d\r\n%s\r\n", len(v.Text), v.Text)
	}
	s := fmt.Sprintf("*%d\r\n", len(v.Items))
	for _, i := range v.Items {
		s += wireOf(i)
	}
	return s
}

func ttyOf(v Value) []string {
	switch v.Kind {
	case Nil:
		return []string{"(nil)"}
	case Int:
		return []string{fmt.Sprintf("(integer) %d", v.Int)}
	case Text:
		return []string{cQuote(v.Text)}
	}
	if len(v.Items) == 0 {
		return []string{"(empty array)"}
	}
	var out []string
	width := len(fmt.Sprint(len(v.Items)))
	for i, item := range v.Items {
		for j, l := range ttyOf(item) {
			if j == 0 {
				out = append(out, fmt.Sprintf("%*d) %s", width, i+1, l))
			} else {
				out = append(out, strings.Repeat(" ", width+2)+l)
			}
		}
	}
	return out
}

func cQuote(s string) string {
	out := []byte{'"'}
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\a':
			out = append(out, `\a`...)
		case c >= ' ' && c < 0x7f:
			out = append(out, c)
		default:
			out = fmt.Appendf(out, `\x%02x`, c)
		}
	}
	return string(append(out, '"'))
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"1) 1) (integer) 4\n   2) \"a\"\n", "[[1,2,[\"a\\u0041\"]],{'a': b'\\x00'}]", "*1\r\n*2\r\n:1\r\n$1\r\na\r\n",
		"1,2,3,\"a\"\n", "1# \"a\" => \"b\"\n", "(empty array)\n", "a:1: 1) \"x\"\n", "1) \"abc\ndef\n", "$-1\r\n*-1\r\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := int32(strings.Count(s, "\n") + 1)
		place := func(n int32) {
			if n < 1 || n > last {
				t.Errorf("line %d of %d", n, last)
			}
		}
		err := Read(strings.NewReader(s), Handler{
			List:   func(v Value, _ int) bool { place(v.Line); return len(v.Items) == 3 },
			Scalar: func(v Value) { place(v.Line) },
			Line:   func(n int32, _ string) { place(n) },
			Broken: func(n int32, _, _ string) { place(n) },
		})
		if err != nil {
			t.Error(err)
		}
	})
}
