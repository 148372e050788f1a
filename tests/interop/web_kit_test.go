package interop

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// hang is how long a test may take before the process ends with all stacks.
const hang = 3 * time.Minute

// A stack is what makes one end of a connection: uvnet or package net.
type stack struct {
	name   string
	listen func(network, address string) (net.Listener, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

var (
	ofUvnet = stack{"uvnet", uvnet.Listen, uvnet.DialContext}
	ofNet   = stack{"net", net.Listen, new(net.Dialer).DialContext}
)

// crossed runs a test with uvnet at both ends, and with package net at either.
func crossed(t *testing.T, test func(t *testing.T, server, client stack)) {
	t.Helper()
	for _, ends := range [][2]stack{{ofUvnet, ofUvnet}, {ofUvnet, ofNet}, {ofNet, ofUvnet}} {
		t.Run("server="+ends[0].name+",client="+ends[1].name, func(t *testing.T) {
			uvtest.Watchdog(t, hang)
			test(t, ends[0], ends[1])
		})
	}
}

// A site is a running web server with a client of it.
type site struct {
	*httptest.Server
	client *http.Client
	conns  atomic.Int32 // how many the server has accepted
}

// A counter counts in many goroutines.
type counter = atomic.Uint64

// A siteOption changes a site before it starts.
type siteOption func(*httptest.Server)

// withHTTP2 serves HTTPS, and HTTP/2 with so many streams on a connection.
func withHTTP2(streams int) siteOption {
	return func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: streams}
	}
}

// open serves h on a listener of one stack; the client dials with the other.
func open(t testing.TB, server, client stack, h http.Handler, opts ...siteOption) *site {
	t.Helper()
	ln, err := server.listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	s := &site{Server: &httptest.Server{Listener: ln, Config: &http.Server{Handler: h}}}
	for _, o := range opts {
		o(s.Server)
	}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.conns.Add(1)
		}
	}
	if s.EnableHTTP2 {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	s.client = s.Client()
	s.client.Transport.(*http.Transport).DialContext = client.dial
	return s
}

// body returns the whole answer to a request, which must succeed.
func (s *site) body(t testing.TB, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := s.client.Do(req)
	uvtest.Check(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	uvtest.Check(t, err)
	return resp, string(text)
}

// request makes a request that ends with the test.
func (s *site) request(t testing.TB, method, path string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	uvtest.Check(t, err)
	return req
}

// pemOf is a certificate as curl reads it.
func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// addr is where a client dials.
func (s *site) addr() string { return s.Listener.Addr().String() }

// unequal is a block of bytes of a length that no buffer has, so that content
// which repeats it is different at each multiple of a buffer's size.
var unequal = func() []byte {
	var b strings.Builder
	r := rand.New(rand.NewPCG(1, 2))
	for b.Len() < 100_003 {
		b.WriteByte(byte(r.Uint32()))
	}
	return []byte(b.String())
}()

// content reads as n bytes that repeat the block unequal.
type content struct{ at, n int64 }

// newContent is content from its beginning.
func newContent(n int64) *content { return &content{n: n} }

func (c *content) Read(p []byte) (int, error) {
	if c.at == c.n {
		return 0, io.EOF
	}
	k := copy(p[:min(int64(len(p)), c.n-c.at)], unequal[c.at%int64(len(unequal)):])
	c.at += int64(k)
	return k, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum reads r to its end and returns the length and the checksum.
func sum(r io.Reader) (n int64, crc uint32, err error) {
	h := crc32.New(castagnoli)
	n, err = io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{r}, make([]byte, 128<<10))
	return n, h.Sum32(), err
}

// size is whole, or under -short part.
func size(whole, part int64) int64 {
	if testing.Short() {
		return part
	}
	return whole
}

// await receives what must come.
func await[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(hang / 2):
		t.Fatal(what, ": nothing came")
	}
	panic("unreachable")
}
