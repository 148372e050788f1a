package uvnet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestBubble uses uvnet in a bubble of testing/synctest as package net can be used
// there: goroutines of the bubble wait for the network by the real clock.
func TestBubble(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		address := "127.0.0.1:0"
		if network == "unix" {
			address = t.TempDir() + "/s"
		}
		bubbles := map[string]func(*testing.T, net.Conn, net.Conn){
			"echo":           bubbleEcho,
			"bulk":           bubbleBulk,
			"read deadline":  bubbleReadDeadline,
			"write deadline": bubbleWriteDeadline,
			"close":          bubbleClose,
			"raw read":       bubbleRawRead,
		}
		for name, use := range bubbles {
			t.Run(network+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ln, err := Listen(network, address)
					if err != nil {
						t.Fatal(err)
					}
					defer ln.Close()
					accepted := make(chan net.Conn)
					go func() {
						s, err := ln.Accept()
						if err != nil {
							t.Error(err)
						}
						accepted <- s
					}()
					c, err := DialTimeout(network, ln.Addr().String(), time.Minute)
					if err != nil {
						t.Fatal(err)
					}
					s := <-accepted
					defer s.Close()
					defer c.Close()
					use(t, s, c)
				})
			})
		}
	}
}

func bubbleEcho(t *testing.T, s, c net.Conn) {
	go func() { _, _ = io.Copy(onlyWriter{s}, struct{ io.Reader }{s}) }()
	lines := bufio.NewReader(c)
	for i := range 100 {
		want := fmt.Sprintf("%d\n", i)
		if _, err := io.WriteString(c, want); err != nil {
			t.Fatal(err)
		}
		if got, err := lines.ReadString('\n'); got != want || err != nil {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
	}
	c.Close()
}

func bubbleBulk(t *testing.T, s, c net.Conn) {
	want := random(4 << 20)
	go func() {
		_, _ = s.Write(want)
		s.Close()
	}()
	got, err := io.ReadAll(c)
	if err != nil {
		t.Error(err)
	}
	same(t, got, want)
}

func bubbleReadDeadline(t *testing.T, s, c net.Conn) {
	for range 3 {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("Read ends with %v", err)
		}
	}
	_ = c.SetReadDeadline(time.Now().Add(time.Hour))
	go func() { _ = c.SetReadDeadline(time.Now().Add(-time.Second)) }()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Read ends with %v", err)
	}
	_ = c.SetReadDeadline(time.Time{})
	go func() { _, _ = s.Write([]byte("x")) }()
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

func bubbleWriteDeadline(t *testing.T, _, c net.Conn) {
	_ = c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := c.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Write ends with %v", err)
	}
}

func bubbleClose(t *testing.T, s, c net.Conn) {
	go c.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("Read ends with %v", err)
	}
	if _, err := s.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("the peer's Read ends with %v", err)
	}
}

func bubbleRawRead(t *testing.T, s, c net.Conn) {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	go func() { _, _ = s.Write([]byte("x")) }()
	if err := raw.Read(func(uintptr) bool { looks++; return looks == 2 }); err != nil {
		t.Fatal(err)
	}
}

// TestBubbleDialErrors dials in a bubble where nobody listens, and where nobody
// answers until a deadline by the real clock.
func TestBubbleDialErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		address := uvtest.RefusingTCP(t).String()
		if _, err := Dial("tcp", address); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("Dial ends with %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := DialContext(ctx, "tcp", address); err == nil || !strings.Contains(err.Error(), "canceled") {
			t.Errorf("DialContext ends with %v", err)
		}
	})
}

// TestBubbleDialTimeout: a listener whose backlog is full answers nobody.
func TestBubbleDialTimeout(t *testing.T) {
	address := fullListener(t)
	synctest.Test(t, func(t *testing.T) {
		_, err := DialTimeout("tcp", address, 30*time.Millisecond)
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() {
			t.Errorf("DialTimeout ends with %v", err)
		}
	})
}

// TestBubblePackets exchanges datagrams in a bubble.
func TestBubblePackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		c, err := Dial("udp", s.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		go func() {
			b := make([]byte, 10)
			n, from, err := s.ReadFrom(b)
			if err == nil {
				_, err = s.WriteTo(b[:n], from)
			}
			if err != nil {
				t.Error(err)
			}
		}()
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 10)
		if n, err := c.Read(b); string(b[:n]) != "hello" || err != nil {
			t.Errorf("%q, %v", b[:n], err)
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := c.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read ends with %v", err)
		}
	})
}

// TestBubbleHTTP runs a server and a client of net/http in a bubble, with the
// deadlines and the timeouts that they set.
func TestBubbleHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln, err := Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{
			Handler:     http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }),
			ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: time.Minute,
		}
		served := make(chan error)
		go func() { served <- srv.Serve(ln) }()
		tr := &http.Transport{DialContext: DialContext, IdleConnTimeout: time.Minute}
		client := &http.Client{Transport: tr, Timeout: time.Minute}
		for range 20 {
			resp, err := client.Get("http://" + ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			if resp.Body.Close(); string(b) != "hello" || err != nil {
				t.Fatalf("%q, %v", b, err)
			}
		}
		tr.CloseIdleConnections()
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
}

// fullListener returns the address of a listener that answers nobody: its backlog
// is full.
func fullListener(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), 0) }); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		c, err := net.DialTimeout("tcp", ln.Addr().String(), 20*time.Millisecond)
		if err != nil {
			return ln.Addr().String()
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Fatal("a full backlog takes any number of connections")
	return ""
}
