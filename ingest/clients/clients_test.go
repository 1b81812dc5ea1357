package clients

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

type failer interface {
	Helper()
	Fatal(args ...any)
}

func readText(t failer, name, text string) ([]table.Client, []table.Problem, artifact.Account) {
	t.Helper()
	var out table.Case
	account, err := Format().Read(artifact.Input{Name: name, Origin: table.Origin{Instance: "a", File: name}, Body: strings.NewReader(text)}, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.Clients.Rows(), out.Problems.Rows(), account
}

const (
	null = table.Null
	noon = table.Micros(1795348800) * table.Second // 2026-11-22T12:00:00Z
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []table.Client
		ignored, broken  int64
	}{
		{
			name: "redis 7.4",
			text: "id=13 addr=127.0.0.1:48494 laddr=127.0.0.1:7901 fd=8 name=w age=3 idle=1 flags=S db=0 sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=26 qbuf-free=20448 argv-mem=10 multi-mem=0 rbs=16384 rbp=16384 obl=0 oll=7 omem=65536 tot-mem=37658 events=r cmd=replconf user=default redir=-1 resp=2 lib-name= lib-ver=\n",
			want: []table.Client{{ID: 13, Addr: "127.0.0.1:48494", Name: "w", Flags: "S", Age: 3, Idle: 1, Omem: 65536, Cmd: "replconf", User: "default", At: null}},
		},
		{
			name: "redis 2.8 and 2.4, carriage returns",
			text: "id=2 addr=10.0.0.9:5000 fd=6 name= age=10 idle=0 flags=N db=0 sub=0 psub=0 multi=-1 qbuf=0 qbuf-free=32768 obl=0 oll=0 omem=0 events=r cmd=client\r\naddr=10.0.0.9:5001 fd=7 idle=4 flags=M db=0 sub=0 psub=0\r\n",
			want: []table.Client{
				{ID: 2, Addr: "10.0.0.9:5000", Flags: "N", Age: 10, Idle: 0, Omem: 0, Cmd: "client", At: null},
				{ID: null, Addr: "10.0.0.9:5001", Flags: "M", Age: null, Idle: 4, Omem: null, At: null},
			},
		},
		{
			name: "names with intent",
			text: "id=3 addr=[::1]:5 fd=8 name=addr=6.6.6.6:6 age=1 idle=1 flags=N omem=5 cmd=get user=x=y\nid=4 addr=/run/redis.sock:0 fd=9 name=omem=99999 age=1 idle=1 flags=N omem=6 omem=7 cmd=NULL\n",
			want: []table.Client{
				{ID: 3, Addr: "[::1]:5", Name: "addr=6.6.6.6:6", Flags: "N", Age: 1, Idle: 1, Omem: 5, Cmd: "get", User: "x=y", At: null},
				{ID: 4, Addr: "/run/redis.sock:0", Name: "omem=99999", Flags: "N", Age: 1, Idle: 1, Omem: 6, Cmd: "NULL", At: null},
			},
		},
		{
			name: "dated by headings", text: "### 2026-11-22T12:00:00Z\nid=1 addr=a:1 fd=8 name=\n\n# ts=1795348801\nid=1 addr=a:1 fd=8 name=\nid=1 addr=b:1 fd=8 omem=x\n",
			want: []table.Client{
				{ID: 1, Addr: "a:1", Age: null, Idle: null, Omem: null, At: noon},
				{ID: 1, Addr: "a:1", Age: null, Idle: null, Omem: null, At: noon + table.Second},
				{ID: 1, Addr: "b:1", Age: null, Idle: null, Omem: null, At: noon + table.Second},
			}, ignored: 3,
		},
		{
			name: "dated by the file's name", file: "clients-20261122T120000Z.txt", text: "127.0.0.1:6379> client list\nid=1 addr=a:1 fd=8 name=\n",
			want: []table.Client{{ID: 1, Addr: "a:1", Age: null, Idle: null, Omem: null, At: noon}}, ignored: 1,
		},
		{
			name: "one quoted text", text: `"id=1 addr=a:1 fd=8 flags=N\nid=2 addr=b:1 fd=8 flags=O\n"` + "\n",
			want: []table.Client{
				{ID: 1, Addr: "a:1", Flags: "N", Age: null, Idle: null, Omem: null, At: null},
				{ID: 2, Addr: "b:1", Flags: "O", Age: null, Idle: null, Omem: null, At: null},
			},
		},
		{
			name: "other lines", text: "id=1 addr=a:1 fd=8 flags=N\nhello\n(error) NOPERM this user has no permissions\n",
			want: []table.Client{{ID: 1, Addr: "a:1", Flags: "N", Age: null, Idle: null, Omem: null, At: null}}, broken: 2,
		},
		{name: "nothing", text: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := c.file
			if file == "" {
				file = "clients.log"
			}
			rows, problems, account := readText(t, file, c.text)
			for i := range rows {
				rows[i].Origin = table.Origin{}
			}
			if c.want == nil {
				c.want = []table.Client{}
			}
			if d := cmp.Diff(c.want, rows); d != "" {
				t.Error(d)
			}
			if account.Records != int64(len(rows)) || account.Ignored != c.ignored || account.Rejected != c.broken || len(problems) != int(c.broken) {
				t.Errorf("%+v, %v", account, problems)
			}
			if len(rows) > 0 && sniff("x", []byte(c.text)) < 60 {
				t.Errorf("sure only %d", sniff("x", []byte(c.text)))
			}
		})
	}
}

