package interop

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A closing is how a WebSocket ended at the server.
type closing struct {
	code int
	text string
}

// socketServers echo messages with the libraries' servers, and answer "/bye" by closing. What ends the
// connection is sent to ended.
var socketServers = map[string]func(t testing.TB, ended chan closing) http.Handler{
	"coder": func(t testing.TB, ended chan closing) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := coder.Accept(w, r, &coder.AcceptOptions{CompressionMode: coder.CompressionContextTakeover})
			if err != nil {
				t.Error(err)
				return
			}
			defer c.CloseNow()
			c.SetReadLimit(-1)
			if r.URL.Path == "/bye" {
				_ = c.Close(4001, "bye")
				return
			}
			for {
				kind, in, err := c.Reader(r.Context())
				if err != nil {
					var e coder.CloseError
					errors.As(err, &e)
					ended <- closing{int(e.Code), e.Reason}
					return
				}
				out, err := c.Writer(r.Context(), kind)
				if err == nil {
					_, err = io.Copy(out, in)
				}
				if err := errors.Join(err, out.Close()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	},
	"gorilla": func(t testing.TB, ended chan closing) http.Handler {
		up := gorilla.Upgrader{EnableCompression: true}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := up.Upgrade(w, r, nil)
			if err != nil {
				ended <- closing{text: err.Error()}
				return
			}
			defer c.Close()
			if r.URL.Path == "/bye" {
				_ = c.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(4001, "bye"), time.Now().Add(maxWait))
				_, _, _ = c.ReadMessage() // until the client has answered
				return
			}
			for {
				kind, in, err := c.NextReader()
				if err != nil {
					var e *gorilla.CloseError
					if errors.As(err, &e) {
						ended <- closing{e.Code, e.Text}
					} else {
						ended <- closing{text: err.Error()}
					}
					return
				}
				out, err := c.NextWriter(kind)
				if err == nil {
					_, err = io.Copy(out, in)
				}
				if err := errors.Join(err, out.Close()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	},
}

// withSockets runs a test with each library's server on uvhttp, plain and by TLS.
func withSockets(t *testing.T, test func(t *testing.T, library string, s *webServer, ended chan closing)) {
	for name, h := range socketServers {
		for _, secured := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s,tls=%v", name, secured), func(t *testing.T) {
				ended := make(chan closing, 1000)
				test(t, name, openUvhttp(t, secured, h(t, ended)), ended)
			})
		}
	}
}

// dialCoder connects a client of the library coder/websocket.
func (w *webServer) dialCoder(t testing.TB, path string) *coder.Conn {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: w.clientTLS()} // without HTTP/2
	c, _, err := coder.Dial(t.Context(), w.URL+path, &coder.DialOptions{
		HTTPClient: &http.Client{Transport: tr}, CompressionMode: coder.CompressionContextTakeover,
	})
	uvtest.Check(t, err)
	t.Cleanup(func() { _ = c.CloseNow() })
	c.SetReadLimit(-1)
	return c
}

// dialGorilla connects a client of the library gorilla/websocket.
func (w *webServer) dialGorilla(t testing.TB, path string, compressed bool) *gorilla.Conn {
	t.Helper()
	d := gorilla.Dialer{TLSClientConfig: w.clientTLS(), EnableCompression: compressed, HandshakeTimeout: maxWait}
	c, resp, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(w.URL, "http")+path, nil)
	uvtest.Check(t, err)
	t.Cleanup(func() { c.Close() })
	if got := strings.Contains(resp.Header.Get("Sec-Websocket-Extensions"), "permessage-deflate"); got != compressed {
		t.Errorf("compression %v, asked for: %v", got, compressed)
	}
	return c
}

