package server_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// settle makes sure, by some round trips of another connection, that the server's only loop
// has seen what the kernel had for it.
func settle(t *testing.T, other net.Conn) {
	t.Helper()
	for range 8 {
		roundTrip(t, other, "settle")
	}
}

func TestPauseHoldsDataAndResumeBringsIt(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		h := echo(t)
		echoData := h.onData
		var paused *server.Conn
		var got []byte
		all := make(chan bool)
		h.onData = func(c *server.Conn, p []byte) {
			if c != paused {
				echoData(c, p)
				return
			}
			if got = append(got, p...); len(got) == 6 {
				all <- true
			}
		}
		r := run(t, &server.Server{Handler: h, Loops: 1, Options: []uvgo.Option{park}})
		client := r.dial()
		c := <-h.opened
		on(t, c, func() { paused = c; c.Pause(); c.Pause() })
		other := r.dial()
		send(t, client, []byte("abc"))
		settle(t, other)
		send(t, client, []byte("def"))
		settle(t, other)
		on(t, c, func() {
			if len(got) != 0 {
				t.Errorf("a paused connection got %q", got)
			}
			c.Resume()
			c.Resume()
			c.Pause()
			c.Resume()
		})
		<-all
		on(t, c, func() {
			if string(got) != "abcdef" {
				t.Errorf("got %q", got)
			}
			paused = nil
		})
		roundTrip(t, client, "ghi")
	})
}

func TestPauseInDataAndOpen(t *testing.T) {
	h := echo(t)
	echoData := h.onData
	var first *server.Conn
	chunks := make(chan int, 1000)
	h.onOpen = func(c *server.Conn) {
		if first == nil {
			first = c
			c.Pause()
		}
	}
	h.onData = func(c *server.Conn, p []byte) {
		if c != first {
			echoData(c, p)
			return
		}
		chunks <- len(p)
		c.Pause()
	}
	r := run(t, &server.Server{Handler: h, Loops: 1})
	client, other := r.dial(), r.dial()
	c := <-h.opened
	sent := make(chan error, 1)
	go func() { // several chunks in one turn, if the kernel has them by then
		_, err := client.Write(make([]byte, 300<<10))
		client.Close()
		sent <- err
	}()
	settle(t, other)
	got := 0
	for range 3 { // chunks have 64 KiB at most, so there are more
		if len(chunks) != 0 {
			t.Error("a chunk comes while the connection is paused")
		}
		on(t, c, func() { c.Resume() })
		got += <-chunks
		settle(t, other)
	}
	for done := false; !done; {
		on(t, c, func() { c.Resume() })
		settle(t, other)
		select {
		case end := <-h.closed:
			for len(chunks) > 0 {
				got += <-chunks
			}
			if end.err != io.EOF || got != 300<<10 {
				t.Errorf("%d bytes, then %v", got, end.err)
			}
			done = true
		default:
		}
	}
	uvtest.Check(t, <-sent)
}

// TestWatermarks has a handler push more than the high watermark to a client
// that does not read.
func TestWatermarks(t *testing.T) {
	const low, high, chunk = 100_000, 400_000, 30_000
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		h := echo(t)
		echoData := h.onData
		const question = "is anybody there?"
		var pushed *server.Conn
		var got []byte
		heard := make(chan bool, 1)
		drained := make(chan int, 100)
		h.onData = func(c *server.Conn, p []byte) {
			if c != pushed {
				echoData(c, p)
				return
			}
			if got = append(got, p...); string(got) == question {
				heard <- true
			}
		}
		full := &fullProbe{probe: h, onDrain: func(c *server.Conn) { drained <- c.Buffered() }}
		r := run(t, &server.Server{Handler: withoutEOF{full}, Loops: 1, LowWater: low, HighWater: high, Options: []uvgo.Option{park}})
		client, other := r.dial(), r.dial()
		small(t, client)
		c := <-h.opened
		var sent []byte
		push := func() {
			p := pattern(chunk + len(sent)%7)
			n, err := c.Write(p)
			if n != len(p) || err != nil {
				t.Errorf("Write: %d, %v", n, err)
			}
			sent = append(sent, p...)
		}
		on(t, c, func() {
			pushed = c
			for c.Buffered() <= high {
				push()
			}
		})
		for range 3 { // a few more come, from other turns
			on(t, c, func() { push() })
		}
		send(t, client, []byte(question))
		settle(t, other)
		on(t, c, func() {
			if len(got) != 0 {
				t.Errorf("above the high watermark the handler got %q", got)
			}
			if len(drained) != 0 {
				t.Errorf("Drain before anybody read")
			}
		})
		total := 0
		on(t, c, func() { total = len(sent) })
		if !bytes.Equal(receive(t, client, total), sent) {
			t.Error("the client got something else than was written")
		}
		if n := <-drained; n > low {
			t.Errorf("Drain with %d bytes unsent, above the low watermark", n)
		}
		<-heard // below the low watermark
		settle(t, other)
		on(t, c, func() {
			if len(drained) != 0 {
				t.Error("Drain more than once")
			}
			push() // below the high watermark
			pushed = nil
		})
		receive(t, client, len(sent)-total)
		roundTrip(t, client, "again")
		if len(drained) != 0 {
			t.Error("Drain although the high watermark was not passed")
		}
	})
}

// withoutEOF hides that a probe handles EOF.
type withoutEOF struct{ p *fullProbe }

func (w withoutEOF) Open(c *server.Conn)             { w.p.Open(c) }
func (w withoutEOF) Data(c *server.Conn, p []byte)   { w.p.Data(c, p) }
func (w withoutEOF) Close(c *server.Conn, err error) { w.p.Close(c, err) }
func (w withoutEOF) Drain(c *server.Conn)            { w.p.Drain(c) }

