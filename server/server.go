package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/uv"
)

// A Server serves connections on several loops. Fields must not change once
// Listen has been called; the zero value of each but Handler works.
type Server struct {
	Handler Handler
	// PacketHandler gets the datagrams of udp:// addresses. A server of datagrams alone needs no
	// Handler.
	PacketHandler PacketHandler

	// Loops is how many loops serve, each on a goroutine of its own; 0 means
	// GOMAXPROCS.
	Loops int
	// HighWater is how many unsent bytes a connection may have before it is Full and no
	// longer read, see [Conn.ReadWhileFull]; LowWater is how many it has at most when it is
	// read again. In bytes; 0 means 256 KiB and a quarter of HighWater.
	HighWater, LowWater int
	// WriteLimit is how many unsent bytes a connection may have at all: a write
	// beyond it fails with ENOBUFS, and none of it is queued. 0 means 64 MiB or 16 times
	// HighWater, whichever is more.
	WriteLimit int
	// Backlog is the kernel's queue of connections that wait to be accepted;
	// 0 means 4096. The system may set a lower bound.
	Backlog int
	// ReusePort shares TCP addresses with other servers, of this process or of
	// others of the same user, that ask for it as well (SO_REUSEPORT): the kernel
	// spreads the connections over all. Without it, Listen fails with EADDRINUSE if
	// anything listens there. ENOTSUP where libuv or the system cannot.
	ReusePort bool
	// CloseTimeout is how long a connection may take to close: to send what is
	// queued, and for its peer to end its side. In Shutdown it is also how long handlers
	// have to answer what has arrived, unless they Hold the connection. 0 means 5 seconds.
	CloseTimeout time.Duration
	// EndTimeout is how long a connection that has sent all, and ended its side, waits for its peer to
	// end its own. 0 means what is left of CloseTimeout.
	EndTimeout time.Duration
	// NoReset makes connections that are closed with bytes unsent, by Abort, a timeout or the end of the server, end as those of package
	// net do: the peer gets what the kernel has taken, and then the end of the stream, with TLS without close_notify. Otherwise the end is a
	// reset, by which a TCP peer loses what it has not read yet. NoReset is for protocols whose messages tell their own length.
	NoReset bool
	// ShutdownGrace is how long Shutdown leaves connections open on which no work is under way, once the listeners are closed:
	// for requests that are on their way. It must be less than CloseTimeout, which ends it. 0 means not at all.
	ShutdownGrace time.Duration
	// IdleTimeout is how long a connection may have nothing read and nothing written. Bytes
	// that the kernel takes later count as written. While the handler Holds the connection, it
	// is not idle, nor while a callback of it is in Block. It is closed at once, and Close gets
	// [ErrIdleTimeout]. 0 means no limit, and so does more than a year. Like the other timeouts it
	// never comes early by the loop's clock, which stands still while a callback runs. It comes late
	// by an eighth of it at most, or a second if that is less, and some 20 ms.
	IdleTimeout time.Duration
	// WriteTimeout is how long a connection may have bytes unsent of which the kernel takes
	// none, because the peer does not read. The server looks eight times within it, so it
	// comes late by a quarter at most. The connection is closed at once, and Close gets
	// [ErrWriteTimeout]. 0 means no limit, and so does more than a year.
	WriteTimeout time.Duration
	// MaxConns is how many connections the server has at most, over all loops. At the limit
	// the listeners pause, and the kernel queues new connections (Backlog) until others end.
	// A listener may have accepted up to 65 by then, which wait as well. Stats count those
	// without a place by Pauses. 0 means no limit.
	MaxConns int
	// MaxConnsPerIP is how many connections an address may have at most. Another one is
	// closed at once, without Open, and Stats count it. IPv6 counts by networks of 64 bits,
	// since one host can have all addresses of its network. Behind a proxy the address counts
	// that ProxyProtocol announces. Unix sockets do not count. 0 means no limit.
	MaxConnsPerIP int
	// HandshakeTimeout is how long the TLS handshake and the PROXY header may take
	// together. 0 means 10 seconds.
	HandshakeTimeout time.Duration
	// HandshakeFailed is called on the loop, and must not block, when the TLS handshake of an accepted connection has
	// failed. What it returns is sent as it is, without TLS, before the connection closes: for a client that speaks something
	// else, which tls.RecordHeaderError tells. nil: nothing is sent beside the alert. Of c it may ask the addresses.
	HandshakeFailed func(c *Conn, err error) (plain []byte)
	// DialTimeout is how long Dial may take to look a name up and to connect. 0 means 10 seconds.
	DialTimeout time.Duration
	// TLSConfig is for addresses with TLS (see [Server.Listen]), and needs a certificate.
	// Listen copies it once; all loops share the copy, and with it the session tickets.
	// NextProtos is for ALPN. Callbacks such as GetCertificate run on goroutines of the
	// handshakes, and may block. They should end with ClientHelloInfo.Context, which ends with the
	// connection: one that goes on keeps its goroutine, though none of the handshakes' slots.
	TLSConfig *tls.Config
	// Delay leaves Nagle's algorithm on, which holds small writes back.
	Delay bool
	// KeepAlive is how long a TCP connection must be idle before its peer is probed:
	// 0 means 15 seconds, a negative value no probes. As with net.ListenConfig, probes are
	// 15 seconds apart, and the ninth in a row without an answer ends the connection,
	// with ETIMEDOUT. KeepAliveConfig, if enabled, replaces all of this.
	KeepAlive       time.Duration
	KeepAliveConfig net.KeepAliveConfig
	// ProxyProtocol says whether connections begin with a header of the PROXY protocol, as
	// from HAProxy, nginx and cloud load balancers. The zero value: they do not.
	ProxyProtocol ProxyProtocol
	// Options are those of the loops. WithPanicHandler has no effect: panics
	// close their connection and go to Logger.
	Options []uvgo.Option
	// Logger gets reports of panics in handlers (ERROR) and, at most one line a second of each kind,
	// of connections that could not be accepted (WARN or ERROR), that wait for a place among
	// MaxConns (WARN), or that a limit, TLS, a PROXY header or a frame has ended (INFO or WARN). A
	// TLS stream that ends without close_notify is DEBUG. nil means slog.Default().
	Logger *slog.Logger

	mu           sync.Mutex
	state        state
	workers      []*worker
	addrs        []net.Addr
	tls          *tls.Config      // of the listeners that speak TLS
	finished     chan struct{}    // closed when Serve has ended
	silent       chan struct{}    // closed when no worker listens any more
	silentCount  atomic.Int32     // workers that do not
	empty        chan struct{}    // closed when no worker has, or will have, a connection
	emptyCount   atomic.Int32     // workers that have none
	setEmpty     func()           // closes empty
	closeGiven   func()           // closes the listeners that Serve was given
	drops        limiter          // of reports that connections were dropped
	limits       [reasons]limiter // of reports that a limit ended connections
	full         limiter          // of reports that MaxConns is reached
	places       places           // for MaxConns
	perAddr      addrCounts       // for MaxConnsPerIP
	distributors atomic.Int32     // listeners whose connections are distributed among all workers
}

