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

	"github.com/uvgo/uvgo/internal/uvtest"
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
		uvtest.Check(t, ln.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Unix(1, 0)))
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
		uvtest.Check(t, err)
		ln.Close()
		return raw.Control(func(uintptr) {})
	}},
	{"file conn of a file", func(t *testing.T, w world) error {
		f, err := os.Open(os.DevNull)
		uvtest.Check(t, err)
		defer f.Close()
		_, err = w.fileConn(f)
		return err
	}},
	{"file listener of a file", func(t *testing.T, w world) error {
		f, err := os.Open(os.DevNull)
		uvtest.Check(t, err)
		defer f.Close()
		_, err = w.fileListener(f)
		return err
	}},
	{"file packet conn of a file", func(t *testing.T, w world) error {
		f, err := os.Open(os.DevNull)
		uvtest.Check(t, err)
		defer f.Close()
		_, err = w.filePacketConn(f)
		return err
	}},
	{"file conn closed", func(t *testing.T, w world) error {
		f, err := os.Open(os.DevNull)
		uvtest.Check(t, err)
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
		uvtest.Check(t, ln.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now().Add(5*time.Millisecond)))
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

func listenIn(t *testing.T, w world, network string) net.Listener {
	t.Helper()
	ln, err := w.listen(network, filepath.Join(t.TempDir(), "s"))
	if network != "unix" {
		ln, err = w.listen(network, "127.0.0.1:0")
	}
	uvtest.Check(t, err)
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
	for _, network := range []string{"unixpacket"} {
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
