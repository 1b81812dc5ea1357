package collect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	primaryText = "# Server\r\nredis_version:7.0.15\r\nrun_id:p1\r\nserver_time_usec:1\r\n# Stats\r\nsync_full:1\r\n# Replication\r\nrole:master\r\n"
	replicaText = "# Server\r\nredis_version:7.0.15\r\nrun_id:r1\r\nserver_time_usec:1\r\n# Replication\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\n"
	online      = "slave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0\r\n"
)

// What begins a capture, and what looks like it and does not.
func TestChanges(t *testing.T) {
	for _, c := range []struct {
		name, before, now, want string
		trouble                 bool
	}{
		{"nothing", primaryText + online, primaryText + online, "", false},
		{"a link that drops", replicaText + "master_link_status:up\r\n", replicaText + "master_link_status:down\r\n", "its link to the primary is down", true},
		{"a link that was down already", replicaText + "master_link_status:down\r\n", replicaText + "master_link_status:down\r\n", "", false},
		{"a link that comes up", replicaText + "master_link_status:down\r\n", replicaText + "master_link_status:up\r\n", "its link to the primary is up", false},
		{"a replica that is gone", primaryText + online, primaryText, "its replica 10.0.0.2:6379 is gone", true},
		{"a replica that synchronizes", primaryText + online, primaryText + strings.Replace(online, "online", "wait_bgsave", 1), "its replica 10.0.0.2:6379 is not online", true},
		{"a replica that is new", primaryText, primaryText + online, "its replica 10.0.0.2:6379 is online", false},
		{"replicas in another order", primaryText + online + "slave1:ip=10.0.0.3,port=1,state=online\r\n", primaryText + "slave0:ip=10.0.0.3,port=1,state=online\r\n" + strings.Replace(online, "slave0", "slave1", 1), "", false},
		{"a full resync", primaryText, strings.Replace(primaryText, "sync_full:1", "sync_full:3", 1), "2 full resyncs were granted", true},
		{"a dump that says nothing of links", primaryText + online, "# Memory\r\nused_memory:1\r\n", "", false},
		{"a new process", primaryText, strings.NewReplacer("p1", "p2", "sync_full:1", "sync_full:0").Replace(primaryText), "it was started anew", true},
		{"a failover", replicaText, primaryText, "its role is primary, and was replica", true},
		{"another primary", replicaText, strings.Replace(replicaText, "10.0.0.1", "10.0.0.9", 1), "it follows 10.0.0.9:6379, and followed 10.0.0.1:6379", true},
	} {
		before := linksOf(c.before, links{full: -1})
		got := changes(before, linksOf(c.now, before))
		var says []string
		trouble := false
		for _, g := range got {
			says = append(says, g.what)
			trouble = trouble || g.trouble
		}
		if !strings.Contains(strings.Join(says, "; "), c.want) || c.want == "" && len(got) > 0 || trouble != c.trouble {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// An incident is over when all links have been well for a while; one who does not answer is waited for, but not for ever.
func TestOver(t *testing.T) {
	a, b := &sampler{}, &sampler{}
	at := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	w := newWatch(true)
	is := func(want bool) {
		t.Helper()
		if got := w.over(at); got != want {
			t.Errorf("at %s over is %t", at.Format("05"), got)
		}
	}
	w.answered(a, primaryText+online)
	w.answered(b, replicaText+"master_link_status:down\r\n")
	is(false)
	at = at.Add(time.Hour)
	is(false)
	w.answered(b, replicaText+"master_link_status:up\r\nmaster_sync_in_progress:0\r\n")
	is(false)
	at = at.Add(calm - time.Second)
	is(false)
	w.answered(b, replicaText+"master_link_status:down\r\n") // it was not over
	is(false)
	w.answered(b, replicaText+"master_link_status:up\r\nmaster_sync_in_progress:0\r\n")
	is(false)
	at = at.Add(calm)
	is(true)
	w.unanswered(b, at)
	is(false)
	at = at.Add(awaited)
	is(true)
	w.answered(a, primaryText+strings.Replace(online, "online", "send_bulk", 1))
	is(false)
}

// Until something happens nothing is written, and then what came before it is there, of all servers; and it ends by itself.
func TestUntilIncident(t *testing.T) {
	answers := healthy()
	n := 0
	answers["info"] = func() string {
		n++
		status := "up"
		if n == 3 {
			status = "down"
		}
		return bulk(replicaText + "master_link_status:" + status + "\r\nmaster_sync_in_progress:0\r\n")
	}
	replica := newFake(t, answers)
	other := healthy()
	other["info"] = always(bulk(primaryText + online))
	primary := newFake(t, other)
	out := t.TempDir()
	var mu sync.Mutex
	said := ""
	res, err := Run(t.Context(), Options{
		Addrs: []string{"a=" + primary.addr, "b=" + replica.addr}, Out: out, UntilIncident: true, Alone: true, ServersOnly: true,
		Log: func(s string) { mu.Lock(); defer mu.Unlock(); said += s + "\n" },
	})
	if err != nil || res.Interrupted || filepath.Dir(filepath.Dir(res.Dir)) != out {
		t.Fatalf("%+v, %v", res, err)
	}
	info := read(t, res.Dir, "b", "info.log")
	up, dropped := strings.Index(info, "master_link_status:up"), strings.Index(info, "master_link_status:down")
	if up < 0 || dropped < up || !strings.Contains(info, replica.addr+"> INFO replication stats\n") || !strings.Contains(info, replica.addr+"> INFO everything\n") {
		t.Errorf("b:\n%s", info)
	}
	if info := read(t, res.Dir, "a", "info.log"); strings.Count(info, "### ") < 3 {
		t.Errorf("a:\n%s", info)
	}
	if notes := read(t, res.Dir, "b", "collect.log"); !strings.Contains(notes, "noticed: its link to the primary is down") {
		t.Errorf("b: %s", notes)
	}
	if strings.Count(said, "collects now, into "+res.Dir) != 1 {
		t.Errorf("said %s", said)
	}
}

// A run that is interrupted before anything happened leaves nothing.
func TestUntilNothing(t *testing.T) {
	answers := healthy()
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	answers["info"] = func() string {
		if n++; n > 2 {
			cancel()
		}
		return bulk(replicaText + "master_link_status:up\r\n")
	}
	f := newFake(t, answers)
	out := t.TempDir()
	res, err := Run(ctx, Options{Addrs: []string{f.addr}, Out: out, UntilIncident: true})
	if err != nil || res.Dir != "" || !res.Interrupted {
		t.Errorf("%+v, %v", res, err)
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

// A capture ends before it is larger than it may be, with whole files; what was there counts.
func TestMaxBytes(t *testing.T) {
	f := newFake(t, healthy())
	const most = 8 << 10
	out := t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "before.txt"), make([]byte, 1<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	res, err := Run(t.Context(), Options{Addrs: []string{"a=" + f.addr}, Out: out, Interval: time.Millisecond, MaxBytes: most})
	if err != nil || !res.Full || res.Interrupted {
		t.Fatalf("%+v, %v", res, err)
	}
	size := int64(0)
	err = filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			st, _ := d.Info()
			size += st.Size()
		}
		return err
	})
	if err != nil || size > most || size < most/2 {
		t.Errorf("%d bytes, %v", size, err)
	}
	if info := read(t, out, "a", "info.log"); !strings.HasSuffix(info, "connected_clients:3\r\n\n") {
		t.Errorf("the last dump is cut: %q", info[max(0, len(info)-80):])
	}
}

// On a full disk what is there stays whole.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	g := &growingArray{}
	path := filepath.Join(dir, "slowlog.json")
	if err := grown(g, path, []any{[]any{int64(1), int64(2)}}); err != nil {
		t.Fatal(err)
	}
	before := read(t, path)
	f, err := os.Open(path) // cannot be written to, as a full disk cannot
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := extend(f, []byte("[2,3]")); err == nil || read(t, path) != before {
		t.Errorf("%v: %q", err, read(t, path))
	}
	if err := appendWhole(filepath.Join(dir, "none", "info.log"), []byte("x")); !errors.As(err, new(*os.PathError)) {
		t.Errorf("%v", err)
	}
}

// A server that has no password is told none from then on: Sentinels without one stand beside servers that have one.
func TestNoPasswordWhereThereIsNone(t *testing.T) {
	const none = "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\r\n"
	f := newFake(t, healthy())
	f.answers["hello 2 auth"], f.answers["auth"] = always(none), always(none)
	out := t.TempDir()
	if _, err := Run(t.Context(), Options{Addrs: []string{"a=" + f.addr}, Out: out, Once: true, Password: "hunter1"}); err != nil {
		t.Fatal(err)
	}
	if info := read(t, out, "a", "info.log"); !strings.Contains(info, "redis_version") {
		t.Errorf("info.log: %s", info)
	}
	// Another refusal is one.
	g := newFake(t, healthy())
	g.answers["hello 2 auth"], g.answers["auth"] = always("-WRONGPASS invalid username-password pair or user is disabled.\r\n"), always("-WRONGPASS invalid username-password pair or user is disabled.\r\n")
	if _, err := Run(t.Context(), Options{Addrs: []string{"a=" + g.addr}, Out: t.TempDir(), Once: true, Password: "hunter1"}); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("%v", err)
	}
}

