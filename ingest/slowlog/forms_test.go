package slowlog

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"psyncope/ingest/table"
)

// shown is an entry as a server holds it, and forms are the ways in which clients write a log of them.
type shown struct {
	id, second, us int64
	argv           []string
	addr, name     string
}

var forms = []struct {
	name  string
	write func([]shown) string
	// lines tells that arguments cannot hold line breaks, plain that their text must be UTF-8 without an escape of its own, twice that its escapes are known by a \xHH.
	lines, plain, twice bool
}{
	{name: "terminal", write: terminal},
	{name: "terminal, carriage returns", write: func(log []shown) string { return strings.ReplaceAll(terminal(log), "\n", "\r\n") }},
	{name: "raw", write: raws, lines: true},
	{name: "csv", write: csv},
	{name: "json", write: jsons, plain: true},
	{name: "quoted json", write: quotedJSON, twice: true},
	{name: "wire", write: wire},
	{name: "go", write: goJSON, plain: true},
	{name: "python", write: python},
}

func terminal(log []shown) string {
	if len(log) == 0 {
		return "(empty array)\n"
	}
	var b strings.Builder
	width := len(fmt.Sprint(len(log)))
	for i, e := range log {
		indent := strings.Repeat(" ", width+2)
		fmt.Fprintf(&b, "%*d) 1) (integer) %d\n%s2) (integer) %d\n%s3) (integer) %d\n%s4) ", width, i+1, e.id, indent, e.second, indent, e.us, indent)
		inner := len(fmt.Sprint(len(e.argv)))
		for j, a := range e.argv {
			if j > 0 {
				b.WriteString(indent + "   ")
			}
			fmt.Fprintf(&b, "%*d) %s\n", inner, j+1, cQuote(a))
		}
		fmt.Fprintf(&b, "%s5) %s\n%s6) %s\n", indent, cQuote(e.addr), indent, cQuote(e.name))
	}
	return b.String()
}

func raws(log []shown) string {
	var b strings.Builder
	for _, e := range log {
		fmt.Fprintf(&b, "%d\n%d\n%d\n%s\n%s\n%s\n", e.id, e.second, e.us, strings.Join(e.argv, "\n"), e.addr, e.name)
	}
	if len(log) == 0 {
		return "\n"
	}
	return b.String()
}

func csv(log []shown) string {
	var words []string
	for _, e := range log {
		words = append(words, fmt.Sprint(e.id), fmt.Sprint(e.second), fmt.Sprint(e.us))
		for _, a := range append(append([]string{}, e.argv...), e.addr, e.name) {
			words = append(words, cQuote(a))
		}
	}
	return strings.Join(words, ",") + "\n"
}

func jsons(log []shown) string {
	out := []any{}
	for _, e := range log {
		out = append(out, []any{e.id, e.second, e.us, e.argv, e.addr, e.name})
	}
	b, _ := json.Marshal(out)
	return string(b) + "\n"
}

// quotedJSON does as redis 7.0.15 cli_common.c jsonStringOutput: C quoting with every backslash doubled.
func quotedJSON(log []shown) string {
	quote := func(s string) string { return strings.ReplaceAll(cQuote(s), `\`, `\\`) }
	var out []string
	for _, e := range log {
		var argv []string
		for _, a := range e.argv {
			argv = append(argv, quote(a))
		}
		out = append(out, fmt.Sprintf("[%d,%d,%d,[%s],%s,%s]", e.id, e.second, e.us, strings.Join(argv, ","), quote(e.addr), quote(e.name)))
	}
	return "[" + strings.Join(out, ",") + "]\n"
}

func wire(log []shown) string {
	bulk := func(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }
	s := fmt.Sprintf("*%d\r\n", len(log))
	for _, e := range log {
		s += fmt.Sprintf("*6\r\n:%d\r\n:%d\r\n:%d\r\n*%d\r\n", e.id, e.second, e.us, len(e.argv))
		for _, a := range e.argv {
			s += bulk(a)
		}
		s += bulk(e.addr) + bulk(e.name)
	}
	return s
}

func goJSON(log []shown) string {
	type slowLog struct {
		ID                     int64
		Time                   string
		Duration               int64
		Args                   []string
		ClientAddr, ClientName string
	}
	out := []slowLog{}
	for _, e := range log {
		at := (table.Micros(e.second) * table.Second).Time().Format("2006-01-02T15:04:05Z07:00")
		out = append(out, slowLog{e.id, at, e.us * 1000, e.argv, e.addr, e.name})
	}
	b, _ := json.Marshal(out)
	return string(b) + "\n"
}

func python(log []shown) string {
	quote := func(s string) string {
		q := cQuote(s)
		return "b'" + strings.ReplaceAll(q[1:len(q)-1], "'", `\'`) + "'"
	}
	var out []string
	for _, e := range log {
		out = append(out, fmt.Sprintf("{'id': %d, 'start_time': %d, 'duration': %d, 'command': %s, 'client_address': %s, 'client_name': %s}",
			e.id, e.second, e.us, quote(strings.Join(e.argv, " ")), quote(e.addr), quote(e.name)))
	}
	return "[" + strings.Join(out, ", ") + "]\n"
}

// cQuote does as redis 7.4.1 sds.c sdscatrepr.
func cQuote(s string) string {
	out := []byte{'"'}
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case strings.IndexByte("\n\r\t\a\b", c) >= 0:
			out = append(out, '\\', "nrtab"[strings.IndexByte("\n\r\t\a\b", c)])
		case c >= ' ' && c < 0x7f:
			out = append(out, c)
		default:
			out = fmt.Appendf(out, `\x%02x`, c)
		}
	}
	return string(append(out, '"'))
}

