package looptls

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// Peers that stall in the middle of the handshake do not keep others from theirs, although
// they are many more than there are slots. The one that has waited longest makes room.
func TestStalledHandshakesDoNotStarveOthers(t *testing.T) {
	const waiting = 8
	p := withPool(t, 1, waiting)
	ca := uvtest.NewAuthority(t)
	server, hello := ca.ServerConfig(t), clientHello(t, ca.ClientConfig())
	var stalled []*testLoop
	for i := range 3 * waiting {
		l, nc := echo(t, server, 1000)
		nc.Write(hello)
		uvtest.Must(io.ReadFull(nc, make([]byte, 100))) // the server's flight: it waits now
		stalled = append(stalled, l)
		if i%4 == 0 {
			_, nc := echo(t, server, 1000)
			c := tls.Client(nc, ca.ClientConfig())
			roundTrip(t, c, []byte("hello"))
		}
	}
	uvtest.Eventually(t, "the bound is kept", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.waiting.n == waiting
	})
	for _, l := range stalled[:waiting] {
		if err := l.end(); !errors.Is(err, ErrEvicted) {
			t.Errorf("the longest wait ended with %v", err)
		}
	}
}

// A peer that has not sent its whole ClientHello costs no goroutine.
func TestSilentPeersCostNoGoroutine(t *testing.T) {
	p := withPool(t, 1, 1)
	ca := uvtest.NewAuthority(t)
	hello := clientHello(t, ca.ClientConfig())
	config := ca.ServerConfig(t)
	before := runtime.NumGoroutine()
	var conns []*Conn
	for range 1000 {
		c := Server(nowhere{}, config)
		c.Feed(hello[:len(hello)-1])
		conns = append(conns, c)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
	if p.running != 0 {
		t.Errorf("%d slots are in use", p.running)
	}
	for _, c := range conns {
		c.Abort()
	}
}

// nowhere is a host whose records go nowhere.
type nowhere struct{}

func (nowhere) WriteRecord([]byte) error { return nil }
func (nowhere) Wake()                    {}
func (nowhere) Panicked(*uv.PanicError)  {}
func (nowhere) LocalAddr() net.Addr      { return nil }
func (nowhere) RemoteAddr() net.Addr     { return nil }

// Handshakes beyond the slots wait, in order, and one that is aborted meanwhile takes no
// turn.
func TestHandshakesQueueForASlot(t *testing.T) {
	p := withPool(t, 1, 100)
	ca := uvtest.NewAuthority(t)
	release := make(chan struct{})
	server := ca.ServerConfig(t)
	server.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		<-release
		return nil, nil
	}
	queued := func(n int) func() bool {
		return func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.queued.n == n
		}
	}
	hello := clientHello(t, ca.ClientConfig())
	var conns []net.Conn
	var loops []*testLoop
	for i := range 5 {
		l, nc := echo(t, server, 1000)
		nc.Write(hello)
		uvtest.Eventually(t, "the handshakes queue", queued(i))
		conns, loops = append(conns, nc), append(loops, l)
	}
	close(loops[3].quit)
	uvtest.IsErr(t, "a queued connection", loops[3].end(), net.ErrClosed)
	uvtest.Eventually(t, "an aborted handshake leaves the queue", queued(3))
	close(release)
	for _, i := range []int{0, 1, 2, 4} {
		uvtest.Check(t, conns[i].SetReadDeadline(time.Now().Add(maxWait)))
		uvtest.Must(io.ReadFull(conns[i], make([]byte, 100)))
	}
}

