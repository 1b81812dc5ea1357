package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// serverProgram is the server that live tests start: REDIS_SERVER, or redis-server.
func serverProgram(t *testing.T) string {
	t.Helper()
	name := cmp.Or(os.Getenv("REDIS_SERVER"), "redis-server")
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name + " is not installed")
	}
	return name
}

// collector is a collect that runs.
type collector struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  string
	said saying
}

// saying is what a program has said so far.
type saying struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *saying) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *saying) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func startCollect(t *testing.T, args ...string) *collector {
	t.Helper()
	c := &collector{t: t, out: filepath.Join(t.TempDir(), "capture")}
	c.cmd = exec.CommandContext(t.Context(), program(t), append([]string{"collect", "--out", c.out}, args...)...)
	c.cmd.Stdout, c.cmd.Stderr = &c.said, &c.said
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// until waits for something to become true.
func (c *collector) until(what string, ok func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = c.cmd.Process.Kill()
			_ = c.cmd.Wait()
			c.t.Fatalf("not %s: %s", what, c.said.String())
		}
	}
}

// stop interrupts it, and waits for its end.
func (c *collector) stop() {
	c.t.Helper()
	_ = c.cmd.Process.Signal(os.Interrupt)
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("%v: %s", err, c.said.String())
	}
}

// dumps are how many a server's record has, of those that hold something.
func (c *collector) dumps(name, with string) int {
	b, _ := os.ReadFile(filepath.Join(c.out, name, "info.log"))
	n := 0
	for _, dump := range strings.Split(string(b), "### ") {
		if strings.Contains(dump, with) {
			n++
		}
	}
	return n
}

// pair is a primary and its replica, both on this machine, with what a trouble needs of them.
type pair struct {
	primary, replica         *exec.Cmd
	primaryPort, replicaPort int
}

func startServer(t *testing.T, dir string, port int, more ...string) *exec.Cmd {
	t.Helper()
	args := []string{
		"--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--save", "", "--dir", dir, "--logfile", filepath.Join(dir, "redis.log"), "--repl-timeout", "3", "--repl-ping-slave-period", "1",
		"--repl-diskless-sync-delay", "0",
	}
	s := exec.Command(serverProgram(t), slices.Concat(args, debugAllowed(t), more)...)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Process.Kill(); _ = s.Wait() })
	return s
}

// debugAllowed are the arguments that allow DEBUG: it is forbidden unless allowed from 7.0 on, and the setting is unknown before.
func debugAllowed(t *testing.T) []string {
	b, err := exec.Command(serverProgram(t), "--version").Output()
	if err != nil || bytes.Contains(b, []byte("v=6.")) {
		return nil
	}
	return []string{"--enable-debug-command", "yes"}
}

// localName is what the record of a server on the loopback is called.
func localName(port int) string { return fmt.Sprintf("127.0.0.1-%d", port) }

// ask sends a server a line, and gives what comes until it falls silent or its reply has ended.
func ask(port int, line string) string {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return ""
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	_, _ = fmt.Fprintf(c, "%s\r\nQUIT\r\n", line)
	var b bytes.Buffer
	_, _ = b.ReadFrom(c)
	return b.String()
}

// infoOf is a field of a section of a server's INFO.
func infoOf(port int, section, field string) string {
	_, rest, _ := strings.Cut(ask(port, "INFO "+section), "\n"+field+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}
