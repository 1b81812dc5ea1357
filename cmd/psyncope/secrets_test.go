package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"psyncope/report"
)

// planted is a capture with credentials in it, and with names, keys and addresses, each a word of its own.
type planted struct {
	dir   string
	words []string // credentials
	names []string // what is the user's own
	logs  strings.Builder
	n     int
}

// secret is another credential; own another name.
func (p *planted) secret() string {
	p.n++
	w := fmt.Sprintf("hunter%dZq%d", p.n, p.n*7)
	p.words = append(p.words, w)
	return w
}

func (p *planted) own() string {
	p.n++
	w := "zorbl" + string(rune('a'+p.n%26)) + string(rune('a'+p.n/26)) + "ax"
	p.names = append(p.names, w)
	return w
}

// line writes a text into the log, with a header and without, in which each % is a credential of its own.
func (p *planted) line(text string) {
	fill := func() string {
		for strings.Contains(text, "%") {
			text = strings.Replace(text, "%", p.secret(), 1)
		}
		return text
	}
	kept := text
	fmt.Fprintf(&p.logs, "1:M 22 Nov 2026 18:45:30.123 * %s\n", fill())
	text = kept
	fmt.Fprintf(&p.logs, "%s\n", fill())
}

func (p *planted) file(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func plant(t *testing.T) *planted {
	p := &planted{dir: t.TempDir()}
	for _, text := range []string{
		`requirepass %`, `masterauth "%"`, `CONFIG SET requirepass %`, `user alice on >% ~* +@all`, `ACL SETUSER bob on >% +@all`, `Error in the ACL file: line 3: user alice on >%`,
		`SENTINEL CONFIG SET sentinel-pass %`, `sentinel auth-pass mymaster %`, `MODULE LOAD /x/y.so PASSWORD %`, `MODULE LOADEX /x/y.so CONFIG a % ARGS %`, `loadmodule /x/y.so TOKEN %`,
		`*** FATAL CONFIG FILE ERROR *** >>> 'requirepass %'`, `redis://u:%@10.0.0.1:6379/0`, `rediss://:%@h`, `AUTH %`, `AUTH alice %`, `HELLO 3 AUTH alice %`, `"AUTH" "%"`,
		`ERR unknown command 'AHTU', with args beginning with: '%' `, `redis-cli -a % -h x`, `redis-server --requirepass %`, `REDISCLI_AUTH=% redis-cli`, `docker run -e REDIS_PASSWORD=% redis`,
		`password: %`, `the password is %`, `{"password":"%"}`, `Authorization: Bearer %`, `tls-key-file-pass %`, `argv[1]: '"%"'`, `api_key=%`, `MIGRATE h 1 k 0 5 AUTH2 u % KEYS a`, `*2\r\n$4\r\nAUTH\r\n$9\r\n%\r\n`,
		`1339518083.107412 [0 127.0.0.1:60866] "AUTH" "%"`, `Sentinel auth failed with masterauth=%`, `primaryauth %`, `secret_access_key %`,
	} {
		p.line(text)
	}
	host, key, user, client := p.own(), p.own(), p.own(), p.own()
	fmt.Fprintf(&p.logs, "1:M 22 Nov 2026 18:45:31.000 * Connecting to MASTER %s.corp.%s:6379\n1:M 22 Nov 2026 18:45:31.000 * Client id=3 addr=203.0.113.77:4 name=%s user=%s scheduled to be closed\n", host, p.own(), client, user)
	fmt.Fprintf(&p.logs, "1:M 22 Nov 2026 18:45:31.100 * something about %s in %s/x.rdb that nobody knows\n%s is not a line of a log %s\n", key, p.own(), p.own(), p.own())
	p.names = append(p.names, "203.0.113.77", "2001:db8::4242", "198.51.100.23", "7fa3bcd1155b71f4a04d3e1bc3e18c4a990aeeb9")
	fmt.Fprintf(&p.logs, "1:M 22 Nov 2026 18:45:31.000 * Replica [2001:db8::4242]:6379 asks for synchronization\n")
	p.file(t, "redis-a/redis.log", p.logs.String())
	p.file(t, "redis-a/info.log", strings.ReplaceAll(fmt.Sprintf("### 2026-11-22T18:45:30.123Z\n# Server\nredis_version:7.0.15\nrun_id:7fa3bcd1155b71f4a04d3e1bc3e18c4a990aeeb9\nconfig_file:/srv/%s/redis.conf\ngarbage requirepass %s\nmodule_password:%s\n# Replication\nrole:slave\nmaster_host:%s.corp\nmaster_port:6379\nmaster_link_status:up\nmaster_repl_offset:100\n", p.own(), p.secret(), p.secret(), host), "\n", "\r\n"))
	p.file(t, "redis-a/slowlog.txt", strings.Join([]string{
		`1) 1) (integer) 1`, `   2) (integer) 1795373130`, `   3) (integer) 2500000`, `   4) 1) "AUTH"`, `      2) "` + p.secret() + `"`, `   5) "198.51.100.23:4000"`, `   6) "` + client + `"`,
		`2) 1) (integer) 0`, `   2) (integer) 1795373129`, `   3) (integer) 30000`, `   4) 1) "SET"`, `      2) "` + key + `:1"`, `      3) "` + p.own() + `"`, `   5) "198.51.100.23:4000"`, `   6) ""`, ``,
	}, "\n"))
	p.file(t, "redis-a/slowlog-more.json", fmt.Sprintf(`[[5,1795373131,40000,["CONFIG","SET","masterauth",%q],"198.51.100.23:1",""],[6,1795373132,50000,["EVAL","redis.call('AUTH','%s') return %s","0"],"198.51.100.23:1",""],[7,1795373133,1,["ACL","SETUSER","x",">%s"],"",""]]`, p.secret(), p.secret(), p.own(), p.secret()))
	p.file(t, "redis-a/config.txt", fmt.Sprintf("repl-timeout\n60\nrequirepass\n%s\nmasterauth\n%s\ndir\n/data/%s\nsave\n\n", p.secret(), p.secret(), p.own()))
	p.file(t, "redis-a/redis.conf", fmt.Sprintf("port 6379\nrequirepass \"%s\"\nuser alice on >%s ~* +@all\nrename-command CONFIG %s\nloadmodule /x.so PASSWORD %s\nmasterauth %s\nmaxmemory 1gb\n", p.secret(), p.secret(), p.secret(), p.secret(), p.secret()))
	p.file(t, "redis-a/clients.txt", fmt.Sprintf("id=3 addr=198.51.100.23:4000 fd=8 name=%s age=10 idle=0 flags=N db=0 omem=0 cmd=get user=%s\nAUTH %s\n", client, user, p.secret()))
	p.file(t, "redis-a/collect.log", fmt.Sprintf("2026-11-22T18:45:30.123Z no answer: WRONGPASS for AUTH %s (asked at 2026-11-22T18:45:30.000Z, waited 1.0 s)\nnonsense with password=%s\n", p.secret(), p.secret()))
	p.file(t, p.own()+"/"+p.own()+".txt", fmt.Sprintf("nothing that anybody reads: requirepass %s, %s", p.secret(), p.own()))
	p.file(t, "redis-b/app.json", fmt.Sprintf(`[{"ts":"2026-11-22T18:45:32Z","msg":"1:S 22 Nov 2026 18:45:32.000 * AUTH %s","host":"%s"},{"ts":"2026-11-22T18:45:33Z","msg":"1:S 22 Nov 2026 18:45:33.000 * Connecting to MASTER 203.0.113.77:6379","host":"%s","password":"%s"}]`, p.secret(), host, host, p.secret()))
	return p
}

// everything runs psyncope and gives all that came of it: both outputs, and each file below dir.
func everything(t *testing.T, dir string, args ...string) map[string][]byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	run(t.Context(), args, strings.NewReader(""), &stdout, &stderr)
	out := map[string][]byte{"stdout": stdout.Bytes(), "stderr": stderr.Bytes()}
	if dir == "" {
		return out
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		out["name "+path] = []byte(strings.TrimPrefix(path, dir))
		if d.IsDir() {
			return nil
		}
		b, err := os.ReadFile(path)
		out[path] = b
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func search(t *testing.T, in map[string][]byte, words []string, what string) {
	t.Helper()
	for path, b := range in {
		for _, w := range words {
			if i := bytes.Index(b, []byte(w)); i >= 0 {
				t.Errorf("%s: %s %q: …%s…", path, what, w, b[max(0, i-60):min(len(b), i+60)])
			}
		}
	}
}

// No credential comes out, in any format, with and without --redact, and with it no name, key, value or address either. Parquet's pages are packed: its rows are
// those of Arrow and CSV.
func TestNoCredentialComesOut(t *testing.T) {
	p := plant(t)
	if len(p.words) < 80 {
		t.Errorf("only %d credentials", len(p.words))
	}
	var formats []string
	for _, f := range report.Formats {
		formats = append(formats, f.Name)
	}
	for _, extra := range [][]string{nil, {"--redact"}} {
		words := p.words
		if extra != nil {
			words = slices.Concat(words, p.names)
		}
		out := filepath.Join(t.TempDir(), "out")
		got := everything(t, out, slices.Concat([]string{"analyze", "--verbose", "--out", out, "--format", strings.Join(formats, ","), p.dir}, extra)...)
		search(t, got, words, "holds")
		if !bytes.Contains(got[filepath.Join(out, "csv", "commands.csv")], []byte("AUTH")) {
			t.Errorf("%v: the slowlog is not there: %s", extra, got["stderr"])
		}
		for _, verb := range []string{"clocks", "size"} {
			search(t, everything(t, "", slices.Concat([]string{verb, p.dir}, extra)...), words, "holds")
		}
	}
	state, page := filepath.Join(t.TempDir(), "state.db"), filepath.Join(t.TempDir(), "page")
	search(t, everything(t, page, "fleet", p.dir, "--state", state, "--out", page), p.words, "holds")
	b, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	search(t, map[string][]byte{"state": b}, p.words, "holds")

	red := filepath.Join(t.TempDir(), "red")
	search(t, everything(t, red, "redact", p.dir, "--out", red), slices.Concat(p.words, p.names), "holds")
}
