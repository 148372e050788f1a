package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

const header1 = "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"

var (
	loopbackNet = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	elsewhere   = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	announced   = [2]net.Addr{
		&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 56324}, &net.TCPAddr{IP: net.IPv4(198, 51, 100, 1), Port: 443},
	}
)

func header(t testing.TB, version int, src, dst net.Addr) string {
	t.Helper()
	return string(uvtest.Must(server.ProxyHeader(version, src, dst)))
}

// behindProxy is a server that echoes and looks for headers.
func behindProxy(t testing.TB, h server.Handler, mode server.ProxyMode, trusted []netip.Prefix) *server.Server {
	return &server.Server{Handler: h, Loops: 1, ProxyProtocol: server.ProxyProtocol{Mode: mode, Trusted: trusted}}
}

// wantAddrs checks the addresses of a connection: "peer" stands for the real ones.
func wantAddrs(t testing.TB, c *server.Conn, client net.Conn, remote, local, proxy string) {
	t.Helper()
	real := client.LocalAddr().String()
	if client.LocalAddr().Network() == "unix" {
		real = ""
	}
	for _, a := range []struct {
		what string
		got  net.Addr
		want string
	}{{"RemoteAddr", c.RemoteAddr(), remote}, {"LocalAddr", c.LocalAddr(), local}, {"ProxyAddr", c.ProxyAddr(), proxy}} {
		want := strings.ReplaceAll(a.want, "peer", real)
		want = strings.ReplaceAll(want, "listener", client.RemoteAddr().String())
		if got := fmt.Sprint(a.got); got != want {
			t.Errorf("%s: %s, want %s", a.what, got, want)
		}
	}
}

func TestProxyHeaderSplitAtEveryByte(t *testing.T) {
	for version := 1; version <= 2; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			h := echo(t)
			r := run(t, behindProxy(t, h, server.ProxyRequired, loopbackNet))
			text := header(t, version, announced[0], announced[1])
			for at := 1; at <= len(text); at++ {
				client := r.dial()
				send(t, client, []byte(text[:at]))
				if at < len(text) {
					uvtest.Eventually(t, "the first part", func() bool { return server.HeaderBytes(r.Server) == at })
					if len(h.opened) != 0 {
						t.Fatal("Open before the header is complete")
					}
				}
				send(t, client, []byte(text[at:]+"hello"))
				c := <-h.opened
				wantAddrs(t, c, client, "192.0.2.1:56324", "198.51.100.1:443", "peer")
				if got := receive(t, client, 5); string(got) != "hello" {
					t.Errorf("echo of hello is %q", got)
				}
				client.Close()
				if end := <-h.closed; end.err != io.EOF {
					t.Errorf("Close got %v", end.err)
				}
			}
		})
	}
}

