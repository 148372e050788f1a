package uvloop

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"many_clients_exact":   kit.PerParking(testManyClientsExact),
		"peer_close_midread":   kit.PerParking(testPeerCloseMidread),
		"abort_in_open":        kit.PerParking(testAbortInOpen),
		"drain_writes_other":   kit.PerParking(testDrainWritesOther),
		"pause_resume":         kit.PerParking(testPauseResume),
		"addr_after_close":     kit.PerParking(testAddrAfterClose),
		"watermarks_validated": testWatermarksValidated,
		"writes_20000":         kit.PerParking(testWrites20000),
	})
}

const anyTCP = "tcp://127.0.0.1:0"

// serving serves a handler with one loop until the test ends, and returns the
// address.
func serving(t testing.TB, park uvgo.Option, h *kit.Handler) (*server.Server, net.Addr) {
	t.Helper()
	s := &server.Server{Handler: h, Loops: 1, Options: []uvgo.Option{park}}
	t.Cleanup(kit.Serve(s, anyTCP))
	return s, s.Addrs()[0]
}

// onLoop runs fn on the connection's loop and waits for it.
func onLoop(t testing.TB, c *server.Conn, fn func()) {
	t.Helper()
	done := make(chan bool)
	uvtest.Check(t, c.Loop().Post(func() {
		defer close(done)
		fn()
	}))
	<-done
}

func testManyClientsExact(t *testing.T, park uvgo.Option) {
	const clients, size = 25, 2 << 20
	s := &server.Server{Handler: &kit.Handler{}, Loops: 2, Options: []uvgo.Option{park}}
	defer kit.Serve(s, anyTCP)()
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			c, err := net.Dial("tcp", s.Addrs()[0].String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			want := uvtest.Pattern(size, uint32(i))
			var sender sync.WaitGroup
			sender.Go(func() {
				if _, err := c.Write(want); err != nil {
					t.Errorf("client %d: %v", i, err)
				}
				_ = c.(*net.TCPConn).CloseWrite()
			})
			got, err := io.ReadAll(c)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("client %d: %d of %d bytes came back, equal: %t; %v", i, len(got), size, bytes.Equal(got, want), err)
			}
			sender.Wait()
		})
	}
	wg.Wait()
	if st := s.Stats(); st.Accepted != clients || st.BytesIn != clients*size || st.BytesOut != clients*size {
		t.Errorf("the server counts %d connections, %d bytes in, %d out", st.Accepted, st.BytesIn, st.BytesOut)
	}
}

func testPeerCloseMidread(t *testing.T, park uvgo.Option) {
	_, addr := serving(t, park, &kit.Handler{OnData: func(c *server.Conn, _ []byte) {
		c.Write(make([]byte, 700))
		c.Close()
	}})
	c := kit.Dial(t, addr)
	uvtest.Must(c.Write([]byte("x")))
	if n, err := io.ReadFull(c, make([]byte, 1000)); n != 700 || err != io.ErrUnexpectedEOF {
		t.Errorf("read %d bytes of 1000, 700 were sent: %v", n, err)
	}
}

func testAbortInOpen(t *testing.T, park uvgo.Option) {
	var opened, closed atomic.Int32
	ended := make(chan error, 2)
	_, addr := serving(t, park, &kit.Handler{
		OnOpen: func(c *server.Conn) {
			if opened.Add(1) == 1 {
				if err := c.Abort(); err != nil {
					t.Error(err)
				}
				if closed.Load() != 0 {
					t.Error("Close runs inside Abort")
				}
			}
		},
		OnData: func(c *server.Conn, p []byte) {
			if opened.Load() == 1 {
				t.Errorf("an aborted connection got %q", p)
			}
			c.Write(p)
		},
		OnClose: func(_ *server.Conn, err error) {
			closed.Add(1)
			ended <- err
		},
	})
	c, err := net.Dial("tcp", addr.String())
	if err == nil {
		// The first of the two calls to meet the reset takes it away.
		if _, err = c.Write([]byte("is anybody there?")); err == nil {
			_, err = io.Copy(io.Discard, c)
		}
		c.Close()
	}
	uvtest.IsErr(t, "the client of an aborted connection", err, syscall.ECONNRESET)
	if err := <-ended; err != nil {
		t.Errorf("Close got %v", err)
	}
	uvtest.Check(t, kit.EchoesBack(kit.Dial(t, addr), "the next one"))
	if opened.Load() != 2 || closed.Load() != 1 {
		t.Errorf("%d opened, %d closed", opened.Load(), closed.Load())
	}
}

// testDrainWritesOther: the callback of one stream writes to another, which was
// not the one that the turn is about.
func testDrainWritesOther(t *testing.T, park uvgo.Option) {
	opened := make(chan *server.Conn, 2)
	var other *server.Conn
	var pushed int
	_, addr := serving(t, park, &kit.Handler{
		OnOpen: func(c *server.Conn) { opened <- c },
		OnDrain: func(c *server.Conn) {
			if c == other {
				t.Error("Drain of the connection that was never full")
				return
			}
			if _, err := fmt.Fprintf(other, "drained of %d;", pushed); err != nil {
				t.Error(err)
			}
		},
	})
	slow, fast := kit.Dial(t, addr), kit.Dial(t, addr)
	uvtest.Check(t, slow.(*net.TCPConn).SetReadBuffer(256<<10))
	a, b := <-opened, <-opened
	if a.RemoteAddr().String() != slow.LocalAddr().String() {
		a, b = b, a
	}
	want := ""
	for range 3 {
		onLoop(t, a, func() {
			for other, pushed = b, 0; a.Buffered() <= 1<<20; pushed += 100_000 { // more than the kernel takes
				uvtest.Must(a.Write(make([]byte, 100_000)))
			}
		})
		uvtest.Must(io.CopyN(io.Discard, slow, int64(pushed)))
		want = fmt.Sprintf("drained of %d;", pushed)
		got := make([]byte, len(want))
		uvtest.Must(io.ReadFull(fast, got))
		if string(got) != want {
			t.Errorf("the other connection got %q, want %q", got, want)
		}
	}
	uvtest.Check(t, kit.EchoesBack(fast, "nothing else"))
}

