package main

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/uvgo/uvgo/examples/web/internal/webtest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// start starts the chat and returns a function by which guests enter it.
func start(t *testing.T) (p *uvtest.Program, addr string, enter func() *websocket.Conn) {
	t.Helper()
	p = uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	addr = p.Expect(`^listening on (.*)`)
	return p, addr, func() *websocket.Conn {
		c, _, err := websocket.Dial(t.Context(), "ws://"+addr+"/chat", nil) //nolint:bodyclose // Dial closes it
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.CloseNow() })
		return c
	}
}

func say(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	uvtest.Check(t, c.Write(t.Context(), websocket.MessageText, []byte(text)))
}

// TestEverybodyHearsEverything: what one says all hear, in the same order. A guest who has not heard
// himself yet need not be in the room, so each says something first.
func TestEverybodyHearsEverything(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p, addr, enter := start(t)
	webtest.Want(t, "GET", "http://"+addr+"/", "", 200, "new WebSocket")
	webtest.Want(t, "GET", "http://"+addr+"/chat", "", 426, "")
	guests := []*websocket.Conn{enter(), enter(), enter()}
	for i, c := range guests {
		say(t, c, fmt.Sprintf("I am %d", i))
		for _, listener := range guests[:i+1] {
			hear(t, listener, fmt.Sprintf("I am %d", i))
		}
	}
	for i := range 10 {
		say(t, guests[i%3], fmt.Sprint("message ", i))
		for _, c := range guests {
			hear(t, c, fmt.Sprint("message ", i))
		}
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
	if _, _, err := guests[0].Read(t.Context()); err == nil {
		t.Error("a connection outlives the server")
	}
}

// hear reads until a text comes. Guests who enter meanwhile may or may not hear what comes before.
func hear(t *testing.T, c *websocket.Conn, want string) {
	t.Helper()
	for {
		_, got, err := c.Read(t.Context())
		if err != nil {
			t.Fatalf("waits for %q: %v", want, err)
		}
		if string(got) == want {
			return
		}
		if !strings.HasPrefix(string(got), "I am ") {
			t.Fatalf("heard %q, want %q", got, want)
		}
	}
}

// TestSlowGuestIsLeftOut: a guest that never reads does not hold up the one who talks, and is closed.
func TestSlowGuestIsLeftOut(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p, _, enter := start(t)
	lazy, talker := enter(), enter()
	lazy.SetReadLimit(-1)
	say(t, lazy, "I am lazy")
	hear(t, lazy, "I am lazy") // so it is in the room
	text := strings.Repeat("x", maxMessage)
	for i := range 10_000 { // 40 MB are more than all buffers on the way
		say(t, talker, text)
		if _, _, err := talker.Read(t.Context()); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	heard := 0
	for {
		if _, _, err := lazy.Read(ctx); err != nil {
			break
		}
		heard++
	}
	if ctx.Err() != nil || heard >= 10_000 {
		t.Errorf("the guest that does not read heard %d messages of 10000, %v", heard, ctx.Err())
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}
