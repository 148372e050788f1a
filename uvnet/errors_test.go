package uvnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A shape is what a program can see of an error.
type shape struct {
	Type, Op, Net                   string
	Source, Addr                    bool
	Inner                           string
	Timeout, Temporary              bool
	Closed, Deadline, EOF           bool
	Canceled, DeadlineExceeded      bool
	ECONNREFUSED, EADDRINUSE, EPIPE bool
	Text                            string
}

// volatile is what differs between two runs of the same thing.
var volatile = regexp.MustCompile(`(127\.0\.0\.1|\[::1\]):\d+|/tmp/[^\s:>]*`)

func shapeOf(err error) (s shape) {
	if err == nil {
		return s
	}
	s.Type = fmt.Sprintf("%T", err)
	s.Text = volatile.ReplaceAllString(err.Error(), "ADDR")
	var op *net.OpError
	if errors.As(err, &op) {
		s.Op, s.Net, s.Source, s.Addr = op.Op, op.Net, op.Source != nil, op.Addr != nil
		s.Inner = strings.TrimPrefix(fmt.Sprintf("%T", op.Err), "uvnet.")
		for _, own := range []string{"uvnet.", "*net.timeoutError", "net.canceledError", "*errors.errorString", "poll."} {
			if strings.Contains(fmt.Sprintf("%T", op.Err), own) {
				s.Inner = "" // the text and what errors.Is says must do
			}
		}
	}
	var ne net.Error
	if errors.As(err, &ne) {
		s.Timeout, s.Temporary = ne.Timeout(), ne.Temporary() //nolint:staticcheck // programs still ask
	}
	s.Closed = errors.Is(err, net.ErrClosed)
	s.Deadline = errors.Is(err, os.ErrDeadlineExceeded)
	s.EOF = err == io.EOF
	s.Canceled = errors.Is(err, context.Canceled)
	s.DeadlineExceeded = errors.Is(err, context.DeadlineExceeded)
	s.ECONNREFUSED = errors.Is(err, syscall.ECONNREFUSED)
	s.EADDRINUSE = errors.Is(err, syscall.EADDRINUSE)
	s.EPIPE = errors.Is(err, syscall.EPIPE)
	return s
}

// A world is package net or uvnet.
type world struct {
	maker
	dialer func(timeout time.Duration, local net.Addr) interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	}
	packet         func(network, address string) (net.PacketConn, error)
	control        func(err error) error // dials with a Control that fails
	fileConn       func(*os.File) (net.Conn, error)
	fileListener   func(*os.File) (net.Listener, error)
	filePacketConn func(*os.File) (net.PacketConn, error)
}

type dialer = interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// refuseWith is a Control that fails.
func refuseWith(err error) func(string, string, syscall.RawConn) error {
	return func(string, string, syscall.RawConn) error { return err }
}

var worlds = []world{
	{
		makers[0], func(d time.Duration, a net.Addr) dialer { return &Dialer{Timeout: d, LocalAddr: a} }, ListenPacket,
		func(err error) error {
			_, err = (&Dialer{Control: refuseWith(err)}).Dial("tcp", "127.0.0.1:1")
			return err
		},
		FileConn, FileListener, FilePacketConn,
	},
	{
		makers[1], func(d time.Duration, a net.Addr) dialer { return &net.Dialer{Timeout: d, LocalAddr: a} }, net.ListenPacket,
		func(err error) error {
			_, err = (&net.Dialer{Control: refuseWith(err)}).Dial("tcp", "127.0.0.1:1")
			return err
		},
		net.FileConn, net.FileListener, net.FilePacketConn,
	},
}