// A second flight that has come while all slots are taken gets the next one.
func TestHandshakeResumesBehindOthers(t *testing.T) {
	p := withPool(t, 1, 100)
	ca := uvtest.NewAuthority(t)
	block, blocks := make(chan struct{}), make(chan struct{}, 1)
	slow := ca.ServerConfig(t)
	slow.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		blocks <- struct{}{}
		<-block
		return nil, nil
	}
	a, b := pair(t)
	l := newLoop(t, a)
	l.serve(ca.ServerConfig(t))
	gate := &gated{Conn: b, open: make(chan struct{})}
	c := tls.Client(gate, ca.ClientConfig())
	shaken := make(chan error, 1)
	go func() { shaken <- c.Handshake() }()
	uvtest.Eventually(t, "the handshake waits for the second flight", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.waiting.n == 1
	})
	_, other := echo(t, slow, 1000)
	other.Write(clientHello(t, ca.ClientConfig()))
	<-blocks // has the only slot
	close(gate.open)
	uvtest.Eventually(t, "the second flight waits for a slot", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.resumed.n == 1
	})
	close(block)
	uvtest.Check(t, <-shaken)
	roundTrip(t, c, []byte("hello"))
}

// gated lets the first write through, and the others once open is closed.
type gated struct {
	net.Conn
	wrote bool
	open  chan struct{}
}

func (g *gated) Write(p []byte) (int, error) {
	if g.wrote {
		<-g.open
	}
	g.wrote = true
	return g.Conn.Write(p)
}

// An aborted handshake gives its slot back at once, and once, although a callback of its ignores
// the context.
func TestAbortedHandshakesGiveTheirSlotsBack(t *testing.T) {
	const slots = 4
	p := withPool(t, slots, 100)
	ca := uvtest.NewAuthority(t)
	hello := clientHello(t, ca.ClientConfig())
	fill := func(release chan struct{}) (loops []*testLoop) {
		blocks := make(chan struct{})
		stubborn := ca.ServerConfig(t)
		stubborn.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			blocks <- struct{}{}
			<-release
			return nil, nil
		}
		for range slots {
			l, nc := echo(t, stubborn, 1000)
			nc.Write(hello)
			<-blocks
			loops = append(loops, l)
		}
		return loops
	}
	aborted, last := make(chan struct{}), make(chan struct{})
	var loops []*testLoop
	for range 2 { // the second time while the first's callbacks go on
		these := fill(aborted)
		for _, l := range these {
			close(l.quit)
			uvtest.IsErr(t, "a connection that is aborted", l.end(), net.ErrClosed)
		}
		_, nc := echo(t, ca.ServerConfig(t), 1000)
		roundTrip(t, tls.Client(nc, ca.ClientConfig()), []byte("hello"))
		loops = append(loops, these...)
	}
	fill(last)
	close(aborted)
	for _, l := range loops {
		uvtest.Eventually(t, "the callbacks have returned", l.conn.hs.ended)
	}
	p.mu.Lock()
	if p.running != slots {
		t.Errorf("%d slots are in use, want those of the %d that are blocked", p.running, slots)
	}
	p.mu.Unlock()
	close(last)
}

// ended tells whether the handshake's goroutine has given back what it had.
func (h *handshake) ended() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.done
}

// A handshake that is aborted while its second flight waits for a slot ends without one.
func TestAbortOfAResumedHandshake(t *testing.T) {
	p := withPool(t, 1, 100)
	ca := uvtest.NewAuthority(t)
	count := func(q *queue) func() bool {
		return func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return q.n == 1
		}
	}
	l, nc := echo(t, ca.ServerConfig(t), 1000)
	nc.Write(clientHello(t, ca.ClientConfig()))
	uvtest.Eventually(t, "the handshake waits for the second flight", count(&p.waiting))
	blocks, release := make(chan struct{}), make(chan struct{})
	slow := ca.ServerConfig(t)
	slow.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		close(blocks)
		<-release
		return nil, nil
	}
	_, other := echo(t, slow, 1000)
	other.Write(clientHello(t, ca.ClientConfig()))
	<-blocks // has the only slot
	nc.Write([]byte{22})
	uvtest.Eventually(t, "the second flight waits for a slot", count(&p.resumed))
	close(l.quit)
	l.end()
	uvtest.Eventually(t, "it ends, although the slot is taken", l.conn.hs.ended)
	close(release)
}
