package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
)

// bufferSize is the size of an echo's buffer, one for each connection. Of a buffer that only
// ever sees small messages, the kernel backs a single page.
const bufferSize = 16 << 10

// serveNet serves each connection in a goroutine.
func serveNet(ctx context.Context, o options) error {
	ln, err := net.Listen("tcp4", o.addr)
	if err != nil {
		return err
	}
	listening(ln.Addr())
	context.AfterFunc(ctx, func() { ln.Close() })
	if o.tls != nil {
		ln = tls.NewListener(ln, o.tls)
	}
	serve := echo
	if o.program == "lines" {
		serve = lines
	}
	for {
		c, err := ln.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			serve(c)
		}()
	}
}

func echo(c net.Conn) {
	buf := make([]byte, bufferSize)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

// lines answers a line that begins with ! by that line.
func lines(c net.Conn) {
	var out []byte
	for in := bufio.NewScanner(c); in.Scan(); {
		if line := in.Bytes(); len(line) > 0 && line[0] == '!' {
			out = append(append(out[:0], line...), '\n')
			if _, err := c.Write(out); err != nil {
				return
			}
		}
	}
}
