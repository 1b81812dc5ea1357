package timeline

import "testing"

func TestPlausiblePeer(t *testing.T) {
	for s, want := range map[string]bool{
		"10.1.0.3:6379": true, "10.1.0.3": true, "redis-0.redis-headless.shop.svc:6379": true, "[fd00::3]:6379": true, "fd00::3:6379": true,
		"fe80::1%eth0:6379": true, "/var/run/redis.sock:0": true, "redis_b:6379": true, ":6379": true,
		"client id #6": true, "?:0": true, "10.1.0.3:<unknown-replica-port>": true, "10.1.0.3:<unknown-slave-port>": true,
		"10.1>0.3:6379": false, "10.1 0.3:6379": false, "!0.1.0.3:6379": false, "10..0.3:6379": false, "10.1.0.333:6379": false,
	} {
		if got := plausiblePeer(s); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
}
