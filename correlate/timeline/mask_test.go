package timeline

import "testing"

func TestMasked(t *testing.T) {
	for addr, want := range map[string]bool{
		"xx.xx.xx.xx:6379": true, "x.x.x.x:6379": true, "XXX.XXX.XXX.XXX:6379": true, "***:6379": true, "*.*.*.*": true, "<IP>:6379": true, "[REDACTED]": true,
		"<ip-address>": true, "{hidden}:7000": true, "redacted:6379": true, "[masked]": true, "10.xx.xx.218:6379": false, "x.x.3.4:6379": false,
		"<master-ip>:6379": false, "10.0.0.1:6379": false, "redis-a:6379": false, "xx:6379": false, "fd00::1": false, "[fd00::1]:6379": false, "": false, "?:0": false,
		"/tmp/redis.sock:0": false, "ip:6379": false, "host:6379": false,
	} {
		if got := Masked(addr); got != want {
			t.Errorf("Masked(%q) is %v", addr, got)
		}
	}
}
