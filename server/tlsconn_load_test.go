package server_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// Handshakes that are opened and dropped leave nothing behind.
func TestDroppedHandshakes(t *testing.T) {
	n := 300
	if os.Getenv("UVGO_LONG") != "" {
		n = 10000
	}
	h := echo(t)
	s := runTLS(t, &server.Server{Handler: h, Loops: 2, Logger: lenient()})
	first := hello(t, s.client)
	client, _ := s.open(h)
	roundTrip(t, client, "hello")
	goroutines, fds := runtime.NumGoroutine(), server.Descriptors()
	for i := range n {
		c, err := net.Dial("tcp", s.Addrs()[0].String())
		uvtest.Check(t, err)
		send(t, c, first[:i%(len(first)+1)]) // all of it every 1,500th time
		if i%3 == 0 {
			send(t, c, first[i%(len(first)+1):])
		}
		if i%2 == 0 {
			uvtest.Check(t, c.(*net.TCPConn).SetLinger(0))
		}
		uvtest.Check(t, c.Close())
	}
	roundTrip(t, client, "still here")
	uvtest.Eventually(t, "they are gone", func() bool {
		return s.Stats().Conns == 1 && runtime.NumGoroutine() <= goroutines && server.Descriptors() <= fds
	})
}

// Many small writes, and a large transfer: with UVGO_LONG 1 GiB.
func TestTLSTransfers(t *testing.T) {
	total := 64 << 20
	if os.Getenv("UVGO_LONG") != "" {
		total = 1 << 30
	}
	eachTLS(t, func(t *testing.T, version uint16) {
		h := echo(t)
		s := runTLS(t, &server.Server{Handler: h, Loops: 1})
		s.client.MinVersion, s.client.MaxVersion = version, version
		client, _ := s.open(h)
		uvtest.Check(t, client.SetDeadline(time.Now().Add(10*maxWait)))
		transfer := func(pieces, size int) {
			sent, got := sha256.New(), sha256.New()
			p := uvtest.Pattern(size, 7)
			done := make(chan struct{})
			go func() {
				defer close(done)
				for i := range pieces {
					p[0], p[size-1] = byte(i), byte(i>>8)
					sent.Write(p)
					if _, err := client.Write(p); err != nil {
						t.Errorf("Write: %v", err)
						return
					}
				}
			}()
			n, err := io.CopyN(got, client, int64(pieces*size))
			uvtest.Check(t, err)
			<-done
			if n != int64(pieces*size) || !bytes.Equal(sent.Sum(nil), got.Sum(nil)) {
				t.Errorf("%d bytes came back, or others", n)
			}
		}
		transfer(100000, 2)
		transfer(total>>20, 1<<20)
	})
}
