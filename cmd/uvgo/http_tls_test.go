package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestHTTPSpeaksHTTP1AndHTTP2WithTLS(t *testing.T) {
	p, urls := webServer(t, []string{"https://127.0.0.1:0"})
	for _, protos := range [][]string{{"h2", "http/1.1"}, {"http/1.1"}} {
		transport := &http.Transport{ForceAttemptHTTP2: protos[0] == "h2", TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: protos}}
		for _, path := range []string{"/a.txt", "/big.bin"} {
			f := fetchWith(t, transport, urls[0]+path)
			want := map[string]string{"/a.txt": "letter a", "/big.bin": string(uvtest.Pattern(8<<20, 1))}[path]
			if f.status != http.StatusOK || f.body != want || (f.major == 2) != (protos[0] == "h2") {
				t.Errorf("%v %s: HTTP/%d, %d, %d bytes", protos, path, f.major, f.status, len(f.body))
			}
		}
	}
	p.expect(`path=/big.bin status=200 bytes=8388608 .* protocol=HTTP/2.0$`)
	p.signal(syscall.SIGTERM)
	p.wait(0)
}

// writePair writes a certificate and its key, and returns the pool that trusts it.
func writePair(t *testing.T, certFile, keyFile string) *x509.CertPool {
	t.Helper()
	cert := uvtest.Must(selfSigned("test"))
	key := uvtest.Must(x509.MarshalPKCS8PrivateKey(cert.PrivateKey))
	uvtest.Check(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600))
	uvtest.Check(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600))
	pool := x509.NewCertPool()
	pool.AddCert(uvtest.Must(x509.ParseCertificate(cert.Certificate[0])))
	return pool
}

// TestHTTPReadsAgainOnSIGHUP: certificates are renewed, and roots are deployed, while the server runs.
func TestHTTPReadsAgainOnSIGHUP(t *testing.T) {
	dir := t.TempDir()
	cert, key, root := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "root")
	first, second := website(t), t.TempDir()
	uvtest.Check(t, os.WriteFile(filepath.Join(second, "a.txt"), []byte("letter b"), 0o600))
	uvtest.Check(t, os.Symlink(first, root))
	ask := func(url string, pool *x509.CertPool, want string) {
		t.Helper()
		f := fetchWith(t, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, url+"/a.txt")
		if f.body != want {
			t.Errorf("%q came, want %q", f.body, want)
		}
	}
	pool := writePair(t, cert, key)
	p := start(t, "http", "--root", root, "--listen", "https://127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
	_, urls := listens(t, p, 1)
	ask(urls[0], pool, "letter a")
	renewed := writePair(t, cert, key)
	uvtest.Check(t, os.Remove(root))
	uvtest.Check(t, os.Symlink(second, root))
	ask(urls[0], pool, "letter a")
	p.signal(syscall.SIGHUP)
	p.expect(`^SIGHUP: read again$`)
	ask(urls[0], renewed, "letter b")
	uvtest.Check(t, os.WriteFile(cert, []byte("nothing"), 0o600))
	p.signal(syscall.SIGHUP)
	p.expect(`^SIGHUP: --tls-cert and --tls-key: .*the one before is still served$`)
	ask(urls[0], renewed, "letter b")
	p.signal(syscall.SIGTERM)
	p.wait(0)
}
