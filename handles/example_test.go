package handles_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// run makes a loop, calls main to set it up, and runs the loop.
func run(main func(l *uvgo.Loop) error) {
	if err := uvgo.Run(context.Background(), main); err != nil {
		log.Fatal(err)
	}
}

func ExampleTimer() {
	run(func(l *uvgo.Loop) error {
		t, err := handles.NewTimer(l)
		if err != nil {
			return err
		}
		n := 0
		return t.Start(time.Millisecond, time.Millisecond, func() {
			n++
			fmt.Println("tick", n)
			if n == 3 {
				t.Close()
			}
		})
	})
	// Output:
	// tick 1
	// tick 2
	// tick 3
}

// An echo server and its client, on one loop.
func ExampleTCP() {
	run(func(l *uvgo.Loop) error {
		srv, err := l.NewTCP()
		if err != nil {
			return err
		}
		if err := srv.Bind(netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
			return err
		}
		err = srv.Listen(128, func(c *handles.TCP, err error) {
			if err != nil {
				log.Print(err)
				return
			}
			echo(c)
			srv.Close() // one client is enough
		})
		if err != nil {
			return err
		}
		addr, err := srv.LocalAddr()
		if err != nil {
			return err
		}

		c, err := l.NewTCP()
		if err != nil {
			return err
		}
		return c.Connect(addr, func(err error) {
			if err != nil {
				log.Print(err)
				c.Close()
				return
			}
			talk(c, "hello over TCP")
		})
	})
	// Output: hello over TCP
}

// The same over a unix socket.
func ExamplePipe() {
	dir, err := os.MkdirTemp("", "uv")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "echo.sock")

	run(func(l *uvgo.Loop) error {
		srv, err := l.NewPipe()
		if err != nil {
			return err
		}
		if err := srv.Bind(path); err != nil {
			return err
		}
		err = srv.Listen(128, func(c *handles.Pipe, err error) {
			if err != nil {
				log.Print(err)
				return
			}
			echo(c)
			srv.Close()
		})
		if err != nil {
			return err
		}

		c, err := l.NewPipe()
		if err != nil {
			return err
		}
		return c.Connect(path, func(err error) {
			if err != nil {
				log.Print(err)
				c.Close()
				return
			}
			talk(c, "hello over a unix socket")
		})
	})
	// Output: hello over a unix socket
}

// echo sends back what a connection receives, until its peer ends.
func echo(c handles.Stream) {
	read := func(p []byte, err error) {
		if err == nil {
			_, err = c.Write(p) // Write borrows p, so no copy is needed
		}
		if err == nil && c.Full() { // the peer sends faster than it reads
			err = c.ReadStop()
		}
		if err == nil {
			return
		}
		if err != io.EOF {
			log.Print(err)
		}
		c.Close()
	}
	c.OnDrain(func() { _ = c.ReadStart(read) }) // fails only on a closed stream
	if err := c.ReadStart(read); err != nil {
		log.Print(err)
		c.Close()
	}
}

// talk sends a message and prints the answer.
func talk(c handles.Stream, message string) {
	var answer []byte
	err := c.ReadStart(func(p []byte, err error) {
		answer = append(answer, p...)
		if err != nil || len(answer) == len(message) {
			fmt.Println(string(answer))
			c.Close()
		}
	})
	if err == nil {
		_, err = c.Write([]byte(message))
	}
	if err != nil {
		log.Print(err)
		c.Close()
	}
}

func ExampleSignal() {
	run(func(l *uvgo.Loop) error {
		s, err := l.NewSignal()
		if err != nil {
			return err
		}
		err = s.Start(syscall.SIGUSR2, func(sig os.Signal) {
			fmt.Println("got", sig)
			s.Close()
		})
		if err != nil {
			return err
		}
		return syscall.Kill(os.Getpid(), syscall.SIGUSR2)
	})
	// Output: got user defined signal 2
}

// Several calls of Send before the function has run make one call of it.
func ExampleAsync() {
	run(func(l *uvgo.Loop) error {
		var wake *handles.Async
		wake, err := l.NewAsync(func() {
			fmt.Println("woken")
			wake.Close()
		})
		if err != nil {
			return err
		}
		go func() { // any goroutine may call Send
			for range 3 {
				if err := wake.Send(); err != nil {
					return // it is closed by now
				}
			}
		}()
		return nil
	})
	// Output: woken
}
