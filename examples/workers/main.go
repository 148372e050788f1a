// Workers serves one TCP port with several processes. The parent binds the socket and
// passes it to each worker over IPC. The kernel gives each connection to one of the
// workers that accept. The parent replaces a worker that dies. Try it:
//
//	go run ./examples/workers 127.0.0.1:8888 4
//	nc 127.0.0.1 8888
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// workerEnv is an environment variable that is set in workers, to the worker's number.
const workerEnv = "UVGO_EXAMPLE_WORKER"

// channelFD is the worker's descriptor of the pipe to its parent.
const channelFD = 3

func main() {
	run := parent
	if os.Getenv(workerEnv) != "" {
		run = worker
	} else if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: workers ADDRESS:PORT WORKERS")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := uvgo.Run(ctx, run); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

// parent binds the socket and starts the workers.
func parent(l *uvgo.Loop) error {
	addr, err := netip.ParseAddrPort(os.Args[1])
	if err != nil {
		return err
	}
	workers, err := strconv.Atoi(os.Args[2])
	if err != nil || workers < 1 {
		return fmt.Errorf("%q is no number of workers", os.Args[2])
	}
	socket, err := l.NewTCP()
	if err != nil {
		return err
	}
	if err := socket.Bind(addr); err != nil {
		return err
	}
	bound, err := socket.LocalAddr()
	if err != nil {
		return err
	}
	fmt.Println("serving on", bound)
	for i := range workers {
		if err := start(l, i+1, socket); err != nil {
			return err
		}
	}
	return nil
}

// start starts a worker and passes the socket to it.
func start(l *uvgo.Loop, number int, socket *handles.TCP) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	var p *handles.Process
	p, err = l.Spawn(handles.ProcessOptions{
		File: exe,
		Env:  append(os.Environ(), workerEnv+"="+strconv.Itoa(number)),
		Stdio: []handles.Stdio{
			0:         {}, // /dev/null
			1:         handles.StdioFile(os.Stdout),
			2:         handles.StdioFile(os.Stderr),
			channelFD: handles.StdioPipe(handles.ChildReads|handles.ChildWrites, handles.IPC),
		},
	}, func(status int, sig syscall.Signal) {
		fmt.Printf("worker %d has ended: status %d, signal %d\n", number, status, sig)
		p.Stdio(channelFD).Close()
		p.Close()
		l.AfterFunc(100*time.Millisecond, func() { // with a delay, in case each worker crashes at once
			if err := start(l, number, socket); err != nil {
				log.Print(err)
			}
		})
	})
	if err != nil {
		return err
	}
	// The pipe stays open: when the parent ends, the worker reads EOF and ends, too.
	return p.Stdio(channelFD).WriteHandle([]byte("serve"), socket, nil)
}

// worker accepts from the socket that its parent passes, until the parent ends.
func worker(l *uvgo.Loop) error {
	channel, err := l.NewPipe(handles.IPC)
	if err != nil {
		return err
	}
	if err := channel.Open(channelFD); err != nil {
		return err
	}
	return channel.ReadStart(func(_ []byte, err error) {
		if err != nil {
			l.Stop()
			return
		}
		for channel.PendingCount() > 0 {
			h, err := channel.Accept()
			if err != nil {
				log.Fatal(err)
			}
			if err := h.(*handles.TCP).Listen(128, greet); err != nil {
				log.Fatal(err)
			}
			fmt.Printf("worker %s is ready\n", os.Getenv(workerEnv))
		}
	})
}

// greet serves one connection.
func greet(c *handles.TCP, err error) {
	if err != nil {
		log.Print("accept: ", err)
		return
	}
	fmt.Fprintf(c, "hello from worker %s, process %d\n", os.Getenv(workerEnv), os.Getpid())
	c.Shutdown(func(error) { c.Close() })
}
