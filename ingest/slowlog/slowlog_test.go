package slowlog

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

// readText reads text as a file of this name: its rows, its problems, and its account.
func readText(t failer, name, text string) ([]table.Command, []table.Problem, artifact.Account) {
	t.Helper()
	var out table.Case
	account, err := Format().Read(artifact.Input{Name: name, Origin: table.Origin{Instance: "a", File: name}, Body: strings.NewReader(text)}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if int(account.Records) != out.Commands.Len() {
		t.Errorf("%d records, %d rows", account.Records, out.Commands.Len())
	}
	return out.Commands.Rows(), out.Problems.Rows(), account
}

// short is a row in one line: line, id, second, microseconds, name, arguments, caller, its name.
func short(c *table.Command) string {
	s := fmt.Sprintf("%d: %d %d %d %s|%s|%s|%s", c.Line, c.ID, c.Ended/table.Second, c.Micros, c.Name, c.Args, c.Client, c.User)
	if c.Log != logSlow {
		s += " " + c.Log
	}
	if c.Instance != "a" {
		s += " of " + c.Instance
	}
	return s
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []string
		ignored, broken  int64
	}{
		{
			name: "terminal", text: "" +
				"1) 1) (integer) 4\n   2) (integer) 1795374621\n   3) (integer) 16\n   4) 1) \"mset\"\n      2) \"k\\\"1\\x00\"\n   5) \"127.0.0.1:35950\"\n   6) \"worker\"\n" +
				"2) 1) (integer) 3\n   2) (integer) 1795374620\n   3) (integer) 2500000\n   4) 1) \"debug\"\n      2) \"sleep\"\n      3) \"2.5\"\n   5) \"?:0\"\n   6) \"\"\n",
			want: []string{"1: 4 1795374621 16 MSET|k\"1\x00|127.0.0.1:35950|worker", "8: 3 1795374620 2500000 DEBUG|sleep 2.5|?:0|"},
		},
		{
			name: "terminal, 3.2, prompts, carriage returns, taken twice", text: strings.ReplaceAll(""+
				"127.0.0.1:6379> slowlog get\n1) 1) (integer) 1\n   2) (integer) 1795374621\n   3) (integer) 16\n   4) 1) \"keys\"\n      2) \"*\"\n(0.52s)\n"+
				"127.0.0.1:6379> slowlog get\n1) 1) (integer) 2\n   2) (integer) 1795374622\n   3) (integer) 17\n   4) 1) \"SORT\"\n"+
				"2) 1) (integer) 1\n   2) (integer) 1795374621\n   3) (integer) 16\n   4) 1) \"keys\"\n      2) \"*\"\n", "\n", "\r\n"),
			want: []string{"2: 1 1795374621 16 KEYS|*||", "9: 2 1795374622 17 SORT|||"}, ignored: 4,
		},
		{
			name: "terminal, of many nodes", text: "" +
				">>> Calling slowlog get 1\n10.0.0.1:7000: 1) 1) (integer) 4\n   2) (integer) 1795374621\n   3) (integer) 16\n   4) 1) \"ping\"\n   5) \"10.0.0.9:1\"\n   6) \"\"\n10.0.0.2:7000: (empty array)\n",
			want: []string{"2: 4 1795374621 16 PING||10.0.0.9:1| of 10.0.0.1:7000"}, ignored: 4,
		},
		{
			name: "terminal, without its indentation", text: "" +
				"1) 1) (integer) 4\n2) (integer) 1795374621\n3) (integer) 16\n4) 1) \"mset\"\n2) \"k1\"\n5) \"127.0.0.1:35950\"\n6) \"\"\n" +
				"2) 1) (integer) 3\n2) (integer) 1795374620\n3) (integer) 17\n4) 1) \"get\"\n5) \"127.0.0.1:35950\"\n6) \"w\"\n" +
				"10) 1) (integer) 2\n2) (integer) 1795374619\n3) (integer) 18\n4) 1) \"ping\"\n5) \"127.0.0.1:35950\"\n6) \"w\"\n",
			want: []string{"1: 4 1795374621 16 MSET|k1|127.0.0.1:35950|", "8: 3 1795374620 17 GET||127.0.0.1:35950|w", "14: 2 1795374619 18 PING||127.0.0.1:35950|w"},
		},
		{
			name: "raw", text: "5\n1795374622\n16\nmset\nk1\n... (50 more arguments)\n127.0.0.1:35950\n\n4\n1795374621\n3\nget\nk\n[::1]:50000\nworker\n3\n1795374621\n9\nset\nx\ny\n?:0\n\n2\n1795374620\n1\nset\nx\ny\n\n\n1\n1795374620\n2\nPING\n/run/redis.sock:0\n\n",
			want: []string{
				"1: 5 1795374622 16 MSET|k1 ... (50 more arguments)|127.0.0.1:35950|",
				"9: 4 1795374621 3 GET|k|[::1]:50000|worker",
				"16: 3 1795374621 9 SET|x y|?:0|",
				"24: 2 1795374620 1 SET|x y||",
				"32: 1 1795374620 2 PING||/run/redis.sock:0|",
			},
		},
		{
			name: "raw, 3.2", text: "7\n1795374646\n7\nhset\nuser:1\nname\n6\n1795374640\n12\nsadd\nids\n5\n1795374600\n11\nx\n8\n1795374650\n13\nsetex\nk\n1795374600\n10\n",
			want: []string{"1: 7 1795374646 7 HSET|user:1 name||", "7: 6 1795374640 12 SADD|ids||", "12: 5 1795374600 11 X|||", "16: 8 1795374650 13 SETEX|k 1795374600 10||"},
		},
		{
			name: "raw, numbers among the arguments", text: "7\n1795374646\n7\nzadd\nz\n5\n1795374600\n11\nm\n127.0.0.1:1\n\n6\n1795374640\n12\nget\nk\n127.0.0.1:1\n\n",
			want: []string{"1: 7 1795374646 7 ZADD|z 5 1795374600 11 m|127.0.0.1:1|", "12: 6 1795374640 12 GET|k|127.0.0.1:1|"},
		},
		{
			name: "raw, taken three times", text: "### 2026-11-22T19:10:21Z\n\n### 2026-11-22T19:10:22Z\n1\n1795374621\n16\nkeys\n*\n127.0.0.1:1\n\n### 2026-11-22T19:10:23Z\n2\n1795374623\n17\nget\nk\n127.0.0.1:1\nme\n1\n1795374621\n16\nkeys\n*\n127.0.0.1:1\n\n",
			want: []string{"4: 1 1795374621 16 KEYS|*|127.0.0.1:1|", "12: 2 1795374623 17 GET|k|127.0.0.1:1|me"}, ignored: 5,
		},
		{
			name: "raw, taken twice with nothing between, restarted", text: "9\n1795374621\n16\nkeys\n*\n127.0.0.1:1\n\n0\n1795374700\n17\nget\nk\n127.0.0.1:1\n\n",
			want: []string{"1: 9 1795374621 16 KEYS|*|127.0.0.1:1|", "8: 0 1795374700 17 GET|k|127.0.0.1:1|"},
		},
		{
			name: "raw, an argument of several lines", text: "1\n1795374621\n16\neval\nlocal x\n\nreturn x\n0\n127.0.0.1:1\n\n0\n1795374620\n2\nping\n127.0.0.1:1\n\n",
			want: []string{"1: 1 1795374621 16 EVAL|local x  return x 0|127.0.0.1:1|", "11: 0 1795374620 2 PING||127.0.0.1:1|"},
		},
		{
			name: "csv", text: `7,1795374621,3,"slowlog","get","2","127.0.0.1:35982","",6,1795374621,6,"set","a\"\n,b","1","127.0.0.1:35978","w"` + "\n",
			want: []string{"1: 7 1795374621 3 SLOWLOG|get 2|127.0.0.1:35982|", "1: 6 1795374621 6 SET|a\"\n,b 1|127.0.0.1:35978|w"},
		},
		{
			name: "csv, 3.2, then taken again", text: `7,1795374646,7,"hset","user:1","f",6,1795374646,6,"slowlog","get"` + "\n\n" + `7,1795374646,7,"hset","user:1","f"` + "\n",
			want: []string{"1: 7 1795374646 7 HSET|user:1 f||", "1: 6 1795374646 6 SLOWLOG|get||"}, ignored: 2,
		},
		{
			name: "csv, a number of arguments behind each entry", text: `7,1795374621,3,"get","k","127.0.0.1:1","",2,6,1795374621,6,"ping","127.0.0.1:1","",1` + "\n",
			want: []string{"1: 7 1795374621 3 GET|k|127.0.0.1:1|", "1: 6 1795374621 6 PING||127.0.0.1:1|"},
		},
		{
			name: "json", text: `[[11,1795374621,3,["HELLO","3"],"127.0.0.1:36018",""],[10,1795374621,2,["slowlog","get","é"],"127.0.0.1:36010",""]]` + "\n",
			want: []string{"1: 11 1795374621 3 HELLO|3|127.0.0.1:36018|", "1: 10 1795374621 2 SLOWLOG|get é|127.0.0.1:36010|"},
		},
		{
			name: "json, 3.2, oldest first, over many lines", text: "[\n[0, 1795374621, 3, [\"KEYS\", \"*\"]],\n[1, 1795374622, 2, [\"GET\", \"k\"]]\n]\n",
			want: []string{"2: 0 1795374621 3 KEYS|*||", "3: 1 1795374622 2 GET|k||"},
		},
		{
			name: "quoted json", text: `[[1,1795374621,3,["set","\\x00\\xff"],"127.0.0.1:36018",""]]`,
			want: []string{"1: 1 1795374621 3 SET|\x00\xff|127.0.0.1:36018|"},
		},
		{
			name: "more elements", text: `[[1,1795374621,3,["set","a"],"127.0.0.1:36018","n",7,"x"]]`,
			want: []string{"1: 1 1795374621 3 SET|a|127.0.0.1:36018|n"},
		},
		{
			name: "wire", text: "*1\r\n*6\r\n:1\r\n:1795374650\r\n:5\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$3\r\n\r\nb\r\n$15\r\n127.0.0.1:42502\r\n$0\r\n\r\n",
			want: []string{"2: 1 1795374650 5 SET|a \r\nb|127.0.0.1:42502|"},
		},
		{
			name: "wire without carriage returns", text: "*1\n*4\n:1\n:1795374650\n:5\n*2\n$3\nGET\n$1\na\n",
			want: []string{"2: 1 1795374650 5 GET|a||"},
		},
		{
			name: "python", text: "[{'id': 4, 'start_time': 1795374621, 'duration': 16, 'command': b'mset k1 \\x00', 'client_address': b'127.0.0.1:35950', 'client_name': b''}]\n",
			want: []string{"1: 4 1795374621 16 MSET|k1 \x00|127.0.0.1:35950|"},
		},
		{
			name: "go", text: `[{"ID":4,"Time":"2026-11-22T20:10:21+01:00","Duration":16000,"Args":["mset","k1"],"ClientAddr":"127.0.0.1:35950","ClientName":"w"}]`,
			want: []string{"1: 4 1795374621 16 MSET|k1|127.0.0.1:35950|w"},
		},
		{
			name: "elasticache", text: `{"CacheClusterId":"c1","CacheNodeId":"0001","Id":296,"Timestamp":1605631822,"Duration (us)":12,"Command":"GET ... (1 more arguments)","ClientAddress":"192.168.12.104:55452","ClientName":"c1##"}` + "\n" +
				"c1,0001,1605631822,30,GET ... (1 more arguments),192.168.12.104:55452,c1##\n" + "c1,0001,1605631822,30,GET ... (1 more arguments),192.168.12.104:55452,c1##\n",
			want: []string{"1: 296 1605631822 12 GET|... (1 more arguments)|192.168.12.104:55452|c1##", "2: -1 1605631822 30 GET|... (1 more arguments)|192.168.12.104:55452|c1##", "3: -1 1605631822 30 GET|... (1 more arguments)|192.168.12.104:55452|c1##"},
		},
		{
			name: "large replies by the file's name", file: "commandlog-large-reply.txt", text: `[[0,1795374621,2097152,["LRANGE","l","0","-1"],"127.0.0.1:1",""]]`,
			want: []string{"1: 0 1795374621 2097152 LRANGE|l 0 -1|127.0.0.1:1| large-reply"},
		},
		{
			name: "the logs of one file", text: "127.0.0.1:6379> COMMANDLOG GET -1 large-request\n1) 1) (integer) 0\n   2) (integer) 1795374621\n   3) (integer) 2000000\n   4) 1) \"set\"\n   5) \"127.0.0.1:1\"\n   6) \"\"\n" +
				"127.0.0.1:6379> COMMANDLOG GET -1 slow\n1) 1) (integer) 0\n   2) (integer) 1795374621\n   3) (integer) 20000\n   4) 1) \"set\"\n   5) \"127.0.0.1:1\"\n   6) \"\"\n",
			want: []string{"2: 0 1795374621 2000000 SET||127.0.0.1:1| large-request", "9: 0 1795374621 20000 SET||127.0.0.1:1|"}, ignored: 2,
		},
		{
			name: "passwords", text: `[[1,1795374621,3,["CONFIG","SET","masterauth","secret"]],[0,1795374621,3,["ACL","SETUSER","bob",">secret"]]]` + "\n" +
				"[{'id': 5, 'start_time': 1795374621, 'duration': 16, 'command': b'config set requirepass secret'}]",
			want: []string{"1: 1 1795374621 3 CONFIG|SET masterauth (redacted)||", "1: 0 1795374621 3 ACL|SETUSER bob (redacted)||", "2: 5 1795374621 16 CONFIG|set requirepass (redacted)||"},
		},
		{name: "empty", text: "\n", ignored: 1},
		{name: "empty json", text: "[]\n[]\n", ignored: 2},
		{name: "empty on a terminal", text: "(empty list or set)\n(empty array)\n", ignored: 2},
		{name: "nothing", text: ""},
		{name: "refused", text: "(error) NOAUTH Authentication required.\n", broken: 1},
		{
			name: "cut within", text: "[[1,1795374621,3,[\"get\",\"a\"],\"127.0.0.1:1\",\"\"],[0,17953746",
			want: []string{"1: 1 1795374621 3 GET|a|127.0.0.1:1|"},
		},
		{name: "not entries", text: "[[1,2,3,[\"get\"]]]\n[[1,1795374621,-3,[\"get\"]]]\n{\"a\":1}\nhello\n", broken: 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := c.file
			if file == "" {
				file = "slowlog.txt"
			}
			rows, problems, account := readText(t, file, c.text)
			var got []string
			for i := range rows {
				got = append(got, short(&rows[i]))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if account.Ignored != c.ignored || account.Rejected != c.broken || int64(len(problems)) != c.broken {
				t.Errorf("%d ignored, %d rejected, want %d and %d: %v", account.Ignored, account.Rejected, c.ignored, c.broken, problems)
			}
			if len(rows) > 0 && (account.First == table.Null || account.Last < account.First) {
				t.Errorf("span %v to %v", account.First, account.Last)
			}
		})
	}
}

func TestArgumentsAreCut(t *testing.T) {
	var args []string
	for range 31 {
		args = append(args, `"`+strings.Repeat("é", 64)+`"`)
	}
	rows, _, _ := readText(t, "slowlog.json", `[[1,1795374621,3,["MSET",`+strings.Join(args, ",")+`,"... (1000 more arguments)"],"1.1.1.1:1",""]]`)
	if len(rows) != 1 || len(rows[0].Args) > maxArgs+40 || !strings.HasSuffix(rows[0].Args, "é ... (1000 more arguments)") {
		t.Errorf("%d rows, %q", len(rows), rows[0].Args)
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken disk")
	for _, c := range []struct {
		text string
		rows int
	}{{"[[1,1795374621,3,[\"get\"]],", 1}, {"1\n1795374621\n3\nget\n", 1}, {"", 0}} {
		var out table.Case
		_, err := Format().Read(artifact.Input{Body: io.MultiReader(strings.NewReader(c.text), iotest.ErrReader(broken))}, &out)
		if !errors.Is(err, broken) || out.Commands.Len() != c.rows {
			t.Errorf("%q: %v with %d rows, want %d", c.text, err, out.Commands.Len(), c.rows)
		}
	}
}
