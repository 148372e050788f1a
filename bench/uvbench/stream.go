package main

import (
	"fmt"
	"log"
	"net/netip"
	"os"

	"github.com/uvgo/uvgo/handles"
)

// An end makes streams of one kind.
type end struct {
	listen func(accept func(handles.Stream))
	dial   func(fn func(handles.Stream))
	close  func()
}

func newTCP(b *bench) *end {
	l := must(b.NewTCP())
	check(l.Bind(netip.MustParseAddrPort("127.0.0.1:0")))
	addr := must(l.LocalAddr())
	return &end{
		listen: func(accept func(handles.Stream)) {
			check(l.Listen(1024, func(c *handles.TCP, err error) {
				check(err)
				accept(c)
			}))
		},
		dial: func(fn func(handles.Stream)) {
			c := must(b.NewTCP())
			check(c.Connect(addr, func(err error) {
				check(err)
				fn(c)
			}))
		},
		close: func() { check(l.Close()) },
	}
}

func newPipe(b *bench) *end {
	l := must(b.NewPipe())
	name := fmt.Sprintf("/tmp/uvbench.%d.sock", os.Getpid())
	check(l.Bind(name))
	return &end{
		listen: func(accept func(handles.Stream)) {
			check(l.Listen(1024, func(c *handles.Pipe, err error) {
				check(err)
				accept(c)
			}))
		},
		dial: func(fn func(handles.Stream)) {
			c := must(b.NewPipe())
			check(c.Connect(name, func(err error) {
				check(err)
				fn(c)
			}))
		},
		close: func() { check(l.Close()) },
	}
}

// pingPongs: one connection, PING back and forth.
func pingPongs(b *bench) func() int {
	const pings = 50000
	ping := []byte("PING\n")
	e := newTCP(b)
	n := 0
	e.listen(func(c handles.Stream) {
		check(c.ReadStart(func(p []byte, err error) {
			if err != nil {
				check(c.Close())
				return
			}
			must(c.Write(ping))
		}))
	})
	e.dial(func(c handles.Stream) {
		check(c.ReadStart(func(p []byte, err error) {
			check(err)
			if n++; n == pings {
				check(c.Close())
				e.close()
				return
			}
			must(c.Write(ping))
		}))
		b.start()
		must(c.Write(ping))
	})
	return func() int { return n }
}

// discard reads all that a connection brings and adds it up.
func discard(received *int) func(handles.Stream) {
	return func(c handles.Stream) {
		check(c.ReadStart(func(p []byte, err error) {
			*received += len(p)
			if err != nil {
				check(c.Close())
			}
		}))
	}
}

// tcpWriteBatch: 100,000 writes of a few bytes at once, each with its callback,
// all read by the peer.
func tcpWriteBatch(b *bench) func() int {
	const batch = 100000
	text := []byte("Hello, world.")
	received, done := 0, 0
	written := func(err error) {
		check(err)
		done++
	}
	e := newTCP(b)
	e.listen(discard(&received))
	e.dial(func(c handles.Stream) {
		b.start()
		for range batch {
			check(c.WriteFunc(written, text))
		}
		check(c.Shutdown(func(err error) {
			check(err)
			check(c.Close())
			e.close()
		}))
	})
	return func() int {
		if received != batch*len(text) || done != batch {
			log.Panicf("%d bytes received, %d writes done", received, done)
		}
		return batch
	}
}

// pumps: connections that write 64 KiB at a time, as fast as they can.
func pumps(b *bench, count int, kind func(*bench) *end) func() int {
	const total = 1 << 30
	block := make([]byte, 64<<10)
	received, pumped := 0, 0
	e := kind(b)
	e.listen(discard(&received))
	var all []handles.Stream
	left := count
	for range count {
		e.dial(func(c handles.Stream) {
			if all = append(all, c); len(all) < count {
				return
			}
			b.start()
			for _, c := range all {
				var pump func(error)
				pump = func(err error) {
					check(err)
					if pumped >= total {
						check(c.Close())
						if left--; left == 0 {
							e.close()
						}
						return
					}
					pumped += len(block)
					check(c.WriteFunc(pump, block))
				}
				pump(nil)
			}
		})
	}
	return func() int {
		if received != pumped {
			log.Panicf("%d of %d bytes arrived", received, pumped)
		}
		return received >> 10
	}
}

// pound: a thousand clients connect and send some bytes. The server closes the
// connection, and the client connects again.
func pound(b *bench) func() int {
	const conns, total = 1000, 10000
	text := []byte("hi")
	e := newTCP(b)
	e.listen(func(c handles.Stream) {
		check(c.ReadStart(func([]byte, error) { check(c.Close()) }))
	})
	begun, ended := 0, 0
	var client func()
	client = func() {
		begun++
		e.dial(func(c handles.Stream) {
			check(c.ReadStart(func(p []byte, err error) {
				if err == nil {
					return
				}
				check(c.Close())
				if ended++; ended == total {
					e.close()
				}
				if begun < total {
					client()
				}
			}))
			must(c.Write(text))
		})
	}
	b.start()
	for range conns {
		client()
	}
	return func() int { return ended }
}
