// Tls-echo is an echo server for clients that have a certificate, too: mutual TLS. It greets each
// client by the name in its certificate. Make certificates for a try with
// OpenSSL 3: an authority's (ca), and the server's and a client's, which the authority signs:
//
//	openssl req -x509 -nodes -newkey rsa:2048 -days 7 -subj "/CN=an authority" -keyout ca.key -out ca.pem
//	sign() { openssl req -x509 -nodes -newkey rsa:2048 -days 7 -CA ca.pem -CAkey ca.key -addext basicConstraints=CA:FALSE "$@"; }
//	sign -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout server.key -out server.pem
//	sign -subj /CN=alice -keyout client.key -out client.pem
//
// The server takes its own certificate and key, and the certificate of its clients' authority. The
// client takes the same authority's, because it has signed the server's, too, and its own two:
//
//	go run ./examples/tls-echo tls://127.0.0.1:8443 server.pem server.key ca.pem
//	openssl s_client -quiet -connect 127.0.0.1:8443 -CAfile ca.pem -cert client.pem -key client.key
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/server"
)

type echo struct{}

// Open is called once the handshake is done, so the client is who its certificate says.
func (echo) Open(c *server.Conn) {
	fmt.Fprintf(c, "hello %s\n", c.TLS().PeerCertificates[0].Subject.CommonName)
}

// Data gets plaintext, and Write takes it.
func (echo) Data(c *server.Conn, p []byte) { _, _ = c.Write(p) } // Close gets an error of Write, too

// EOF is called at the client's close_notify. A stream that ends without it may have been cut by
// anybody, so Close then gets an error.
func (echo) EOF(c *server.Conn) { _ = c.CloseWrite() }

func (echo) Close(c *server.Conn, err error) {}

// config is that of any server with crypto/tls.
func config(cert, key, clients string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(clients)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", clients)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    pool,
	}, nil
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: tls-echo ADDRESS CERTIFICATE KEY AUTHORITY-OF-CLIENTS")
		os.Exit(2)
	}
	if addr := os.Args[1]; !strings.HasPrefix(addr, "tls") { // Open needs a certificate
		fmt.Fprintf(os.Stderr, "tls-echo: %s has no TLS: write tls://host:port\n", addr)
		os.Exit(2)
	}
	conf, err := config(os.Args[2], os.Args[3], os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &server.Server{
		Handler: echo{}, TLSConfig: conf,
		HandshakeTimeout: 5 * time.Second, IdleTimeout: 5 * time.Minute,
	}
	if err := s.Listen(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", s.Addrs()[0])
	if err := s.Serve(ctx); !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}
