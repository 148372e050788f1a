package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
)

// serveHTTP answers with plain text. For /settle it first returns free memory to the
// system, so that the memory in use can be measured.
func serveHTTP(ln net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "Hello, World!")
	})
	mux.HandleFunc("/settle", func(http.ResponseWriter, *http.Request) { debug.FreeOSMemory() })
	return http.Serve(ln, mux)
}

// idle opens connections, gets one answer on each, and keeps them until stdin
// ends.
func idle(ctx context.Context, s stack, addr string, o options) (result, error) {
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range o.conns {
		c, err := s.dial(ctx, "tcp4", addr)
		if err != nil {
			return result{}, err
		}
		conns = append(conns, c)
		if _, err := fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", addr); err != nil {
			return result{}, err
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return result{}, err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			return result{}, errors.Join(err, errors.New(resp.Status))
		}
	}
	fmt.Println("ready", len(conns))
	_, err := io.Copy(io.Discard, os.Stdin)
	return result{Ops: uint64(len(conns))}, err
}
