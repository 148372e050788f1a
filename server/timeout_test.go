package server_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// quiet is a Logger for tests in which limits end connections.
func quiet() *slog.Logger { return slog.New(&journal{note: func(slog.Record) {}}) }

// late is how late a timeout may come.
func late(timeout time.Duration) time.Duration {
	return server.Grain(timeout) + server.ActiveUnit + 2*time.Millisecond // the clock's own
}

// skip turns the clock of the connection's loop forward.
func skip(t testing.TB, c *server.Conn, d time.Duration) {
	t.Helper()
	on(t, c, func() { server.Skip(c, d) })
}

// wantOpen checks that Close has run for no connection.
func wantOpen(t testing.TB, h *probe, when string) {
	t.Helper()
	if len(h.closed) != 0 {
		end := <-h.closed
		t.Fatalf("%s a connection is closed: %v", when, end.err)
	}
}

// opens connects, and returns both ends.
func opens(r *running, h *probe) (net.Conn, *server.Conn) {
	client := r.dial()
	return client, <-h.opened
}

// TestIdleTimeoutComesInTime: neither before the time is over, nor later than said, whatever the
// timeout.
func TestIdleTimeoutComesInTime(t *testing.T) {
	for _, idle := range []time.Duration{3 * time.Minute, time.Hour, 10 * time.Hour, 300 * 24 * time.Hour} {
		t.Run(idle.String(), func(t *testing.T) {
			h := echo(t)
			r := run(t, &server.Server{Handler: h, Loops: 1, IdleTimeout: idle, Logger: quiet()})
			busy, busyConn := opens(r, h)
			silent, silentConn := opens(r, h)
			half := idle / 2
			skip(t, silentConn, half)
			roundTrip(t, busy, "hello")
			const slack = 30 * time.Second // for the real clock, which goes on
			skip(t, silentConn, idle-half-slack)
			wantOpen(t, h, "before the time is over")
			skip(t, silentConn, slack+late(idle))
			if end := <-h.closed; end.conn != silentConn || end.err != server.ErrIdleTimeout {
				t.Errorf("Close got %v, silent: %v", end.err, end.conn == silentConn)
			}
			wantEnd(t, silent)
			roundTrip(t, busy, "hello")
			skip(t, busyConn, idle+late(idle))
			if end := <-h.closed; end.conn != busyConn || end.err != server.ErrIdleTimeout {
				t.Errorf("Close got %v, busy: %v", end.err, end.conn == busyConn)
			}
			if diff := cmp.Diff(server.Closed{IdleTimeout: 2}, r.Stats().Closed); diff != "" {
				t.Errorf("Stats (-want +got):\n%s", diff)
			}
		})
	}
}

// TestIdleTimeoutByTheRealClock ends connections of every network, and then no timer runs.
func TestIdleTimeoutByTheRealClock(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		h := echo(t)
		const idle = 50 * time.Millisecond
		r := run(t, &server.Server{Handler: h, Loops: 1, IdleTimeout: idle, Logger: quiet()}, addr)
		for range 2 { // the wheel stands still in between
			begin := time.Now()
			client, _ := opens(r, h) // and says nothing: it might come too late
			end := <-h.closed
			if end.err != server.ErrIdleTimeout || time.Since(begin) < idle {
				t.Errorf("Close got %v after %v", end.err, time.Since(begin))
			}
			if _, err := client.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the client read %v", err)
			}
			on(t, end.conn, func() {
				server.Skip(end.conn, time.Second)
				if server.WheelRuns(end.conn) || server.Buckets(end.conn) != 0 {
					t.Error("a timer runs without connections")
				}
			})
		}
	})
}

// TestNoTimeoutNoTimer: connections without a timeout make the loop look at nothing.
func TestNoTimeoutNoTimer(t *testing.T) {
	h := echo(t)
	r := run(t, &server.Server{Handler: h, Loops: 1, IdleTimeout: 2 * 365 * 24 * time.Hour})
	client, c := opens(r, h)
	roundTrip(t, client, "hello")
	on(t, c, func() {
		if server.WheelRuns(c) {
			t.Error("a timer runs")
		}
		server.Skip(c, 3*365*24*time.Hour)
	})
	roundTrip(t, client, "hello")
	wantOpen(t, h, "without a timeout")
}

// TestBucketsStayFew: messages and connections add no buckets.
func TestBucketsStayFew(t *testing.T) {
	h := echo(t)
	r := run(t, &server.Server{Handler: h, Loops: 1, IdleTimeout: 8 * time.Second, WriteTimeout: 8 * time.Second})
	var last *server.Conn
	for range 50 {
		var client net.Conn
		client, last = opens(r, h)
		roundTrip(t, client, "hello")
		skip(t, last, 10*time.Millisecond)
	}
	on(t, last, func() {
		if n := server.Buckets(last); n > 10 {
			t.Errorf("%d buckets", n)
		}
	})
}