// TestWebSocketEcho: messages of the lengths at which a frame's head changes, of 1 MiB and of 16 MiB, whole and in
// fragments, with compression and without.
func TestWebSocketEcho(t *testing.T) {
	lengths := []int64{0, 1, 125, 126, 127, 4095, 4096, 65535, 65536, 1 << 20, size(16<<20, 2<<20)}
	withSockets(t, func(t *testing.T, _ string, s *webServer, ended chan closing) {
		for _, compressed := range []bool{false, true} {
			for _, fragments := range []int{1, 7} {
				c := s.dialGorilla(t, "/", compressed)
				for _, n := range lengths {
					data, err := io.ReadAll(newContent(n))
					uvtest.Check(t, err)
					sent := make(chan error, 1)
					go func() { sent <- sendFragments(c, data, fragments) }()
					kind, got, err := c.ReadMessage()
					if kind != gorilla.BinaryMessage || !bytes.Equal(got, data) || err != nil {
						t.Fatalf("compressed %v, %d fragments: %d bytes of %d, %v", compressed, fragments, len(got), n, err)
					}
					uvtest.Check(t, await(t, "write", sent))
				}
				uvtest.Check(t, c.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(1000, ""), time.Now().Add(maxWait)))
				if got := await(t, "the end", ended); got.code != 1000 {
					t.Errorf("ended with %v", got)
				}
			}
		}
	})
}

