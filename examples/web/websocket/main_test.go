package main

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"

	"github.com/uvgo/uvgo/examples/web/internal/webtest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// sizes are those of the messages, around the borders of WebSocket's lengths.
var sizes = []int{0, 1, 125, 126, 65535, 65536, 3 << 20}

func TestEcho(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	url := "http://" + p.Expect(`^listening on (.*)`)
	url = "ws" + strings.TrimPrefix(url, "http")
	for _, path := range []string{"/coder", "/gorilla"} {
		t.Run("coder to "+path, func(t *testing.T) {
			c, _, err := coder.Dial(t.Context(), url+path, nil) //nolint:bodyclose // c is the body
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			c.SetReadLimit(maxMessage)
			for _, size := range sizes {
				message := uvtest.Pattern(size, 1)
				if err := c.Write(t.Context(), coder.MessageBinary, message); err != nil {
					t.Fatal(err)
				}
				if _, back, err := c.Read(t.Context()); err != nil || !bytes.Equal(back, message) {
					t.Fatalf("%d bytes of %d came back, %v", len(back), size, err)
				}
			}
			if err := c.Close(coder.StatusNormalClosure, "bye"); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
		t.Run("gorilla to "+path, func(t *testing.T) {
			c, _, err := gorilla.DefaultDialer.Dial(url+path, nil) //nolint:bodyclose // it is empty
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for _, size := range sizes {
				message := uvtest.Pattern(size, 1)
				if err := c.WriteMessage(gorilla.BinaryMessage, message); err != nil {
					t.Fatal(err)
				}
				if _, back, err := c.ReadMessage(); err != nil || !bytes.Equal(back, message) {
					t.Fatalf("%d bytes of %d came back, %v", len(back), size, err)
				}
			}
		})
	}
	webtest.Want(t, "GET", "http"+strings.TrimPrefix(url, "ws")+"/coder", "", 426, "")
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}
