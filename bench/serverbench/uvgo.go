package main

import (
	"bufio"
	"context"

	"github.com/uvgo/uvgo/server"
)

// serveUVGO serves all connections on one loop.
func serveUVGO(ctx context.Context, o options) error {
	srv := &server.Server{Handler: echoer{}, Loops: 1, IdleTimeout: o.idle, TLSConfig: o.tls}
	scheme := "tcp://"
	if o.tls != nil {
		scheme = "tls://"
	}
	if o.program == "lines" {
		srv.Handler = server.Frames(bufio.ScanLines, 0, new(liner))
	}
	if err := srv.Listen(scheme + o.addr); err != nil {
		return err
	}
	listening(srv.Addrs()[0])
	if err := srv.Serve(ctx); ctx.Err() == nil {
		return err
	}
	return nil
}

type events struct{}

func (events) Open(*server.Conn)         {}
func (events) Close(*server.Conn, error) {}

// echoer echoes what arrives.
type echoer struct{ events }

func (echoer) Data(c *server.Conn, p []byte) { _, _ = c.Write(p) }

// liner answers a line that begins with ! by that line.
type liner struct {
	events
	out []byte // one loop: one callback at a time
}

func (l *liner) Frame(c *server.Conn, line []byte) {
	if len(line) > 0 && line[0] == '!' {
		l.out = append(append(l.out[:0], line...), '\n')
		_, _ = c.Write(l.out)
	}
}
