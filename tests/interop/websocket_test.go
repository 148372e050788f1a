package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// sockets answers each message with itself, in pieces of its own.
func sockets(t testing.TB) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{
			Subprotocols: []string{"echo"}, CompressionMode: websocket.CompressionContextTakeover,
		})
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		for {
			kind, in, err := c.Reader(r.Context())
			if err != nil {
				if s := websocket.CloseStatus(err); s != websocket.StatusNormalClosure {
					t.Error(err)
				}
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
}

// TestWebSocket: messages small, large and in pieces come back, through Hijack
// at the server, and through a ReverseProxy's.
func TestWebSocket(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		s := open(t, server, client, sockets(t))
		t.Run("direct", func(t *testing.T) { testWebSocket(t, s) })
		t.Run("proxied", func(t *testing.T) { testWebSocket(t, proxied(t, s, client, server)) })
	})
}

func testWebSocket(t *testing.T, s *site) {
	ctx := t.Context()
	c, _, err := websocket.Dial(ctx, s.URL, &websocket.DialOptions{
		HTTPClient: s.client, Subprotocols: []string{"echo"},
	})
	uvtest.Check(t, err)
	defer c.CloseNow()
	c.SetReadLimit(-1)
	if p := c.Subprotocol(); p != "echo" {
		t.Errorf("subprotocol %q", p)
	}
	for i := range 200 {
		text := fmt.Sprint("message ", i)
		uvtest.Check(t, c.Write(ctx, websocket.MessageText, []byte(text)))
		if kind, got, err := c.Read(ctx); kind != websocket.MessageText || string(got) != text || err != nil {
			t.Fatalf("%v %q, %v; want %q", kind, got, err, text)
		}
	}

	// More than anybody buffers: the echo comes back while the rest still leaves.
	large, err := io.ReadAll(newContent(size(64<<20, 8<<20)))
	uvtest.Check(t, err)
	sent := make(chan error, 1)
	go func() { sent <- c.Write(ctx, websocket.MessageBinary, large) }()
	kind, got, err := c.Read(ctx)
	if kind != websocket.MessageBinary || !bytes.Equal(got, large) || err != nil {
		t.Fatalf("%v of %d bytes, %v; want %d", kind, len(got), err, len(large))
	}
	uvtest.Check(t, await(t, "write", sent))

	// A message in fragments, with a ping among them.
	w, err := c.Writer(ctx, websocket.MessageText)
	uvtest.Check(t, err)
	echoed := make(chan string, 1)
	go func() {
		_, got, err := c.Read(ctx)
		echoed <- fmt.Sprint(string(got), err)
	}()
	for range 100 {
		_, err := io.WriteString(w, strings.Repeat("fragment ", 100))
		uvtest.Check(t, err)
	}
	uvtest.Check(t, w.Close())
	if got, want := await(t, "echo", echoed), strings.Repeat("fragment ", 10000)+"<nil>"; got != want {
		t.Errorf("%d bytes in fragments, want %d", len(got), len(want))
	}
	reading := c.CloseRead(context.Background()) // pongs need a reader
	uvtest.Check(t, c.Ping(ctx))
	uvtest.Check(t, c.Close(websocket.StatusNormalClosure, "done"))
	<-reading.Done()
}