// sendFragments sends a message in so many frames, and some more that the library makes.
func sendFragments(c *gorilla.Conn, data []byte, fragments int) error {
	if fragments == 1 {
		return c.WriteMessage(gorilla.BinaryMessage, data)
	}
	w, err := c.NextWriter(gorilla.BinaryMessage)
	if err != nil {
		return err
	}
	for step := len(data)/fragments + 1; len(data) > 0; {
		n := min(step, len(data))
		if _, err := w.Write(data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	return w.Close()
}

// TestWebSocketPing: pings with data are answered, also between a message's fragments.
func TestWebSocketPing(t *testing.T) {
	withSockets(t, func(t *testing.T, _ string, s *webServer, _ chan closing) {
		c := s.dialGorilla(t, "/", false)
		var pongs []string
		c.SetPongHandler(func(text string) error {
			pongs = append(pongs, text)
			return nil
		})
		ping := func(text string) {
			uvtest.Check(t, c.WriteControl(gorilla.PingMessage, []byte(text), time.Now().Add(maxWait)))
		}
		ping("first")
		w, err := c.NextWriter(gorilla.TextMessage)
		uvtest.Check(t, err)
		for i := range 3 {
			_, err := io.WriteString(w, strings.Repeat("fragment ", 1000)) // more than the writer's buffer
			uvtest.Check(t, err)
			ping(fmt.Sprint("between ", i))
		}
		uvtest.Check(t, w.Close())
		kind, got, err := c.ReadMessage()
		if want := strings.Repeat("fragment ", 3000); kind != gorilla.TextMessage || string(got) != want || err != nil {
			t.Errorf("%d bytes, %v; want %d", len(got), err, len(want))
		}
		if want := []string{"first", "between 0", "between 1", "between 2"}; strings.Join(pongs, ",") != strings.Join(want, ",") {
			t.Errorf("pongs %q, want %q", pongs, want)
		}
		other := s.dialCoder(t, "/")
		reading := other.CloseRead(context.Background())
		uvtest.Check(t, other.Ping(t.Context()))
		uvtest.Check(t, other.Close(coder.StatusNormalClosure, ""))
		<-reading.Done()
	})
}

// TestWebSocketClose: codes and reasons get to either side, and a lost client is noticed.
func TestWebSocketClose(t *testing.T) {
	withSockets(t, func(t *testing.T, library string, s *webServer, ended chan closing) {
		for _, want := range []closing{{1000, "done"}, {1001, ""}, {4321, strings.Repeat("r", 123)}} {
			c := s.dialGorilla(t, "/", false)
			uvtest.Check(t, c.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(want.code, want.text), time.Now().Add(maxWait)))
			if got := await(t, "the end at the server", ended); got != want {
				t.Errorf("the server got %v, want %v", got, want)
			}
			_, _, err := c.ReadMessage()
			if e, ok := err.(*gorilla.CloseError); !ok || e.Code != want.code {
				t.Errorf("the client got %v, want code %d", err, want.code)
			}
		}
		_, _, err := s.dialGorilla(t, "/bye", false).ReadMessage()
		if e, ok := err.(*gorilla.CloseError); !ok || e.Code != 4001 || e.Text != "bye" {
			t.Errorf("closed by the server with %v", err)
		}
		_, _, err = s.dialCoder(t, "/bye").Read(t.Context())
		if coder.CloseStatus(err) != 4001 {
			t.Errorf("closed by the server with %v", err)
		}
		c := s.dialGorilla(t, "/", false)
		uvtest.Check(t, c.NetConn().Close())
		if got := await(t, "the end at the server", ended); got.code > 1006 || library == "gorilla" && got.code != gorilla.CloseAbnormalClosure && got.text == "" {
			t.Errorf("a lost client: %v", got)
		}
	})
}

// TestWebSocketConnections: many are open at once, and each goes back and forth.
func TestWebSocketConnections(t *testing.T) {
	n := scale(300, 100)
	withSockets(t, func(t *testing.T, _ string, s *webServer, _ chan closing) {
		conns := make([]*gorilla.Conn, n)
		for i := range conns {
			conns[i] = s.dialGorilla(t, "/", i%2 == 0)
		}
		var all sync.WaitGroup
		for i, c := range conns {
			all.Go(func() {
				for j := range 10 {
					text := fmt.Sprint("message ", i, " ", j)
					if err := c.WriteMessage(gorilla.TextMessage, []byte(text)); err != nil {
						t.Error(err)
						return
					}
					if _, got, err := c.ReadMessage(); string(got) != text || err != nil {
						t.Errorf("%q, %v; want %q", got, err, text)
						return
					}
				}
			})
		}
		all.Wait()
	})
}

// TestWebSocketEarlyFrames: frames that come with the handshake are the connection's first. gorilla/websocket refuses
// such a client, so it must see them.
func TestWebSocketEarlyFrames(t *testing.T) {
	withSockets(t, func(t *testing.T, library string, s *webServer, ended chan closing) {
		handshake := "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
		for _, n := range []int{5, 40_000} {
			text := strings.Repeat("x", n)
			c := s.dial(t)
			_, err := io.WriteString(c, handshake+frame(text))
			if library == "gorilla" { // it may close before all has been sent
				if got := await(t, "the refusal", ended); !strings.Contains(got.text, "client sent data before handshake") {
					t.Errorf("%v", got)
				}
				continue
			}
			uvtest.Check(t, err)
			in := bufio.NewReader(c)
			resp, err := http.ReadResponse(in, nil)
			uvtest.Check(t, err)
			if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
				t.Fatalf("%s %v", resp.Status, resp.Header)
			}
			var got strings.Builder
			for got.Len() < n {
				p, err := unframe(in)
				uvtest.Check(t, err)
				got.Write(p)
			}
			if got.String() != text {
				t.Errorf("%d bytes came back, want %d", got.Len(), n)
			}
			c.Close()
		}
	})
}

// frame is a text message in one frame, masked by zeros as a client may.
func frame(text string) string {
	head := []byte{0x81, 0x80 | 126, byte(len(text) >> 8), byte(len(text))}
	if len(text) < 126 {
		head = []byte{0x81, 0x80 | byte(len(text))}
	}
	return string(head) + "\x00\x00\x00\x00" + text
}

// unframe reads a server's frame of less than 64 KiB.
func unframe(in *bufio.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(in, head[:2]); err != nil {
		return nil, err
	}
	n := int(head[1])
	if n == 126 {
		if _, err := io.ReadFull(in, head[2:]); err != nil {
			return nil, err
		}
		n = int(head[2])<<8 | int(head[3])
	}
	p := make([]byte, n)
	_, err := io.ReadFull(in, p)
	return p, err
}
