package looptls

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A splitter is a peer's end of a pipe. It cuts what the peer writes once, behind at bytes. A
// pipe joins no writes, so the loop reads the two parts apart.
type splitter struct {
	net.Conn
	at      int
	written int
}

func (s *splitter) Write(p []byte) (int, error) {
	n := 0
	if left := s.at - s.written; left > 0 && left < len(p) {
		n, _ = s.Conn.Write(p[:left]) // an error comes again
	}
	m, err := s.Conn.Write(p[n:])
	s.written += n + m
	return n + m, err
}

// smallConfig makes the messages of a session short, so that a sweep over its bytes ends soon.
func smallConfig(c *tls.Config) *tls.Config {
	c = c.Clone()
	c.CurvePreferences = []tls.CurveID{tls.X25519}
	return c
}

// splitSession runs a whole session whose bytes towards the loop are cut at a place, and returns
// how many they were.
func splitSession(t *testing.T, start func(l *testLoop), peer func(c net.Conn) *tls.Conn, at int) int {
	t.Helper()
	a, b := net.Pipe()
	l := newLoop(t, a)
	start(l)
	s := &splitter{Conn: b, at: at}
	c := peer(s)
	for _, p := range [][]byte{[]byte("hello"), uvtest.Pattern(40, 1)} {
		roundTrip(t, c, p)
	}
	uvtest.Check(t, c.Close())
	if err := l.end(); err != io.EOF {
		t.Fatalf("cut behind %d bytes: ended with %v, want EOF", at, err)
	}
	return s.written
}

// TestSessionSplitAtEveryByte cuts all that a peer sends in a session, from its first message to
// close_notify, at each byte in turn.
func TestSessionSplitAtEveryByte(t *testing.T) {
	eachVersion(t, func(t *testing.T, server, client *tls.Config) {
		server, client = smallConfig(server), smallConfig(client)
		for name, side := range map[string]struct {
			start func(l *testLoop)
			peer  func(c net.Conn) *tls.Conn
		}{
			"server": {func(l *testLoop) { l.serve(server) }, func(c net.Conn) *tls.Conn { return tls.Client(c, client) }},
			"client": {func(l *testLoop) { l.dial(client) }, func(c net.Conn) *tls.Conn { return tls.Server(c, server) }},
		} {
			t.Run(name, func(t *testing.T) {
				total := splitSession(t, side.start, side.peer, 0)
				step := 1
				if uvtest.Instrumented {
					step = 7 // the detectors look for races, which the place does not change
				}
				for at := 1; at < total; at += step {
					splitSession(t, side.start, side.peer, at)
				}
				t.Logf("%d bytes", total)
			})
		}
	})
}