// TestHoldSuspendsIdleTimeout: a handler that works on an answer is not idle. A Pause alone
// does not keep the connection.
func TestHoldSuspendsIdleTimeout(t *testing.T) {
	for name, hold := range map[string]bool{"held": true, "paused only": false} {
		t.Run(name, func(t *testing.T) {
			h := newProbe(t)
			got := make(chan bool, 1)
			h.onData = func(c *server.Conn, _ []byte) {
				if hold {
					c.Hold()
				}
				c.Pause()
				got <- true
			}
			const idle = time.Minute
			r := run(t, &server.Server{Handler: h, Loops: 1, IdleTimeout: idle, Logger: quiet()})
			client, c := opens(r, h)
			send(t, client, []byte("x"))
			<-got
			if hold {
				for range 5 {
					skip(t, c, idle+late(idle))
				}
				wantOpen(t, h, "while it is held,")
				c.Release()
				on(t, c, func() {}) // behind the Release
				skip(t, c, idle/2)
				wantOpen(t, h, "half of the time after the Release")
			}
			skip(t, c, idle+late(idle))
			if end := <-h.closed; end.err != server.ErrIdleTimeout {
				t.Errorf("Close got %v", end.err)
			}
		})
	}
}

// TestWriteTimeoutEndsStuckConnections: the peer reads nothing. A peer that reads slowly is
// served.
func TestWriteTimeoutEndsStuckConnections(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		const limit = time.Minute
		h := newProbe(t)
		full := make(chan []byte, 1)
		h.onData = func(c *server.Conn, _ []byte) { full <- flood(t, c, 32<<20) }
		r := run(t, &server.Server{Handler: h, Loops: 1, WriteTimeout: limit, HighWater: 64 << 20, Logger: quiet()}, addr)
		client, c := opens(r, h)
		small(t, client)
		_, quietConn := opens(r, h) // has nothing to send, so no timeout
		send(t, client, []byte("x"))
		<-full
		buffered := func() (n int) {
			on(t, c, func() { n = c.Buffered() })
			return n
		}
		for range 4 { // a little progress, and then nearly the whole time without any
			before := buffered()
			for buffered() == before {
				receive(t, client, 64<<10)
			}
			skip(t, c, limit/8+late(limit)) // it is seen
			skip(t, c, limit/2)
			wantOpen(t, h, "although the peer reads,")
		}
		skip(t, c, limit/8+late(limit))
		skip(t, c, limit+late(limit))
		skip(t, c, limit/8+late(limit))
		end := <-h.closed
		if end.conn != c || !errors.Is(end.err, server.ErrWriteTimeout) {
			t.Errorf("Close got %v, of the stuck one: %v", end.err, end.conn == c)
		}
		if diff := cmp.Diff(server.Closed{WriteTimeout: 1}, r.Stats().Closed); diff != "" {
			t.Errorf("Stats (-want +got):\n%s", diff)
		}
		for range 20 {
			skip(t, quietConn, limit)
		}
		wantOpen(t, h, "with nothing to send")
	})
}

// TestIdleTimeoutCountsWhatThePeerTakes: a large answer may take longer than IdleTimeout.
func TestIdleTimeoutCountsWhatThePeerTakes(t *testing.T) {
	const idle = time.Minute
	h := newProbe(t)
	full := make(chan []byte, 1)
	h.onData = func(c *server.Conn, _ []byte) { full <- flood(t, c, 8<<20) }
	r := run(t, &server.Server{Handler: h, Loops: 1, IdleTimeout: idle, HighWater: 64 << 20, Logger: quiet()})
	client, c := opens(r, h)
	small(t, client)
	send(t, client, []byte("x"))
	<-full
	for range 5 {
		var before, now int
		on(t, c, func() { before = c.Buffered() })
		for now = before; now == before; on(t, c, func() { now = c.Buffered() }) {
			receive(t, client, 64<<10)
		}
		skip(t, c, idle+late(idle))
		wantOpen(t, h, "although the peer reads,")
	}
	skip(t, c, idle+late(idle))
	skip(t, c, idle+late(idle))
	if end := <-h.closed; end.err != server.ErrIdleTimeout {
		t.Errorf("Close got %v", end.err)
	}
}

