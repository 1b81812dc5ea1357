package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority makes certificates that only it stands for.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	n    int64
}

func newAuthority(t *testing.T, dir string) *authority {
	a := &authority{dir: dir}
	a.cert, a.key = a.issue(t, "ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature})
	return a
}

// issue writes NAME.pem and NAME.key.
func (a *authority) issue(t *testing.T, name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a.n++
	template.SerialNumber, template.Subject = big.NewInt(a.n), pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(a.dir, path), pem.EncodeToMemory(block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// Over TLS with a certificate of its own, as a user with nothing but the rights that help lists, everything is collected, and the password is nowhere: not
// on the disk, not in what is printed, not among the process's arguments.
func TestCollectAsAGuest(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed")
	}
	const password = "hunter2Guest"
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	ca.issue(t, "server", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	ca.issue(t, "guest", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	other := t.TempDir()
	newAuthority(t, other)
	port := freePort(t)
	file := func(name string) string { return filepath.Join(dir, name) }
	config := fmt.Sprintf("port 0\ntls-port %d\nbind 127.0.0.1\nsave \"\"\ndir %s\ntls-cert-file %s\ntls-key-file %s\ntls-ca-cert-file %s\ntls-auth-clients yes\nuser default off\n"+
		"user guest on >%s %s\nuser poor on >%s +info\n",
		port, dir, file("server.pem"), file("server.key"), file("ca.pem"), password, collectRights, password)
	if err := os.WriteFile(file("redis.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command("redis-server", file("redis.conf"))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	address := func(user string) string {
		return fmt.Sprintf("primary=rediss://%s:%s@127.0.0.1:%d", user, password, port)
	}
	bin := program(t)
	collect := func(user, out, cacert string, more ...string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.CommandContext(t.Context(), bin, append([]string{"collect", address(user), "--out", out, "--cacert", cacert, "--cert", file("guest.pem"), "--key", file("guest.key")}, more...)...)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		return cmd, &said
	}

	// The first rounds may come before the server listens: the run goes on until it answers.
	out := filepath.Join(t.TempDir(), "capture")
	cmd, said := collect("guest", out, file("ca.pem"), "--interval", "50ms")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		b, _ := os.ReadFile(filepath.Join(out, "primary", "config.txt"))
		if len(b) > 0 {
			break
		}
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			t.Fatalf("nothing was collected: %s", said.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
	if args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid)); err == nil && (bytes.Contains(args, []byte(password)) || !bytes.Contains(args, []byte("rediss://guest@"))) {
		t.Errorf("the process was started with %q", bytes.ReplaceAll(args, []byte{0}, []byte{' '}))
	}
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, said.String())
	}
	got := everything(t, out, "version")
	got["said"] = said.Bytes()
	search(t, got, []string{password}, "holds")
	for _, name := range []string{"info.log", "slowlog.json", "latency-latest.json", "clients.log", "config.txt", "views.jsonl"} {
		if len(got[filepath.Join(out, "primary", name)]) == 0 {
			t.Errorf("%s is missing", name)
		}
	}
	if notes := got[filepath.Join(out, "primary", "collect.log")]; bytes.Contains(notes, []byte("refused:")) {
		t.Errorf("the rights do not do: %s", notes)
	}

	for _, c := range []struct{ name, user, cacert, want string }{
		{"a right is missing", "poor", file("ca.pem"), "slowlog refused: NOPERM"},
		{"a right is missing, and what for", "poor", file("ca.pem"), "lacking will be the commands that held it"},
		{"another authority", "guest", filepath.Join(other, "ca.pem"), "TLS: "},
		{"no authority", "guest", file("redis.conf"), "no certificate in PEM"},
	} {
		cmd, said := collect(c.user, filepath.Join(t.TempDir(), "c"), c.cacert, "--once")
		_ = cmd.Run()
		if !strings.Contains(said.String(), c.want) || strings.Contains(said.String(), password) {
			t.Errorf("%s: %s", c.name, said.String())
		}
	}
}

// freePort is a port of the loopback on which nobody listens.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// serve starts a server on a free port of the loopback, until the test ends.
func serve(t *testing.T, args ...string) (port int) {
	t.Helper()
	port = freePort(t)
	server := exec.Command(serverProgram(t), append([]string{"--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()}, args...)...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	return port
}

// From one address of a group its others are found, also one that joins later, and each is asked once.
func TestCollectFollows(t *testing.T) {
	primary := serve(t, "--repl-diskless-sync-delay", "0")
	of := func(port int) []string {
		return []string{"--replicaof", "127.0.0.1", fmt.Sprint(port), "--repl-diskless-sync-delay", "0"}
	}
	first := serve(t, of(primary)...)
	second := serve(t, of(first)...) // a replica of a replica
	out := filepath.Join(t.TempDir(), "capture")
	cmd := exec.CommandContext(t.Context(), program(t), "collect", fmt.Sprintf("here=localhost:%d", second), "--out", out, "--interval", "50ms")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	there := func(names ...string) {
		t.Helper()
		for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			missing := ""
			for _, name := range names {
				_, err := os.Stat(filepath.Join(out, name, "config.txt"))
				if b, _ := os.ReadFile(filepath.Join(out, name, "info.log")); err != nil || !bytes.Contains(b, []byte("role:master")) && !bytes.Contains(b, []byte("master_link_status:up")) {
					missing = name
				}
			}
			switch {
			case missing == "":
				return
			case time.Now().After(deadline):
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				t.Fatalf("%s is not asked: %s", missing, said.String())
			}
		}
	}
	dir := func(port int) string { return fmt.Sprintf("127.0.0.1-%d", port) }
	there("here", dir(first), dir(primary))
	third := serve(t, of(primary)...)
	there(dir(third))
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, said.String())
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 4 {
		t.Errorf("%v: %v; %s", entries, err, said.String())
	}
	if !strings.Contains(said.String(), fmt.Sprintf("follows from %s", dir(primary))) {
		t.Errorf("said %s", said.String())
	}
	d := analysed(t, out)
	if len(d.Groups) != 1 || len(d.Incidents) != 0 {
		t.Errorf("%d groups, %d incidents", len(d.Groups), len(d.Incidents))
	}

	// Those that are named alone.
	alone := filepath.Join(t.TempDir(), "alone")
	if b, err := exec.CommandContext(t.Context(), program(t), "collect", fmt.Sprintf("127.0.0.1:%d", first), "--out", alone, "--once", "--alone").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, b)
	}
	if entries, err := os.ReadDir(alone); err != nil || len(entries) != 1 {
		t.Errorf("%v: %v", entries, err)
	}
}
