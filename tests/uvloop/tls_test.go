package uvloop

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvnet"
)

func init() {
	suite.Add(kit.Suite{
		"handshake_timeout":    onUvnet(testTLSHandshakeTimeout),
		"bad_certificate":      onUvnet(testTLSBadCertificate),
		"drop_in_handshake":    onUvnet(testTLSDropInHandshake),
		"corrupt_record":       onUvnet(testTLSCorruptRecord),
		"tls_in_tls":           onUvnet(testTLSInTLS),
		"backlog_flushed":      onUvnet(testTLSBacklogFlushed),
		"first_data_on_finish": onUvnet(testTLSFirstDataOnFinish),
	})
}

func testTLSHandshakeTimeout(t *testing.T, n *uvnet.Net) {
	const soon = 20 * time.Millisecond
	for _, byContext := range []bool{true, false} {
		for _, atServer := range []bool{true, false} {
			shaker, silent := pairOn(t, n)
			end, _ := tlsPair(t, shaker, silent)
			if !atServer {
				_, end = tlsPair(t, silent, shaker)
			}
			if byContext {
				ctx, cancel := context.WithTimeout(context.Background(), soon)
				uvtest.IsErr(t, "handshake", end.HandshakeContext(ctx), context.DeadlineExceeded)
				cancel()
			} else {
				uvtest.Check(t, end.SetDeadline(time.Now().Add(soon)))
				err := end.Handshake()
				uvtest.IsErr(t, "handshake", err, os.ErrDeadlineExceeded)
				if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
					t.Errorf("%v is no timeout", err)
				}
			}
			// The context's end has closed it already.
			if err := shaker.Close(); !byContext || !errors.Is(err, net.ErrClosed) {
				uvtest.Check(t, err)
			}
			if _, err := io.Copy(io.Discard, silent); err != nil {
				t.Errorf("the silent peer: %v", err)
			}
		}
	}
}

func testTLSBadCertificate(t *testing.T, n *uvnet.Net) {
	valid, pool := identity(t, time.Now().Add(time.Hour))
	expired, itsPool := identity(t, time.Now().Add(-time.Hour))
	for _, tt := range []struct {
		name           string
		server, client *tls.Config
		specific       func(error) bool
	}{
		{"nobody vouches", valid, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}, isA[x509.UnknownAuthorityError]},
		{"another name", valid, &tls.Config{RootCAs: pool, ServerName: "example.org"}, isA[x509.HostnameError]},
		{"expired", expired, &tls.Config{RootCAs: itsPool, ServerName: "localhost"}, func(err error) bool {
			e, ok := errors.AsType[x509.CertificateInvalidError](err)
			return ok && e.Reason == x509.Expired
		}},
	} {
		server, client := pairOn(t, n)
		served := inBackground(tls.Server(server, tt.server).Handshake)
		if err := tls.Client(client, tt.client).Handshake(); !tt.specific(err) || !isA[*tls.CertificateVerificationError](err) {
			t.Errorf("%s: the client gets %v", tt.name, err)
		}
		// In TLS 1.3 the client's alert comes where its Finished would.
		if err := <-served; !isA[tls.AlertError](err) && !isA[*net.OpError](err) || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: the server gets %v", tt.name, err)
		}
	}
}

// isA reports whether err is or wraps an E.
func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// testTLSDropInHandshake: a server of net/http never serves a connection whose
// handshake was cut off, wherever that was, and forgets it once.
func testTLSDropInHandshake(t *testing.T, n *uvnet.Net) {
	config, _ := identity(t, time.Now().Add(time.Hour))
	ln, err := n.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	states := make(chan http.ConnState, 16)
	srv := &http.Server{
		Handler:   http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was served") }),
		TLSConfig: config,
		ConnState: func(_ net.Conn, s http.ConnState) { states <- s },
		ErrorLog:  silent,
	}
	served := inBackground(func() error { return srv.ServeTLS(ln, "", "") })
	hello := clientHello(t)
	for _, cut := range []int{0, 1, 5, len(hello) / 2, len(hello) - 1, len(hello)} {
		for _, reset := range []bool{false, true} {
			c, err := n.Dial("tcp", ln.Addr().String())
			uvtest.Check(t, err)
			_, err = c.Write(hello[:cut])
			uvtest.Check(t, err)
			if reset {
				uvtest.Check(t, c.(*uvnet.TCPConn).SetLinger(0))
			}
			uvtest.Check(t, c.Close())
			for _, want := range []http.ConnState{http.StateNew, http.StateClosed} {
				if got := <-states; got != want {
					t.Errorf("cut at %d: %v, want %v", cut, got, want)
				}
			}
		}
	}
	uvtest.Check(t, srv.Close())
	uvtest.IsErr(t, "Serve", <-served, http.ErrServerClosed)
	if len(states) > 0 {
		t.Errorf("then %v", <-states)
	}

	// And a client whose server leaves has no connection.
	for _, reset := range []bool{false, true} {
		server, client := pairOn(t, n)
		_, c := tlsPair(t, server, client)
		done := inBackground(c.Handshake)
		_, err := io.ReadFull(server, make([]byte, 5))
		uvtest.Check(t, err)
		if reset {
			uvtest.Check(t, server.(*uvnet.TCPConn).SetLinger(0))
			uvtest.Check(t, server.Close())
		} else {
			uvtest.Check(t, server.(*uvnet.TCPConn).CloseWrite())
		}
		err = <-done
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the client gets %v", err)
		}
		if c.ConnectionState().HandshakeComplete {
			t.Error("the handshake is complete")
		}
	}
}

// clientHello is what a client sends first.
func clientHello(t *testing.T) []byte {
	var sent bytes.Buffer
	c := tls.Client(recorder{&sent}, &tls.Config{ServerName: "localhost"})
	if err := c.Handshake(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return sent.Bytes()
}

// A recorder is a connection that keeps what is written, and has nothing to
// read.
type recorder struct{ sent *bytes.Buffer }

func (r recorder) Write(p []byte) (int, error)      { return r.sent.Write(p) }
func (r recorder) Read([]byte) (int, error)         { return 0, io.EOF }
func (r recorder) Close() error                     { return nil }
func (r recorder) LocalAddr() net.Addr              { return nil }
func (r recorder) RemoteAddr() net.Addr             { return nil }
func (r recorder) SetDeadline(time.Time) error      { return nil }
func (r recorder) SetReadDeadline(time.Time) error  { return nil }
func (r recorder) SetWriteDeadline(time.Time) error { return nil }
