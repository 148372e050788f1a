package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// files writes PEM files.
type files struct {
	t   *testing.T
	dir string
}

func (f files) write(name, kind string, der []byte) string {
	f.t.Helper()
	return f.writePEM(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// writePEM makes a file of what is PEM already.
func (f files) writePEM(name string, text []byte) string {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	uvtest.Check(f.t, os.WriteFile(path, text, 0o600))
	return path
}

func TestMutualTLS(t *testing.T) {
	ca, stranger := uvtest.NewAuthority(t), uvtest.NewAuthority(t)
	f := files{t, t.TempDir()}
	cert := ca.Issue(t, "localhost")
	p := uvtest.Start(t, "main", "tls://127.0.0.1:0",
		f.write("server.pem", "CERTIFICATE", cert.Certificate[0]),
		f.write("server.key", "PRIVATE KEY", uvtest.Must(x509.MarshalPKCS8PrivateKey(cert.PrivateKey))),
		f.writePEM("ca.pem", ca.PEM()))
	addr := p.Expect(`^listening on (\S+)`)
	dial := func(certs ...tls.Certificate) *tls.Conn {
		config := ca.ClientConfig()
		config.Certificates = certs
		c := uvtest.Must(tls.Dial("tcp", addr, config))
		uvtest.Check(t, c.SetDeadline(time.Now().Add(time.Minute)))
		t.Cleanup(func() { c.Close() })
		return c
	}

	c := dial(ca.Issue(t, "alice"))
	r := bufio.NewReader(c)
	if line, err := r.ReadString('\n'); line != "hello alice\n" {
		t.Errorf("the greeting is %q, %v", line, err)
	}
	sent := bytes.Repeat([]byte("all of it, please\n"), 1<<17)
	go func() {
		c.Write(sent)
		c.CloseWrite()
	}()
	if got := uvtest.Must(io.ReadAll(r)); !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came back, of %d", len(got), len(sent))
	}
	for name, certs := range map[string][]tls.Certificate{"no certificate": nil, "a stranger": {stranger.Issue(t, "mallory")}} {
		if got, err := io.ReadAll(dial(certs...)); err == nil || len(got) > 0 {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}

// TestAnAddressWithoutTLS: there would be no certificate to look at.
func TestAnAddressWithoutTLS(t *testing.T) {
	p := uvtest.Start(t, "main", "tcp://127.0.0.1:0", "server.pem", "server.key", "ca.pem")
	p.Wait(2)
	if got, want := p.Stderr(), "tls-echo: tcp://127.0.0.1:0 has no TLS: write tls://host:port\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}

// TestUsage: without arguments the program prints its usage in one line.
func TestUsage(t *testing.T) {
	p := uvtest.Start(t, "main")
	p.Wait(2)
	if got, want := p.Stderr(), "usage: tls-echo ADDRESS CERTIFICATE KEY AUTHORITY-OF-CLIENTS\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}