var errorCases = []struct {
	name string
	make func(t *testing.T, w world) error
}{
	{"dial refused", func(t *testing.T, w world) error {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ln.Close()
		_, err = w.dial("tcp", ln.Addr().String())
		return err
	}},
	{"dial unix nowhere", func(t *testing.T, w world) error {
		_, err := w.dial("unix", filepath.Join(t.TempDir(), "none"))
		return err
	}},
	{"dial bad network", func(t *testing.T, w world) error { _, err := w.dial("tpc", "127.0.0.1:1"); return err }},
	{"dial no port", func(t *testing.T, w world) error { _, err := w.dial("tcp", "127.0.0.1"); return err }},
	{"dial bad port", func(t *testing.T, w world) error { _, err := w.dial("tcp", "127.0.0.1:no such"); return err }},
	{"dial nothing", func(t *testing.T, w world) error { _, err := w.dial("tcp", ""); return err }},
	{"dial no unix name", func(t *testing.T, w world) error { _, err := w.dial("unix", ""); return err }},
	{"dial wrong family", func(t *testing.T, w world) error { _, err := w.dial("tcp6", "127.0.0.1:1"); return err }},
	{"dial wrong family 4", func(t *testing.T, w world) error { _, err := w.dial("tcp4", "[::1]:1"); return err }},
	{"dial mismatched local", func(t *testing.T, w world) error {
		_, err := w.dialer(0, &net.UnixAddr{Name: "x", Net: "unix"}).DialContext(context.Background(), "tcp", "127.0.0.1:1")
		return err
	}},
	{"dial cancelled", func(t *testing.T, w world) error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := w.dialer(0, nil).DialContext(ctx, "tcp", "127.0.0.1:1")
		return err
	}},
	{"dial too late", func(t *testing.T, w world) error {
		_, err := w.dialer(-time.Second, nil).DialContext(context.Background(), "tcp", "127.0.0.1:1")
		return err
	}},
	{"dial too late by deadline", func(t *testing.T, w world) error {
		ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
		defer cancel()
		_, err := w.dialer(0, nil).DialContext(ctx, "tcp", "127.0.0.1:1")
		return err
	}},
	{"dial name cancelled", func(t *testing.T, w world) error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := w.dialer(0, nil).DialContext(ctx, "tcp", "localhost:1")
		return err
	}},
	{"dial unix cancelled", func(t *testing.T, w world) error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := w.dialer(0, nil).DialContext(ctx, "unix", "/none")
		return err
	}},
	{"dial udp cancelled", func(t *testing.T, w world) error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := w.dialer(0, nil).DialContext(ctx, "udp", "127.0.0.1:1")
		return err
	}},
	{"dial from a foreign address", func(t *testing.T, w world) error {
		_, err := w.dialer(0, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}).DialContext(context.Background(), "tcp", "127.0.0.1:1")
		return err
	}},
	{"dial from a taken address", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "tcp")
		defer ln.Close()
		_, err := w.dialer(0, ln.Addr()).DialContext(context.Background(), "tcp", "127.0.0.1:1")
		return err
	}},
	{"dial from the other family", func(t *testing.T, w world) error {
		_, err := w.dialer(0, &net.TCPAddr{IP: net.IPv6loopback}).DialContext(context.Background(), "tcp", "127.0.0.1:1")
		return err
	}},
	{"dial from no address", func(t *testing.T, w world) error {
		_, err := w.dialer(0, (*net.TCPAddr)(nil)).DialContext(context.Background(), "tcp", "127.0.0.1:1")
		return err
	}},
	{"dial udp from a foreign address", func(t *testing.T, w world) error {
		_, err := w.dialer(0, &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1)}).DialContext(context.Background(), "udp", "127.0.0.1:1")
		return err
	}},
	{"dial unix from a taken name", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "unix")
		defer ln.Close()
		_, err := w.dialer(0, ln.Addr()).DialContext(context.Background(), "unix", ln.Addr().String())
		return err
	}},
	{"dial nobody listens on unix", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "unix")
		ln.(interface{ SetUnlinkOnClose(bool) }).SetUnlinkOnClose(false)
		ln.Close()
		_, err := w.dial("unix", ln.Addr().String())
		return err
	}},
	{"dial a long unix name", func(t *testing.T, w world) error { _, err := w.dial("unix", "/"+strings.Repeat("x", 200)); return err }},
	{"dial port 0", func(t *testing.T, w world) error { _, err := w.dial("tcp", "127.0.0.1:0"); return err }},
	{"dial port 65536", func(t *testing.T, w world) error { _, err := w.dial("tcp", "127.0.0.1:65536"); return err }},
	{"dial port by name", func(t *testing.T, w world) error { _, err := w.dial("tcp", "127.0.0.1:tcpmux"); return err }},
	{"dial IPv6 without brackets", func(t *testing.T, w world) error { _, err := w.dial("tcp", "::1:80"); return err }},
	{"dial no such zone", func(t *testing.T, w world) error { _, err := w.dial("tcp", "[fe80::1%none9]:1"); return err }},
	{"dial link-local without zone", func(t *testing.T, w world) error { _, err := w.dial("tcp", "[fe80::1]:1"); return err }},
	{"dial broadcast", func(t *testing.T, w world) error { _, err := w.dial("tcp", "255.255.255.255:1"); return err }},
	{"control fails", func(t *testing.T, w world) error {
		return w.control(errors.New("not this one"))
	}},
	{"listen no port", func(t *testing.T, w world) error { _, err := w.listen("tcp", "127.0.0.1"); return err }},
	{"listen foreign", func(t *testing.T, w world) error { _, err := w.listen("tcp", "192.0.2.1:0"); return err }},
	{"listen unix taken", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "unix")
		defer ln.Close()
		_, err := w.listen("unix", ln.Addr().String())
		return err
	}},
	{"packet foreign", func(t *testing.T, w world) error { _, err := w.packet("udp", "192.0.2.1:0"); return err }},
	{"packet bad network", func(t *testing.T, w world) error { _, err := w.packet("pdu", "127.0.0.1:0"); return err }},
	{"packet on unix", func(t *testing.T, w world) error { _, err := w.packet("unix", "/none/x"); return err }},
	{"accept past deadline", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "unix")
		defer ln.Close()
		check(t, ln.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Unix(1, 0)))
		_, err := ln.Accept()
		return err
	}},
	{"listener file closed", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "tcp")
		ln.Close()
		_, err := ln.(interface{ File() (*os.File, error) }).File()
		return err
	}},
	{"listener raw control closed", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "tcp")
		raw, err := ln.(syscall.Conn).SyscallConn()
		check(t, err)
		ln.Close()
		return raw.Control(func(uintptr) {})
	}},
	{"file conn of a file", func(t *testing.T, w world) error {
		f, err := os.Open(os.DevNull)
		check(t, err)
		defer f.Close()
		_, err = w.fileConn(f)
		return err
	}},
	{"file listener of a file", func(t *testing.T, w world) error {
		f, err := os.Open(os.DevNull)
		check(t, err)
		defer f.Close()
		_, err = w.fileListener(f)
		return err
	}},
	{"file packet conn of a file", func(t *testing.T, w world) error {
		f, err := os.Open(os.DevNull)
		check(t, err)
		defer f.Close()
		_, err = w.filePacketConn(f)
		return err
	}},
	{"file conn closed", func(t *testing.T, w world) error {
		f, err := os.Open(os.DevNull)
		check(t, err)
		f.Close()
		_, err = w.fileConn(f)
		return err
	}},
	{"dial udp nowhere", func(t *testing.T, w world) error { _, err := w.dial("udp", "127.0.0.1"); return err }},
	{"listen taken", func(t *testing.T, w world) error {
		ln, err := w.listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		_, err = w.listen("tcp", ln.Addr().String())
		return err
	}},
	{"listen bad network", func(t *testing.T, w world) error { _, err := w.listen("tpc", "127.0.0.1:1"); return err }},
	{"listen udp", func(t *testing.T, w world) error { _, err := w.listen("udp", "127.0.0.1:0"); return err }},
	{"listen unix in no directory", func(t *testing.T, w world) error {
		_, err := w.listen("unix", filepath.Join(t.TempDir(), "no", "s"))
		return err
	}},
	{"packet tcp", func(t *testing.T, w world) error { _, err := w.packet("tcp", "127.0.0.1:0"); return err }},
	{"accept closed", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "tcp")
		ln.Close()
		_, err := ln.Accept()
		return err
	}},
	{"read accepted closed", func(t *testing.T, w world) error {
		s, c := connectPair(t, "tcp4", w.maker, makers[1])
		defer c.Close()
		s.Close()
		return read(s)
	}},
	{"accept closed tcp4", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "tcp4")
		ln.Close()
		_, err := ln.Accept()
		return err
	}},
	{"accept while closing", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "unix")
		time.AfterFunc(5*time.Millisecond, func() { ln.Close() })
		_, err := ln.Accept()
		return err
	}},
	{"accept too late", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "tcp")
		defer ln.Close()
		check(t, ln.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now().Add(5*time.Millisecond)))
		_, err := ln.Accept()
		return err
	}},
	{"close listener twice", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "tcp")
		ln.Close()
		return ln.Close()
	}},
	{"listener deadline closed", func(t *testing.T, w world) error {
		ln := listenIn(t, w, "tcp")
		ln.Close()
		return ln.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now())
	}},
}

