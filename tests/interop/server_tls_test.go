package interop

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// A web answers an HTTP request with what the request had in its body, and echoes what is no
// request.
type web struct {
	in    []byte
	ended chan error
}

func (w *web) Open(*server.Conn) { w.in = nil }

func (w *web) Data(c *server.Conn, p []byte) {
	w.in = append(w.in, p...)
	if !bytes.HasPrefix(w.in, []byte("PUT ")) {
		c.Write(w.in)
		w.in = nil
		return
	}
	head, body, ok := bytes.Cut(w.in, []byte("\r\n\r\n"))
	_, after, _ := strings.Cut(string(head), "Content-Length: ")
	length, _, _ := strings.Cut(after, "\r\n")
	if !ok || len(body) < int(atoi(length)) {
		return
	}
	c.Write([]byte("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + length + "\r\n\r\n"))
	c.Write(body)
	c.Close()
}

func (w *web) Close(_ *server.Conn, err error) { w.ended <- err }

func atoi(s string) (n int64) {
	for _, d := range s {
		n = 10*n + int64(d-'0')
	}
	return n
}

// webOverTLS runs a web on package server. It returns its address and the file of the authority
// that clients must trust.
func webOverTLS(t *testing.T) (w *web, addr, ca string) {
	t.Helper()
	uvtest.Watchdog(t, hang)
	authority := uvtest.NewAuthority(t)
	w = &web{ended: make(chan error, 16)}
	s := &server.Server{Handler: w, Loops: 1, TLSConfig: authority.ServerConfig(t), Logger: slog.New(slog.DiscardHandler)}
	uvtest.Check(t, s.Listen("tls://127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	t.Cleanup(func() {
		uvtest.Check(t, s.Shutdown(context.Background()))
		uvtest.Check(t, <-served)
	})
	ca = filepath.Join(t.TempDir(), "ca.pem")
	uvtest.Check(t, os.WriteFile(ca, authority.PEM(), 0o600))
	return w, s.Addrs()[0].String(), ca
}

// TestCurlMeetsServer: curl checks the certificate of package server, and gets back what it
// sends, in either version of TLS. The connection ends without an error.
func TestCurlMeetsServer(t *testing.T) {
	w, addr, ca := webOverTLS(t)
	up := filepath.Join(t.TempDir(), "up")
	data := uvtest.Pattern(3<<20, 1)
	uvtest.Check(t, os.WriteFile(up, data, 0o600))
	for _, max := range []string{"1.2", "1.3"} {
		got := tool(t, "curl", "-sSf", "--http1.1", "--max-time", "60", "--cacert", ca, "--tls-max", max, "-H", "Expect:", "-T", up, "https://"+addr+"/")
		if got != string(data) {
			t.Errorf("TLS %s: %d bytes came back, of %d, or others", max, len(got), len(data))
		}
		if err := <-w.ended; err != nil {
			t.Errorf("TLS %s: closed with %v", max, err)
		}
	}
}

// An sclient is a running openssl s_client. A line that is one of the letters below is a
// command of it, any other is sent.
type sclient struct {
	t   *testing.T
	in  io.WriteCloser
	out *bytes.Buffer
	buf []byte
	r   io.Reader
	cmd *exec.Cmd
}

func startSClient(t *testing.T, addr, ca string, args ...string) *sclient {
	t.Helper()
	args = append([]string{"s_client", "-connect", addr, "-servername", "localhost", "-CAfile", ca, "-verify_return_error"}, args...)
	c := &sclient{t: t, cmd: exec.Command(installed(t, "openssl"), args...), out: new(bytes.Buffer), buf: make([]byte, 4<<10)}
	c.in = uvtest.Must(c.cmd.StdinPipe())
	r, w := pipe(t)
	c.r, c.cmd.Stdout, c.cmd.Stderr = r, w, w
	uvtest.Check(t, c.cmd.Start())
	uvtest.Check(t, w.Close())
	t.Cleanup(func() {
		c.in.Close()
		_ = c.cmd.Process.Kill() // it may have ended
		_ = c.cmd.Wait()
		r.Close()
	})
	return c
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	uvtest.Check(t, err)
	return r, w
}

// say sends a line.
func (c *sclient) say(line string) {
	c.t.Helper()
	uvtest.Must(io.WriteString(c.in, line+"\n"))
}

// expect reads until a line has come, and forgets what came before.
func (c *sclient) expect(line string) {
	c.t.Helper()
	for {
		if at := bytes.Index(c.out.Bytes(), []byte(line+"\n")); at >= 0 {
			c.out.Next(at + len(line) + 1)
			return
		}
		n, err := c.r.Read(c.buf)
		c.out.Write(c.buf[:n])
		if err != nil {
			c.t.Fatalf("s_client ended before %q: %v\n%s", line, err, c.out)
		}
	}
}

// TestOpenSSLUpdatesKeys: openssl changes its keys, and asks for others of ours, on a
// connection that goes on.
func TestOpenSSLUpdatesKeys(t *testing.T) {
	w, addr, ca := webOverTLS(t)
	c := startSClient(t, addr, ca, "-tls1_3")
	c.say("hello")
	c.expect("hello")
	for i, command := range []string{"K", "k", "K"} {
		c.say(command) // s_client takes it for one only if it reads nothing behind it
		c.expect("KEYUPDATE")
		line := "after update " + string(rune('1'+i))
		c.say(line)
		c.expect(line)
	}
	c.say("Q")
	if err := <-w.ended; err != io.EOF {
		t.Errorf("closed with %v, want EOF", err)
	}
}

// TestOpenSSLMayNotRenegotiate: crypto/tls refuses a client that begins a second handshake.
func TestOpenSSLMayNotRenegotiate(t *testing.T) {
	w, addr, ca := webOverTLS(t)
	c := startSClient(t, addr, ca, "-tls1_2")
	c.say("hello")
	c.expect("hello")
	c.say("R")
	if err := <-w.ended; err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "tls: ") {
		t.Errorf("closed with %v, want an error of TLS", err)
	}
	client := tls.Client(uvtest.Must(net.Dial("tcp", addr)), &tls.Config{InsecureSkipVerify: true})
	defer client.Close()
	uvtest.Check(t, client.Handshake()) // the server goes on
}
