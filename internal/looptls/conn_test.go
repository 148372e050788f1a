package looptls

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

var versions = []uint16{tls.VersionTLS12, tls.VersionTLS13}

// eachVersion runs a test with a server's and a client's configuration of each version.
func eachVersion(t *testing.T, test func(t *testing.T, server, client *tls.Config)) {
	ca := uvtest.NewAuthority(t)
	server := ca.ServerConfig(t)
	for _, v := range versions {
		t.Run(tls.VersionName(v), func(t *testing.T) {
			client := ca.ClientConfig()
			client.MinVersion, client.MaxVersion = v, v
			test(t, server.Clone(), client)
		})
	}
}

func TestRecordsMayArriveInPiecesOfAnySize(t *testing.T) {
	eachVersion(t, func(t *testing.T, server, client *tls.Config) {
		for _, piece := range []int{1, 2, 5, 6, 777, 64 << 10} {
			t.Run(fmt.Sprint(piece), func(t *testing.T) {
				l, nc := echo(t, server, piece)
				c := tls.Client(nc, client)
				roundTrip(t, c, uvtest.Pattern(1+piece*40%(200<<10), 1))
				roundTrip(t, c, []byte("x"))
				uvtest.Check(t, c.Close())
				if err := l.end(); err != io.EOF {
					t.Errorf("ended with %v, want EOF", err)
				}
			})
		}
	})
}

func TestClientTalksToCryptoTLS(t *testing.T) {
	eachVersion(t, func(t *testing.T, server, client *tls.Config) {
		a, b := pair(t)
		l := newLoop(t, a)
		l.piece = 700
		client.Renegotiation = tls.RenegotiateFreelyAsClient // Client must turn it off
		l.dial(client)
		c := tls.Server(b, server)
		roundTrip(t, c, uvtest.Pattern(300<<10, 1))
		uvtest.Check(t, c.Close())
		if err := l.end(); err != io.EOF {
			t.Errorf("ended with %v, want EOF", err)
		}
	})
}

// The end of the stream without close_notify is no EOF, wherever it comes.
func TestTruncationIsNoEOF(t *testing.T) {
	eachVersion(t, func(t *testing.T, server, client *tls.Config) {
		t.Run("between records", func(t *testing.T) {
			l, nc := echo(t, server, 1000)
			roundTrip(t, tls.Client(nc, client), []byte("hello"))
			nc.Close()
			uvtest.IsErr(t, "the end", l.end(), io.ErrUnexpectedEOF)
		})
		t.Run("in a record", func(t *testing.T) {
			l, nc := echo(t, server, 1000)
			c := tls.Client(nc, client)
			roundTrip(t, c, []byte("hello"))
			nc.Write([]byte{23, 3, 3, 1})
			nc.Close()
			uvtest.IsErr(t, "the end", l.end(), io.ErrUnexpectedEOF)
		})
	})
}

func TestEOFInTheHandshake(t *testing.T) {
	ca := uvtest.NewAuthority(t)
	server, hello := ca.ServerConfig(t), clientHello(t, ca.ClientConfig())
	for _, n := range []int{0, 1, 5, 6, len(hello) - 1, len(hello)} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			l, nc := echo(t, server, 1000)
			nc.Write(hello[:n])
			uvtest.Check(t, nc.(*net.TCPConn).CloseWrite())
			want := io.ErrUnexpectedEOF
			if n == 0 {
				want = io.EOF // nothing had begun
			}
			uvtest.IsErr(t, "the end", l.end(), want)
		})
	}
}

// A client that has sent everything, close_notify and FIN included, before the server's
// handshake was done is served all the same.
func TestEndArrivesWithTheHandshake(t *testing.T) {
	ca := uvtest.NewAuthority(t)
	a, b := pair(t)
	l := newLoop(t, a)
	var got []byte
	l.onData = func(p []byte) { got = append(got, p...) }
	release := make(chan struct{})
	server := ca.ServerConfig(t)
	server.ClientAuth = tls.RequireAnyClientCert
	server.VerifyConnection = func(tls.ConnectionState) error {
		<-release
		return nil
	}
	l.serve(server)
	client := ca.ClientConfig()
	client.Certificates = []tls.Certificate{ca.Issue(t, "me")}
	c := tls.Client(b, client)
	uvtest.Check(t, c.Handshake()) // the client's side ends first
	c.Write([]byte("all "))
	c.Write([]byte("of it"))
	uvtest.Check(t, c.Close())
	close(release)
	if err := l.end(); err != io.EOF {
		t.Errorf("ended with %v, want EOF", err)
	}
	if string(got) != "all of it" {
		t.Errorf("got %q", got)
	}
}

