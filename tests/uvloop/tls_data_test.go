package uvloop

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// silent is a log that nobody reads.
var silent = log.New(io.Discard, "", 0)

// A touched connection changes what is written on it.
type touched struct {
	net.Conn
	change func(p []byte) []byte
}

func (c *touched) Write(p []byte) (int, error) {
	if out := c.change(p); len(out) > 0 {
		if _, err := c.Conn.Write(out); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func testTLSCorruptRecord(t *testing.T, n *uvnet.Net) {
	for _, at := range []int{5, 40, 800} { // behind the record's header
		server, client := pairOn(t, n)
		corrupt := false
		s, c := tlsPair(t, server, &touched{client, func(p []byte) []byte {
			if corrupt {
				p = bytes.Clone(p)
				p[at] ^= 1
			}
			return p
		}})
		shaken := inBackground(s.Handshake)
		uvtest.Check(t, c.Handshake())
		uvtest.Check(t, <-shaken)
		corrupt = true
		_, err := c.Write(make([]byte, 2000))
		uvtest.Check(t, err)
		got, err := io.ReadAll(s)
		if len(got) > 0 || !isA[*net.OpError](err) || err.Error() != "local error: tls: bad record MAC" {
			t.Errorf("the reader gets %d bytes, %v", len(got), err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil || err.Error() != "remote error: tls: bad record MAC" {
			t.Errorf("the writer gets %v", err)
		}
	}
	server, client := pairOn(t, n) // no TLS at all
	s, _ := tlsPair(t, server, client)
	_, err := client.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	uvtest.Check(t, err)
	if err := s.Handshake(); !isA[tls.RecordHeaderError](err) {
		t.Errorf("without TLS: %v", err)
	}
}

func testTLSInTLS(t *testing.T, n *uvnet.Net) {
	server, client := pairOn(t, n)
	outerS, outerC := tlsPair(t, server, client)
	s, c := tlsPair(t, outerS, outerC)
	message := bytes.Repeat([]byte("within and within. "), 1<<18) // 5 MB
	var all sync.WaitGroup
	for _, end := range []*tls.Conn{s, c} {
		all.Go(func() {
			_, err := end.Write(message)
			if err := errors.Join(err, end.CloseWrite()); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if got, err := io.ReadAll(end); !bytes.Equal(got, message) || err != nil {
				t.Errorf("%d bytes, %v; want %d", len(got), err, len(message))
			}
		})
	}
	all.Wait()
}

// testTLSBacklogFlushed: what was accepted for writing arrives whole, though its
// writer closed before the reader came to it.
func testTLSBacklogFlushed(t *testing.T, n *uvnet.Net) {
	server, client := pairOn(t, n)
	s, c := tlsPair(t, server, client)
	const late = 32 << 10 // stays unread until the writer has closed
	message := bytes.Repeat([]byte("all of it, please. "), 1<<18)
	closed := inBackground(func() error {
		_, err := s.Write(message)
		return errors.Join(err, s.Close())
	})
	got := make([]byte, len(message)-late)
	_, err := io.ReadFull(c, got)
	uvtest.Check(t, err)
	uvtest.Check(t, <-closed)
	rest, err := io.ReadAll(c)
	uvtest.Check(t, err)
	if got = append(got, rest...); !bytes.Equal(got, message) {
		t.Errorf("%d bytes, want %d", len(got), len(message))
	}

	// Small records until the kernel is full and the loop has one, too; then
	// the connection is closed beneath TLS.
	server, client = pairOn(t, n)
	s, c = tlsPair(t, server, client)
	shaken := inBackground(c.Handshake)
	uvtest.Check(t, s.Handshake())
	uvtest.Check(t, <-shaken)
	accepted := 0
	for ; err == nil; accepted++ {
		uvtest.Check(t, s.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
		_, err = s.Write(message[:1000])
	}
	uvtest.IsErr(t, "a write without a reader", err, os.ErrDeadlineExceeded)
	accepted--
	uvtest.Check(t, server.Close())
	count, err := io.Copy(io.Discard, c)
	if count != int64(accepted)*1000 || err != nil {
		t.Errorf("%d bytes, %v; want %d", count, err, accepted*1000)
	}
}

// testTLSFirstDataOnFinish: the side whose Finished comes last sends data in the
// same write; the other one gets it when its handshake is done.
func testTLSFirstDataOnFinish(t *testing.T, n *uvnet.Net) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			server, client := pairOn(t, n)
			flights, held := 0, []byte(nil)
			last := &touched{client, func(p []byte) []byte { // keeps its second flight
				if flights++; flights == 1 {
					return p
				}
				held = append(held, p...)
				return nil
			}}
			config, pool := identity(t, time.Now().Add(time.Hour))
			config.MaxVersion = version
			trust := &tls.Config{RootCAs: pool, ServerName: "localhost"}
			var first, finisher *tls.Conn
			if version == tls.VersionTLS12 { // the server's is the last
				first, finisher = tls.Client(server, trust), tls.Server(last, config)
			} else {
				first, finisher = tls.Server(server, config), tls.Client(last, trust)
			}
			const text = "at once"
			got := inBackground(func() string {
				p := make([]byte, len(text))
				if _, err := io.ReadFull(first, p); err != nil {
					return err.Error()
				}
				return string(p)
			})
			uvtest.Check(t, finisher.Handshake())
			before := len(held)
			_, err := io.WriteString(finisher, text)
			uvtest.Check(t, err)
			if before == 0 || len(held) == before {
				t.Fatalf("%d bytes were kept of the handshake, %d in all", before, len(held))
			}
			_, err = client.Write(held)
			uvtest.Check(t, err)
			if got := <-got; got != text {
				t.Errorf("%q, want %q", got, text)
			}
		})
	}
}