// TestResumeWaitsForTheLowWatermark resumes a connection that is above the high
// one.
func TestResumeWaitsForTheLowWatermark(t *testing.T) {
	h := echo(t)
	echoData := h.onData
	var pushed *server.Conn
	heard := make(chan int, 10)
	h.onData = func(c *server.Conn, p []byte) {
		if c == pushed {
			heard <- len(p)
			return
		}
		echoData(c, p)
	}
	r := run(t, &server.Server{Handler: h, Loops: 1, HighWater: 1 << 20})
	client, other := r.dial(), r.dial()
	small(t, client)
	c := <-h.opened
	owed := 0
	on(t, c, func() {
		pushed = c
		c.Pause()
		owed = len(flood(t, c, 1<<20))
		c.Resume()
	})
	send(t, client, []byte("x"))
	settle(t, other)
	if len(heard) != 0 {
		t.Error("Resume overrides the high watermark")
	}
	receive(t, client, owed)
	if n := <-heard; n != 1 {
		t.Errorf("%d bytes came below the low watermark", n)
	}
}

func TestWriteLimitRefusesAndLosesNothing(t *testing.T) {
	const limit = 1 << 20
	type writer func(c *server.Conn, p []byte) error
	for name, write := range map[string]writer{
		"Write":     func(c *server.Conn, p []byte) error { _, err := c.Write(p); return err },
		"WriteFunc": func(c *server.Conn, p []byte) error { return c.WriteFunc(nil, p) },
		"WriteFunc of parts": func(c *server.Conn, p []byte) error {
			return c.WriteFunc(nil, p[:len(p)/3], p[len(p)/3:])
		},
	} {
		for _, size := range []int{1000, 50_000, 200_000} {
			t.Run(name, func(t *testing.T) {
				h := newProbe(t)
				r := run(t, &server.Server{Handler: h, Loops: 1, HighWater: limit / 2, WriteLimit: limit})
				client := r.dial()
				small(t, client)
				c := <-h.opened
				var sent []byte
				on(t, c, func() {
					for {
						p := pattern(size)
						p[0] = byte(len(sent) / size)
						err := write(c, p)
						if n := c.Buffered(); n > limit {
							t.Errorf("%d bytes unsent, more than the limit", n)
							break
						}
						if err != nil {
							if !errors.Is(err, uv.ENOBUFS) {
								t.Error(err)
							}
							break
						}
						if sent = append(sent, p...); len(sent) > 32*limit {
							t.Error("there is no limit")
							break
						}
					}
					if n := c.Buffered(); n+size <= limit {
						t.Errorf("refused although %d of %d bytes are unsent", n, limit)
					}
				})
				got := receive(t, client, len(sent))
				if !bytes.Equal(got, sent) {
					t.Error("what was accepted is not what came")
				}
				on(t, c, func() { uvtest.Expect(t, write(c, []byte("more"))) })
				if got := receive(t, client, 4); string(got) != "more" {
					t.Errorf("afterwards came %q", got)
				}
			})
		}
	}
}

func TestWatermarksAreValidated(t *testing.T) {
	for _, s := range []*server.Server{
		{LowWater: 2, HighWater: 1},
		{LowWater: -1},
		{HighWater: -1},
		{HighWater: 10, WriteLimit: 9},
		{WriteLimit: -1},
		{Loops: -1},
		{Backlog: -1},
		{CloseTimeout: -1},
	} {
		s.Handler = newProbe(t)
		if err := s.Listen(anyTCP); !errors.Is(err, uv.EINVAL) {
			t.Errorf("low %d, high %d, limit %d, loops %d, backlog %d, timeout %v: %v",
				s.LowWater, s.HighWater, s.WriteLimit, s.Loops, s.Backlog, s.CloseTimeout, err)
		}
		if s.Addrs() != nil {
			t.Errorf("it listens on %v all the same", s.Addrs())
		}
	}
	for _, s := range []*server.Server{{}, {LowWater: 1 << 20}, {HighWater: 1}, {LowWater: 5, HighWater: 5, WriteLimit: 5}} {
		s.Handler = newProbe(t)
		uvtest.Check(t, s.Listen(anyTCP))
		uvtest.Check(t, s.Shutdown(t.Context()))
	}
}

// TestDrainComesWhateverIsWrittenMeanwhile writes above the high watermark in one
// turn and below it in the next, before the server looks at the queue. The
// kernel takes everything, so no other event would make the server look at the queue.
func TestDrainComesWhateverIsWrittenMeanwhile(t *testing.T) {
	h := echo(t)
	drained := make(chan bool, 100)
	full := &fullProbe{probe: h, onDrain: func(*server.Conn) { drained <- true }}
	r := run(t, &server.Server{Handler: withoutEOF{full}, Loops: 1, LowWater: 1000, HighWater: 50_000})
	client := r.dial()
	c := <-h.opened
	for range 20 {
		on(t, c, func() {
			uvtest.Expect(t, c.Loop().Post(func() { c.Write(make([]byte, 40_000)) }))
			c.Write(make([]byte, 60_000))
			if !c.Full() {
				t.Error("not full above the high watermark")
			}
		})
		receive(t, client, 100_000)
		select {
		case <-drained:
		case <-time.After(maxWait):
			t.Fatal("Drain never comes")
		}
		on(t, c, func() {
			if c.Full() {
				t.Error("full after Drain")
			}
		})
		roundTrip(t, client, "it is read, too")
	}
}
