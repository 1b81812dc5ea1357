package message

import "testing"

// TestMangled: messages as they come out of chats, tickets and consoles; the last ones are near misses.
func TestMangled(t *testing.T) {
	for _, tc := range []struct {
		text string
		kind Kind
	}{
		{"Can’t attach the slave to the current BGSAVE. Waiting for next BGSAVE for SYNC", "sync-wait-next-bgsave"},
		{"Master replied to PING, replication can continue…", "repl-handshake-ping-ok"},
		{"Unable to partial resync with replica 10.0.0.2:6379 for lack of backlog...", "psync-refused-backlog"},
		{"Partial resynchronization not possible (no cached master) | redis-0", "psync-no-cached-primary"},
		{"**Client id=7 addr=10.0.0.2:1 fd=9 flags=S omem=9 events=r cmd=psync scheduled to be closed ASAP for overcoming of output buffer limits.**", "client-output-buffer-limit"},
		{"Can't attach the slave to the current BGSAVE. **Waiting for next BGSAVE** for SYNC", "sync-wait-next-bgsave"},
		{"**some words** of nobody’s", Other},
		{"some words of nobody’s | redis-0", Other},
		{"Unable to...", Other},
		{"a | b", Other},
	} {
		var m Match
		Default().Match([]byte(tc.text), &m)
		if m.Kind != tc.kind {
			t.Errorf("%q is %s, want %s", tc.text, m.Kind, tc.kind)
		}
	}
}
