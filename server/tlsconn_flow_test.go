package server_test

import (
	"io"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// A reader that is slow all the time costs the same memory all the time: what the connection keeps, and
// Go's heap, do not grow with what passes through.
func TestSlowTLSReaderIsFlatInMemory(t *testing.T) {
	const steps, step, bound = 24, 256 << 10, 2 << 20
	eachTLS(t, func(t *testing.T, version uint16) {
		h := echo(t)
		s := runTLS(t, &server.Server{Handler: h, Loops: 1, Logger: lenient(), HighWater: 64 << 10})
		s.client.MinVersion, s.client.MaxVersion = version, version
		raw := s.running.dial()
		small(t, raw)
		client := s.over(raw, s.client)
		uvtest.Check(t, client.Handshake())
		c := <-h.opened
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			p := pattern(step)
			for {
				if _, err := client.Write(p); err != nil {
					return
				}
			}
		}()
		var series []int
		want, got := pattern(step), make([]byte, step)
		for i := range steps {
			kept := 0
			uvtest.Eventually(t, "the connection is full", func() bool {
				full := false
				on(t, c, func() {
					full = c.Full() && !server.Reading(c)
					kept = c.Buffered() + server.Ciphertext(c)
				})
				return full
			})
			if kept > bound {
				t.Errorf("step %d: %d bytes are kept, want at most %d", i, kept, bound)
			}
			series = append(series, heap())
			_, err := io.ReadFull(client, got)
			uvtest.Check(t, err)
			if string(got) != string(want) {
				t.Fatalf("step %d: the echo differs", i)
			}
		}
		most := func(of []int) (n int) {
			for _, m := range of {
				n = max(n, m)
			}
			return n
		}
		if first, last := most(series[:steps/2]), most(series[steps/2:]); last > first+bound {
			t.Errorf("Go's heap grows: %v", series)
		}
		on(t, c, func() { uvtest.Expect(t, c.Abort()) })
		<-ended
	})
}

// Each small write is a record. 100,000 of them arrive in order, and Full and Drain bound how many
// wait.
func TestManySmallTLSWrites(t *testing.T) {
	const writes = 100000
	eachTLS(t, func(t *testing.T, version uint16) {
		h := &fullProbe{probe: newProbe(t)}
		written := 0
		more := func(c *server.Conn) {
			for ; written < writes && !c.Full(); written++ {
				if _, err := c.Write([]byte{byte(written), byte(written >> 8)}); err != nil {
					t.Errorf("Write: %v", err)
					return
				}
			}
			if n := c.Buffered(); n > 1<<20 {
				t.Errorf("%d bytes are kept", n)
			}
			if written == writes {
				uvtest.Expect(t, c.CloseWrite())
			}
		}
		h.onOpen, h.onDrain = more, more
		h.onEOF = func(*server.Conn) {}
		s := runTLS(t, &server.Server{Handler: h, Loops: 1, HighWater: 64 << 10})
		s.client.MinVersion, s.client.MaxVersion = version, version
		client, _ := s.open(h.probe)
		got, err := io.ReadAll(client)
		uvtest.Check(t, err)
		if len(got) != 2*writes {
			t.Fatalf("%d bytes, want %d", len(got), 2*writes)
		}
		for i := range writes {
			if got[2*i] != byte(i) || got[2*i+1] != byte(i>>8) {
				t.Fatalf("write %d differs", i)
			}
		}
	})
}
