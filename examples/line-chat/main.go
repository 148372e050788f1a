// Line-chat is a chat server over TCP, on all processors: each line that a client sends goes
// to the others, and each line of the standard input goes to all. A client that is silent
// for too long is disconnected. Try it, with the second line in several terminals:
//
//	go run ./examples/line-chat tcp://127.0.0.1:8888
//	nc 127.0.0.1 8888
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/server"
)

const maxLine = 4 << 10 // a client that sends a longer line is disconnected,
const maxLate = 1 << 20 // and so is one with more unsent bytes, because it does not read

func main() {
	idle := flag.Duration("idle", 10*time.Minute, "disconnect clients that are silent for `TIME`")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: line-chat [-idle TIME] ADDRESS")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r := &room{tables: make(map[*uvgo.Loop]*table)}
	s := &server.Server{Handler: server.Frames(bufio.ScanLines, maxLine, r), IdleTimeout: *idle}
	if err := s.Listen(flag.Arg(0)); err != nil {
		log.Fatal(err)
	}
	fmt.Println("chatting on", s.Addrs()[0])
	go r.announce()
	if err := s.Serve(ctx); !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

// A room is the clients of all loops.
type room struct {
	mu     sync.Mutex
	tables map[*uvgo.Loop]*table
	guests int // how many clients have ever connected, for their names
}

// A table is the clients of one loop. It needs no lock, because only the loop uses it.
type table struct{ clients map[*server.Conn]bool }

// Open lets a client in. The handler's own data hangs at the connection.
func (r *room) Open(c *server.Conn) {
	r.mu.Lock()
	r.guests++
	name := fmt.Sprint("guest", r.guests)
	t := r.tables[c.Loop()]
	if t == nil {
		t = &table{make(map[*server.Conn]bool)}
		r.tables[c.Loop()] = t
	}
	r.mu.Unlock()
	t.clients[c] = true
	c.SetContext(name)
	fmt.Fprintf(c, "* you are %s\n", name)
	r.say(c, "* "+name+" enters\n")
}

// Frame is called with each line, without its end. line is borrowed, so it is copied.
func (r *room) Frame(c *server.Conn, line []byte) {
	r.say(c, c.Context().(string)+": "+string(line)+"\n")
}

// Close is called when the client has gone, or was disconnected: err says why.
func (r *room) Close(c *server.Conn, err error) {
	r.mu.Lock()
	t := r.tables[c.Loop()]
	r.mu.Unlock()
	delete(t.clients, c)
	why := ""
	switch {
	case errors.Is(err, server.ErrIdleTimeout):
		why = " (silent for too long)"
	case errors.Is(err, server.ErrFrameTooLarge):
		why = " (a line that is too long)"
	}
	r.say(c, "* "+c.Context().(string)+" leaves"+why+"\n")
}

// say sends a line to all but one, who may be nil. Any goroutine may call it: what belongs to
// another loop is reached by Post, and lines that one goroutine posts keep their order.
func (r *room) say(from *server.Conn, line string) {
	text := []byte(line)
	r.mu.Lock()
	defer r.mu.Unlock()
	for loop, t := range r.tables {
		_ = loop.Post(func() { // fails only once the server has ended
			for c := range t.clients {
				if c == from {
					continue
				}
				_, _ = c.Write(text) // if it fails, Close is called
				if c.Buffered() > maxLate {
					_ = c.Abort()
				}
			}
		})
	}
}

// announce says what the operator types.
func (r *room) announce() {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		r.say(nil, "*** "+in.Text()+"\n")
	}
}
