package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// Pause takes effect between two records, and the peer's close_notify waits as its bytes do.
func TestPauseWithRecordsThatHaveBeenRead(t *testing.T) {
	eachTLS(t, func(t *testing.T, version uint16) {
		h := newProbe(t)
		var got []byte
		stopped := make(chan *server.Conn, 1)
		h.onData = func(c *server.Conn, p []byte) {
			got = append(got, p...)
			c.Pause()
			stopped <- c
		}
		s := runTLS(t, &server.Server{Handler: h, Loops: 1})
		s.client.MinVersion, s.client.MaxVersion = version, version
		s.client.DynamicRecordSizingDisabled = true
		client, _ := s.open(h)
		all := pattern(200 << 10) // more than Data gets at once
		go func() {
			send(t, client, all)
			uvtest.Expect(t, client.CloseWrite())
		}()
		for {
			select {
			case c := <-stopped:
				on(t, c, func() {
					if len(h.closed) != 0 {
						t.Error("closed while it was paused")
					}
					c.Resume()
				})
			case end := <-h.closed:
				if end.err != io.EOF || !bytes.Equal(got, all) {
					t.Errorf("closed with %v after %d bytes, want EOF after %d", end.err, len(got), len(all))
				}
				return
			}
		}
	})
}

// A client that does not read makes the connection Full. Then the server reads no more, and what
// it keeps is bounded.
func TestTLSClientThatDoesNotRead(t *testing.T) {
	h := echo(t)
	s := runTLS(t, &server.Server{Handler: h, Loops: 1, HighWater: 64 << 10})
	raw := s.running.dial()
	small(t, raw)
	client := s.over(raw, s.client)
	uvtest.Check(t, client.Handshake())
	c := <-h.opened
	all := pattern(32 << 20)
	sent := make(chan error, 1)
	go func() {
		_, err := client.Write(all)
		sent <- err
	}()
	uvtest.Eventually(t, "the connection is full", func() bool {
		full := false
		on(t, c, func() { full = c.Full() && !server.Reading(c) })
		return full
	})
	on(t, c, func() {
		if n := c.Buffered() + server.Ciphertext(c); n > 2<<20 {
			t.Errorf("%d bytes are kept", n)
		}
	})
	if got := receive(t, client, len(all)); !bytes.Equal(got, all) {
		t.Error("the echo differs")
	}
	uvtest.Check(t, <-sent)
}

// close_notify is an EOF; the end of the stream without it is not.
func TestTruncatedTLSIsNoEOF(t *testing.T) {
	eachTLS(t, func(t *testing.T, version uint16) {
		h := &fullProbe{probe: echo(t)}
		h.onEOF = func(*server.Conn) { t.Error("EOF after a truncation") }
		h.onDrain = func(*server.Conn) {}
		reports := make(chan slog.Record, 100)
		s := runTLS(t, &server.Server{Handler: h, Loops: 1, Logger: slog.New(&journal{note: func(r slog.Record) { reports <- r }})})
		s.client.MinVersion, s.client.MaxVersion = version, version
		for name, last := range map[string][]byte{"between records": nil, "in a header": {23, 3}, "in a record": {23, 3, 3, 0, 99, 1}} {
			client, _ := s.open(h.probe)
			roundTrip(t, client, "hello")
			raw := client.NetConn().(*net.TCPConn)
			_, _ = raw.Write(last)
			uvtest.Check(t, raw.CloseWrite())
			if end := <-h.closed; !errors.Is(end.err, io.ErrUnexpectedEOF) || !strings.Contains(end.err.Error(), "without close_notify") {
				t.Errorf("%s: closed with %v", name, end.err)
			}
		}
		if n := s.Stats().Closed; n.Truncated != 3 || n.TLS != 0 {
			t.Errorf("%d were cut short and %d closed because of TLS, want 3 and 0", n.Truncated, n.TLS)
		}
		// Its report is not that of failures, and hides none of them.
		plain := s.running.dial()
		send(t, plain, []byte("GET / HTTP/1.1\r\n\r\n"))
		first := <-reports
		if first.Level != slog.LevelDebug || !strings.Contains(first.Message, "without close_notify") {
			t.Errorf("the report is %v %s", first.Level, first.Message)
		}
		for r := first; r.Level != slog.LevelInfo || !strings.Contains(r.Message, "TLS failed"); r = <-reports {
		}
	})
}

