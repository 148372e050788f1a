// Redis is a small server of the Redis protocol (RESP2): strings with a time to live, in memory.
// redis-cli and redis-benchmark work with it. Try it:
//
//	go run ./examples/redis tcp://127.0.0.1:6380
//	redis-cli -p 6380 set greeting hello ex 60
//	redis-benchmark -p 6380 -t set,get -P 16 -q
//
// All connections live on one loop, as in Redis itself. So every command is atomic, and the
// map needs no lock. More loops would need a lock for each part of the map, because a
// connection's keys may be in any part; that pays when commands cost more than the sockets do.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/uvgo/uvgo/server"
)

// maxCommand bounds a command with its arguments. A longer one ends its connection.
const maxCommand = 1 << 20

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: redis ADDRESS")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	db := &store{entries: make(map[string]entry)}
	s := &server.Server{Handler: server.Frames(splitCommand, maxCommand, db), Loops: 1}
	if err := s.Listen(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	fmt.Println("serving on", s.Addrs()[0])
	if err := s.Serve(ctx); !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

// Open has nothing to do: a connection has no state.
func (db *store) Open(*server.Conn) {}

// Frame runs one command. The answers of pipelined commands leave together, at the end of the
// loop's turn. A client that sends commands and does not read is not read either: Frame is
// not called while the connection is Full.
func (db *store) Frame(c *server.Conn, frame []byte) {
	db.args = splitArgs(frame, db.args[:0])
	if len(db.args) == 0 {
		return
	}
	db.answer = db.run(db.answer[:0], db.args)
	_, _ = c.Write(db.answer) // if it fails, Close is called
	if len(db.answer) > 64<<10 {
		db.answer = nil // a large answer's buffer is not kept
	}
	if isCommand(db.args[0], "QUIT") {
		_ = c.Close()
	}
}

// Close says which connections have ended because of what they sent.
func (db *store) Close(c *server.Conn, err error) {
	if errors.Is(err, server.ErrBadFrame) || errors.Is(err, server.ErrFrameTooLarge) {
		log.Print(c.RemoteAddr(), ": ", err)
	}
}
