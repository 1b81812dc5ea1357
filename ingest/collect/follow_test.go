package collect

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestOthers(t *testing.T) {
	info := "# Replication\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nslave0:ip=10.0.0.3,port=6380,state=online,offset=1,lag=0\r\nslave1:ip=fd00::1,port=1,state=online\r\n" +
		"slave2:ip=,port=1\r\nslave_repl_offset:5\r\nmaster0:name=m,status=ok,address=10.0.0.9:7,slaves=1\r\nmaster_link_status:up\r\nslave3:ip=h,port=99999\r\n"
	if got, want := others(info, ""), []string{"10.0.0.1:6379", "10.0.0.3:6380", "[fd00::1]:1", "10.0.0.9:7"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A server that is named and does not answer from here is said once and leaves nothing, unless --map says how it is reached; a long list is cut short.
func TestNamedServers(t *testing.T) {
	named := newFake(t, healthy())
	answers := healthy()
	answers["info"] = always(bulk(infoText + "# Replication\r\nrole:master\r\nslave0:ip=192.0.2.7,port=6379,state=online\r\nslave1:ip=127.0.0.1,port=1,state=online\r\n" +
		"slave2:ip=127.0.0.1,port=2,state=online\r\nslave3:ip=127.0.0.1,port=3,state=online\r\n"))
	f := newFake(t, answers)
	out := t.TempDir()
	var mu sync.Mutex
	var said []string
	res, err := Run(t.Context(), Options{
		Addrs: []string{"a=" + f.addr}, Out: out, Once: true, Timeout: 5 * time.Second, Most: 3, Map: map[string]string{"192.0.2.7:6379": named.addr},
		Log: func(s string) { mu.Lock(); defer mu.Unlock(); said = append(said, s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Servers) != 2 || res.Servers[1].Name != "192.0.2.7-6379" || res.Servers[1].Addr != named.addr {
		t.Errorf("%+v", res.Servers)
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
	if !strings.Contains(read(t, out, "192.0.2.7-6379", "info.log"), "redis_version") {
		t.Error("the mapped one was not asked")
	}
	all := strings.Join(said, "\n")
	if strings.Count(all, "does not answer from here") != 1 || strings.Count(all, "one server too many") != 1 {
		t.Errorf("said %s", all)
	}
}

// A name that a server gives cannot lead out of the directory.
func TestNamedServersStayInside(t *testing.T) {
	answers := healthy()
	answers["info"] = always(bulk(infoText + "# Replication\r\nmaster_host:../../x\r\nmaster_port:1\r\nslave0:ip=a/b,port=2\r\n"))
	f := newFake(t, answers)
	out := filepath.Join(t.TempDir(), "in", "out")
	if _, err := Run(t.Context(), Options{Addrs: []string{"a=" + f.addr}, Out: out, Once: true, Timeout: 2 * time.Second}); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(out)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}
