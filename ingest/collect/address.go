package collect

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"psyncope/ingest/secret"
)

// parseAddrs names the servers; two of the same name, or the same address twice, are an error as
// their records would mix.
func parseAddrs(addrs []string, port string) ([]Server, error) {
	if len(addrs) == 0 {
		return nil, errors.New("collect: no server to collect from")
	}
	out := make([]Server, 0, len(addrs))
	seen := map[string]string{}
	for _, a := range addrs {
		name, addr, named := strings.Cut(a, "=")
		if !named || strings.Contains(name, "://") {
			name, addr = "", a
		}
		server, err := parseAddr(addr, port)
		addr = server.Addr
		if err != nil {
			return nil, fmt.Errorf("collect: address %q: %s", secret.Text(a), secret.Text(err.Error()))
		}
		if name == "" {
			name = strings.NewReplacer("[", "", "]", "").Replace(addr)
		}
		name = safeName(name)
		for _, key := range []string{"name " + name, "address " + addr} {
			if other, taken := seen[key]; taken {
				return nil, fmt.Errorf("collect: %q and %q have the same %s", secret.Text(other), secret.Text(a), key)
			}
			seen[key] = a
		}
		server.Name = name
		out = append(out, server)
	}
	return out, nil
}

// parseAddr reads HOST, HOST:PORT, or a URL as redis-cli takes it.
func parseAddr(addr, port string) (Server, error) {
	if !strings.Contains(addr, "://") {
		at, err := withPort(addr, port)
		return Server{Addr: at}, err
	}
	u, err := url.Parse(addr)
	if err != nil {
		return Server{}, errors.New("no URL")
	}
	s := Server{tls: u.Scheme == "rediss"}
	if u.Scheme != "redis" && !s.tls {
		return s, fmt.Errorf("scheme %s: it is redis or rediss", u.Scheme)
	}
	if u.User != nil {
		s.username = u.User.Username()
		s.password, _ = u.User.Password()
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), port)
	}
	s.Addr, err = withPort(host, port)
	return s, err
}

// WithoutPassword is an address without the password that a URL may have, and whether it had one: what others may see.
func WithoutPassword(addr string) (string, bool) {
	name, rest, named := strings.Cut(addr, "=")
	if !named || strings.Contains(name, "://") {
		name, rest = "", addr
	}
	u, err := url.Parse(rest)
	if err != nil || u.User == nil || !strings.Contains(rest, "://") {
		return addr, false
	}
	if _, has := u.User.Password(); !has {
		return addr, false
	}
	u.User = url.User(u.User.Username())
	if named && name != "" {
		return name + "=" + u.String(), true
	}
	return u.String(), true
}

func withPort(addr, otherwise string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host, port = strings.Trim(addr, "[]"), otherwise
		if strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return "", err
		}
	}
	if host == "" {
		return "", errors.New("no host")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", fmt.Errorf("no such port: %q", port)
	}
	return net.JoinHostPort(host, port), nil
}

// safeName makes a directory's name of a server's: no separators, no leading dot, not too long.
func safeName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, s)
	s = strings.TrimLeft(s, ".")
	if len(s) > 100 {
		s = s[:100]
	}
	if s == "" {
		return "server"
	}
	return s
}
