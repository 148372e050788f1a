package interop

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// certified makes a certificate for localhost, and a pool that trusts it.
func certified(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	a := uvtest.NewAuthority(t)
	return a.Issue(t, "localhost"), a.Pool
}
