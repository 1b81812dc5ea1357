package pseudonym

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

func fixed() *Maker { return New([]byte("01234567890123456789012345678901")) }

// What servers write stays, byte for byte, but for what is the user's own in it.
func TestTextKeepsTheServersWords(t *testing.T) {
	m := fixed()
	for _, s := range []string{
		"1234:M 22 Nov 2026 18:45:30.123 * Partial resynchronization not possible (no cached master)",
		"1:S 22 Nov 18:45:30.123 # MASTER timeout: no data nor PING received...",
		"Background saving terminated by signal 9", "Write error saving DB on disk: No space left on device",
		"used_memory_human:1.50M", "repl_backlog_histlen:1048576", "aof_last_bgrewrite_status:ok", "# Replication", "role:master", "redis_version:7.0.15", "master_repl_offset:123456789012",
		`{"log":"1:M 22 Nov 2026 18:45:30.123 * Ready to accept connections\n","stream":"stdout","time":"2026-11-22T18:45:30.123456789Z"}`,
		"client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60", "### 2026-11-22T18:45:30.123Z", "20261122T184530Z", "Sun Nov 22 18:45:30 UTC 2026",
		"cmdstat_get:calls=100,usec=200,usec_per_call=2.00,rejected_calls=0,failed_calls=0", "0x7ffd12ab", "1) (integer) 14", "[withheld: 12 bytes]", "db0:keys=1,expires=0,avg_ttl=0", "used_memory:16mb 64kb 10s", "。。。", "… “a” — │", "# psyncope: no answer: read tcp: i/o timeout (asked at 2026-11-22T18:45:30Z, waited 2.0 s)", "noticed: 2 full resyncs were granted", "noticed: its role is replica, and was primary", "noticed: its link to the primary is down", "noticed: it was started anew",
		"/var/spool/cron /etc/cron.d/x /root/.ssh/authorized_keys",
	} {
		if got := m.Text(s); got != s {
			t.Errorf("%s\n  becomes %s", s, got)
		}
	}
}

func TestNothingOfTheUsersStays(t *testing.T) {
	m := fixed()
	for _, c := range []struct{ own, in string }{
		{"pay-prod-eu.corp.example", "Connecting to MASTER pay-prod-eu.corp.example:6379"},
		{"203.0.113.77", "Replica 203.0.113.77:6379 asks for synchronization"},
		{"10.20.30.40", "slave0:ip=10.20.30.40,port=6379,state=online"},
		{"10.20.30.40", "no answer: dial tcp 10.20.30.40:6379: connect: no route to host"},
		{"10.20.30.41", "read tcp 10.20.30.40:51234->10.20.30.41:6379: i/o timeout"},
		{"10.20.30.40", "::ffff:10.20.30.40: x"},
		{"2001:db8::42", "Replica [2001:db8::42]:6379 asks"},
		{"8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb", "master_replid:8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb"},
		{"paymentsvc", "id=3 addr=10.1.2.3:4 name=paymentsvc user=alicia"},
		{"alicia", "id=3 addr=10.1.2.3:4 name=paymentsvc user=alicia"},
		{"order", "name=order user=x"},
		{"/srv/acme", "dir /srv/acme/data"},
		{"mymainone", "+sdown master mymainone 10.1.2.3 6379"},
		{"Grüße", "key Grüße here"},
		{"99887766", "acct:99887766"},
		{"ip-10-20-30-40", "host ip-10-20-30-40.ec2.internal"},
		{"3f2a9b1c0d4e", "container 3f2a9b1c0d4e"},
	} {
		if got := m.Text(c.in); strings.Contains(got, c.own) {
			t.Errorf("%s\n  becomes %s", c.in, got)
		}
	}
	for _, c := range []struct{ own, in string }{
		{"4111111111111111", "card:1 4111111111111111"}, {"sess", "sess:7f 99"}, {"greeting", "greeting hello world"}, {"ABC123XYZ", "k ABC123XYZ"},
	} {
		if got := m.Args(c.in); strings.Contains(got, c.own) {
			t.Errorf("%s\n  becomes %s", c.in, got)
		}
	}
	for _, c := range []struct{ own, in string }{
		{"4111111111111111", `   2) "4111111111111111"`}, {"acme", `4) 1) "SET"   2) "acme:1"`}, {"99887766", `"SET","k","99887766"`}, {"caf", `"SET" "caf\xc3\xa9"`}, {"00e9", `"\u00e9"`},
	} {
		if got := m.Slowlog(c.in); strings.Contains(got, c.own) {
			t.Errorf("%s\n  becomes %s", c.in, got)
		}
	}
	if got := m.Slowlog(`   1) (integer) 14` + ` 2) (integer) 1795373130 3) (integer) 2500000 4) 1) "KEYS"`); !strings.Contains(got, "1795373130") || !strings.Contains(got, "2500000") || !strings.Contains(got, "KEYS") {
		t.Errorf("the server's own numbers: %s", got)
	}
}

// What is one in two places stays one, in whatever company it stands.
func TestOneNameOnePseudonym(t *testing.T) {
	m := fixed()
	host := m.Path("shop-7.acme.example")
	for _, s := range []string{"Connecting to MASTER %:6379", "master_host:%", "/captures/%/redis.log", "addr=%:6379", "[%]", `"%"`} {
		if got := m.Text(strings.Replace(s, "%", "shop-7.acme.example", 1)); !strings.Contains(got, host) {
			t.Errorf("%s: %s is not in %s", s, host, got)
		}
	}
	if host == m.Path("shop-8.acme.example") || fixed().Path("shop-7.acme.example") != host {
		t.Error("not one to one")
	}
	other := New([]byte("another key that is 32 bytes long"))
	if other.Path("shop-7.acme.example") == host {
		t.Error("another key, the same pseudonym")
	}
}