func TestProxyHeadersThatAreAccepted(t *testing.T) {
	v6 := &net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 1}
	tlvs := "\xe0\x00\x03abc"
	withTLV := []byte(header(t, 2, announced[0], announced[1]) + tlvs)
	withTLV[15] += byte(len(tlvs))
	unix := &net.UnixAddr{Name: "/run/client", Net: "unix"}
	for _, tt := range []struct {
		name, header         string
		mode                 server.ProxyMode
		remote, local, proxy string
		tlvs                 string
	}{
		{"version 1", header1, server.ProxyRequired, "192.0.2.1:56324", "198.51.100.1:443", "peer", ""},
		{"IPv6", header(t, 2, v6, v6), server.ProxyRequired, "[2001:db8::1]:1", "[2001:db8::1]:1", "peer", ""},
		{"unix", header(t, 2, unix, &net.UnixAddr{Name: "@x", Net: "unix"}), server.ProxyRequired, "/run/client", "@x", "peer", ""},
		{"UNKNOWN", "PROXY UNKNOWN\r\n", server.ProxyRequired, "peer", "listener", "peer", ""},
		{"LOCAL", header(t, 2, nil, nil), server.ProxyRequired, "peer", "listener", "peer", ""},
		{"TLVs", string(withTLV), server.ProxyOptional, "192.0.2.1:56324", "198.51.100.1:443", "peer", tlvs},
		{"optional and there", header1, server.ProxyOptional, "192.0.2.1:56324", "198.51.100.1:443", "peer", ""},
		{"optional and not there", "", server.ProxyOptional, "peer", "listener", "<nil>", ""},
		{"optional and nearly there", "PROXX", server.ProxyOptional, "peer", "listener", "<nil>", ""},
	} {
		eachNetwork(t, func(t *testing.T, addr string) {
			t.Run(tt.name, func(t *testing.T) {
				h := echo(t)
				r := run(t, behindProxy(t, h, tt.mode, loopbackNet), addr)
				client := r.dial()
				data := "hello"
				if tt.proxy == "<nil>" {
					data = tt.header + data
				}
				send(t, client, []byte(tt.header))
				send(t, client, []byte("hello"))
				c := <-h.opened
				remote, local, proxy := tt.remote, tt.local, tt.proxy
				if got := receive(t, client, len(data)); string(got) != data {
					t.Errorf("echo of %q is %q", data, got)
				}
				wantAddrs(t, c, client, remote, local, proxy)
				if got := string(c.ProxyTLVs()); got != tt.tlvs {
					t.Errorf("TLVs %q", got)
				}
				client.Close()
			})
		})
	}
}

func TestProxyHeadersThatAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		mode       server.ProxyMode
		trusted    []netip.Prefix
		want       error
	}{
		{"none", "GET / HTTP/1.0\r\n\r\n", server.ProxyRequired, loopbackNet, server.ErrProxyHeader},
		{"malformed", "PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n", server.ProxyRequired, loopbackNet, server.ErrProxyHeader},
		{"malformed and optional", "PROXY TCP5\r\n", server.ProxyOptional, loopbackNet, server.ErrProxyHeader},
		{"ends within", "PROXY TCP4 192", server.ProxyRequired, loopbackNet, server.ErrProxyHeader},
		{"not trusted", header1, server.ProxyRequired, elsewhere, server.ErrProxyPeer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reports, begin := make(chan error, 10), time.Now()
			h := newProbe(t)
			s := behindProxy(t, h, tt.mode, tt.trusted)
			s.Logger = slog.New(&journal{note: func(r slog.Record) {
				r.Attrs(func(a slog.Attr) bool {
					if a.Key == "error" {
						reports <- a.Value.Any().(error)
					}
					return true
				})
			}})
			r := run(t, s)
			for range 3 {
				client := r.dial()
				_, _ = client.Write([]byte(tt.text))
				_ = client.(*net.TCPConn).CloseWrite()
				if n, err := client.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, net.ErrClosed) {
					t.Errorf("the client reads %d bytes, %v", n, err)
				}
				client.Close()
			}
			if err := <-reports; !errors.Is(err, tt.want) {
				t.Errorf("report %v", err)
			}
			uvtest.Eventually(t, "three to be counted", func() bool { return r.Stats().Closed.Proxy == 3 })
			if len(reports) > int(time.Since(begin)/time.Second) {
				t.Errorf("%d reports in %v", 1+len(reports), time.Since(begin))
			}
			if len(h.opened) != 0 {
				t.Error("Open was called")
			}
		})
	}
}

// TestUntrustedPeerIsAClient: with ProxyOptional its header is data.
func TestUntrustedPeerIsAClient(t *testing.T) {
	h := echo(t)
	r := run(t, behindProxy(t, h, server.ProxyOptional, elsewhere))
	client := r.dial()
	c := <-h.opened // before the client has sent anything
	roundTrip(t, client, header1)
	wantAddrs(t, c, client, "peer", "listener", "<nil>")
}

// TestHealthCheckBehindProxy: a connection that ends without a byte is no failure.
func TestHealthCheckBehindProxy(t *testing.T) {
	r := run(t, behindProxy(t, newProbe(t), server.ProxyRequired, loopbackNet))
	client := r.dial()
	uvtest.Check(t, client.(*net.TCPConn).CloseWrite())
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the client reads %v", err)
	}
	uvtest.Eventually(t, "the end to be counted", func() bool { return r.Stats().Closed.ByPeer == 1 })
}

