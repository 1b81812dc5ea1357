package info

import "testing"

// A crash report holds a whole INFO dump; where a log was cut inside it, the rest is a log all the same.
func TestSniffLogCutInsideACrashReport(t *testing.T) {
	dump := "used_cpu_sys:0.10\r\nused_cpu_user:0.21\r\n\r\n# Replication\r\nrole:master\r\nconnected_slaves:2\r\nmaster_replid:5a1c0f3e9b7d42688c31e0d4f7a2b96c1d8e3f50\r\n" +
		"master_repl_offset:9012\r\nsecond_repl_offset:-1\r\nrepl_backlog_active:1\r\nrepl_backlog_size:1048576\r\n# Cluster\r\ncluster_enabled:0\r\n"
	rest := "\n------ CLIENT LIST OUTPUT ------\n=== REDIS BUG REPORT END. ===\n1901:M 22 Nov 2026 10:00:21.200 * Ready to accept connections\n"
	if sure := sniff("redis.log", []byte(dump)); sure < 80 {
		t.Errorf("a dump alone: %d, wanted sure", sure)
	}
	if sure := sniff("redis.log", []byte(dump+rest)); sure > 20 {
		t.Errorf("a dump with a log behind it: %d, wanted doubt", sure)
	}
}