// Addresses stay addresses of their kind and of their network, and no two become one.
func TestAddresses(t *testing.T) {
	m := fixed()
	seen := map[string]string{}
	for a := range 4 {
		for b := 1; b < 255; b++ {
			ip := netip.AddrFrom4([4]byte{10, byte(a), 0, byte(b)}).String()
			p, _ := m.address(ip)
			if q, taken := seen[p]; taken || !strings.HasPrefix(p, "10.") {
				t.Fatalf("%s becomes %s, as %s did", ip, p, q)
			}
			seen[p] = ip
		}
	}
	for first, local := range map[byte]func(netip.Addr) bool{172: netip.Addr.IsPrivate, 192: netip.Addr.IsPrivate, 169: netip.Addr.IsLinkLocalUnicast} {
		for b := range 256 {
			given := netip.AddrFrom4([4]byte{first, byte(b), 7, 7})
			p, _ := m.address(given.String())
			if local(given) != local(netip.MustParseAddr(p)) {
				t.Errorf("%v becomes %s, which is of another kind", given, p)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) [4]byte {
			return [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, name))
		}
		x, y := draw("one"), draw("other")
		n := rapid.IntRange(0, 4).Draw(t, "bytes they share")
		copy(y[:n], x[:n])
		p, _ := m.address(netip.AddrFrom4(x).String())
		q, _ := m.address(netip.AddrFrom4(y).String())
		a, b := netip.MustParseAddr(p), netip.MustParseAddr(q)
		if (x == y) != (a == b) {
			t.Fatalf("%v and %v become %v and %v", x, y, a, b)
		}
		if given := netip.AddrFrom4(x); given.IsPrivate() != a.IsPrivate() || given.IsLoopback() != a.IsLoopback() || given.IsMulticast() != a.IsMulticast() {
			t.Fatalf("%v becomes %v, which is of another kind", given, a)
		}
		for i := range n {
			if a.As4()[i] != b.As4()[i] {
				t.Fatalf("%v and %v share %d bytes, %v and %v do not", x, y, n, a, b)
			}
		}
	})
	for _, s := range []string{"127.0.0.1", "::1", "0.0.0.0", "::"} {
		if p, _ := m.address(s); p != s {
			t.Errorf("%s becomes %s", s, p)
		}
	}
	if p, _ := m.address("fd00::1:2"); !strings.HasPrefix(p, "fd00::") || p == "fd00::1:2" {
		t.Errorf("fd00::1:2 becomes %s", p)
	}
}

// Of a word that is nobody's but the user's, no four letters in a row come out.
func TestRandomNamesDoNotStay(t *testing.T) {
	m := fixed()
	rapid.Check(t, func(t *rapid.T) {
		name := "zq" + rapid.StringMatching(`[a-z]{6,12}`).Draw(t, "name")
		before := rapid.SampledFrom([]string{"", "key ", "name=", "dir /", "addr=", `"`, "host:", "x.", "Connecting to MASTER ", "a\\", "ü"}).Draw(t, "before")
		for _, got := range []string{m.Text(before + name), m.Args(before + name), m.Slowlog(before + name), m.Path(before + name), m.Name(before + name)} {
			if strings.Contains(got, name) || strings.Contains(got, name[1:]) {
				t.Fatalf("%s%s becomes %s", before, name, got)
			}
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("1:M 22 Nov 2026 18:45:30.123 * Replica 10.0.0.1:6379 asks")
	f.Add(`{"a":"\u00e4\x41\"b","c":1}`)
	m := fixed()
	f.Fuzz(func(t *testing.T, s string) {
		got := m.Text(s)
		if strings.Count(got, "\n") != strings.Count(s, "\n") || strings.Count(got, `"`) != strings.Count(s, `"`) {
			t.Errorf("%q becomes %q", s, got)
		}
		m.Slowlog(s)
		m.Path(s)
		m.Name(s)
		m.Args(s)
	})
}

// Words that the analysis looks for in a message stay, or it would say something else of a redacted capture.
func TestWordsOfTheAnalysisStay(t *testing.T) {
	m := fixed()
	set := token.NewFileSet()
	n := 0
	err := filepath.WalkDir("../../correlate", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) != 2 {
				return true
			}
			of, ok := call.Args[0].(*ast.SelectorExpr)
			word, literal := call.Args[1].(*ast.BasicLit)
			if !ok || !literal || of.Sel.Name != "Text" && of.Sel.Name != "Detail" {
				return true
			}
			s, err := strconv.Unquote(word.Value)
			if err != nil || s == "alkey" { // a part of Valkey's name
				return true
			}
			n++
			if got := m.Text(s); got != s {
				t.Errorf("%s: %q becomes %q", set.Position(word.Pos()), s, got)
			}
			return true
		})
		return nil
	})
	if err != nil || n < 20 {
		t.Fatalf("%d words found, %v", n, err)
	}
	for i := range 134 {
		if s := syscall.Errno(i).Error(); !strings.Contains(s, "errno") && m.Text(s) != s {
			t.Errorf("errno %d: %q becomes %q", i, s, m.Text(s))
		}
	}
}
