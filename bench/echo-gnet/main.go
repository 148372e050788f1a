// Command echo-gnet is the echo server of github.com/panjf2000/gnet: one event
// loop whose handler runs in the poller itself. Its figures are for information.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/panjf2000/gnet/v2"
)

// echoServer writes back whatever has arrived.
type echoServer struct {
	gnet.BuiltinEventEngine
	engine chan gnet.Engine
	addr   string
}

// OnBoot runs when the listener is open.
func (s *echoServer) OnBoot(e gnet.Engine) gnet.Action {
	fmt.Println("listening", s.addr)
	s.engine <- e
	return gnet.None
}

// OnTraffic echoes one chunk; p is gnet's own read buffer, so nothing is
// copied unless the kernel does not take it all.
func (s *echoServer) OnTraffic(c gnet.Conn) gnet.Action {
	p, err := c.Next(-1)
	if err != nil {
		return gnet.Close
	}
	if _, err := c.Write(p); err != nil {
		return gnet.Close
	}
	return gnet.None
}

// quiet is a logger for errors only; gnet's own writes to stdout.
type quiet struct{}

func (quiet) Debugf(string, ...any)             {}
func (quiet) Infof(string, ...any)              {}
func (quiet) Warnf(string, ...any)              {}
func (quiet) Errorf(format string, args ...any) { log.Printf(format, args...) }
func (quiet) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }

// realPort replaces port 0, which gnet does not report, with a free port.
func realPort(addr string) (string, error) {
	ln, err := net.Listen("tcp4", addr)
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("echo-gnet: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: echo-gnet HOST:PORT")
	}
	addr, err := realPort(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	s := &echoServer{engine: make(chan gnet.Engine, 1), addr: addr}

	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		<-term
		if err := (<-s.engine).Stop(context.Background()); err != nil {
			log.Fatal(err)
		}
	}()
	err = gnet.Run(s, "tcp4://"+addr, gnet.WithNumEventLoop(1), gnet.WithTCPNoDelay(gnet.TCPNoDelay),
		gnet.WithLogger(quiet{}))
	if err != nil {
		log.Fatal(err)
	}
}
