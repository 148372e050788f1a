package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptls"
	"github.com/uvgo/uvgo/uv"
)

// A secure is the client's side of TLS over a stream. It belongs to the loop.
type secure struct {
	loop   *uvgo.Loop
	stream handles.Stream
	conn   *looptls.Conn
	plain  []byte                    // what arrives is decrypted into it
	up     func(err error)           // runs when the handshake is done or has failed; then nil
	read   func(p []byte, err error) // gets what arrives, as a stream's function does
	early  error                     // what arrived before the client was to read
}

// newSecure begins the handshake.
func newSecure(loop *uvgo.Loop, stream handles.Stream, config *tls.Config, plain []byte,
	up func(error), read func([]byte, error)) *secure {
	s := &secure{loop: loop, stream: stream, plain: plain, up: up, read: read}
	s.conn = looptls.Client(s, config)
	if err := stream.ReadStart(s.arrived); err != nil {
		s.finish(err)
		return s
	}
	s.conn.Start()
	return s
}

var _ looptls.Host = (*secure)(nil)

// WriteRecord writes what TLS has encrypted.
func (s *secure) WriteRecord(p []byte) error {
	_, err := s.stream.Write(p)
	return err
}

// Wake lets the loop look at the handshake.
func (s *secure) Wake() {
	_ = s.loop.Post(s.turn) // fails only once the loop is closed
}

// Panicked is for callbacks that the configuration does not have.
func (s *secure) Panicked(p *uv.PanicError) { panic(p) }

// LocalAddr and RemoteAddr are for callbacks that the configuration does not have.
func (s *secure) LocalAddr() net.Addr  { return &net.TCPAddr{} }
func (s *secure) RemoteAddr() net.Addr { return &net.TCPAddr{} }

// turn moves the handshake on.
func (s *secure) turn() {
	if s.up == nil || s.stream.Closing() {
		return
	}
	rest, more, err := s.conn.Turn()
	switch {
	case err != nil:
		s.finish(err)
		return
	case s.conn.Established():
		s.finish(nil)
		s.decrypt(rest)
	}
	if more && !s.stream.Closing() && !s.stream.Base().Reading() {
		_ = s.stream.ReadStart(s.arrived) // fails at the stream's end, which is known
	}
}

// finish tells how the handshake has ended.
func (s *secure) finish(err error) {
	if up := s.up; up != nil {
		s.up = nil
		up(err)
	}
}

// abort ends a handshake that nobody waits for.
func (s *secure) abort() { s.conn.Abort() }

// arrived handles what the stream has read.
func (s *secure) arrived(p []byte, err error) {
	switch established := s.conn.Established(); {
	case errors.Is(err, uv.ENOBUFS): // there was no memory to read into: try again
		err = s.stream.ReadStart(s.arrived)
		if err != nil {
			s.fail(err)
		}
	case err == io.EOF && established:
		s.read(nil, s.conn.EOF())
	case err == io.EOF:
		if err = s.conn.FeedEOF(); err != nil {
			s.finish(errEnded)
		}
	case err != nil:
		s.fail(err)
	case established:
		s.decrypt(p)
	case !s.conn.Feed(p):
		_ = s.stream.ReadStop() // turn reads on
	}
}

// fail reports an error of the stream.
func (s *secure) fail(err error) {
	if s.up != nil {
		s.abort()
		s.finish(err)
		return
	}
	s.read(nil, err)
}

// decrypt hands on what records hold.
func (s *secure) decrypt(p []byte) {
	for len(p) > 0 && !s.stream.Closing() {
		n, used, err := s.conn.Read(s.plain, p)
		p = p[used:]
		if n > 0 {
			s.read(s.plain[:n], nil)
		}
		if err != nil {
			s.read(nil, err)
			return
		}
	}
}

// clientTLS makes the configuration of clients that connect to the address, nil for one
// without TLS. ca is a file with the certificates that they trust, empty for the system's.
func (a address) clientTLS(ca string, insecure bool) (*tls.Config, error) {
	switch {
	case !a.secure && (ca != "" || insecure):
		return nil, usagef("--ca and --insecure are for a tls:// address or https://, not for %s", a.text)
	case !a.secure:
		return nil, nil
	case ca != "" && insecure:
		return nil, usagef("--ca says whom to trust, and --insecure to trust everybody: leave one out")
	}
	config := &tls.Config{ServerName: a.host, InsecureSkipVerify: insecure} //nolint:gosec // on demand
	if a.host == "" {
		config.ServerName = "localhost"
	}
	if ca == "" {
		return config, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--ca: %s has no certificate in PEM", ca)
	}
	return config, nil
}