// connCases are errors of a connection; s is the peer, of package net.
var connCases = []struct {
	name string
	make func(t *testing.T, c, s net.Conn) error
}{
	{"read closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return read(c) }},
	{"write closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return write(c) }},
	{"close closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.Close() }},
	{"deadline closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.SetDeadline(time.Now()) }},
	{"close write closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.(half).CloseWrite() }},
	{"file closed", func(t *testing.T, c, s net.Conn) error { c.Close(); _, err := c.(half).File(); return err }},
	{"read buffer closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.(half).SetReadBuffer(1) }},
	{"copy closed", func(t *testing.T, c, s net.Conn) error {
		c.Close()
		if r, ok := c.(*net.TCPConn); ok {
			_, err := r.ReadFrom(strings.NewReader("x"))
			return err
		}
		if r, ok := c.(*TCPConn); ok {
			_, err := r.ReadFrom(strings.NewReader("x"))
			return err
		}
		return nil // of package net's, only TCPConn has it
	}},
	{"copy out closed", func(t *testing.T, c, s net.Conn) error {
		c.Close()
		if w, ok := c.(io.WriterTo); ok && c.LocalAddr().Network() == "tcp" {
			_, err := w.WriteTo(struct{ io.Writer }{io.Discard})
			return err
		}
		return nil
	}},
	{"close read closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.(half).CloseRead() }},
	{"close read twice", func(t *testing.T, c, s net.Conn) error {
		check(t, c.(half).CloseRead())
		return c.(half).CloseRead()
	}},
	{"write buffer closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.(half).SetWriteBuffer(1) }},
	{"read deadline closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.SetReadDeadline(time.Time{}) }},
	{"read nothing closed", func(t *testing.T, c, s net.Conn) error { c.Close(); _, err := c.Read(nil); return err }},
	{"write nothing closed", func(t *testing.T, c, s net.Conn) error { c.Close(); _, err := c.Write(nil); return err }},
	{"read nothing past deadline", func(t *testing.T, c, s net.Conn) error {
		check(t, c.SetDeadline(time.Unix(1, 0)))
		_, err := c.Read(nil)
		return err
	}},
	{"write nothing past deadline", func(t *testing.T, c, s net.Conn) error {
		check(t, c.SetDeadline(time.Unix(1, 0)))
		_, err := c.Write(nil)
		return err
	}},
	{"raw control closed", func(t *testing.T, c, s net.Conn) error {
		raw, err := c.(syscall.Conn).SyscallConn()
		check(t, err)
		c.Close()
		return raw.Control(func(uintptr) {})
	}},
	{"raw read closed", func(t *testing.T, c, s net.Conn) error {
		raw, err := c.(syscall.Conn).SyscallConn()
		check(t, err)
		c.Close()
		return raw.Read(func(uintptr) bool { return true })
	}},
	{"raw write closed", func(t *testing.T, c, s net.Conn) error {
		raw, err := c.(syscall.Conn).SyscallConn()
		check(t, err)
		c.Close()
		return raw.Write(func(uintptr) bool { return true })
	}},
	{"raw read past deadline", func(t *testing.T, c, s net.Conn) error {
		raw, err := c.(syscall.Conn).SyscallConn()
		check(t, err)
		check(t, c.SetDeadline(time.Unix(1, 0)))
		return raw.Read(func(uintptr) bool { return true })
	}},
	{"raw read until deadline", func(t *testing.T, c, s net.Conn) error {
		raw, err := c.(syscall.Conn).SyscallConn()
		check(t, err)
		check(t, c.SetDeadline(time.Now().Add(5*time.Millisecond)))
		return raw.Read(func(uintptr) bool { return false })
	}},
	{"no delay closed", func(t *testing.T, c, s net.Conn) error { return tcpClosed(c, tcpOptions.SetNoDelay, true) }},
	{"keep-alive closed", func(t *testing.T, c, s net.Conn) error { return tcpClosed(c, tcpOptions.SetKeepAlive, true) }},
	{"period closed", func(t *testing.T, c, s net.Conn) error { return tcpClosed(c, tcpOptions.SetKeepAlivePeriod, time.Hour) }},
	{"linger closed", func(t *testing.T, c, s net.Conn) error { return tcpClosed(c, tcpOptions.SetLinger, 0) }},
	{"probes closed", func(t *testing.T, c, s net.Conn) error {
		return tcpClosed(c, tcpOptions.SetKeepAliveConfig, net.KeepAliveConfig{})
	}},
	{"copy to a writer that fails", func(t *testing.T, c, s net.Conn) error {
		check(t, write(s))
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		_, err := c.(io.WriterTo).WriteTo(&failingWriter{})
		return err
	}},
	{"copy from a reader that fails", func(t *testing.T, c, s net.Conn) error {
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		_, err := c.(io.ReaderFrom).ReadFrom(&failingReader{})
		return err
	}},
	{"send a closed file", func(t *testing.T, c, s net.Conn) error {
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		f, err := os.Open(os.Args[0])
		check(t, err)
		f.Close()
		_, err = c.(io.ReaderFrom).ReadFrom(f)
		return err
	}},
	{"send a file past deadline", func(t *testing.T, c, s net.Conn) error {
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		f, err := os.Open(os.Args[0])
		check(t, err)
		defer f.Close()
		check(t, c.SetDeadline(time.Unix(1, 0)))
		_, err = c.(io.ReaderFrom).ReadFrom(f)
		return err
	}},
	{"send a file closed", func(t *testing.T, c, s net.Conn) error {
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		f, err := os.Open(os.Args[0])
		check(t, err)
		defer f.Close()
		c.Close()
		_, err = c.(io.ReaderFrom).ReadFrom(f)
		return err
	}},
	{"send a file after close write", func(t *testing.T, c, s net.Conn) error {
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		f, err := os.Open(os.Args[0])
		check(t, err)
		defer f.Close()
		check(t, c.(half).CloseWrite())
		_, err = c.(io.ReaderFrom).ReadFrom(f)
		return err
	}},
	{"read while closing", func(t *testing.T, c, s net.Conn) error {
		time.AfterFunc(5*time.Millisecond, func() { c.Close() })
		return read(c)
	}},
	{"write while closing", func(t *testing.T, c, s net.Conn) error {
		time.AfterFunc(5*time.Millisecond, func() { c.Close() })
		return fill(c)
	}},
	{"read past deadline", func(t *testing.T, c, s net.Conn) error {
		check(t, c.SetDeadline(time.Now().Add(-time.Second)))
		return read(c)
	}},
	{"read until deadline", func(t *testing.T, c, s net.Conn) error {
		check(t, c.SetReadDeadline(time.Now().Add(5*time.Millisecond)))
		return read(c)
	}},
	{"write past deadline", func(t *testing.T, c, s net.Conn) error {
		check(t, c.SetDeadline(time.Now().Add(-time.Second)))
		return write(c)
	}},
	{"write until deadline", func(t *testing.T, c, s net.Conn) error {
		check(t, c.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
		return fill(c)
	}},
	{"read nothing", func(t *testing.T, c, s net.Conn) error { _, err := c.Read(nil); return err }},
	{"write nothing", func(t *testing.T, c, s net.Conn) error { _, err := c.Write(nil); return err }},
	{"read end", func(t *testing.T, c, s net.Conn) error { s.Close(); return read(c) }},
	{"read end twice", func(t *testing.T, c, s net.Conn) error { s.Close(); _ = read(c); return read(c) }},
	{"read after close read", func(t *testing.T, c, s net.Conn) error { check(t, c.(half).CloseRead()); return read(c) }},
	{"write after close write", func(t *testing.T, c, s net.Conn) error {
		check(t, c.(half).CloseWrite())
		return write(c)
	}},
	{"close write twice", func(t *testing.T, c, s net.Conn) error {
		check(t, c.(half).CloseWrite())
		return c.(half).CloseWrite()
	}},
	{"write to nobody", func(t *testing.T, c, s net.Conn) error {
		s.Close()
		_ = read(c)
		for {
			if err := write(c); err != nil {
				return errors.Unwrap(errors.Unwrap(err)) // a reset or a broken pipe, as it comes
			}
		}
	}},
}

type half interface {
	CloseRead() error
	CloseWrite() error
	File() (*os.File, error)
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
}

type tcpOptions interface {
	SetNoDelay(bool) error
	SetKeepAlive(bool) error
	SetKeepAlivePeriod(time.Duration) error
	SetKeepAliveConfig(net.KeepAliveConfig) error
	SetLinger(int) error
}

// tcpClosed sets an option of a TCP connection that is closed.
func tcpClosed[V any](c net.Conn, set func(tcpOptions, V) error, v V) error {
	o, ok := c.(tcpOptions)
	if !ok {
		return nil
	}
	c.Close()
	return set(o, v)
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("full") }

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("torn") }

func read(c net.Conn) error  { _, err := c.Read(make([]byte, 10)); return err }
func write(c net.Conn) error { _, err := c.Write([]byte("x")); return err }

// fill writes until that fails.
func fill(c net.Conn) error {
	for b := make([]byte, 100_000); ; {
		if _, err := c.Write(b); err != nil {
			return err
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func listenIn(t *testing.T, w world, network string) net.Listener {
	t.Helper()
	ln, err := w.listen(network, filepath.Join(t.TempDir(), "s"))
	if network != "unix" {
		ln, err = w.listen(network, "127.0.0.1:0")
	}
	check(t, err)
	return ln
}

// TestErrors makes the same mistakes with package net and with uvnet, and
// compares all that a program can see of the errors.
func TestErrors(t *testing.T) {
	for _, tt := range errorCases {
		t.Run(tt.name, func(t *testing.T) { compare(t, func(w world) error { return tt.make(t, w) }) })
	}
	for _, network := range []string{"tcp", "tcp4", "unix"} {
		for _, tt := range connCases {
			t.Run(network+"/"+tt.name, func(t *testing.T) {
				compare(t, func(w world) error {
					s, c := connectPair(t, network, makers[1], w.maker)
					defer s.Close()
					defer c.Close()
					return tt.make(t, c, s)
				})
			})
		}
	}
}

func compare(t *testing.T, run func(w world) error) {
	t.Helper()
	ours, theirs := run(worlds[0]), run(worlds[1])
	if diff := cmp.Diff(shapeOf(theirs), shapeOf(ours)); diff != "" {
		t.Errorf("package net: %v\nuvnet: %v\n(-net +uvnet)\n%s", theirs, ours, diff)
	}
}

// TestUnsupportedNetworks: what uvnet leaves to package net says so.
func TestUnsupportedNetworks(t *testing.T) {
	for _, network := range []string{"unixgram", "unixpacket"} {
		_, dial := Dial(network, "/x")
		_, listen := Listen(network, "/x")
		_, packet := ListenPacket(network, "/x")
		for _, err := range []error{dial, listen, packet} {
			var op *net.OpError
			if !errors.As(err, &op) || op.Net != network || !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s: %#v", network, err)
			}
		}
	}
}
