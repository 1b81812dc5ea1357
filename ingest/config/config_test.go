package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"psyncope/ingest/artifact"
	"psyncope/ingest/secret"
	"psyncope/ingest/table"
)

type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

func readText(t failer, name, text string) ([]table.Setting, []table.Problem, artifact.Account) {
	t.Helper()
	var out table.Case
	account, err := Format().Read(artifact.Input{Name: name, Origin: table.Origin{Instance: "a", File: name}, Body: strings.NewReader(text)}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if int(account.Records) != out.Settings.Len() {
		t.Errorf("%d records, %d rows", account.Records, out.Settings.Len())
	}
	return out.Settings.Rows(), out.Problems.Rows(), account
}

func short(rows []table.Setting) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%d %s=%s", r.Line, r.Name, r.Value))
	}
	return out
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, text       string
		want             []string
		ignored, refused int64
	}{
		{
			name: "raw", text: "dbfilename\ndump.rdb\nrequirepass\n\nslaveof\n10.0.0.1 6379\nclient-output-buffer-limit\nnormal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60\n",
			want: []string{"1 dbfilename=dump.rdb", "3 requirepass=", "5 replicaof=10.0.0.1 6379", "7 client-output-buffer-limit=normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"},
		},
		{
			name: "raw, a name's line twice", text: "dbfilename\ndump.rdb\nreplica-announce-ip\nreplica-announce-ip\n\nmaxmemory\n100\n",
			want: []string{"1 dbfilename=dump.rdb", "3 replica-announce-ip=", "6 maxmemory=100"}, ignored: 1,
		},
		{
			name: "raw, old and new names", text: "slave-priority\n100\nreplica-priority\n100\nrepl-ping-slave-period\n10\nrepl-ping-replica-period\n10\nmin-slaves-to-write\n0\nmasterauth\n\n",
			want: []string{"1 replica-priority=100", "5 repl-ping-replica-period=10", "9 min-replicas-to-write=0", "11 masterauth="}, ignored: 2,
		},
		{
			name: "raw, empty lines lost", text: "requirepass\nmasterauth\nunixsocket\nlogfile\nredis.log\nmaxmemory\n0\npidfile\n",
			want: []string{"1 requirepass=", "2 masterauth=", "3 unixsocket=", "4 logfile=redis.log", "6 maxmemory=0", "8 pidfile="},
		},
		{
			name: "raw, carriage returns, dated, twice", text: "### 2026-11-22T18:45:30Z\r\nmaxmemory\r\n0\r\nappendonly\r\nno\r\n### 2026-11-22T18:46:30Z\r\nmaxmemory\r\n100\r\nappendonly\r\nno\r\n",
			want: []string{"2 maxmemory=0", "4 appendonly=no", "7 maxmemory=100"}, ignored: 3,
		},
		{
			name: "raw, modules' settings first", text: "### 2026-11-22T18:45:30Z\nmodule.threads\n\nmodule-path\n/usr/lib\nmaxmemory\n0\nmodule-x\n1\nhz\n10\nappendonly\nno\n",
			want: []string{"2 module.threads=", "4 module-path=/usr/lib", "6 maxmemory=0", "8 module-x=1", "10 hz=10", "12 appendonly=no"}, ignored: 1,
		},
		{name: "raw, out of step from the beginning", text: "value\nmaxmemory\n0\n", want: []string{"2 maxmemory=0"}, refused: 1},
		{
			name: "raw, out of step", text: "maxmemory\n0\nsave\n900 1\n300 10\nhz\n10\n",
			want: []string{"1 maxmemory=0", "3 save=900 1", "6 hz=10"}, refused: 1,
		},
		{
			name: "terminal", text: "127.0.0.1:6379> config get repl*\n1) \"repl-backlog-size\"\n2) \"1048576\"\n3) \"masterauth\"\n4) \"secret\"\n(0.10s)\n127.0.0.1:6379> config get save\n1) \"save\"\n2) \"\"\n",
			want: []string{"2 repl-backlog-size=1048576", "4 masterauth=(redacted)", "8 save="}, ignored: 3,
		},
		{name: "terminal, RESP3", text: "1# \"maxmemory\" => \"0\"\n2# \"save\" => \"\"\n", want: []string{"1 maxmemory=0", "2 save="}},
		{name: "json", text: `{"maxmemory":"0","requirepass":"secret","save":""}` + "\n", want: []string{"1 maxmemory=0", "1 requirepass=(redacted)", "1 save="}},
		{name: "json list", text: `["maxmemory","0","save"]` + "\n", want: []string{"1 maxmemory=0"}, refused: 1},
		{name: "python", text: "{'maxmemory': '0', 'hz': '10'}\n", want: []string{"1 maxmemory=0", "1 hz=10"}},
		{name: "csv", text: `"maxmemory","0","save","3600 1 300 100"` + "\n", want: []string{"1 maxmemory=0", "1 save=3600 1 300 100"}},
		{name: "wire", text: "*4\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n$4\r\nsave\r\n$0\r\n\r\n", want: []string{"2 maxmemory=0", "6 save="}},
		{
			name: "file", text: "# comment\n\nbind 127.0.0.1 -::1\n\tmaxmemory   100mb \nsave 900 1\nsave 300 10\nsave \"\"\ndir '/var/lib/my redis'\nrequirepass \"a b\"\ninclude /etc/redis/local.conf\n" +
				"client-output-buffer-limit slave 256mb 64mb 60\nrename-command CONFIG b840fc02\nrename-command DEBUG \"\"\nuser alice on >secret ~* +@all\nslaveof 10.0.0.1 6379\n",
			want: []string{
				"3 bind=127.0.0.1 -::1", "4 maxmemory=100mb", "5 save=900 1", "6 save=300 10", "7 save=", "8 dir=/var/lib/my redis", "9 requirepass=(redacted)", "10 include=/etc/redis/local.conf",
				"11 client-output-buffer-limit=slave 256mb 64mb 60", "12 rename-command=CONFIG (redacted)", "13 rename-command=DEBUG \"\"", "14 user=(redacted)", "15 replicaof=10.0.0.1 6379",
			}, ignored: 2,
		},
		{
			name: "sentinel's file", text: "port 26379\nsentinel monitor mymaster 10.0.0.1 6379 2\nsentinel auth-pass mymaster secret\nsentinel known-slave mymaster 10.0.0.2 6379\nsentinel deny-scripts-reconfig yes\n",
			want: []string{"1 port=26379", "2 sentinel monitor=mymaster 10.0.0.1 6379 2", "3 sentinel auth-pass=(redacted)", "4 sentinel known-replica=mymaster 10.0.0.2 6379", "5 sentinel deny-scripts-reconfig=yes"},
		},
		{name: "file with other lines", text: "maxmemory 1gb\n<<<<<<< HEAD\nappendonly\nhz 10\n", want: []string{"1 maxmemory=1gb", "4 hz=10"}, refused: 2},
		{name: "empty", text: "\n", ignored: 1},
		{name: "empty json", text: "{}\n", ignored: 1},
		{name: "refused", text: "NOAUTH Authentication required.\n\n", refused: 1, ignored: 1},
		{name: "nothing", text: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, problems, account := readText(t, "config.txt", c.text)
			if c.want == nil {
				c.want = []string{}
			}
			if d := cmp.Diff(c.want, short(rows)); d != "" {
				t.Error(d)
			}
			if account.Ignored != c.ignored || account.Rejected != c.refused || int64(len(problems)) != c.refused {
				t.Errorf("%d ignored, %d rejected, want %d and %d: %v", account.Ignored, account.Rejected, c.ignored, c.refused, problems)
			}
			if len(rows) > 0 && sniff("x", []byte(c.text)) < 60 {
				t.Errorf("sure only %d", sniff("x", []byte(c.text)))
			}
		})
	}
}

