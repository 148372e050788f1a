// Golib is the Go half of the example: an echo server that lives on the loop of
// a C program. It is built as a C archive, see ../README.md.
package main

// #include <stdint.h>
import "C"

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// loop is the Go loop inside the host's. All calls come on the host's thread.
var loop *uvgo.Loop

// golib_start adopts the host's uv_loop_t and listens on a port of 127.0.0.1,
// which it returns; negative on failure.
//
//export golib_start
func golib_start(host unsafe.Pointer) C.int {
	l, err := uvgo.Adopt(host)
	if err != nil {
		return failed(err)
	}
	loop = l
	ln, err := l.NewTCP()
	if err != nil {
		return failed(err)
	}
	if err := ln.Bind(netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
		return failed(err)
	}
	if err := ln.Listen(128, accept); err != nil {
		return failed(err)
	}
	addr, err := ln.LocalAddr()
	if err != nil {
		return failed(err)
	}
	return C.int(addr.Port())
}

// accept echoes what the connection sends.
func accept(c *handles.TCP, err error) {
	if err != nil {
		failed(err)
		return
	}
	err = c.ReadStart(func(p []byte, err error) {
		if err == nil {
			_, err = c.Write(p)
		}
		if err != nil { // also io.EOF
			c.Close()
		}
	})
	if err != nil {
		c.Close()
	}
}

// golib_later runs work on another goroutine, which posts its result back to the
// host's thread.
//
//export golib_later
func golib_later(n C.int) {
	go func() {
		sum := 0
		for i := 1; i <= int(n); i++ {
			sum += i
		}
		if err := loop.Post(func() { fmt.Printf("go: the sum to %d is %d\n", n, sum) }); err != nil {
			failed(err)
		}
	}()
}

// golib_stop closes all of Go's handles and leaves the host's loop.
//
//export golib_stop
func golib_stop() C.int {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := loop.Shutdown(ctx); err != nil {
		return failed(err)
	}
	return 0
}

func failed(err error) C.int {
	fmt.Fprintln(os.Stderr, "golib:", err)
	return -1
}

func main() {} // a C archive needs one; it never runs
