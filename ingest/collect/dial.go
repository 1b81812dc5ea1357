package collect

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// dial prepares the one connection; nothing is sent before the first command.
func (s *sampler) dial() {
	username, password := s.opt.Username, s.opt.Password
	if s.password != "" {
		username, password = s.username, s.password
	}
	if s.openly {
		username, password = "", ""
	}
	s.client = redis.NewClient(&redis.Options{
		Addr:                     s.Addr,
		Dialer:                   s.dialGuarded(min(time.Second, s.opt.Timeout)),
		Username:                 username,
		Password:                 password,
		Protocol:                 2,
		DisableIdentity:          true,
		MaxRetries:               -1,
		DialerRetries:            1,
		PoolSize:                 1,
		DialTimeout:              min(time.Second, s.opt.Timeout),
		ReadTimeout:              s.opt.Timeout,
		WriteTimeout:             s.opt.Timeout,
		ContextTimeoutEnabled:    true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// dialGuarded connects, over TLS where that is asked for, and holds what comes to the bounds of a reply.
func (s *sampler) dialGuarded(timeout time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := net.Dialer{Timeout: timeout}
		c, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if s.tls || s.opt.TLS != nil {
			if c, err = overTLS(ctx, timeout, c, s.opt.TLS, addr); err != nil {
				return nil, err
			}
		}
		return &guarded{Conn: c}, nil
	}
}

func overTLS(ctx context.Context, timeout time.Duration, c net.Conn, config *tls.Config, addr string) (net.Conn, error) {
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config = config.Clone()
	if host, _, err := net.SplitHostPort(addr); err == nil && config.ServerName == "" {
		config.ServerName = host
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	t := tls.Client(c, config)
	if err := t.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return t, nil
}

// closer closes the present client, also when it was replaced meanwhile.
func (s *sampler) closer() func() {
	c := s.client
	return func() { c.Close() }
}

func (s *sampler) hangUp() {
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
}
