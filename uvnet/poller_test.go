package uvnet

import (
	"io"
	"testing"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestPollEndsWhereNobodyWaits: bytes that nobody reads do not keep the loop busy, and a
// reader who comes later finds them.
func TestPollEndsWhereNobodyWaits(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	s, c := connectPair(t, "unix", makers[0], makers[1])
	defer s.Close()
	defer c.Close()
	read := make(chan error)
	b := make([]byte, 1)
	readOne := func() { _, err := io.ReadFull(s, b); read <- err }
	go readOne()
	conn := s.(*UnixConn)
	uvtest.Eventually(t, "the reader to wait", func() bool { w, _ := polled(&conn.conn); return w&handles.Readable != 0 })
	send := func(bytes string) {
		t.Helper()
		if _, err := c.Write([]byte(bytes)); err != nil {
			t.Fatal(err)
		}
	}
	send("1")
	if err := <-read; err != nil || b[0] != '1' {
		t.Fatal(err, b)
	}
	send("2")
	uvtest.Eventually(t, "the poll to end", func() bool {
		want, seen := polled(&conn.conn)
		return want&handles.Readable == 0 && seen&handles.Readable != 0
	})
	for _, want := range []byte("23") {
		go readOne()
		if err := <-read; err != nil || b[0] != want {
			t.Fatal(err, b, want)
		}
		if want == '2' {
			send("3")
		}
	}
}

// polled is what a connection's poller looks for, and what it saw.
func polled(c *conn) (want, seen handles.PollEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.poller == nil {
		return 0, 0
	}
	c.poller.mu.Lock()
	defer c.poller.mu.Unlock()
	return c.poller.want, c.poller.seen
}
