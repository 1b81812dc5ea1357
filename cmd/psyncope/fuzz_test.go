package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzRun is the whole program on one input: it ends with an exit code of the contract, and what it prints is JSON or nothing, with a word why.
// It is slower than the others by far, and counted apart.
func FuzzRun(f *testing.F) {
	for _, s := range []string{
		"", "1:M 22 Nov 2026 10:00:00.000 * Ready to accept connections\n", "# Server\nredis_version:7.0.15\n# Replication\nrole:slave\nmaster_host:a\nmaster_link_status:down\nmaster_link_down_since_seconds:5\n",
		"1:S 22 Nov 2026 10:00:00.000 # Connection with master lost.\n1:S 22 Nov 2026 10:00:01.000 * Partial resynchronization not possible (no cached master)\n1:S 22 Nov 2026 10:00:02.000 * Full resync from master: 8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb:1\n",
		"1) 1) (integer) 1\n   2) (integer) 1795373130\n   3) (integer) 2500000\n   4) 1) \"KEYS\"\n", "latest_fork_usec:9999999999999999999\n",
	} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, in string, redact bool) {
		if len(in) > 2<<10 {
			return
		}
		args := []string{"analyze", "-", "--format", "json", "-q"}
		if redact {
			args = append(args, "--redact")
		}
		var stdout, stderr bytes.Buffer
		switch code := run(t.Context(), args, strings.NewReader(in), &stdout, &stderr); {
		case code < 0 || code > 4:
			t.Errorf("exit %d: %s", code, stderr.String())
		case stdout.Len() > 0 && !json.Valid(stdout.Bytes()):
			t.Errorf("no JSON: %s", stdout.String())
		case stdout.Len() == 0 && stderr.Len() == 0:
			t.Errorf("exit %d and not a word", code)
		}
	})
}