// Close sends what was written, close_notify, and then the end of the stream.
func TestCloseSendsCloseNotify(t *testing.T) {
	eachTLS(t, func(t *testing.T, version uint16) {
		h := newProbe(t)
		all := pattern(1 << 20)
		h.onData = func(c *server.Conn, _ []byte) {
			c.Write(all)
			uvtest.Expect(t, c.Close())
			if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Write after Close: %v", err)
			}
		}
		s := runTLS(t, &server.Server{Handler: h, Loops: 1})
		s.client.MinVersion, s.client.MaxVersion = version, version
		client, _ := s.open(h)
		send(t, client, []byte("go"))
		got, err := io.ReadAll(client)
		if err != nil || !bytes.Equal(got, all) {
			t.Errorf("%d bytes and %v, want %d and the end", len(got), err, len(all))
		}
		if n, err := client.NetConn().Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("behind close_notify: %d bytes and %v, want the stream's end", n, err)
		}
		client.Close()
		if end := <-h.closed; end.err != nil {
			t.Errorf("closed with %v", end.err)
		}
	})
}

func TestTLSHalfClose(t *testing.T) {
	eachTLS(t, func(t *testing.T, version uint16) {
		h := &fullProbe{probe: newProbe(t)}
		var got []byte
		h.onData = func(_ *server.Conn, p []byte) { got = append(got, p...) }
		h.onDrain = func(*server.Conn) {}
		h.onOpen = func(c *server.Conn) {
			c.Write([]byte("first"))
			uvtest.Expect(t, c.CloseWrite())
			if _, err := c.Write([]byte("x")); !errors.Is(err, uv.EPIPE) {
				t.Errorf("Write after CloseWrite: %v", err)
			}
		}
		h.onEOF = func(*server.Conn) {}
		s := runTLS(t, &server.Server{Handler: h, Loops: 1})
		s.client.MinVersion, s.client.MaxVersion = version, version
		client, _ := s.open(h.probe)
		if said, err := io.ReadAll(client); string(said) != "first" || err != nil {
			t.Errorf("the client got %q and %v", said, err)
		}
		send(t, client, []byte("second"))
		uvtest.Check(t, client.CloseWrite())
		if end := <-h.closed; end.err != io.EOF || string(got) != "second" {
			t.Errorf("closed with %v after %q", end.err, got)
		}
	})
}

// EOF comes with the peer's close_notify, and an answer may follow.
func TestAnswerBehindCloseNotify(t *testing.T) {
	h := &fullProbe{probe: newProbe(t)}
	h.onDrain = func(*server.Conn) {}
	h.onEOF = func(c *server.Conn) {
		c.Write([]byte("goodbye"))
		uvtest.Expect(t, c.Close())
	}
	s := runTLS(t, &server.Server{Handler: h, Loops: 1})
	client, _ := s.open(h.probe)
	uvtest.Check(t, client.CloseWrite())
	uvtest.Check(t, client.SetReadDeadline(time.Now().Add(maxWait)))
	if got, err := io.ReadAll(client); string(got) != "goodbye" || err != nil {
		t.Errorf("got %q and %v", got, err)
	}
}

func TestHandshakeTimeoutOfTLS(t *testing.T) {
	h := newProbe(t)
	s := runTLS(t, &server.Server{Handler: h, Loops: 1, Logger: lenient(), HandshakeTimeout: 300 * time.Millisecond})
	first := hello(t, s.client)
	for name, p := range map[string][]byte{"silent": nil, "half a hello": first[:len(first)/2], "no second flight": first} {
		c := s.running.dial()
		send(t, c, p)
		if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, uv.ECONNRESET) {
			t.Errorf("%s: %v", name, err)
		}
	}
	uvtest.Eventually(t, "the timeouts are counted", func() bool { return s.Stats().Closed.HandshakeTimeout == 3 })
}

// Shutdown does not wait for handshakes, and neither does the end of Serve's context.
func TestServerEndsWhilePeersShakeHands(t *testing.T) {
	for name, end := range map[string]func(s *secure, cancel func()){
		"Shutdown": func(s *secure, _ func()) { uvtest.Check(t, s.Shutdown(context.Background())) },
		"context":  func(_ *secure, cancel func()) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			ca := uvtest.NewAuthority(t)
			srv := &server.Server{Handler: newProbe(t), Loops: 1, Logger: lenient(), TLSConfig: ca.ServerConfig(t), HandshakeTimeout: time.Hour}
			uvtest.Check(t, srv.Listen(anyTLS))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			served := make(chan error, 1)
			go func() { served <- srv.Serve(ctx) }()
			first := hello(t, ca.ClientConfig())
			for _, p := range [][]byte{nil, first[:100], first} {
				c := dialAddr(t, srv.Addrs()[0])
				send(t, c, p)
				if len(p) == len(first) {
					receive(t, c, 100) // the server waits for the second flight
				}
			}
			uvtest.Eventually(t, "all are accepted", func() bool { return srv.Stats().Conns == 3 })
			end(&secure{running: &running{Server: srv, t: t}}, cancel)
			<-served
		})
	}
}

