package main

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"strings"
	"sync/atomic"
)

// A keyPair is a server's certificate, which may change while the server runs.
type keyPair struct {
	certFile, keyFile string // empty: self-signed
	fingerprint       string // the SHA-256 of a self-signed certificate
	current           atomic.Pointer[tls.Certificate]
}

// loadKeyPair reads the files, or makes a certificate for a try if they have no names.
func loadKeyPair(certFile, keyFile string) (*keyPair, error) {
	k := &keyPair{certFile: certFile, keyFile: keyFile}
	if certFile != "" {
		return k, k.reload()
	}
	cert, err := selfSigned("http")
	if err != nil {
		return nil, fmt.Errorf("cannot make a certificate: %w", err)
	}
	k.fingerprint = fingerprint(cert)
	k.current.Store(&cert)
	return k, nil
}

// reload reads the files again. After an error the certificate before is still used.
func (k *keyPair) reload() error {
	if k.certFile == "" {
		return nil
	}
	cert, err := tls.LoadX509KeyPair(k.certFile, k.keyFile)
	if err != nil {
		return fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	k.current.Store(&cert)
	return nil
}

// config returns a configuration that uses the current certificate.
func (k *keyPair) config() *tls.Config {
	return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return k.current.Load(), nil }}
}

// fingerprint returns a certificate's SHA-256, as browsers show it.
func fingerprint(cert tls.Certificate) string {
	return strings.ReplaceAll(fmt.Sprintf("% X", sha256.Sum256(cert.Certificate[0])), " ", ":")
}
