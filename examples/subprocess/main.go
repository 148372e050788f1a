// Subprocess runs sort(1) with pipes as its stdin and stdout. It passes its own input
// and arguments to sort, numbers the lines that come back, and ends with sort's status.
// Try it:
//
//	ls | go run ./examples/subprocess --reverse
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

func main() {
	status, err := sorted(os.Stdin, os.Stdout, os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "subprocess:", err)
		status = 1
	}
	os.Exit(status)
}

// sorted sends the lines of in to sort, which gets the flags, and writes the sorted
// lines to out with numbers.
func sorted(in io.Reader, out io.Writer, flags ...string) (status int, err error) {
	err = uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		p, err := spawn(l, flags, &status)
		if err != nil {
			return err
		}
		if err := number(p.Stdio(1), out); err != nil {
			return err
		}
		return feed(p.Stdio(0), in)
	})
	return status, err
}

// spawn starts sort, and sets status to its exit status.
func spawn(l *uvgo.Loop, flags []string, status *int) (*handles.Process, error) {
	var p *handles.Process
	p, err := l.Spawn(handles.ProcessOptions{
		File: "sort",
		Args: append([]string{"sort"}, flags...),
		Stdio: []handles.Stdio{
			handles.StdioPipe(handles.ChildReads),
			handles.StdioPipe(handles.ChildWrites),
			handles.StdioFile(os.Stderr),
		},
		KillOnClose: true, // if an error ends Run before sort ends
	}, func(code int, sig syscall.Signal) {
		if *status = code; sig != 0 {
			*status = 128 + int(sig)
		}
		p.Close()
	})
	return p, err
}

// number writes the child's lines to out with numbers, until the end.
func number(pipe *handles.Pipe, out io.Writer) error {
	w := bufio.NewWriter(out)
	var line strings.Builder
	n := 0
	return pipe.ReadStart(func(b []byte, err error) {
		for part := range strings.SplitAfterSeq(string(b), "\n") { // b is borrowed
			if line.WriteString(part); strings.HasSuffix(part, "\n") {
				n++
				fmt.Fprintf(w, "%3d %s", n, &line)
				line.Reset()
			}
		}
		if err != nil {
			if err != io.EOF {
				fmt.Fprintln(os.Stderr, "subprocess:", err)
			}
			w.Flush()
			pipe.Close()
		}
	})
}

// feed sends all of in to the child, and then closes its stdin. It sends one piece at a
// time, so that a child that does not read does not make the program buffer everything.
func feed(pipe *handles.Pipe, in io.Reader) error {
	buf := make([]byte, 64<<10) // lent while it is written
	var next func(err error)
	next = func(err error) {
		var n int
		for err == nil && n == 0 {
			n, err = in.Read(buf) // blocks the loop, so the program reads no answers meanwhile
		}
		if n > 0 {
			err = pipe.WriteFunc(next, buf[:n])
		} else if err == io.EOF {
			err = pipe.Shutdown(func(error) { pipe.Close() })
		}
		if err != nil {
			if !errors.Is(err, syscall.EPIPE) { // EPIPE: the child has ended, and its status says why
				fmt.Fprintln(os.Stderr, "subprocess:", err)
			}
			pipe.Close()
		}
	}
	next(nil)
	return nil
}
