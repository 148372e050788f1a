package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// chunk is the size of a write of bulk data.
const chunk = 64 << 10

// eachConn serves every connection in a goroutine.
func eachConn(ln net.Listener, serve func(net.Conn)) error {
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			serve(c)
		}()
	}
}

// serveSource sends as many bytes as the client asks for, and closes.
func serveSource(ln net.Listener) error {
	return eachConn(ln, func(c net.Conn) {
		var n int64
		if binary.Read(c, binary.BigEndian, &n) != nil {
			return
		}
		for buf := make([]byte, chunk); n > 0; n -= min(n, chunk) {
			if _, err := c.Write(buf[:min(n, chunk)]); err != nil {
				return
			}
		}
	})
}

// drain requests bytes and reads them. An operation is one write of the server.
func drain(ctx context.Context, s stack, addr string, o options) (r result, err error) {
	c, err := s.dial(ctx, "tcp4", addr)
	if err != nil {
		return r, err
	}
	defer c.Close()
	client, server := usage(o)
	began := time.Now()
	if err := binary.Write(c, binary.BigEndian, o.bytes); err != nil {
		return r, err
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, chunk))
	if err == nil && n != o.bytes {
		err = fmt.Errorf("%d bytes came, of %d", n, o.bytes)
	}
	r.Seconds = time.Since(began).Seconds()
	r.ClientCPU, r.ServerCPU = usage(o)
	r.ClientCPU, r.ServerCPU = r.ClientCPU-client, r.ServerCPU-server
	r.Ops = uint64(n / chunk)
	return r, err
}

// serveAccept accepts connections and waits for their end.
func serveAccept(ln net.Listener) error {
	return eachConn(ln, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
}

// dial connects, and closes the connection by a reset, so that the port is free again
// at once.
func dial(ctx context.Context, s stack, addr string, o options) (result, error) {
	return closedLoop(ctx, o, func(ctx context.Context, _ int) error {
		c, err := s.dial(ctx, "tcp4", addr)
		if err != nil {
			return err
		}
		if err := c.(interface{ SetLinger(int) error }).SetLinger(0); err != nil {
			return err
		}
		return c.Close()
	})
}