// A log reads the same in whatever form it was saved, and taken twice it is the same log.
func TestEveryFormReadsTheSame(t *testing.T) {
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				n := rapid.IntRange(0, 12).Draw(t, "entries")
				id := rapid.Int64Range(int64(n), 1<<40).Draw(t, "id")
				second := rapid.Int64Range(1_400_000_000, 1_900_000_000).Draw(t, "second")
				log := []shown{}
				want := []string{}
				for range n {
					id--
					second -= rapid.Int64Range(0, 3).Draw(t, "gap")
					e := shown{id: id, second: second, us: rapid.Int64Range(0, 1<<40).Draw(t, "us"), argv: drawArgv(t, form.lines, form.plain, form.twice)}
					e.addr = rapid.SampledFrom([]string{"127.0.0.1:35950", "[::1]:1", "?:0", "/run/redis.sock:0"}).Draw(t, "addr")
					e.name = rapid.SampledFrom([]string{"", "worker", "a=b,c", "7", "10.0.0.1:6379"}).Draw(t, "name")
					log = append(log, e)
					row := (&entry{
						line: 1, log: logSlow, id: e.id, ended: table.Micros(e.second) * table.Second, amount: e.us,
						argv: append([]string{}, e.argv...), client: e.addr, user: e.name,
					}).row(table.Origin{Instance: "a"})
					row.Line = 0
					want = append(want, short(&row))
				}
				text := form.write(log)
				if rapid.Bool().Draw(t, "twice") {
					text += text
				}
				rows, problems, _ := readText(t, "slowlog.txt", text)
				got := []string{}
				for i := range rows {
					rows[i].Line = 0
					got = append(got, short(&rows[i]))
				}
				if d := cmp.Diff(want, got); d != "" || len(problems) > 0 {
					t.Fatalf("%q\n%s\n%v", text, d, problems)
				}
				if n > 0 && sniff("x", []byte(text)) < 90 {
					t.Fatalf("%q: sure only %d", text, sniff("x", []byte(text)))
				}
			})
		})
	}
}

func drawArgv(t *rapid.T, lines, plain, twice bool) []string {
	argv := []string{rapid.SampledFrom([]string{"get", "SET", "FT.SEARCH", "mset"}).Draw(t, "command")}
	arg := rapid.OneOf(
		rapid.SampledFrom([]string{"", "k", "user:1", "-17", "1795374621", "... (50 more arguments)", `"q"`, "[1]", "1) (integer) 4", "*2", "é€"}),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 8), func(b []byte) string { return string(b) }),
	)
	for range rapid.SampledFrom([]int{0, 1, 2, 3, 10, 32}).Draw(t, "argc") {
		a := arg.Draw(t, "arg")
		if lines {
			a = strings.NewReplacer("\n", "_", "\r", "_").Replace(a)
			if isWhole(a) && isWhole(argv[len(argv)-1]) {
				a = "n" + a // three numbers in a row look like an entry before one is known to be whole
			}
		}
		if plain {
			a = strings.ReplaceAll(strings.ToValidUTF8(a, "?"), `\`, "/")
		}
		if twice && strings.ContainsAny(cQuote(a), `\`) {
			a = strings.NewReplacer(`",`, "", `"]`, "").Replace(a) + "\x01" // what may end a text is taken for its end
		}
		argv = append(argv, a)
	}
	return argv
}

func FuzzRead(f *testing.F) {
	log := []shown{{9, 1795374621, 16, []string{"mset", "k\n1", "17", "1795374621"}, "127.0.0.1:35950", "w"}, {8, 1795374620, 3, []string{"eval", "x"}, "?:0", ""}}
	for _, form := range forms {
		f.Add("slowlog.txt", form.write(log))
	}
	f.Add("commandlog-large-reply", "### 2026-11-22T19:10:22Z\nc1,0001,1605631822,30,GET ... (1 more arguments),192.168.12.104:55452,c1##\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		last := int32(strings.Count(text, "\n") + 1)
		rows, problems, account := readText(t, name, text)
		for _, r := range rows {
			if r.Line < 1 || r.Line > last || r.Micros < 0 || !r.Ended.Known() || len(r.Args) > maxArgs+80 || len(r.Name) > 2*maxName {
				t.Errorf("row %+v", r)
			}
		}
		for _, p := range problems {
			if p.Line < 1 || p.Line > last || p.Reason == "" || len(p.Text) > 200 {
				t.Errorf("problem %+v", p)
			}
		}
		if account.Rejected < int64(len(problems)) && len(problems) <= 200 {
			t.Errorf("%d rejected, %d problems", account.Rejected, len(problems))
		}
		if s := sniff(name, []byte(text)); s < 0 || s > 100 {
			t.Errorf("sure %d", s)
		}
	})
}
