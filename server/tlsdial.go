package server

import (
	"crypto/tls"
	"net"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptls"
)

// DialTLS is [Server.Dial] with TLS: Open is called behind the handshake, which may take
// HandshakeTimeout, and Close, without Open, if it fails. config is a client's, as for
// tls.Dial: nil means the zero Config, and without a ServerName the server must have a
// certificate for the host of addr. The peer may not renegotiate, whatever config says.
func (s *Server) DialTLS(loop *uvgo.Loop, network, addr string, config *tls.Config, h Handler) (*Conn, error) {
	w, err := s.workerOf(loop)
	if err != nil {
		return nil, err
	}
	return w.dial(network, addr, clientConfig(network, addr, config), h)
}

// DialTLS is [Server.DialTLS] on the connection's loop.
func (c *Conn) DialTLS(network, addr string, config *tls.Config, h Handler) (*Conn, error) {
	if err := c.use("server: dial"); err != nil {
		return nil, err
	}
	return c.worker.dial(network, addr, clientConfig(network, addr, config), h)
}

// clientConfig returns config with the name of the server.
func clientConfig(network, addr string, config *tls.Config) *tls.Config {
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName != "" || network == "unix" {
		return config
	}
	config = config.Clone()
	config.ServerName, _, _ = net.SplitHostPort(addr) // an address that cannot be read is refused
	return config
}

// startClientTLS begins the client's side of the handshake. Open comes behind it.
func (c *Conn) startClientTLS(config *tls.Config) {
	c.facts &^= inHandshake // which DialTimeout had
	t := &tlsConn{conn: looptls.Client((*tlsHost)(c), config)}
	c.facts |= hasTLS
	c.rare().tls = t
	c.beginHandshake()
	if !c.closes() {
		t.conn.Start()
		c.setReading()
	}
}

// shaking tells whether the TLS handshake of a connection goes on, or has failed.
func (c *Conn) shaking() bool { return c.is(hasTLS) && !c.secured().conn.Established() }
