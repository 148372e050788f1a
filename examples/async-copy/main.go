// Async-copy copies a file to a new file, with several reads and writes under way at
// once. (requests.FSCopyfile copies a file in one call.) Try it:
//
//	go run ./examples/async-copy FROM TO
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

const lanes, piece = 4, 1 << 20 // how many pieces are under way at once, and their size in bytes

// A job is one copy. All of it happens on the loop's goroutine.
type job struct {
	loop     *uvgo.Loop
	from, to string
	in, out  uintptr
	size     int64 // of the source
	next     int64 // where the next piece begins
	copied   int64
	lanes    int   // those that have not ended
	err      error // the first one
}

// try keeps the first error, and tells whether there has been none so far.
func (j *job) try(err error) bool {
	if err != nil && j.err == nil {
		j.err = err
	}
	return j.err == nil
}

// start opens both files and starts the lanes.
func (j *job) start() error {
	_, err := requests.FSOpen(j.loop, j.from, os.O_RDONLY, 0, func(fd uintptr, err error) {
		if j.in = fd; err != nil {
			j.try(err)
			return
		}
		_, err = requests.FSFstat(j.loop, fd, func(st uv.Stat, err error) {
			if err == nil && !st.Mode.IsRegular() {
				err = errors.New(j.from + " is no regular file")
			}
			if !j.try(err) {
				j.close(j.in)
				return
			}
			j.size = st.Size
			_, err = requests.FSOpen(j.loop, j.to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, st.Mode.Perm(), j.opened)
			j.try(err)
		})
		j.try(err)
	})
	return err
}

func (j *job) opened(fd uintptr, err error) {
	if j.out = fd; err != nil {
		j.try(err)
		j.close(j.in)
		return
	}
	j.lanes = lanes
	for range lanes {
		j.read(make([]byte, piece))
	}
}

// read reads the next piece into buf, lent until the callback, or ends the lane.
func (j *job) read(buf []byte) {
	at := j.next
	j.next += piece
	if !j.try(nil) || at > j.size {
		j.done()
		return
	}
	_, err := requests.FSRead(j.loop, j.in, at, func(n int, err error) {
		if err == io.EOF || !j.try(err) {
			j.done()
			return
		}
		j.write(buf, buf[:n], at)
	}, buf)
	if !j.try(err) {
		j.done()
	}
}

// write writes p, the part of buf that was read.
func (j *job) write(buf, p []byte, at int64) {
	_, err := requests.FSWrite(j.loop, j.out, at, func(n int, err error) {
		j.copied += int64(n)
		j.try(err)
		j.read(buf)
	}, p)
	if !j.try(err) {
		j.done()
	}
}

// done ends a lane, and the copy with the last of them.
func (j *job) done() {
	if j.lanes--; j.lanes > 0 {
		return
	}
	j.close(j.in)
	j.close(j.out)
	if j.err == nil && j.copied == j.size {
		return
	}
	j.try(errors.New(j.from + " was changed meanwhile")) // if there was no error before
	requests.FSUnlink(j.loop, j.to, func(error) {})
}

func (j *job) close(fd uintptr) {
	_, err := requests.FSClose(j.loop, fd, func(err error) { j.try(err) })
	j.try(err)
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: async-copy FROM TO")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var j job
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		j = job{loop: l, from: os.Args[1], to: os.Args[2]}
		context.AfterFunc(ctx, func() { // each lane ends after its current piece
			stop() // a second Ctrl-C ends the program at once
			l.Post(func() { j.try(errors.New("interrupted")) })
		})
		return j.start()
	})
	if err = errors.Join(err, j.err); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("copied %d bytes\n", j.copied)
}
