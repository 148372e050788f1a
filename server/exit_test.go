package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// A lent is a function of Core.Lend.
type lent func()

func (f lent) RunLent() { f() }

// exits are the ways in which a callback ends its goroutine.
var exits = map[string]func(c *server.Conn){
	"quick": func(c *server.Conn) { core.Of(c.Loop()).Lend(lent(runtime.Goexit)) },
	"slow": func(c *server.Conn) { // the loop goes on without it
		core.Of(c.Loop()).Lend(lent(func() {
			went := make(chan struct{})
			_ = c.Loop().Post(func() { close(went) })
			<-went
			runtime.Goexit()
		}))
	},
	"after Block": func(c *server.Conn) {
		went := make(chan struct{})
		_ = c.Loop().Post(func() { close(went) })
		_ = c.Loop().Block(func() { <-went })
		core.Of(c.Loop()).Lend(lent(runtime.Goexit))
	},
}

// exiter is a handler of which each callback ends its goroutine, Data behind an echo.
type exiter struct {
	exit   func(c *server.Conn)
	exited atomic.Int64
	closed atomic.Int64
}

func (e *exiter) end(c *server.Conn) {
	e.exited.Add(1)
	e.exit(c)
}
func (e *exiter) Open(c *server.Conn)  { e.end(c) }
func (e *exiter) Drain(c *server.Conn) { e.end(c) }
func (e *exiter) Data(c *server.Conn, p []byte) {
	_, _ = c.Write(p)
	e.end(c)
}
func (e *exiter) Frame(c *server.Conn, p []byte) {
	_, _ = fmt.Fprintf(c, "%s\n", p)
	e.end(c)
}
func (e *exiter) EOF(c *server.Conn) {
	_ = c.CloseWrite()
	e.end(c)
}
func (e *exiter) Close(c *server.Conn, err error) {
	e.closed.Add(1)
	e.end(c)
}

// TestLentGoexit: callbacks whose lent functions end their goroutines, on Run's and on others, lose nothing: each client
// gets all of its bytes back and the server's end, and Shutdown works.
func TestLentGoexit(t *testing.T) {
	const clients, rounds = 8, 12
	for name, exit := range exits {
		for _, carrier := range append([]string{"frames"}, carriers...) {
			for _, procs := range []int{0, 1} {
				t.Run(fmt.Sprint(name, " ", carrier, " ", procs), func(t *testing.T) {
					if procs > 0 {
						defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
					}
					e := &exiter{exit: exit}
					s := &server.Server{Handler: e, Loops: 2, HighWater: 3}
					over := carrier
					if carrier == "frames" {
						s.Handler, over = server.Frames(bufio.ScanLines, 0, e), "TLS 1.3"
					}
					r := runCarried(t, s, over)
					var wg sync.WaitGroup
					for i := range clients {
						c := r.dial()
						wg.Go(func() {
							for j := range rounds {
								msg := fmt.Sprintf("%d\n%d\nmessage\n", i, j)
								if _, err := c.Write([]byte(msg)); err != nil {
									t.Error(err)
									return
								}
								got := make([]byte, len(msg))
								if _, err := io.ReadFull(c, got); err != nil || string(got) != msg {
									t.Errorf("%q, %v", got, err)
									return
								}
							}
							uvtest.Expect(t, c.(halfCloser).CloseWrite())
							if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
								t.Errorf("%q, %v", rest, err)
							}
							c.Close()
						})
					}
					wg.Wait()
					r.stop()
					if n := e.closed.Load(); n != clients {
						t.Errorf("%d of %d connections were closed", n, clients)
					}
					if n := e.exited.Load(); n < clients*(rounds+3) {
						t.Errorf("only %d callbacks", n)
					}
				})
			}
		}
	}
}

// TestLentGoexitKeepsTheOwner: between and after such ends the loop belongs to one goroutine.
func TestLentGoexitKeepsTheOwner(t *testing.T) {
	e := &exiter{exit: exits["quick"]}
	opened := make(chan *server.Conn, 1)
	exit := e.exit
	e.exit = func(c *server.Conn) {
		select {
		case opened <- c:
		default:
		}
		exit(c)
	}
	r := run(t, &server.Server{Handler: e, Loops: 1})
	client := r.dial()
	c := <-opened
	for range 200 {
		if _, err := c.Write([]byte("x")); !errors.Is(err, uv.ErrNotOwner) {
			t.Fatalf("Write on another goroutine: %v", err)
		}
		roundTrip(t, client, "ping")
	}
}

// TestLentGoexitWithShutdown: Shutdown, and the end of the context, come while goroutines end.
func TestLentGoexitWithShutdown(t *testing.T) {
	for name, exit := range exits {
		for _, way := range []string{"Shutdown", "context"} {
			t.Run(name+" "+way, func(t *testing.T) {
				for range 15 {
					e := &exiter{exit: exit}
					s := &server.Server{Handler: e, Loops: 2}
					uvtest.Check(t, s.Listen(anyTCP))
					ctx, cancel := context.WithCancel(context.Background())
					served := make(chan error, 1)
					go func() { served <- s.Serve(ctx) }()
					addr := s.Addrs()[0].String()
					var wg, ready sync.WaitGroup
					for range 6 {
						ready.Add(1)
						wg.Go(func() {
							c := uvtest.Must(net.Dial("tcp", addr))
							defer c.Close()
							_, _ = c.Write([]byte("x"))
							_, _ = c.Read(make([]byte, 1))
							for ready.Done(); ; {
								if _, err := c.Write([]byte("x")); err != nil {
									return
								}
								if _, err := c.Read(make([]byte, 1)); err != nil {
									return
								}
							}
						})
					}
					ready.Wait()
					var want error
					if way == "context" {
						want = context.Canceled
						cancel()
					} else {
						uvtest.Check(t, s.Shutdown(context.Background()))
					}
					if err := <-served; !errors.Is(err, want) {
						t.Errorf("Serve: %v, want %v", err, want)
					}
					cancel()
					wg.Wait()
					if open, closed := int64(s.Stats().Accepted), e.closed.Load(); open != closed {
						t.Errorf("%d accepted, %d closed", open, closed)
					}
				}
			})
		}
	}
}