func TestLimit(t *testing.T) {
	var out table.Case
	text := strings.Repeat("id=1 addr=a:1 fd=8 flags=N\n", 10)
	account, err := readUpTo(4, artifact.Input{Body: strings.NewReader(text)}, &out)
	if err != nil || account.Records != 4 || account.Ignored != 6 || out.Clients.Len() != 4 {
		t.Fatalf("%+v, %v", account, err)
	}
	if p := out.Problems.Rows(); len(p) != 1 || p[0].Line != 5 || p[0].Reason != "6 more clients were counted and left out" {
		t.Errorf("%v", p)
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken disk")
	var out table.Case
	_, err := Format().Read(artifact.Input{Body: io.MultiReader(strings.NewReader("id=1 addr=a:1 fd=8\n"), iotest.ErrReader(broken))}, &out)
	if !errors.Is(err, broken) || out.Clients.Len() != 1 {
		t.Errorf("%v with %d rows", err, out.Clients.Len())
	}
}

// Whatever names clients give themselves, the other columns are the server's.
func TestHostileNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// A name holds any printable character but a blank (redis 7.4.1 networking.c validateClientAttr).
		name := string(rapid.SliceOfN(rapid.ByteRange('!', '~'), 0, 100).Draw(t, "name"))
		omem := rapid.Int64Range(0, table.MostCount).Draw(t, "omem")
		line := fmt.Sprintf("id=7 addr=10.0.0.1:1 laddr=10.0.0.2:6379 fd=8 name=%s age=3 idle=1 flags=S db=0 omem=%d events=rw cmd=psync user=default\n", name, omem)
		rows, problems, _ := readText(t, "clients.log", line)
		want := []table.Client{{Origin: table.Origin{Instance: "a", File: "clients.log", Line: 1}, At: null, ID: 7, Addr: "10.0.0.1:1", Name: name, Flags: "S", Age: 3, Idle: 1, Omem: table.Int(omem), Cmd: "psync", User: "default"}}
		if d := cmp.Diff(want, rows); d != "" || len(problems) > 0 {
			t.Fatalf("%s%v", d, problems)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("id=1 addr=a:1 fd=8 name= age=1 idle=2 flags=N omem=3 cmd=get user=u\n")
	f.Add("\"id=1 addr=a:1 fd=8\\nid=2 addr=b:1\"\n### 2026-11-22T12:00:00Z\n")
	f.Add("addr=a:1 fd=8 x\n")
	f.Fuzz(func(t *testing.T, text string) {
		last := int32(strings.Count(text, "\n") + 1)
		rows, problems, account := readText(t, "x", text)
		if int(account.Records) != len(rows) {
			t.Errorf("%d records, %d rows", account.Records, len(rows))
		}
		for _, r := range rows {
			if r.Line < 1 || r.Line > last || len(r.Name) > maxText {
				t.Errorf("row %+v", r)
			}
		}
		for _, p := range problems {
			if p.Line < 1 || p.Line > last || p.Reason == "" {
				t.Errorf("problem %+v", p)
			}
		}
		if s := sniff("clients", []byte(text)); s < 0 || s > 100 {
			t.Errorf("sure %d", s)
		}
	})
}
