package report

import (
	"strings"
	"testing"
)

// The same change on several servers is one loop; what differs, or is no call of a client, stays as it is.
func TestLooped(t *testing.T) {
	set := func(host, value string) string {
		return "redis-cli -h " + host + " -p 6379 CONFIG SET repl-timeout " + value + "\nredis-cli -h " + host + " -p 6379 CONFIG REWRITE\n"
	}
	for _, c := range []struct{ name, in, want string }{
		{"two", set("10.0.0.1", "60") + set("::1", "60"), `for at in 10.0.0.1:6379 ::1:6379; do
  redis-cli -h "${at%:*}" -p "${at##*:}" CONFIG SET repl-timeout 60
  redis-cli -h "${at%:*}" -p "${at##*:}" CONFIG REWRITE
done`},
		{"one", set("10.0.0.1", "60"), strings.TrimSpace(set("10.0.0.1", "60"))},
		{"other values", set("10.0.0.1", "60") + set("10.0.0.2", "30"), strings.TrimSpace(set("10.0.0.1", "60") + set("10.0.0.2", "30"))},
		{"a comment between", set("10.0.0.1", "60") + "# and then\n" + set("10.0.0.2", "60"), strings.TrimSpace(set("10.0.0.1", "60") + "# and then\n" + set("10.0.0.2", "60"))},
		{"not a client's", "rm -h a -p 1 x\nrm -h b -p 1 x", "rm -h a -p 1 x\nrm -h b -p 1 x"},
		{"what would be expanded", "redis-cli -h $(a) -p 1 CONFIG REWRITE\nredis-cli -h b -p 1 CONFIG REWRITE", "redis-cli -h $(a) -p 1 CONFIG REWRITE\nredis-cli -h b -p 1 CONFIG REWRITE"},
	} {
		if got := looped(c.in); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}