func TestOptionalHeaderAndEarlyEnd(t *testing.T) {
	for _, pauses := range []bool{false, true} {
		for _, text := range []string{"", "PR", "hello"} {
			t.Run(fmt.Sprintf("%q, pauses %t", text, pauses), func(t *testing.T) {
				var got []byte
				h := newProbe(t)
				h.onData = func(_ *server.Conn, p []byte) { got = append(got, p...) }
				h.onOpen = func(c *server.Conn) {
					if pauses {
						c.Pause()
					}
				}
				r := run(t, behindProxy(t, h, server.ProxyOptional, loopbackNet))
				client := r.dial()
				send(t, client, []byte(text))
				uvtest.Check(t, client.(*net.TCPConn).CloseWrite())
				c := <-h.opened
				if pauses {
					_ = c.Loop().Post(c.Resume)
				}
				if end := <-h.closed; end.err != io.EOF || string(got) != text {
					t.Errorf("Close got %v after %q, want %q", end.err, got, text)
				}
			})
		}
	}
}

// TestBytesBehindHeaderWaitForResume: they come first, in order, once.
func TestBytesBehindHeaderWaitForResume(t *testing.T) {
	h := echo(t)
	h.onOpen = (*server.Conn).Pause
	r := run(t, behindProxy(t, h, server.ProxyRequired, loopbackNet))
	client := r.dial()
	all := pattern(100_000)
	send(t, client, append([]byte(header1), all[:1000]...))
	c := <-h.opened
	go func() { _, _ = client.Write(all[1000:]) }()
	on(t, c, func() {})
	if n := r.Stats().Messages; n != 0 {
		t.Errorf("%d times Data while paused", n)
	}
	on(t, c, c.Resume)
	if got := receive(t, client, len(all)); string(got) != string(all) {
		t.Error("the bytes differ")
	}
}

func TestHandshakeTimeoutEndsSlowHeader(t *testing.T) {
	h := newProbe(t)
	s := behindProxy(t, h, server.ProxyRequired, loopbackNet)
	s.HandshakeTimeout, s.Logger = 50*time.Millisecond, quiet()
	r := run(t, s)
	client := r.dial()
	send(t, client, []byte("PROXY"))
	if _, err := client.Read(make([]byte, 1)); err != io.EOF && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the client reads %v", err)
	}
	uvtest.Eventually(t, "the end to be counted", func() bool { return r.Stats().Closed.HandshakeTimeout == 1 })
}

// TestShutdownEndsConnectionsThatAwaitHeader does not wait for their headers.
func TestShutdownEndsConnectionsThatAwaitHeader(t *testing.T) {
	r := run(t, behindProxy(t, newProbe(t), server.ProxyRequired, loopbackNet))
	client := r.dial()
	send(t, client, []byte("PROXY"))
	uvtest.Eventually(t, "the part", func() bool { return server.HeaderBytes(r.Server) == 5 })
	go func() {
		_, _ = client.Read(make([]byte, 1)) // the server's end
		client.Close()
	}()
	r.stop()
}

// TestMaxConnsPerIPCountsAnnouncedAddresses and not the proxy's.
func TestMaxConnsPerIPCountsAnnouncedAddresses(t *testing.T) {
	h := echo(t)
	s := behindProxy(t, h, server.ProxyRequired, loopbackNet)
	s.MaxConnsPerIP, s.Logger = 1, quiet()
	r := run(t, s)
	for i := range 3 {
		client := r.dial()
		send(t, client, []byte(strings.Replace(header1, "192.0.2.1", fmt.Sprintf("192.0.2.%d", 1+i), 1)))
		roundTrip(t, client, "hello")
	}
	again := r.dial()
	send(t, again, []byte(header1))
	if _, err := again.Read(make([]byte, 1)); err == nil {
		t.Error("a second connection of one address")
	}
	uvtest.Eventually(t, "it to be counted", func() bool { return r.Stats().Closed.TooManyConns == 1 })
}

