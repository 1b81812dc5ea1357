package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The shares of a run, joined, are the run: byte for byte, however many they are, and in whatever order they are joined.
func TestShards(t *testing.T) {
	analyze := func(args ...string) []byte {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append([]string{"analyze", "-q", "--format", "json", "../../fixtures/captures"}, args...), nil, &stdout, &stderr); code != 0 {
			t.Fatalf("%q: exit %d: %s", args, code, stderr.String())
		}
		return stdout.Bytes()
	}
	join := func(paths ...string) ([]byte, string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append([]string{"report", "--format", "json"}, paths...), nil, &stdout, &stderr); code != 0 {
			t.Fatalf("exit %d: %s", code, stderr.String())
		}
		return stdout.Bytes(), stderr.String()
	}
	whole := analyze()
	for _, n := range []int{1, 3, 7} {
		dir := t.TempDir()
		var paths []string
		most := 0
		for i := n; i >= 1; i-- {
			path := filepath.Join(dir, fmt.Sprintf("%d.json", i))
			b := analyze("--shard", fmt.Sprintf("%d/%d", i, n))
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			most = max(most, len(b))
			paths = append(paths, path)
		}
		if got, said := join(paths...); !bytes.Equal(got, whole) || said != "" {
			t.Errorf("%d shares are %d bytes, the run %d: %s", n, len(got), len(whole), said)
		}
		if n > 3 && most > len(whole)/2 {
			t.Errorf("one of %d shares is %d of %d bytes", n, most, len(whole))
		}
		if n == 3 {
			if _, said := join(paths[:2]...); !strings.Contains(said, "of 3 shares [1] are missing") {
				t.Errorf("said %q", said)
			}
		}
	}
	for _, bad := range []string{"0/3", "4/3", "x", "1/", "1/x", "-1/2"} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{"analyze", "../../fixtures/captures", "--shard", bad}, nil, &stdout, &stderr); code != exitUsage || !strings.Contains(stderr.String(), "is no share") {
			t.Errorf("%s: exit %d: %s", bad, code, stderr.String())
		}
	}
}
