package uvnet

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// random returns n bytes that are hard to get right by accident.
func random(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = r.Read(b)
	return b
}

// drained reads a connection to its end, in pieces of the given size.
func drained(c net.Conn, piece int) <-chan []byte {
	got := make(chan []byte, 1)
	go func() {
		var all bytes.Buffer
		_, _ = io.CopyBuffer(onlyWriter{&all}, struct{ io.Reader }{c}, make([]byte, piece))
		got <- all.Bytes()
	}()
	return got
}

func same(t *testing.T, got, want []byte) {
	t.Helper()
	if sha256.Sum256(got) != sha256.Sum256(want) {
		t.Errorf("%d bytes arrived that are not the %d that were sent", len(got), len(want))
	}
}

func networks(t *testing.T, test func(t *testing.T, network string)) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) { test(t, network) })
	}
}

// TestBulk sends a lot to readers with small and large buffers: through the
// loop, past it and back again nothing is lost or out of order.
func TestBulk(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		for _, m := range makers {
			for _, piece := range []int{100, 4096, 64 << 10, 1 << 20} {
				s, c := connectPair(t, network, makers[0], m)
				want := random(8 << 20)
				if piece == 100 {
					want = want[:1<<20]
				}
				got := drained(s, piece)
				if _, err := c.Write(want); err != nil {
					t.Fatal(err)
				}
				c.Close()
				same(t, <-got, want)
				s.Close()
			}
		}
	})
}

// TestReadFromFile sends a file, whole and in part, from where it stands.
func TestReadFromFile(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		want := random(5 << 20)
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		s, c := connectPair(t, network, makers[0], makers[0])
		defer s.Close()
		defer c.Close()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got := drained(s, 32<<10)
		if _, err := f.Seek(10, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		limited := &io.LimitedReader{R: f, N: 1000}
		if n, err := io.Copy(c, limited); n != 1000 || err != nil || limited.N != 0 {
			t.Fatalf("part: %d bytes, %v; %d left", n, err, limited.N)
		}
		if n, err := io.Copy(c, f); n != int64(len(want)-1010) || err != nil {
			t.Fatalf("rest: %d bytes, %v", n, err)
		}
		c.Close()
		same(t, <-got, want[10:])
	})
}

// TestReadFromOthers: what is no file is copied.
func TestReadFromOthers(t *testing.T) {
	s, c := connectPair(t, "tcp", makers[0], makers[0])
	defer s.Close()
	want := random(300_000)
	got := drained(s, 4096)
	if n, err := io.Copy(c, struct{ io.Reader }{bytes.NewReader(want)}); n != int64(len(want)) || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	c.Close()
	same(t, <-got, want)
}

// TestWriteTo copies one connection into another, as a proxy does.
func TestWriteTo(t *testing.T) {
	a, b := connectPair(t, "tcp", makers[0], makers[0])
	c, d := connectPair(t, "unix", makers[0], makers[0])
	want := random(3 << 20)
	got := drained(d, 8192)
	copied := make(chan error, 1)
	go func() {
		n, err := io.Copy(c, a)
		if n != int64(len(want)) && err == nil {
			err = io.ErrShortWrite
		}
		c.Close()
		copied <- err
	}()
	if _, err := b.Write(want); err != nil {
		t.Fatal(err)
	}
	b.Close()
	if err := <-copied; err != nil {
		t.Error(err)
	}
	same(t, <-got, want)
	a.Close()
	d.Close()
}

// TestWriteBuffers sends many buffers, empty ones among them, more than the
// kernel takes at once.
func TestWriteBuffers(t *testing.T) {
	s, c := connectPair(t, "tcp", makers[0], makers[0])
	defer s.Close()
	want := random(6 << 20)
	var v net.Buffers
	for rest := want; len(rest) > 0; {
		n := min(len(rest), 3001)
		v = append(v, rest[:n], nil)
		rest = rest[n:]
	}
	got := drained(s, 16<<10)
	n, err := c.(*TCPConn).WriteBuffers(&v)
	if n != int64(len(want)) || err != nil || len(v) != 0 {
		t.Fatalf("%d bytes, %v, %d buffers left", n, err, len(v))
	}
	c.Close()
	same(t, <-got, want)
	if _, err := c.(*TCPConn).WriteBuffers(&net.Buffers{want}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
