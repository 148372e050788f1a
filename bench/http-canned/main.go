// Command http-canned is the floor: package server with one loop, which looks for the empty line behind a
// request's head and writes an answer that never changes.
package main

import (
	"bytes"
	"context"
	"net"

	"github.com/uvgo/uvgo/bench/internal/httpbench"
	"github.com/uvgo/uvgo/server"
)

func main() { httpbench.Main(serve) }

func serve(ctx context.Context, o httpbench.Options) error {
	answer, err := o.Work.Constant()
	if err != nil {
		return err
	}
	srv := &server.Server{Handler: canned{answer}, Loops: 1, TLSConfig: o.TLS}
	scheme := "tcp://"
	if o.TLS != nil {
		scheme = "tls://"
	}
	if err := srv.Listen(scheme + o.Addr); err != nil {
		return err
	}
	if err := httpbench.Listening(srv.Addrs()[0].(*net.TCPAddr)); err != nil {
		return err
	}
	return srv.Serve(ctx)
}

type canned struct{ answer []byte }

func (canned) Open(*server.Conn)         {}
func (canned) Close(*server.Conn, error) {}

var end = []byte("\r\n\r\n")

// Data answers each head. bench-http's load sends heads whole.
func (h canned) Data(c *server.Conn, p []byte) {
	for {
		i := bytes.Index(p, end)
		if i < 0 {
			return
		}
		p = p[i+len(end):]
		_, _ = c.Write(h.answer)
	}
}
