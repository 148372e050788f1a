package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/server"
)

// talk serves, sends a request from a client, and prints what comes back.
func talk(h server.Handler, request string) {
	srv := &server.Server{Handler: h, Loops: 1}
	if err := srv.Listen("tcp://127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- srv.Serve(context.Background()) }()

	c, err := net.Dial("tcp", srv.Addrs()[0].String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(c, request)
	answer, err := io.ReadAll(c)
	c.Close()
	if len(answer) > 100 {
		answer = fmt.Appendf(nil, "%d bytes", len(answer))
	}
	fmt.Printf("%s, %v\n", answer, err)
	if err := errors.Join(srv.Shutdown(context.Background()), <-served); err != nil {
		log.Fatal(err)
	}
}

// A pump sends more than memory should hold, as fast as the client reads it.
type pump struct{}

func (pump) Open(c *server.Conn)             { c.SetContext(100_000_000) }
func (p pump) Data(c *server.Conn, _ []byte) { p.Drain(c) }
func (pump) Close(*server.Conn, error)       {}

// Drain is called when a connection that was Full may be written to again.
func (pump) Drain(c *server.Conn) {
	left := c.Context().(int)
	for left > 0 && !c.Full() {
		n, err := c.Write(zeros[:min(left, len(zeros))])
		if err != nil {
			return // Close tells why
		}
		left -= n
	}
	if c.SetContext(left); left == 0 {
		c.Close()
	}
}

var zeros [64 << 10]byte

// A long answer, written piece by piece.
func ExampleDrainer() {
	talk(pump{}, "all of it, please")
	// Output: 100000000 bytes, <nil>
}

// An idler closes connections that have sent nothing for a while.
type idler struct{ idle time.Duration }

func (h idler) Open(c *server.Conn) {
	t, err := c.Loop().NewTimer()
	if err != nil {
		c.Abort()
		return
	}
	c.SetContext(t)
	h.restart(c)
}

func (h idler) restart(c *server.Conn) {
	_ = c.Context().(*handles.Timer).Start(h.idle, 0, func() { // fails only on a closed timer
		fmt.Fprint(c, "too slow")
		c.Close()
	})
}

func (h idler) Data(c *server.Conn, p []byte) { h.restart(c) }

func (idler) Close(c *server.Conn, _ error) {
	if t, ok := c.Context().(*handles.Timer); ok {
		t.Close()
	}
}

// A timeout for each connection. To start a timer again costs no crossing.
func ExampleConn_Loop_timeout() {
	talk(idler{50 * time.Millisecond}, "hello?")
	// Output: too slow, <nil>
}

// A waiter answers in its callbacks, which block.
type waiter struct{}

func (waiter) Open(*server.Conn)         {}
func (waiter) Close(*server.Conn, error) {}

func (waiter) Data(c *server.Conn, p []byte) {
	var answer []byte
	err := c.Loop().Block(func() { // the loop serves other connections meanwhile
		answer = bytes.ToUpper(p) // a query, say; p stays valid until Data returns
	})
	if err != nil {
		c.Abort()
		return
	}
	_, _ = c.Write(answer) // fails if the connection has ended meanwhile
	c.Close()
}

// Work that blocks, in the callback. The connection's next messages, its IdleTimeout and
// Shutdown wait for it.
func ExampleConn_Loop_block() {
	talk(waiter{}, "is anybody there?")
	// Output: IS ANYBODY THERE?, <nil>
}

// An asker answers by goroutines, which may block.
type asker struct{}

func (asker) Open(*server.Conn) {}

func (asker) Data(c *server.Conn, p []byte) {
	question := bytes.Clone(p) // p is valid until Data returns
	c.Hold()                   // Shutdown waits for Release
	go func() {
		answer := strings.ToUpper(string(question)) // a query, say
		_ = c.Loop().Post(func() {                  // fails only once the server has ended
			fmt.Fprint(c, answer)
			c.Release()
			c.Close()
		})
	}()
}

func (asker) Close(*server.Conn, error) {}

// Work that blocks goes to a goroutine, which comes back by Post.
func ExampleConn_Hold() {
	talk(asker{}, "is anybody there?")
	// Output: IS ANYBODY THERE?, <nil>
}

// A forwarder sends what a client sends to another server, and the answer back.
type forwarder struct{ to string }

func (f forwarder) Open(c *server.Conn) {
	c.Pause() // until the other server's connection is there
	up, err := c.Dial("tcp", f.to, backward{c})
	if err != nil {
		c.Abort()
		return
	}
	c.SetContext(up)
}

func (forwarder) Data(c *server.Conn, p []byte) { c.Context().(*server.Conn).Write(p) }

func (forwarder) Close(c *server.Conn, _ error) {
	if up, ok := c.Context().(*server.Conn); ok {
		up.Close()
	}
}

// A backward is the handler of the connection to the other server.
type backward struct{ client *server.Conn }

func (b backward) Open(*server.Conn)               { b.client.Resume() }
func (b backward) Close(_ *server.Conn, err error) { b.client.Close() } // also if it could not connect

// Data hands an answer on, the only one of this protocol.
func (b backward) Data(_ *server.Conn, p []byte) {
	b.client.Write(p)
	b.client.Close()
}

// A gateway asks another server, by a connection on the client's loop.
func ExampleConn_Dial() {
	upstream := &server.Server{Handler: echoer{}}
	if err := upstream.Listen("tcp://127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- upstream.Serve(context.Background()) }()

	talk(forwarder{upstream.Addrs()[0].String()}, "through the gateway")
	fmt.Println(upstream.Shutdown(context.Background()), <-served)
	// Output:
	// through the gateway, <nil>
	// <nil> <nil>
}

// A server that SIGTERM and Ctrl-C shut down gracefully, within ten seconds.
func ExampleServer_Shutdown() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	srv := &server.Server{Handler: echoer{}}
	if err := srv.Listen("tcp://127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(context.Background()) }()

	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM) // as an init system would

	select {
	case err := <-served:
		log.Fatal(err)
	case <-ctx.Done():
	}
	stop() // a second signal ends the process at once
	limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println("drained:", srv.Shutdown(limit))
	// Output: drained: <nil>
}