func testPauseResume(t *testing.T, park uvgo.Option) {
	opened, ended := make(chan *server.Conn, 1), make(chan error, 1)
	got := make(chan string, 100)
	_, addr := serving(t, park, &kit.Handler{
		OnOpen:  func(c *server.Conn) { opened <- c },
		OnData:  func(c *server.Conn, p []byte) { got <- string(p) },
		OnClose: func(_ *server.Conn, err error) { ended <- err },
	})
	client := kit.Dial(t, addr)
	c := <-opened
	onLoop(t, c, func() { c.Pause(); c.Pause() })
	uvtest.Must(client.Write([]byte("held")))
	onLoop(t, c, func() {})
	if len(got) != 0 {
		t.Errorf("a paused connection got %q", <-got)
	}
	onLoop(t, c, func() { c.Resume(); c.Resume() })
	if p := <-got; p != "held" {
		t.Errorf("after Resume came %q", p)
	}
	uvtest.Must(client.Write([]byte("flowing")))
	if p := <-got; p != "flowing" {
		t.Errorf("then came %q", p)
	}
	onLoop(t, c, func() {
		c.Pause()
		c.Abort()
		c.Resume()
		c.Pause()
		c.Resume()
	})
	if err := <-ended; err != nil {
		t.Errorf("Close got %v", err)
	}
	onLoop(t, c, func() { c.Pause(); c.Resume() })
	if len(got) != 0 {
		t.Errorf("an aborted connection got %q", <-got)
	}
}

func testAddrAfterClose(t *testing.T, park uvgo.Option) {
	closed := make(chan [2]string, 1)
	opened := make(chan *server.Conn, 1)
	_, addr := serving(t, park, &kit.Handler{
		OnOpen:  func(c *server.Conn) { opened <- c },
		OnClose: func(c *server.Conn, _ error) { closed <- [2]string{c.LocalAddr().String(), c.RemoteAddr().String()} },
	})
	client := kit.Dial(t, addr)
	c := <-opened
	want := [2]string{client.RemoteAddr().String(), client.LocalAddr().String()}
	onLoop(t, c, func() { c.Close(); c.Abort() })
	if got := <-closed; got != want {
		t.Errorf("in Close the addresses are %v, want %v", got, want)
	}
	if got := [2]string{c.LocalAddr().String(), c.RemoteAddr().String()}; got != want {
		t.Errorf("after Close the addresses are %v, want %v", got, want)
	}
}

func testWatermarksValidated(t *testing.T) {
	for _, s := range []*server.Server{{LowWater: 2, HighWater: 1}, {LowWater: -1}, {HighWater: -1}} {
		s.Handler = new(kit.Handler)
		err := s.Listen(anyTCP)
		uvtest.IsErr(t, fmt.Sprintf("low %d, high %d", s.LowWater, s.HighWater), err, uv.EINVAL)
	}
	s := &server.Server{Handler: new(kit.Handler), LowWater: 1, HighWater: 1}
	uvtest.Check(t, s.Listen(anyTCP))
	uvtest.Check(t, s.Shutdown(context.Background()))
}

// testWrites20000 writes all that the client asked for, paced by the watermarks.
func testWrites20000(t *testing.T, park uvgo.Option) {
	const size = 100 << 10
	writes := uint64(20_000)
	if uvtest.Instrumented || testing.Short() {
		writes = 2_000
	}
	block := uvtest.Pattern(size, 7)
	var next uint64
	push := func(c *server.Conn) {
		for ; next < writes && !c.Full(); next++ {
			binary.BigEndian.PutUint64(block, next)
			if n, err := c.Write(block); n != size || err != nil {
				t.Errorf("write %d: %d, %v", next, n, err)
				return
			}
		}
		if next == writes {
			c.Close()
		}
	}
	_, addr := serving(t, park, &kit.Handler{
		OnData:  func(c *server.Conn, _ []byte) { push(c) },
		OnDrain: push,
		OnClose: func(_ *server.Conn, err error) {
			if err != nil && !errors.Is(err, io.EOF) {
				t.Errorf("Close got %v", err)
			}
		},
	})
	c := kit.Dial(t, addr)
	uvtest.Must(c.Write([]byte("go")))
	got, want := make([]byte, size), uvtest.Pattern(size, 7)
	for i := range writes {
		uvtest.Must(io.ReadFull(c, got))
		if binary.BigEndian.PutUint64(want, i); !bytes.Equal(got, want) {
			t.Fatalf("write %d of %d is not what came", i, writes)
		}
	}
	if n, err := c.Read(got); n != 0 || err != io.EOF {
		t.Errorf("after the last write came %d bytes, %v", n, err)
	}
}
