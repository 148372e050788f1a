package server

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/uvgo/uvgo/uv"
)

// errNoTLSConfig is the error of a tls:// address without a configuration.
var errNoTLSConfig = fmt.Errorf("Server.TLSConfig is nil, and TLS needs a certificate: %w", uv.EINVAL)

// errNoCertificate is the error of a configuration by which no handshake can succeed.
var errNoCertificate = errors.New("Server.TLSConfig has none of Certificates, GetCertificate and GetConfigForClient")

// tlsConfigured returns the configuration of all listeners that speak TLS. It is one, a copy
// of TLSConfig, so that a client may resume its session at any loop. The caller has s.mu.
func (s *Server) tlsConfigured() (*tls.Config, error) {
	if s.tls != nil {
		return s.tls, nil
	}
	c := s.TLSConfig
	switch {
	case c == nil:
		return nil, errNoTLSConfig
	case len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil:
		return nil, fmt.Errorf("%w: %w", errNoCertificate, uv.EINVAL)
	}
	s.tls = c.Clone()
	return s.tls, nil
}

// TLS returns what the TLS handshake has negotiated: the version, the client's certificates,
// the protocol of ALPN. It is nil for a connection without TLS. Each call makes a new one. It
// belongs to the loop's goroutine, and works in Close, too.
func (c *Conn) TLS() *tls.ConnectionState {
	if !c.mine("server: tls") || !c.is(hasTLS) {
		return nil
	}
	state := c.secured().conn.State()
	return &state
}
