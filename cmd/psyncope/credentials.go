package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"psyncope/ingest/collect"
)

// credentials are the flags by which a collector shows who it is, as redis-cli has them.
type credentials struct {
	user, passwordFile string
	ask                bool
	tls, insecure      bool
	cacert, cert, key  string
	sni                string
}

func (c *credentials) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.user, "user", "", "ACL `USER`; the password comes from REDISCLI_AUTH, --password-file, --askpass or the address")
	f.StringVar(&c.passwordFile, "password-file", "", "the password is the first line of `FILE`")
	addToggle(f, &c.ask, "askpass", "", "ask for the password")
	addToggle(f, &c.tls, "tls", "", "speak TLS with every server, as with rediss:// addresses")
	f.StringVar(&c.cacert, "cacert", "", "the authorities that servers' certificates are checked against, in `FILE` (PEM); without it the system's")
	f.StringVar(&c.cert, "cert", "", "the collector's certificate, in `FILE` (PEM)")
	f.StringVar(&c.key, "key", "", "its private key, in `FILE` (PEM)")
	f.StringVar(&c.sni, "sni", "", "the `HOST` that servers' certificates are for, where it is not the address's")
	addToggle(f, &c.insecure, "insecure", "", "do not check servers' certificates")
}

// password is the one for all servers whose address has none.
func (c *credentials) password(cmd *cobra.Command) (string, error) {
	switch {
	case c.ask && c.passwordFile != "":
		return "", usagef("--askpass and --password-file exclude each other")
	case c.passwordFile != "":
		f, err := os.Open(c.passwordFile)
		if err != nil {
			return "", nothingf("read the password: %w", err)
		}
		defer f.Close()
		line, err := bufio.NewReader(io.LimitReader(f, 64<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", nothingf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	case c.ask:
		in, ok := cmd.InOrStdin().(*os.File)
		if !ok || !term.IsTerminal(int(in.Fd())) {
			return "", usagef("--askpass asks at a terminal, and standard input is none: use REDISCLI_AUTH or --password-file")
		}
		fmt.Fprint(cmd.ErrOrStderr(), "Password: ")
		b, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(cmd.ErrOrStderr())
		if err != nil {
			return "", nothingf("read the password: %w", err)
		}
		return string(b), nil
	}
	return os.Getenv("REDISCLI_AUTH"), nil
}

// config is how TLS is spoken; nil where it is not.
func (c *credentials) config() (*tls.Config, error) {
	if !c.tls && c.cacert == "" && c.cert == "" && c.key == "" && c.sni == "" && !c.insecure {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.sni, InsecureSkipVerify: c.insecure}
	if c.cacert != "" {
		pem, err := os.ReadFile(c.cacert)
		if err != nil {
			return nil, nothingf("read --cacert: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, usagef("--cacert %s has no certificate in PEM", c.cacert)
		}
	}
	if (c.cert == "") != (c.key == "") {
		return nil, usagef("--cert and --key go together")
	}
	if c.cert != "" {
		pair, err := tls.LoadX509KeyPair(c.cert, c.key)
		if err != nil {
			return nil, nothingf("read --cert and --key: %w", err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}

// addressesVariable hands addresses with passwords from one process to its next self.
const addressesVariable = "PSYNCOPE_ADDRESSES"

// unseen are arguments without passwords, and the environment entry from which whole gets them back; "" where there are none. What a process was
// started with everybody on the machine can see.
func unseen(args []string) (clean []string, env string) {
	var full []string
	for _, a := range args {
		without, had := collect.WithoutPassword(a)
		if had {
			full = append(full, a)
		}
		clean = append(clean, without)
	}
	if len(full) == 0 || len(args) == 0 || args[0] != "collect" {
		return args, ""
	}
	return clean, addressesVariable + "=" + strings.Join(full, "\n")
}

// wholeAddresses are addresses with the passwords that unseen took out.
func wholeAddresses(addrs []string) []string {
	out := make([]string, len(addrs))
	full := strings.Split(os.Getenv(addressesVariable), "\n")
	for i, a := range addrs {
		out[i] = a
		for _, f := range full {
			if clean, had := collect.WithoutPassword(f); had && clean == a {
				out[i] = f
			}
		}
	}
	return out
}