func TestCloseWriteLeavesReadingOpen(t *testing.T) {
	eachVersion(t, func(t *testing.T, server, client *tls.Config) {
		a, b := pair(t)
		l := newLoop(t, a)
		var got bytes.Buffer
		l.onOpen = func() {
			l.conn.Write([]byte("last words"))
			uvtest.Expect(t, l.conn.CloseWrite())
			uvtest.Expect(t, l.conn.CloseWrite())
			if _, err := l.conn.Write([]byte("x")); err == nil {
				t.Error("Write after CloseWrite works")
			}
		}
		l.onData = func(p []byte) { got.Write(p) }
		l.serve(server)
		c := tls.Client(b, client)
		said, err := io.ReadAll(c)
		uvtest.Check(t, err)
		if string(said) != "last words" {
			t.Errorf("the client got %q", said)
		}
		all := uvtest.Pattern(100<<10, 3)
		_, err = c.Write(all)
		uvtest.Check(t, err)
		uvtest.Check(t, c.Close())
		if err := l.end(); err != io.EOF || !bytes.Equal(got.Bytes(), all) {
			t.Errorf("ended with %v and %d bytes, want EOF and %d", err, got.Len(), len(all))
		}
	})
}

// What follows close_notify is ignored, as the protocol wants it.
func TestBytesBehindCloseNotifyAreIgnored(t *testing.T) {
	ca := uvtest.NewAuthority(t)
	l, nc := echo(t, ca.ServerConfig(t), 64<<10)
	buffer := &collector{Conn: nc}
	c := tls.Client(buffer, ca.ClientConfig())
	roundTrip(t, c, []byte("hello"))
	buffer.collects = true
	uvtest.Check(t, c.CloseWrite())
	uvtest.Check(t, nc.SetDeadline(time.Now().Add(maxWait))) // CloseWrite has changed it
	uvtest.Must(nc.Write(append(buffer.out, "garbage"...)))
	if err := l.end(); err != io.EOF {
		t.Errorf("ended with %v, want EOF", err)
	}
}

// A collector keeps what is written.
type collector struct {
	net.Conn
	collects bool
	out      []byte
}

func (c *collector) Write(p []byte) (int, error) {
	if !c.collects {
		return c.Conn.Write(p)
	}
	c.out = append(c.out, p...)
	return len(p), nil
}

// Garbage in place of a record ends the connection with an alert, which the peer gets.
func TestGarbageIsAnsweredWithAnAlert(t *testing.T) {
	eachVersion(t, func(t *testing.T, server, client *tls.Config) {
		for _, garbage := range [][]byte{
			{23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, // no valid tag
			{23, 3, 3, 255, 255}, // too long
			{99, 3, 3, 0, 0},
			{22, 9, 9, 0, 1, 1},
			[]byte("GET / HTTP/1.1\r\n\r\n"),
		} {
			l, nc := echo(t, server, 3)
			c := tls.Client(nc, client)
			roundTrip(t, c, []byte("hello"))
			nc.Write(garbage)
			_, err := c.Read(make([]byte, 1))
			if !isAlert(err) {
				t.Errorf("after %v the client got %v, want an alert", garbage[:5], err)
			}
			if err := l.end(); err == nil || err == io.EOF {
				t.Errorf("after %v the connection ended with %v", garbage[:5], err)
			}
		}
	})
}

// An alert of the peer is an error that says which one it was.
func TestAlertInMidStream(t *testing.T) {
	eachVersion(t, func(t *testing.T, server, client *tls.Config) {
		l, nc := echo(t, server, 3)
		c := tls.Client(nc, client)
		roundTrip(t, c, []byte("hello"))
		// A record that the client cannot decrypt makes it send one.
		l.nc.Write(append([]byte{23, 3, 3, 0, 30}, make([]byte, 30)...))
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Fatal("the client took a broken record")
		}
		err := l.end()
		if !isAlert(err) {
			t.Errorf("ended with %v, want the client's alert", err)
		}
	})
}

func TestWriteBeforeTheHandshake(t *testing.T) {
	a, _ := pair(t)
	c := Server(newLoop(t, a), uvtest.NewAuthority(t).ServerConfig(t))
	if _, err := c.Write([]byte("x")); err == nil {
		t.Error("Write works before the handshake")
	}
	uvtest.Check(t, c.CloseWrite())
	c.Abort()
}

// A connection keeps in crypto/tls a buffer of the size of its largest record.
func TestInputIsHandedOverRecordByRecord(t *testing.T) {
	var k cutter
	rec := func(n int) []byte { return append([]byte{23, 3, 3, byte(n >> 8), byte(n)}, uvtest.Pattern(n, 1)...) }
	stream := bytes.Join([][]byte{rec(10), rec(0), rec(300), rec(1)}, nil)
	for _, room := range []int{1, 4, 5, 6, 64, 1000} {
		for _, piece := range []int{1, 3, 5, 7, len(stream)} {
			var sizes []int
			size, src, rest := 0, []byte(nil), stream
			for len(src) > 0 || len(rest) > 0 {
				if len(src) == 0 {
					n := min(piece, len(rest))
					src, rest = rest[:n], rest[n:]
				}
				p := make([]byte, room)
				n := k.take(p, src)
				if n == 0 || !bytes.Equal(p[:n], src[:n]) {
					t.Fatalf("took %d bytes, or others", n)
				}
				src = src[n:]
				if size += n; k.n == 0 {
					sizes = append(sizes, size)
					size = 0
				}
			}
			if fmt.Sprint(sizes) != "[15 5 305 6]" {
				t.Errorf("room %d, pieces of %d: the records end after %v", room, piece, sizes)
			}
		}
	}
}