// fn of WriteFunc runs when the records are sent, in the order of the writes.
func TestTLSWriteFunc(t *testing.T) {
	h := newProbe(t)
	order := make(chan string, 3)
	h.onData = func(c *server.Conn, p []byte) {
		for i := range 3 {
			uvtest.Expect(t, c.WriteFunc(func(err error) { order <- fmt.Sprint(i, err) }, []byte("ab"), nil, bytes.Repeat([]byte("c"), 1000)))
			c.Write([]byte("-"))
		}
		uvtest.Expect(t, c.WriteFunc(nil, []byte("end")))
	}
	s := runTLS(t, &server.Server{Handler: h, Loops: 1, WriteLimit: 1 << 20, HighWater: 1 << 19})
	client, c := s.open(h)
	send(t, client, []byte("go"))
	receive(t, client, 3*1003+3)
	for i := range 3 {
		if got, want := <-order, fmt.Sprint(i, nil); got != want {
			t.Errorf("fn got %q, want %q", got, want)
		}
	}
	on(t, c, func() {
		if _, err := c.Write(make([]byte, 2<<20)); !errors.Is(err, uv.ENOBUFS) {
			t.Errorf("beyond WriteLimit: %v", err)
		}
	})
}

func TestGarbageOnTLS(t *testing.T) {
	h := echo(t)
	s := runTLS(t, &server.Server{Handler: h, Loops: 1, Logger: lenient()})
	client, _ := s.open(h)
	roundTrip(t, client, "hello")
	send(t, client.NetConn(), append([]byte{23, 3, 3, 0, 40}, make([]byte, 40<<10)...)) // with bytes behind it that nobody reads
	if _, err := client.Read(make([]byte, 1)); !isAlert(err) {
		t.Errorf("the client got %v, want an alert", err)
	}
	client.NetConn().Close()
	if end := <-h.closed; end.err == nil || end.err == io.EOF {
		t.Errorf("closed with %v", end.err)
	}
	if n := s.Stats().Closed.TLS; n != 1 {
		t.Errorf("Stats count %d failures of TLS", n)
	}
	plain := s.running.dial()
	send(t, plain, []byte("GET / HTTP/1.1\r\n\r\n"))
	io.Copy(io.Discard, plain)
	uvtest.Eventually(t, "it is counted", func() bool { return s.Stats().Closed.TLS == 2 })
}

func TestPanicOnTLS(t *testing.T) {
	h := newProbe(t)
	h.onData = func(*server.Conn, []byte) { panic("oops") }
	s := runTLS(t, &server.Server{Handler: h, Loops: 1, Logger: lenient()})
	for range 2 {
		client, _ := s.open(h)
		send(t, client, []byte("x"))
		var p *uv.PanicError
		if end := <-h.closed; !errors.As(end.err, &p) {
			t.Errorf("closed with %v", end.err)
		}
	}
}

func TestIdleTLSConnectionIsClosed(t *testing.T) {
	h := echo(t)
	s := runTLS(t, &server.Server{Handler: h, Loops: 1, Logger: lenient(), IdleTimeout: time.Hour})
	client, c := s.open(h)
	roundTrip(t, client, "hello")
	on(t, c, func() { server.Skip(c, 2*time.Hour) })
	if end := <-h.closed; !errors.Is(end.err, server.ErrIdleTimeout) {
		t.Errorf("closed with %v", end.err)
	}
}

// The bytes of a callback that is blocked stay, while records of other connections are decrypted.
func TestPlaintextStaysWhileTheCallbackBlocks(t *testing.T) {
	h := newProbe(t)
	blocked, release := make(chan struct{}, 2), make(chan struct{})
	h.onData = func(c *server.Conn, p []byte) {
		if before := bytes.Clone(p); p[0] == 'b' {
			uvtest.Expect(t, c.Loop().Block(func() {
				blocked <- struct{}{}
				<-release
			}))
			if !bytes.Equal(p, before) {
				t.Error("the bytes changed while the callback was blocked")
			}
		}
		c.Write(p)
	}
	s := runTLS(t, &server.Server{Handler: h, Loops: 1})
	quick, _ := s.open(h)
	roundTrip(t, quick, "others go on")
	var slow []net.Conn
	for i := range 2 {
		client, _ := s.open(h)
		send(t, client, fmt.Append(nil, "block", i))
		<-blocked
		slow = append(slow, client)
	}
	for range 10 {
		roundTrip(t, quick, "others go on")
	}
	send(t, slow[0], []byte("behind")) // waits until the callback has returned
	roundTrip(t, quick, "others go on")
	close(release)
	for i, want := range []string{"block0behind", "block1"} {
		if got := receive(t, slow[i], len(want)); string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
