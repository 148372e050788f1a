package looptls

import (
	"bytes"
	"crypto/tls"
	"net"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// clientHello returns the first record of a client.
func clientHello(t testing.TB, config *tls.Config) []byte {
	t.Helper()
	a, b := net.Pipe()
	b.Close()
	c := &collector{Conn: a, collects: true}
	if err := tls.Client(c, config).Handshake(); err == nil {
		t.Fatal("a handshake without a peer works")
	}
	n := headerLen + int(c.out[3])<<8 + int(c.out[4])
	return c.out[:n]
}

// refragment makes of a record several, of at most n bytes each.
func refragment(rec []byte, n int) []byte {
	var out []byte
	for body := rec[headerLen:]; len(body) > 0; {
		m := min(n, len(body))
		out = append(out, rec[0], rec[1], rec[2], byte(m>>8), byte(m))
		out = append(out, body[:m]...)
		body = body[m:]
	}
	return out
}

func TestHandshakeBeginsWithAWholeClientHello(t *testing.T) {
	whole := clientHello(t, uvtest.NewAuthority(t).ClientConfig())
	for _, n := range []int{len(whole), 1, 2, 3, 4, 5, 100, len(whole) - headerLen - 1} {
		var h hello
		stream := refragment(whole, n)
		for i := range stream { // byte by byte
			if h.ready(stream[:i]) {
				t.Errorf("fragments of %d: ready after %d of %d bytes", n, i, len(stream))
				break
			}
		}
		if !h.ready(stream) {
			t.Errorf("fragments of %d: not ready with everything", n)
		}
		h = hello{}
		if !h.ready(append(stream, "more"...)) {
			t.Errorf("fragments of %d: not ready with more than everything", n)
		}
	}
}

func TestHandshakeBeginsWithWhatIsRefused(t *testing.T) {
	for _, p := range [][]byte{
		[]byte("G"), {0x80}, {21, 3, 3, 0, 2, 2, 40}, {22, 2}, {22, 3, 3, 255, 255},
		{22, 3, 1, 0, 0}, {22, 3, 1, 0, 4, 1, 2, 0, 0}, // a message of 128 KiB
		append([]byte{22, 3, 1, 0, 1, 1}, 99),
		bytes.Repeat([]byte{22, 3, 1, 0, 1, 0}, maxUnread/6+1),
	} {
		if h := new(hello); !h.ready(p) {
			t.Errorf("waits for more behind %v", p[:min(len(p), 10)])
		}
	}
	for _, p := range [][]byte{{}, {22}, {22, 3}, {22, 3, 1, 0, 9, 1, 0}} {
		if h := new(hello); h.ready(p) {
			t.Errorf("does not wait for more behind %v", p)
		}
	}
}

// crypto/tls takes a ClientHello in pieces, and so does a handshake.
func TestFragmentedClientHello(t *testing.T) {
	ca := uvtest.NewAuthority(t)
	_, nc := echo(t, ca.ServerConfig(t), 1)
	c := tls.Client(&fragmenter{Conn: nc}, ca.ClientConfig())
	roundTrip(t, c, []byte("hello"))
}

// A fragmenter splits the first record that is written.
type fragmenter struct {
	net.Conn
	done bool
}

func (f *fragmenter) Write(p []byte) (int, error) {
	if f.done {
		return f.Conn.Write(p)
	}
	f.done = true
	_, err := f.Conn.Write(refragment(p, 100))
	return len(p), err
}