func TestKnownNames(t *testing.T) {
	if !slices.IsSorted(known) {
		t.Error("the names are not in order, so they are not found")
	}
	for _, name := range slices.Concat(known, ofSentinel) {
		if table.SettingName(name) != name || !isName(name) {
			t.Errorf("%s: want %s", name, table.SettingName(name))
		}
	}
}

// No secret comes out, wherever in whatever broken form it stands.
func TestSecretsStayIn(t *testing.T) {
	const secret = "hunter2hunter2"
	for _, text := range []string{
		"requirepass\n" + secret + "\n", "maxmemory\n0\n\n" + secret + "\n", "maxmemory 0\nrequirepass " + secret + "\n", "maxmemory 0\nREQUIREPASS \"" + secret + "\n",
		"maxmemory 0\n" + secret + "\n", "{\"requirepass\":\"" + secret + "\",", "{\"requirepass\":\"" + secret + "\n", "[\"maxmemory\",\"0\",\"" + secret + "\"]\n", "[\"" + secret + "\"]\n",
		"\"maxmemory\",\"0\",\"a b" + secret + "\"\n", "1) \"masterauth\"\n2) \"" + secret + "\n", "*2\r\n$11\r\nrequirepass\r\n" + secret + "\r\n",
		"sentinel auth-pass mymaster " + secret + "\n", "user bob on >" + secret + "\n", "tls-key-file-pass\n" + secret + "\nhz\n10\n", "primaryauth " + secret + "\nhz 10\n",
	} {
		rows, problems, _ := readText(t, "config.txt", text)
		if all := fmt.Sprint(rows, problems); strings.Contains(all, secret) {
			t.Errorf("%q: %s", text, all)
		}
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken disk")
	for _, text := range []string{"", "maxmemory\n0\n", "maxmemory 0\n", "{"} {
		var out table.Case
		_, err := Format().Read(artifact.Input{Body: io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken))}, &out)
		if !errors.Is(err, broken) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

var forms = []struct {
	name  string
	write func(names, values []string) string
}{
	{"raw", func(names, values []string) string {
		return zip(names, values, func(_ int, n, v string) string { return n + "\n" + v + "\n" })
	}},
	{"terminal", func(names, values []string) string {
		width := len(fmt.Sprint(2 * len(names)))
		return zip(names, values, func(i int, n, v string) string {
			return fmt.Sprintf("%*d) %q\n%*d) %q\n", width, 2*i+1, n, width, 2*i+2, v)
		})
	}},
	{"terminal, RESP3", func(names, values []string) string {
		width := len(fmt.Sprint(len(names)))
		return zip(names, values, func(i int, n, v string) string { return fmt.Sprintf("%*d# %q => %q\n", width, i+1, n, v) })
	}},
	{"csv", func(names, values []string) string {
		return strings.TrimSuffix(zip(names, values, func(_ int, n, v string) string { return fmt.Sprintf("%q,%q,", n, v) }), ",") + "\n"
	}},
	{"json", func(names, values []string) string {
		var flat []string
		for i := range names {
			flat = append(flat, names[i], values[i])
		}
		b, _ := json.Marshal(flat)
		return string(b) + "\n"
	}},
	{"wire", func(names, values []string) string {
		return fmt.Sprintf("*%d\r\n", 2*len(names)) + zip(names, values, func(_ int, n, v string) string {
			return fmt.Sprintf("$%d\r\n%s\r\n$%d\r\n%s\r\n", len(n), n, len(v), v)
		})
	}},
	{"file", func(names, values []string) string {
		return zip(names, values, func(_ int, n, v string) string { return n + " " + fmt.Sprintf("%q", v) + "\n" })
	}},
}

func zip(names, values []string, line func(i int, name, value string) string) string {
	var b strings.Builder
	for i := range names {
		b.WriteString(line(i, names[i], values[i]))
	}
	return b.String()
}

// Settings read the same in whatever form they were saved.
func TestEveryFormReadsTheSame(t *testing.T) {
	var public []string
	for _, n := range known {
		if !secret.Setting(n) && n != "rename-command" && n != "loadmodule" {
			public = append(public, n)
		}
	}
	value := rapid.SampledFrom([]string{"", "0", "yes", "10.0.0.1 6379", "/var/lib/redis", "normal 0 0 0", "3600 1 300 100", "dump.rdb", "%x {y}", "é"})
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				names := rapid.SliceOfNDistinct(rapid.SampledFrom(public), 1, 30, rapid.ID).Draw(t, "names")
				values := rapid.SliceOfN(value, len(names), len(names)).Draw(t, "values")
				text := form.write(names, values)
				rows, problems, _ := readText(t, "config.txt", text)
				want, got := []string{}, []string{}
				for i := range names {
					want = append(want, names[i]+"="+values[i])
				}
				for _, r := range rows {
					got = append(got, r.Name+"="+r.Value)
				}
				if d := cmp.Diff(want, got); d != "" || len(problems) > 0 {
					t.Fatalf("%q\n%s\n%v", text, d, problems)
				}
				if s := sniff("x", []byte(text)); s < 90 {
					t.Fatalf("%q: sure only %d", text, s)
				}
			})
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, form := range forms {
		f.Add(form.write([]string{"maxmemory", "requirepass", "save"}, []string{"0", "x", ""}))
	}
	f.Add("# c\nsentinel monitor a 1 2 3\nuser a >b\ninclude x\n")
	f.Fuzz(func(t *testing.T, text string) {
		last := int32(strings.Count(text, "\n") + 1)
		rows, problems, _ := readText(t, "config.txt", text)
		for _, r := range rows {
			if r.Line < 1 || r.Line > last || r.Name == "" || table.SettingName(r.Name) != r.Name || len(r.Value) > maxValue+20 {
				t.Errorf("row %+v", r)
			}
			if secret.Setting(r.Name) && r.Value != "" && r.Value != secret.Mask {
				t.Errorf("a secret: %+v", r)
			}
		}
		for _, p := range problems {
			if p.Line < 1 || p.Line > last || p.Reason == "" {
				t.Errorf("problem %+v", p)
			}
		}
		if s := sniff("config.txt", []byte(text)); s < 0 || s > 100 {
			t.Errorf("sure %d", s)
		}
	})
}
