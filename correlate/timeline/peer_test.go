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

// TestReplicaWithoutPort: a line of INFO whose "port=" was spoilt is of no other replica; one that is whole stays.
func TestReplicaWithoutPort(t *testing.T) {
	h := &Host{Replicas: []ReplicaRow{{}, {}, {}}}
	h.Replicas[0].Addr, h.Replicas[1].Addr, h.Replicas[2].Addr = "10.1.0.2", "10.1.0.2:6379", "fd00::2:6379"
	found := h.strangePeers()
	if len(h.Replicas) != 2 || h.Replicas[0].Addr != "10.1.0.2:6379" || len(found) != 1 {
		t.Errorf("%d replicas are left, %+v", len(h.Replicas), found)
	}
}
