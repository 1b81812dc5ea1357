package heading

import (
	"testing"

	"psyncope/ingest/table"
)

const day = table.Micros(1795373130) * table.Second // 2026-11-22T18:45:30Z

func TestTime(t *testing.T) {
	for _, c := range []struct {
		line string
		at   table.Micros
		ok   bool
	}{
		{"### 2026-11-22T18:45:30.123Z", day + 123000, true},
		{"# ts=1795373130", day, true},
		{"# ts=1795373130.5", day + 500000, true},
		{"Sun Nov 22 18:45:30 UTC 2026", day, true},
		{"Sun Nov  1 18:45:30 UTC 2026", day - 21*86400*table.Second, true},
		{"Sun 22 Nov 2026 06:45:30 PM UTC", day, true},
		{"Sun, 22 Nov 2026 19:45:30 +0100", day, true},
		{"2026-11-22T19:45:30+01:00", day, true},
		{"2026-11-22T18:45:30Z\r", day, true},
		{"=== 2026-11-22 18:45:30 UTC ===", day, true},
		{"1795373130", day, true},
		{"1795373130123", day + 123000, true},
		{"2026-11-22 18:45:30", table.Null, true},
		{"Sun Nov 22 19:45:30 CET 2026", table.Null, true},
		{"2026-11-22T18:45:30Z * Ready to accept connections", table.Null, false},
		{"127.0.0.1:6379> slowlog get", table.Null, false},
		{"", table.Null, false},
		{"12345", table.Null, false},
		{"0000000001", table.Null, false},
		{"maxmemory", table.Null, false},
	} {
		at, ok := Time(c.line)
		if at != c.at || ok != c.ok {
			t.Errorf("Time(%q) = %v, %v; want %v, %v", c.line, at.Time(), ok, c.at.Time(), c.ok)
		}
	}
}

func TestNameTime(t *testing.T) {
	for _, c := range []struct {
		name string
		ok   bool
	}{
		{"clients-20261122T184530Z.txt", true},
		{"clients-2026-11-22T18:45:30Z.txt", true},
		{"2026-11-22_18-45-30-clients.txt", true},
		{"clients.1795373130.log", true},
		{"node7-clients-20261122-184530", true},
		{"clients-20261122.txt", false},
		{"redis-6379.clients.txt", false},
		{"", false},
	} {
		at, ok := NameTime(c.name)
		if ok != c.ok || ok && at != day {
			t.Errorf("NameTime(%q) = %v, %v", c.name, at.Time(), ok)
		}
	}
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		line, command string
		ok            bool
	}{
		{"127.0.0.1:6379> slowlog get 2", "slowlog get 2", true},
		{"127.0.0.1:6379[3]> slowlog get", "slowlog get", true},
		{"redis 10.0.0.1:6379> SLOWLOG GET\r", "SLOWLOG GET", true},
		{"[::1]:6379> info", "info", true},
		{"127.0.0.1:6379(TX)> exec", "exec", true},
		{"not connected> ping", "ping", true},
		{"127.0.0.1:6379>", "", true},
		{"ops@db-1:~$ redis-cli -p 6380 slowlog get", "redis-cli -p 6380 slowlog get", true},
		{">>> Calling slowlog get", "slowlog get", true},
		{"a => b", "", false},
		{"if x > 3", "", false},
		{"$ make", "", false},
	} {
		command, ok := Command(c.line)
		if command != c.command || ok != c.ok {
			t.Errorf("Command(%q) = %q, %v; want %q, %v", c.line, command, ok, c.command, c.ok)
		}
	}
}

func TestNoise(t *testing.T) {
	for _, c := range []struct {
		line string
		want bool
	}{
		{"", true},
		{"(0.50s)", true},
		{"----", true},
		{"Warning: Using a password with '-a' option on the command line interface may not be safe.", true},
		{"### 2026-11-22T18:45:30Z", true},
		{"(nil)", false},
		{"(error) NOAUTH Authentication required.", false},
		{"SET", false},
	} {
		if got := Noise(c.line); got != c.want {
			t.Errorf("Noise(%q) = %v", c.line, got)
		}
	}
	if !Refusal("(error) NOAUTH Authentication required.") || !Refusal("NOPERM this user has no permissions") || Refusal("set") {
		t.Error("Refusal does not tell errors from replies")
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"### 2026-11-22T18:45:30.123Z", "a:1> b", "Sun Nov 22 18:45:30 UTC 2026", ":>", "(s)", "x-20261122T184530Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		Noise(s)
		NameTime(s)
		Refusal(s)
		if at, ok := Time(s); at != table.Null && !ok {
			t.Errorf("Time(%q) gives an instant and denies it", s)
		}
	})
}
