package interop

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// selfSigned makes a certificate for localhost, and a pool that trusts it.
func selfSigned(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	cert, key := makeCertificate(t)
	pair, err := tls.X509KeyPair(cert, key)
	uvtest.Check(t, err)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(cert) {
		t.Fatal("the certificate is none")
	}
	return pair, pool
}
