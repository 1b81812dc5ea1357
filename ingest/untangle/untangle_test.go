package untangle

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// lines are two servers' lines in turns.
var lines = []struct{ who, text string }{
	{"redis-a", "11:M 22 Nov 2026 10:00:00.000 * Ready to accept connections"},
	{"redis-b", "12:S 22 Nov 2026 10:00:00.001 * Connecting to MASTER 10.0.0.1:6379"},
	{"redis-a", "11:M 22 Nov 2026 10:00:00.002 * Replica 10.0.0.2:6379 asks for synchronization"},
	{"redis-b", "12:S 22 Nov 2026 10:00:00.003 * MASTER <-> REPLICA sync started"},
	{"redis-a", "11:M 22 Nov 2026 10:00:00.004 * Full resync requested by replica 10.0.0.2:6379"},
	{"redis-b", "12:S 22 Nov 2026 10:00:00.005 * Full resync from master: 97a9bdc49cfe5740316adfa0b9d9be7625e4137b:14"},
	{"redis-a", "11:M 22 Nov 2026 10:00:00.006 * Starting BGSAVE for SYNC with target: disk"},
	{"redis-b", "12:S 22 Nov 2026 10:00:00.007 * MASTER <-> REPLICA sync: Finished with success"},
}

func written(one func(i int, who, text string) string) string {
	var b strings.Builder
	for i, l := range lines {
		b.WriteString(one(i, l.who, l.text))
	}
	return b.String()
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// TestShapes exports the same lines in shapes of no vendor's and wants them back, each server's its own and at its line.
func TestShapes(t *testing.T) {
	section := func(who string) string {
		return "##### " + who + " #####\n" + written(func(_ int, w, text string) string {
			if w != who {
				return ""
			}
			return text + "\n"
		})
	}
	for name, text := range map[string]string{
		"records of unknown names": written(func(i int, w, s string) string {
			return fmt.Sprintf(`{"kappa":{"omega":%q},"rho":%s,"tau":"2026-11-22T10:00:00.%03dZ"}`+"\n", w, quoted(s), i)
		}),
		"printed over lines": "[" + strings.TrimSuffix(written(func(_ int, w, s string) string {
			return fmt.Sprintf("{\n  \"a\": %q,\n  \"b\": %s\n},", w, quoted(s))
		}), ",") + "]",
		"rows": `{"rows":[` + strings.TrimSuffix(written(func(i int, w, s string) string { return fmt.Sprintf("[%d,%q,%s],", i, w, quoted(s)) }), ",") + "]}",
		"json in a string": written(func(_ int, w, s string) string {
			return fmt.Sprintf(`{"m":%s}`+"\n", quoted(fmt.Sprintf(`{"x":%q,"y":%s}`, w, quoted(s))))
		}),
		"python":   "[" + written(func(_ int, w, s string) string { return fmt.Sprintf("{'who': '%s', 'what': '%s'}, ", w, s) }) + "]",
		"csv":      "when,where,what\n" + written(func(i int, w, s string) string { return fmt.Sprintf("2026-11-22T10:00:00.%03dZ,%s,\"%s\"\n", i, w, s) }),
		"tsv":      written(func(_ int, w, s string) string { return w + "\t" + s + "\n" }),
		"markdown": "| pod | line |\n|-----|------|\n" + written(func(_ int, w, s string) string { return "| " + w + " | " + s + " |\n" }),
		"pairs":    written(func(_ int, w, s string) string { return fmt.Sprintf("level=x z=%s q=%q\n", w, s) }),
		"prefix":   written(func(_ int, w, s string) string { return "<" + w + "> " + s + "\n" }),
		"headings": section("redis-a") + "\n" + section("redis-b"),
		"sql": written(func(i int, w, s string) string {
			return fmt.Sprintf("INSERT INTO t VALUES ('2026-11-22T10:00:00.%03dZ','%s','%s');\n", i, w, s)
		}),
		"xml":  "<all>\n" + written(func(_ int, w, s string) string { return "<e who=\"" + w + "\"><![CDATA[" + s + "]]></e>\n" }) + "</all>\n",
		"jira": strings.NewReplacer("##### ", "h3. ", " #####", "\n{noformat}").Replace(section("redis-a")+"{noformat}\n\n"+section("redis-b")) + "{noformat}\n",
	} {
		t.Run(name, func(t *testing.T) {
			r, ok := Take(text)
			if !ok || len(r.Parts) != 2 {
				t.Fatalf("%v: %d parts by %q", ok, len(r.Parts), r.By)
			}
			for _, p := range r.Parts {
				if got := strings.Count(p.Text, "22 Nov 2026"); got != 4 || p.Kind != "log" {
					t.Errorf("%s: %d lines of a %s", p.Server, got, p.Kind)
				}
				for l := range strings.Lines(p.Text) {
					if strings.Contains(l, "22 Nov 2026") && l[0] != '{' && !slices.ContainsFunc(lines, func(m struct{ who, text string }) bool { return m.text == strings.TrimSpace(l) }) {
						t.Errorf("%s: %q is no line of a server's", p.Server, l)
					}
				}
				for _, l := range lines {
					if strings.Contains(p.Text, l.text[:40]) && p.Server != l.who {
						t.Errorf("%s has the line of %s: %s", p.Server, l.who, l.text)
					}
				}
			}
		})
	}
}

// TestTold: people write whose lines follow, each time otherwise, or only of the second.
func TestTold(t *testing.T) {
	of := func(who string) string {
		return written(func(_ int, w, text string) string {
			if w != who {
				return ""
			}
			return text + "\n"
		})
	}
	const down = "# Replication\nrole:slave\nmaster_host:10.0.0.1\nmaster_link_status:down\n"
	for text, want := range map[string]string{
		of("redis-a") + "And a slave's log:\n" + of("redis-b"):                                                                                          "master log 4, slave log 4",
		"On the primary we saw\n```\n" + of("redis-a") + "```\nand this is what replica-2 said:\n```\n" + of("redis-b") + "```\n":                       "primary log 4, replica-2 log 4",
		"it looks well on the slave\n`" + strings.TrimSpace(of("redis-b")) + "`\n\nthe master:\n" + of("redis-a") + "info of the slave, later\n" + down: "slave log 5, master log 4, slave info 4",
		// Of the stamps the times of day alone are left.
		"slave logs:\n\n09:23:17.070 # Connection with master lost.\n09:23:17.071 * Caching the disconnected master state.\n\nmaster logs:\n\n10:23:17.079 * Slave 10.0.0.2:6379 asks for synchronization\n": "slave log 4, master log 2",
		"the slave at work:\n\n09:23:17.070 we called the master's owner\n\nthe master at work:\n\n09:24:17.070 * nobody\n":                                                                                  "",
		// What follows is not what it says, or nothing says whose it is, or there is one role.
		of("redis-a") + "And the master's log:\n" + of("redis-b"):                                                     "",
		of("redis-a") + "And the other log:\n" + of("redis-b"):                                                        "",
		of("redis-b") + "And this is the slave the day after:\n" + of("redis-b"):                                      "",
		of("redis-b") + "Then it was made the master:\n12:M 22 Nov 2026 10:00:01.000 * Ready to accept connections\n": "",
		of("redis-a") + "The slave never came back.\n":                                                                "",
	} {
		var got []string
		if res, ok := told(text); ok {
			for _, p := range res.Parts {
				got = append(got, fmt.Sprintf("%s %s %d", p.Server, p.Kind, len(p.Lines)))
			}
		}
		if g := strings.Join(got, ", "); g != want {
			t.Errorf("%q: %q, want %q", text, g, want)
		}
	}
}

// TestLeftAlone: near misses. What is one server's, or plain, stays as it is.
func TestLeftAlone(t *testing.T) {
	dump := "# Server\nredis_version:7.2.4\nrun_id:" + strings.Repeat("a", 40) + "\n# Replication\nrole:master\n"
	for name, text := range map[string]string{
		"a plain log":           written(func(_ int, _, s string) string { return s + "\n" }),
		"dated dumps":           "### 2026-11-22T10:00:00Z\n" + dump + "### 2026-11-22T10:00:01Z\n" + dump,
		"dumps with an epoch":   "# ts=1795373904\n" + dump + "# ts=1795373905\n" + dump,
		"one process's dumps":   dump + dump,
		"prose":                 "Dear all,\nplease find attached, nothing.\n",
		"nothing":               "",
		"a wall of open braces": strings.Repeat("{[", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			if r, ok := Take(text); ok && len(r.Parts) > 1 {
				t.Errorf("taken apart by %q into %d", r.By, len(r.Parts))
			}
		})
	}
}

