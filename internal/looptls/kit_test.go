package looptls

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// maxWait ends a test that hangs; no test should come near it.
const maxWait = time.Minute

// A testLoop is a loop with one connection, on a goroutine. It drives a Conn as a real loop
// does: it reads pieces of at most piece bytes, and turns when it is woken.
type testLoop struct {
	t     testing.TB
	conn  *Conn
	nc    net.Conn
	piece int
	wakes chan struct{}
	quit  chan struct{} // closed: the loop closes the connection
	ended chan error    // how the connection ended; io.EOF after close_notify

	onOpen func()
	onData func(p []byte) // nil echoes

	panics  atomic.Int32 // calls of Panicked
	records int          // calls of WriteRecord
}

func (l *testLoop) WriteRecord(p []byte) error {
	l.records++
	_, err := l.nc.Write(p)
	return err
}

func (l *testLoop) Wake() {
	select {
	case l.wakes <- struct{}{}:
	default:
	}
}

func (l *testLoop) Panicked(*uv.PanicError) { l.panics.Add(1) }

func (l *testLoop) LocalAddr() net.Addr  { return l.nc.LocalAddr() }
func (l *testLoop) RemoteAddr() net.Addr { return l.nc.RemoteAddr() }

// newLoop makes a loop for our end of a connection.
func newLoop(t testing.TB, nc net.Conn) *testLoop {
	return &testLoop{t: t, nc: nc, piece: 64 << 10, wakes: make(chan struct{}, 1), ended: make(chan error, 1), quit: make(chan struct{})}
}

// serve runs the loop with the server's side, until the test ends.
func (l *testLoop) serve(config *tls.Config) {
	l.conn = Server(l, config)
	l.start()
}

// dial runs the loop with the client's side.
func (l *testLoop) dial(config *tls.Config) {
	l.conn = Client(l, config)
	l.conn.Start()
	l.start()
}

func (l *testLoop) start() {
	var wg sync.WaitGroup
	reads, stop := make(chan []byte), make(chan struct{})
	wg.Go(func() {
		defer close(reads)
		for {
			p := make([]byte, l.piece)
			n, err := l.nc.Read(p)
			if n > 0 {
				select {
				case reads <- p[:n]:
				case <-stop:
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	wg.Go(func() {
		l.ended <- l.run(reads)
		l.conn.Abort()
		close(stop)
		l.nc.Close()
	})
	l.t.Cleanup(func() {
		l.nc.Close()
		wg.Wait()
	})
}

// run turns until the connection ends.
func (l *testLoop) run(reads chan []byte) error {
	eof := false
	more := true
	for {
		from := reads
		if !more || eof {
			from = nil
		}
		select {
		case <-l.quit:
			return net.ErrClosed
		case <-l.wakes:
			rest, m, err := l.conn.Turn()
			if err != nil {
				return err
			}
			if more = m; !l.conn.Established() {
				continue
			}
			if l.onOpen != nil {
				l.onOpen()
				l.onOpen = nil
			}
			if err := l.read(rest); err != nil {
				return err
			}
			if eof {
				return l.conn.EOF()
			}
		case p, ok := <-from:
			switch {
			case ok && l.conn.Established():
				if err := l.read(p); err != nil {
					return err
				}
			case ok:
				more = l.conn.Feed(p)
			case l.conn.Established():
				return l.conn.EOF()
			default:
				eof = true
				if err := l.conn.FeedEOF(); err != nil {
					return err
				}
			}
		}
	}
}

// read decrypts p and gives it to onData.
func (l *testLoop) read(p []byte) error {
	buf := make([]byte, MaxPlaintext)
	for len(p) > 0 {
		n, used, err := l.conn.Read(buf, p)
		p = p[used:]
		if n > 0 {
			if l.onData != nil {
				l.onData(buf[:n])
			} else if _, err := l.conn.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// end waits for the end of the connection.
func (l *testLoop) end() error {
	l.t.Helper()
	select {
	case err := <-l.ended:
		return err
	case <-time.After(maxWait):
		l.t.Fatal("the connection does not end")
		return nil
	}
}

// pair returns the two ends of a connection over the loopback.
func pair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	defer ln.Close()
	b = uvtest.Must(net.Dial("tcp", ln.Addr().String()))
	a = uvtest.Must(ln.Accept())
	t.Cleanup(func() { a.Close(); b.Close() })
	uvtest.Check(t, b.SetDeadline(time.Now().Add(maxWait)))
	return a, b
}

// echo starts a server that echoes, and returns it with a client's raw connection to it.
func echo(t testing.TB, config *tls.Config, piece int) (*testLoop, net.Conn) {
	t.Helper()
	a, b := pair(t)
	l := newLoop(t, a)
	l.piece = piece
	l.serve(config)
	return l, b
}

// roundTrip sends p and expects it back.
func roundTrip(t testing.TB, c net.Conn, p []byte) {
	t.Helper()
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.Write(p) // an error shows in what is read
	}()
	got := make([]byte, len(p))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatalf("reading the echo: %v", err)
	}
	if string(got) != string(p) {
		t.Fatal("the echo differs")
	}
	<-written // a Close that meets a Write sends no close_notify
}

// withPool gives the test a pool of its own.
func withPool(t testing.TB, slots, waiting int) *pool {
	t.Helper()
	before := handshakes
	p := &pool{slots: slots, maxWaiting: waiting}
	handshakes = p
	t.Cleanup(func() {
		uvtest.Eventually(t, "every handshake ends", func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.running == 0 && p.waiting.n == 0 && p.queued.n == 0 && p.resumed.n == 0
		})
		handshakes = before
	})
	return p
}

// isAlert tells whether an error is the peer's alert.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}