// TestOwnTimeouts: a connection's own timeouts replace the server's, in both directions.
func TestOwnTimeouts(t *testing.T) {
	const idle = time.Minute
	h := echo(t)
	r := run(t, &server.Server{Handler: h, Loops: 1, IdleTimeout: idle, Logger: quiet()})
	_, short := opens(r, h)
	_, long := opens(r, h)
	none, noneConn := opens(r, h)
	on(t, short, func() {
		uvtest.Check(t, short.SetIdleTimeout(time.Second))
		uvtest.Check(t, long.SetIdleTimeout(time.Hour))
		uvtest.Check(t, noneConn.SetIdleTimeout(0))
		uvtest.Check(t, noneConn.SetWriteTimeout(time.Second)) // nothing is unsent
		for _, set := range []func(time.Duration) error{short.SetIdleTimeout, short.SetWriteTimeout} {
			uvtest.IsErr(t, "negative", set(-1), uv.EINVAL)
		}
	})
	for _, set := range []func(time.Duration) error{short.SetIdleTimeout, short.SetWriteTimeout} {
		if err := set(1); !errors.Is(err, uv.ErrNotOwner) {
			t.Errorf("on another goroutine: %v", err)
		}
	}
	for _, step := range []struct {
		time time.Duration
		conn *server.Conn
	}{{time.Second, short}, {time.Hour, long}} {
		skip(t, short, step.time+late(step.time))
		if end := <-h.closed; end.conn != step.conn || end.err != server.ErrIdleTimeout {
			t.Errorf("after %v: Close of another, or with %v", step.time, end.err)
		}
		wantOpen(t, h, "too early")
	}
	roundTrip(t, none, "hello")
	on(t, noneConn, func() { uvtest.Check(t, noneConn.SetIdleTimeout(time.Hour)) })
	skip(t, noneConn, time.Hour-time.Minute)
	wantOpen(t, h, "before its new timeout")
	skip(t, noneConn, time.Minute+late(time.Hour))
	<-h.closed
}

// TestHandshakeTimeout: until the handshake has ended HandshakeTimeout counts, however much
// arrives, and afterwards IdleTimeout.
func TestHandshakeTimeout(t *testing.T) {
	const limit, idle = 10 * time.Minute, 100 * time.Hour
	h := newProbe(t)
	h.onOpen = server.BeginHandshake
	got := make(chan bool, 1)
	h.onData = func(*server.Conn, []byte) { got <- true }
	r := run(t, &server.Server{Handler: h, Loops: 1, IdleTimeout: idle, HandshakeTimeout: limit, CloseTimeout: idle / 2, Logger: quiet()})
	slow, slowConn := opens(r, h)
	_, doneConn := opens(r, h)
	_, closing := opens(r, h)
	for range 9 {
		send(t, slow, []byte("x"))
		<-got
		on(t, slowConn, func() {
			server.BeginHandshake(slowConn) // the next part of it has no time of its own
			server.Skip(slowConn, limit/10)
		})
	}
	wantOpen(t, h, "before the time is over")
	on(t, slowConn, func() {
		server.EndHandshake(doneConn)
		closing.Write([]byte("!"))
		closing.Close()
		server.Skip(slowConn, limit/10+late(limit))
	})
	if end := <-h.closed; end.conn != slowConn || end.err != server.ErrHandshakeTimeout {
		t.Errorf("Close got %v", end.err)
	}
	wantOpen(t, h, "with an ended handshake, or in closing,")
	skip(t, slowConn, idle+late(idle))
	for range 2 { // CloseTimeout has ended the other, by the same clock
		if end := <-h.closed; end.conn == doneConn && end.err != server.ErrIdleTimeout || end.conn == closing && end.err != nil {
			t.Errorf("Close got %v", end.err)
		}
	}
}

// TestNegativeLimitsAreRefused before anything listens.
func TestNegativeLimitsAreRefused(t *testing.T) {
	for name, s := range map[string]*server.Server{
		"IdleTimeout": {IdleTimeout: -1}, "WriteTimeout": {WriteTimeout: -1}, "HandshakeTimeout": {HandshakeTimeout: -1},
		"CloseTimeout": {CloseTimeout: -1}, "Loops": {Loops: -1}, "Backlog": {Backlog: -1},
	} {
		s.Handler = echo(t)
		err := s.Listen(anyTCP)
		uvtest.IsErr(t, name, err, uv.EINVAL)
	}
}

// TestTimeoutsAllocateNothing: with all timeouts set, a message allocates nothing.
func TestTimeoutsAllocateNothing(t *testing.T) {
	r := run(t, &server.Server{Handler: &quietEcho{}, Loops: 1, IdleTimeout: time.Minute, WriteTimeout: time.Minute})
	c := r.dial()
	p := make([]byte, 100)
	trip := func() {
		if _, err := c.Write(p); err != nil {
			t.Error(err)
		}
		if _, err := io.ReadFull(c, p); err != nil {
			t.Error(err)
		}
	}
	trip()
	if n := testing.AllocsPerRun(2000, trip); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}