func TestBadProxyProtocol(t *testing.T) {
	for _, p := range []server.ProxyProtocol{{Mode: 3}, {Mode: -1}, {Trusted: make([]netip.Prefix, 1)}} {
		s := &server.Server{Handler: newProbe(t), ProxyProtocol: p}
		uvtest.IsErr(t, "Listen", s.Listen(anyTCP), uv.EINVAL)
	}
	off := &server.Server{Handler: newProbe(t), ProxyProtocol: server.ProxyProtocol{Trusted: loopbackNet}}
	if err := off.Listen(anyTCP); !errors.Is(err, uv.EINVAL) || !strings.Contains(err.Error(), "ProxyOff") {
		t.Errorf("Trusted with ProxyOff: %v", err)
	}
	if _, err := server.ProxyHeader(3, nil, nil); !errors.Is(err, uv.EINVAL) {
		t.Errorf("version 3: %v", err)
	}
}

// TestProxyRequiredTrustsNobody: a TCP listener would refuse everybody, however it came to the
// server. A unix socket would not. After the failure the server may listen again.
func TestProxyRequiredTrustsNobody(t *testing.T) {
	refused := func(how string, err error) {
		t.Helper()
		if !errors.Is(err, uv.EINVAL) || !strings.Contains(err.Error(), "without Trusted") || strings.Count(err.Error(), "server: ") != 1 {
			t.Errorf("%s: %v", how, err)
		}
	}
	s := behindProxy(t, newProbe(t), server.ProxyRequired, nil)
	refused("Listen", s.Listen("unix://"+uvtest.SocketPath(t), anyTCP))
	if n := len(s.Addrs()); n != 0 {
		t.Errorf("%d addresses are left", n)
	}
	refused("Serve", s.Serve(t.Context(), uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))))
	uvtest.Check(t, s.Listen("unix://"+uvtest.SocketPath(t)))
	uvtest.Check(t, s.Shutdown(t.Context()))
}

func TestProxyHeaderOfCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	h := newProbe(t)
	h.onData = func(c *server.Conn, p []byte) {
		if strings.HasSuffix(string(p), "\r\n\r\n") {
			text := fmt.Sprintf("%v %v", c.RemoteAddr(), c.ProxyAddr())
			_, _ = fmt.Fprintf(c, "HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
			_ = c.Close()
		}
	}
	r := run(t, behindProxy(t, h, server.ProxyRequired, loopbackNet))
	ctx, cancel := context.WithTimeout(context.Background(), maxWait)
	defer cancel()
	out, err := exec.CommandContext(ctx, curl, "--silent", "--noproxy", "*", "--haproxy-protocol", "http://"+r.Addrs()[0].String()).CombinedOutput()
	remote, proxy, _ := strings.Cut(string(out), " ")
	if err != nil || remote != proxy || !strings.HasPrefix(remote, "127.0.0.1:") {
		t.Errorf("%v: %q", err, out)
	}
}

// TestHangUpBehindProxy: a client of a unix socket that has closed has not reset it, although
// its header announces an internet address: what it sent is read.
func TestHangUpBehindProxy(t *testing.T) {
	var got []byte
	h := newProbe(t)
	h.onOpen = (*server.Conn).Pause
	h.onData = func(_ *server.Conn, p []byte) { got = append(got, p...) }
	r := run(t, behindProxy(t, h, server.ProxyRequired, nil), "unix://"+uvtest.SocketPath(t))
	client := r.dial()
	send(t, client, []byte(header1))
	c := <-h.opened
	send(t, client, []byte("hello"))
	client.Close()
	polled := make(chan struct{})
	on(t, c, func() { server.AfterHangupPoll(c, func() { close(polled) }) })
	<-polled
	on(t, c, c.Resume)
	if end := <-h.closed; end.err != io.EOF || string(got) != "hello" {
		t.Errorf("Close got %v after %q", end.err, got)
	}
}
