package server_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"

	"github.com/uvgo/uvgo/server"
)

// An echoer sends back what it gets.
type echoer struct{}

func (echoer) Open(*server.Conn)             {}
func (echoer) Data(c *server.Conn, p []byte) { _, _ = c.Write(p) }
func (echoer) Close(*server.Conn, error)     {}

// An echo server, and a client that talks to it.
func Example() {
	srv := &server.Server{Handler: echoer{}}
	if err := srv.Listen("tcp://127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- srv.Serve(context.Background()) }()

	c, err := net.Dial("tcp", srv.Addrs()[0].String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(c, "hello, loop")
	line := make([]byte, len("hello, loop\n"))
	if _, err := io.ReadFull(c, line); err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(line))
	c.Close()

	fmt.Println(srv.Shutdown(context.Background()), <-served)
	// Output:
	// hello, loop
	// <nil> <nil>
}

// A counter's connections each have state of their own.
type counter struct{}

func (counter) Open(c *server.Conn) { c.SetContext(new(int)) }
func (counter) Data(c *server.Conn, p []byte) {
	*c.Context().(*int) += len(p)
}
func (counter) Close(*server.Conn, error) {}

// EOF answers once the client has sent all.
func (counter) EOF(c *server.Conn) {
	fmt.Fprintln(c, *c.Context().(*int), "bytes")
	c.Close()
}

// A server whose clients end their side and then wait for the answer.
func ExampleEOFHandler() {
	srv := &server.Server{Handler: counter{}, Loops: 1}
	if err := srv.Listen("tcp://127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- srv.Serve(context.Background()) }()

	c, err := net.Dial("tcp", srv.Addrs()[0].String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(c, "how many?")
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		log.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	fmt.Print(string(answer))
	c.Close()

	fmt.Println(err, srv.Shutdown(context.Background()), <-served)
	// Output:
	// 9 bytes
	// <nil> <nil> <nil>
}