// FuzzTake: no text makes it fail, and every line of a part is a line of the text.
func FuzzTake(f *testing.F) {
	f.Add(written(func(_ int, w, s string) string { return fmt.Sprintf(`{"a":%q,"b":%s}`+"\n", w, quoted(s)) }))
	f.Add("a,b\n1,2\n3,4\n")
	f.Add("== a ==\n# Server\n== b ==\n# Server\n")
	f.Add("{'a': [1, (2, b'x')], u'c': None}")
	f.Fuzz(func(t *testing.T, text string) {
		Tangled(text)
		r, _ := Take(text)
		n := int32(strings.Count(text, "\n") + 1)
		for _, p := range r.Parts {
			if got := strings.Count(p.Text, "\n"); got != len(p.Lines) {
				t.Fatalf("%d lines, %d places", got, len(p.Lines))
			}
			for _, l := range p.Lines {
				if l < 1 || l > n {
					t.Fatalf("line %d of %d", l, n)
				}
			}
		}
	})
}

// TestWrapped: what a terminal cut is whole again, its stamps too; lines that are equally long and whole, and text whose lines are its own, stay.
func TestWrapped(t *testing.T) {
	record := func(at int) string {
		return fmt.Sprintf(`{"log": "%s\n", "stream": "stdout", "time": "2026-11-22T10:00:00.%09dZ"}`, lines[at].text, at)
	}
	var whole, cut strings.Builder
	begin, n := []int32(nil), int32(1)
	for i := range lines {
		r := record(i)
		whole.WriteString(r + "\n")
		for begin = append(begin, n); ; r = r[80:] {
			if n++; len(r) <= 80 {
				cut.WriteString(r + "\n")
				break
			}
			cut.WriteString(r[:80] + "\n")
		}
	}
	want, _ := Take(whole.String())
	got, ok := Take(cut.String())
	if !ok || len(got.Parts) != 1 || got.Parts[0].Text != want.Parts[0].Text || !slices.Equal(got.Parts[0].Lines, begin) || len(got.Behind) == 0 {
		t.Errorf("%v: %+v", ok, got)
	}
	same := strings.Repeat(record(0)+"\n", 8)
	dump := "{\"at\": 1, \"info\": \"" + strings.Repeat("used_memory:1\nexecutable:/usr/local/bin/redis-server-of-a-long-name\nrun_id:7\nconnected_slaves:0\n", 3) + "\"}\n"
	for name, text := range map[string]string{"equally long": same, "text with lines of its own": dump, "not structured": strings.Repeat(strings.Repeat("x", 80)+"\n", 3)} {
		if joined, at := unwrapped(text); joined != text && len(at) != strings.Count(text, "\n") {
			t.Errorf("%s: %q", name, joined)
		}
	}
}
