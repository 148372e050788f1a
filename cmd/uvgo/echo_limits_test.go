package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestEchoServesTLSForATry(t *testing.T) {
	p := start(t, "echo", "--listen", "tls://127.0.0.1:0", "--listen", loopback[0])
	addrs := []string{p.expect(`^listening on (\S+) +try: `), p.expect(`^listening on (\S+) +try: `)}
	p.expect(`^TLS: .*self-signed`)
	printed := p.expect(`reached this server: (\S+)$`)
	if !strings.HasPrefix(addrs[0], "tls://127.0.0.1:") {
		t.Fatalf("it listens on %q", addrs)
	}
	c := uvtest.Must(tls.Dial("tcp", strings.TrimPrefix(addrs[0], "tls://"), &tls.Config{InsecureSkipVerify: true}))
	exchange(t, c, []byte("hello"))
	cert := c.ConnectionState().PeerCertificates[0]
	c.Close()
	r := decode(t, start(t, "load", "--json", "--conns", "10", "--duration", "200ms", "--insecure", addrs[0]).wait(0))
	if r.Requests == 0 || r.Errors != 0 {
		t.Errorf("result %+v", r)
	}
	plain := dial(t, addrs[1])
	exchange(t, plain, []byte("plain"))
	plain.Close()
	p.signal(syscall.SIGTERM)
	p.wait(0)
	fingerprint := strings.ReplaceAll(fmt.Sprintf("% X", sha256.Sum256(cert.Raw)), " ", ":")
	if printed != fingerprint || p.stderr.Len() != 0 {
		t.Errorf("the certificate's SHA-256 is %s, and it says %s and %q", fingerprint, printed, &p.stderr)
	}
}

func TestEchoServesTLSWithACertificate(t *testing.T) {
	cert := uvtest.NewAuthority(t).Issue(t, "localhost")
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		uvtest.Check(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	certFile := write("cert.pem", "CERTIFICATE", cert.Certificate[0])
	keyFile := write("key.pem", "PRIVATE KEY", uvtest.Must(x509.MarshalPKCS8PrivateKey(cert.PrivateKey)))
	p, addrs := echoServer(t, []string{"tls://127.0.0.1:0"}, "--cert", certFile, "--key", keyFile)
	c := uvtest.Must(tls.Dial("tcp", strings.TrimPrefix(addrs[0], "tls://"), &tls.Config{InsecureSkipVerify: true}))
	exchange(t, c, bytes.Repeat([]byte("uvgo"), 10_000))
	if !bytes.Equal(c.ConnectionState().PeerCertificates[0].Raw, cert.Certificate[0]) {
		t.Error("it has another certificate")
	}
	c.Close()
	p.signal(syscall.SIGTERM)
	p.wait(0)
	if p.stderr.Len() != 0 {
		t.Errorf("on the standard error: %q", &p.stderr)
	}
	bad := start(t, "echo", "--listen", "tls://127.0.0.1:0", "--cert", keyFile, "--key", certFile)
	bad.wait(1)
	holds(t, bad.complaint(), "--cert and --key: ")
}

// wantLimits waits until the statistics show what the limits have done.
func wantLimits(t *testing.T, p *process, want string) {
	t.Helper()
	for got := ""; got != want; { // until the server has seen the ends of all
		p.signal(syscall.SIGUSR1)
		got = p.expect(`^  limits +(.+)$`)
	}
}

// ended expects the server to end a connection.
func ended(t *testing.T, c net.Conn) {
	t.Helper()
	if p, _ := io.ReadAll(c); len(p) != 0 { // EOF or a reset
		t.Errorf("got %q", p)
	}
}

func TestEchoHasTimeoutsAndLimits(t *testing.T) {
	p, addrs := echoServer(t, loopback, "--idle-timeout", "1h", "--write-timeout", "1h", "--max-conns", "10", "--max-conns-per-ip", "2")
	a, b := dial(t, addrs[0]), dial(t, addrs[0])
	exchange(t, a, []byte("hello"))
	exchange(t, b, []byte("hello"))
	ended(t, dial(t, addrs[0]))
	wantLimits(t, p, "1 too many of one address")
	a.Close()
	b.Close()
	p.signal(syscall.SIGTERM)
	p.wait(0)

	p, addrs = echoServer(t, loopback, "--idle-timeout", "100ms")
	ended(t, dial(t, addrs[0]))
	wantLimits(t, p, "1 idle")
	p.signal(syscall.SIGTERM)
	p.wait(0)
}

func TestEchoTakesPROXYHeaders(t *testing.T) {
	required := []string{"--proxy-protocol", "required", "--proxy-from", "127.0.0.1", "--proxy-from", "10.0.0.0/8", "--handshake-timeout"}
	p, addrs := echoServer(t, loopback, append(required, "1h")...)
	c := dial(t, addrs[0])
	uvtest.Must(io.WriteString(c, "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n"))
	exchange(t, c, []byte("hello"))
	bad := dial(t, addrs[0])
	uvtest.Must(io.WriteString(bad, "hello\r\n\r\n"))
	ended(t, bad)
	wantLimits(t, p, "1 bad PROXY header")
	c.Close()
	p.signal(syscall.SIGTERM)
	p.wait(0)

	p, addrs = echoServer(t, loopback, append(required, "100ms")...)
	ended(t, dial(t, addrs[0])) // sends nothing
	wantLimits(t, p, "1 handshake too slow")
	p.signal(syscall.SIGTERM)
	p.wait(0)
}

func TestEchoAnswersDatagrams(t *testing.T) {
	p := start(t, "echo", "--listen", "udp://:0")
	port := p.expect(`^listening on udp://\S+:(\d+) +try: nc -u 127.0.0.1 \d+$`)
	p.expect(`^stats: `) // and no load
	c := uvtest.Must(net.Dial("udp", "127.0.0.1:"+port))
	defer c.Close()
	exchange(t, c, []byte("hello"))
	p.signal(syscall.SIGTERM)
	p.wait(0)
}
