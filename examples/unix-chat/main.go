// Unix-chat is a chat room on a unix socket: each line that a client writes is sent to
// the others. Try it, with the second line in several terminals:
//
//	go run ./examples/unix-chat /tmp/chat.sock
//	nc -U /tmp/chat.sock
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

const maxLine = 4 << 10 // a client that sends a longer line is disconnected,
const maxLate = 1 << 20 // and so is one with more unsent bytes, because it does not read

// A room is the connected clients. It needs no lock, because everything runs on the
// loop's goroutine.
type room struct {
	clients map[*client]bool
	guests  int // how many clients have ever connected, for their names
}

type client struct {
	*handles.Pipe
	name string
	line []byte // received, without its end
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: unix-chat SOCKET")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := uvgo.Run(ctx, func(l *uvgo.Loop) error {
		srv, err := l.NewPipe()
		if err == nil {
			err = srv.Bind(os.Args[1]) // closing srv removes the socket
		}
		if err != nil {
			return err
		}
		r := &room{clients: make(map[*client]bool)}
		if err = srv.Listen(128, r.enter); err == nil {
			fmt.Println("chatting on", os.Args[1])
		}
		return err
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

// enter adds a new client to the room.
func (r *room) enter(pipe *handles.Pipe, err error) {
	if err != nil {
		log.Print("accept: ", err)
		return
	}
	r.guests++
	c := &client{pipe, fmt.Sprint("guest", r.guests), nil}
	r.clients[c] = true
	c.OnClose(func() { // for all reasons of a close
		delete(r.clients, c)
		r.say(c, "* "+c.name+" leaves\n")
	})
	r.say(c, "* "+c.name+" enters\n")
	c.ReadStart(func(p []byte, err error) { // p is borrowed: appending copies it
		if err != nil {
			c.Close()
			return
		}
		c.line = append(c.line, p...)
		whole := bytes.LastIndexByte(c.line, '\n') + 1
		for line := range bytes.Lines(c.line[:whole]) {
			r.say(c, c.name+": "+string(line))
		}
		if c.line = c.line[whole:]; len(c.line) > maxLine {
			c.Close()
		}
	})
}

// say sends a line to the others. Write does not wait, but queues the line.
func (r *room) say(from *client, line string) {
	for c := range r.clients {
		if c != from && !c.Closing() {
			c.Write([]byte(line))                         // if it fails, reading fails as well
			if c.Full() && c.WriteQueueSize() > maxLate { // after offering all to the kernel
				c.Close()
			}
		}
	}
}
