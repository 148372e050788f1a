package uvhttp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestSlowClientOfTheLastAnswer: what a client has not taken yet when the handler returns is sent, however long it waits, also
// if the connection closes behind it, or the server shuts down.
func TestSlowClientOfTheLastAnswer(t *testing.T) {
	t.Run("Connection: close", func(t *testing.T) { slowClient(t, "close") })
	t.Run("Shutdown", func(t *testing.T) { slowClient(t, "keep-alive") })
	t.Run("Shutdown while the handler runs", func(t *testing.T) { slowClient(t, "Keep-Alive") })
}

func slowClient(t *testing.T, connection string) {
	closeTimeout = 20 * time.Millisecond
	defer func() { closeTimeout = 0 }()
	var wrote atomic.Int64
	returned, begun := make(chan *worker, 1), make(chan struct{})
	during := connection == "Keep-Alive" // Shutdown comes before the handler returns
	s := &Server{Loops: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", connection)
		ex := w.(*exchange)
		for unsent := 0; unsent < 128<<10; { // the kernel takes no more
			n, err := w.Write(make([]byte, 64<<10))
			wrote.Add(int64(n))
			uvtest.Expect(t, err)
			uvtest.Expect(t, http.NewResponseController(w).Flush())
			for range 3 { // turns: the kernel has been offered it
				onLoop(t, ex.c.w, func() error { return nil })
			}
			ex.c.mu.Lock()
			unsent = ex.c.queued + ex.c.inFlight
			ex.c.mu.Unlock()
		}
		returned <- ex.c.w
		if during {
			<-begun
		}
	})}
	c, in := dial(t, start(t, s))
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	w, late := <-returned, make(chan struct{})
	ended := make(chan error, 1)
	if connection != "close" {
		for idle := during; !idle; {
			onLoop(t, w, func() error {
				idle = w.conns.root.next.state == reading
				return nil
			})
		}
		go func() { ended <- s.Shutdown(context.Background()) }()
		<-w.engine.begun
		onLoop(t, w, func() error { return nil }) // Shutdown has looked at the connection
		close(begun)
	}
	onLoop(t, w, func() error { // the loop's timers run in the order of their times
		_, err := w.loop.AfterFunc(20*closeTimeout, func() { close(late) })
		return err
	})
	select {
	case <-late:
	case err := <-ended:
		t.Fatalf("Shutdown has not waited: %v", err)
	}
	r, err := http.ReadResponse(in, nil)
	uvtest.Check(t, err)
	defer r.Body.Close()
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil || n != wrote.Load() {
		t.Errorf("%d of %d bytes, %v", n, wrote.Load(), err)
	}
	if c.Close(); connection != "close" {
		uvtest.Check(t, <-ended)
	}
}

// TestKeepAlivesOff: connections that are idle are closed, new ones are behind their answer.
func TestKeepAlivesOff(t *testing.T) {
	s := &Server{Loops: 1, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	addr := start(t, s)
	idle, in := dial(t, addr)
	fmt.Fprint(idle, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	answer200(t, in)
	s.SetKeepAlivesEnabled(false)
	_, err := in.ReadByte()
	uvtest.IsErr(t, "Read", err, io.EOF)
	idle.Close()
	c, in := dial(t, addr)
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	r, err := http.ReadResponse(in, nil)
	uvtest.Check(t, err)
	uvtest.Check(t, r.Body.Close())
	_, err = io.Copy(io.Discard, in)
	uvtest.Expect(t, err)
	if c.Close(); !r.Close {
		t.Error("the answer does not tell that the connection closes")
	}
}
