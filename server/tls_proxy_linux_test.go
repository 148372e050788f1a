package server_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// A splitHeader is a client's connection that begins with a header. It cuts the header with what is
// written first behind at bytes, and waits until the server has read the first part.
type splitHeader struct {
	net.Conn
	header string // until it is sent
	at     int
	first  int // how many bytes that was
	taken  func()
}

func (p *splitHeader) Write(b []byte) (int, error) {
	if p.first > 0 {
		return p.Conn.Write(b)
	}
	all := append([]byte(p.header), b...)
	p.first = len(all)
	at := min(p.at, len(all))
	if _, err := p.Conn.Write(all[:at]); err != nil {
		return 0, err
	}
	if at < len(all) {
		p.taken()
	}
	_, err := p.Conn.Write(all[at:])
	return len(b), err
}

// TestTLSBehindProxyHeaderSplitAtEveryByte: the header and the ClientHello arrive in one segment, and
// cut at each byte of either.
func TestTLSBehindProxyHeaderSplitAtEveryByte(t *testing.T) {
	for version, wire := range map[int]uint16{1: tls.VersionTLS13, 2: tls.VersionTLS12} {
		t.Run(fmt.Sprint("version ", version, " and ", tls.VersionName(wire)), func(t *testing.T) {
			h := echo(t)
			s := runTLS(t, behindProxy(t, h, server.ProxyRequired, loopbackNet))
			s.client.MinVersion, s.client.MaxVersion = wire, wire
			s.client.CurvePreferences = []tls.CurveID{tls.X25519} // for a short ClientHello
			text := header(t, version, announced[0], announced[1])
			session := func(at int) int {
				raw := s.running.dial()
				p := &splitHeader{Conn: raw, header: text, at: at}
				p.taken = func() {
					fd := socketOf(t, raw)
					uvtest.Eventually(t, "the server has read the first part", func() bool {
						unsent, err := unix.IoctlGetInt(fd, unix.TIOCOUTQ)
						uvtest.Check(t, err)
						conns, unread := server.Unread(s.Server)
						return conns == 1 && unread == 0 && unsent == 0
					})
				}
				client := s.over(p, s.client)
				uvtest.Check(t, client.Handshake())
				c := <-h.opened
				wantAddrs(t, c, raw, "192.0.2.1:56324", "198.51.100.1:443", "peer")
				roundTrip(t, client, "hello")
				client.Close()
				if end := <-h.closed; end.err == nil || end.err.Error() != "EOF" {
					t.Errorf("cut behind %d bytes: closed with %v, want EOF", at, end.err)
				}
				return p.first
			}
			total := session(1 << 20)
			if total < len(text)+100 {
				t.Fatalf("header and ClientHello are %d bytes", total)
			}
			for at := 1; at < total; at++ {
				session(at)
			}
		})
	}
}

// socketOf returns the descriptor of a client's connection, which must stay open.
func socketOf(t testing.TB, c net.Conn) (fd int) {
	t.Helper()
	raw := uvtest.Must(c.(*net.TCPConn).SyscallConn())
	uvtest.Check(t, raw.Control(func(n uintptr) { fd = int(n) }))
	return fd
}