// state is the state of a server. Server.mu guards it.
//
//	        Listen          Serve            Shutdown         the loops are closed
//	fresh ─────────▶ bound ───────▶ serving ──────────▶ ending ───────────────────▶ ended
//	  │   ◀─────────   │               │                                              ▲
//	  │  a Listen that │               └── the end of Serve's context, Goexit ────────┤
//	  │  failed        │ Shutdown                                                     │
//	  └────────────────┴──────────────────────────────────────────────────────────────┘
//
// It only grows, but for a Listen that failed.
type state int

const (
	fresh state = iota
	bound
	serving
	ending
	ended
)

// prepare checks the fields and makes the loops, once.
func (s *Server) prepare() error {
	switch {
	case s.state == serving:
		return errServing
	case s.state >= ending:
		return ErrServerClosed
	case s.state == bound:
		return nil
	case s.Handler == nil && s.PacketHandler == nil:
		return fmt.Errorf("server: %w", errNoHandler)
	}
	if err := s.defaults(); err != nil {
		return err
	}
	s.silent, s.empty = make(chan struct{}), make(chan struct{})
	s.setEmpty = sync.OnceFunc(func() { close(s.empty) })
	for i := range s.Loops {
		w, err := newWorker(s, i)
		if err != nil {
			s.discard()
			return fmt.Errorf("server: %w", err)
		}
		s.workers = append(s.workers, w)
	}
	s.state = bound
	s.finished = make(chan struct{})
	return nil
}

// defaults fills in what is zero and refuses what makes no sense.
func (s *Server) defaults() error {
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"Loops", int64(s.Loops)}, {"Backlog", int64(s.Backlog)},
		{"MaxConns", int64(s.MaxConns)}, {"MaxConnsPerIP", int64(s.MaxConnsPerIP)}, {"CloseTimeout", int64(s.CloseTimeout)},
		{"EndTimeout", int64(s.EndTimeout)}, {"ShutdownGrace", int64(s.ShutdownGrace)}, {"IdleTimeout", int64(s.IdleTimeout)}, {"WriteTimeout", int64(s.WriteTimeout)}, {"DialTimeout", int64(s.DialTimeout)}, {"HandshakeTimeout", int64(s.HandshakeTimeout)},
	} {
		if f.value < 0 {
			return fmt.Errorf("server: negative %s: %w", f.name, uv.EINVAL)
		}
	}
	if s.Loops == 0 {
		s.Loops = runtime.GOMAXPROCS(0)
	}
	if s.HighWater == 0 {
		s.HighWater = max(256<<10, s.LowWater)
	}
	if s.LowWater == 0 {
		s.LowWater = s.HighWater / 4
	}
	if s.WriteLimit == 0 {
		s.WriteLimit = max(64<<20, 16*s.HighWater)
	}
	if s.Backlog == 0 {
		s.Backlog = 4096
	}
	if s.CloseTimeout == 0 {
		s.CloseTimeout = 5 * time.Second
	}
	if s.DialTimeout == 0 {
		s.DialTimeout = 10 * time.Second
	}
	if s.HandshakeTimeout == 0 {
		s.HandshakeTimeout = 10 * time.Second
	}
	if s.LowWater < 0 || s.LowWater > s.HighWater || s.WriteLimit < s.HighWater {
		return fmt.Errorf("server: watermarks: need 0 ≤ low (%d) ≤ high (%d) ≤ limit (%d): %w",
			s.LowWater, s.HighWater, s.WriteLimit, uv.EINVAL)
	}
	if err := s.ProxyProtocol.check(); err != nil {
		return err
	}
	if s.Logger == nil {
		s.Logger = slog.Default()
	}
	return nil
}

// discard closes loops that never ran.
func (s *Server) discard() {
	for _, w := range s.workers {
		w.end()
	}
	s.workers, s.addrs = nil, nil
	if s.setEmpty != nil {
		s.setEmpty()
	}
}

// Addrs returns the addresses that Listen bound to, with real ports, in the
// order of Listen's arguments.
func (s *Server) Addrs() []net.Addr {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.addrs)
}