// The clock of a server whose INFO lacks it is asked for next to INFO.
func TestServersTime(t *testing.T) {
	f := newFake(t, healthy())
	f.answers["info"] = always(bulk("# Server\r\nredis_version:6.0.16\r\nuptime_in_seconds:5\r\n"))
	f.answers["time"] = always(array(bulk("1795341600"), bulk("250000")))
	out := t.TempDir()
	if _, err := Run(t.Context(), Options{Addrs: []string{"a=" + f.addr}, Out: out, Once: true}); err != nil {
		t.Fatal(err)
	}
	if info := read(t, out, "a", "info.log"); !strings.Contains(info, "\nserver_time_usec:1795341600250000\r\nuptime_in_seconds:5\r\n") {
		t.Errorf("info.log: %q", info)
	}
}

// The views of a Sentinel and of a node lead to others, and what is kept of them is JSON.
func TestAddressesOfViews(t *testing.T) {
	reply := []any{[]any{"name", "10.0.0.2:6379", "ip", "10.0.0.2", "port", "6379"}, []any{"ip", "fd00::2", "port", "26379"}, []any{"ip", "", "port", "1"}, "x", []any{"ip"}}
	if got := strings.Join(addressesIn(reply), " "); got != "10.0.0.2:6379 [fd00::2]:26379" {
		t.Error(got)
	}
	nodes := "a1 10.0.0.1:7000@17000,host-a myself,master - 0 0 1 connected 0-5460\na2 :0@0 master,noaddr - 0 0 2 disconnected\na3 fd00::3:7001@17001 slave a1 0 1795341600000 1 connected\na4 10.0.0.9:1@2 handshake - 0 0 0 connected\n"
	if got := strings.Join(nodesOf(nodes), " "); got != "10.0.0.1:7000 [fd00::3]:7001" {
		t.Error(got)
	}
	if a, b := withoutPings(nodes), withoutPings(strings.Replace(nodes, "1795341600000", "1795341601000", 1)); a != b || !strings.Contains(a, "0-5460") {
		t.Errorf("%q, %q", a, b)
	}
	if got := strings.Join(watchedBy("# Sentinel\r\nmaster0:name=a,status=ok,address=10.0.0.1:1\r\nmaster1:name=b,address=x\r\nmaster_host:y\r\n"), " "); got != "a b" {
		t.Error(got)
	}
}
