package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvfs"
	"github.com/uvgo/uvgo/uvnet"
)

func init() { uvtest.Helper("faults descriptors", descriptors) }

// With n descriptors left, for n from 0, everything that opens some gets EMFILE, leaves none
// open, and works once there are enough. tests/hostile has what a server does for hours
// without one.
func TestDescriptorsRunOut(t *testing.T) {
	out, err := uvtest.Command(t, "faults descriptors", t.TempDir()).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(out))
	}
	t.Logf("%s", out)
}

func descriptors() {
	dir := os.Args[1]
	file := filepath.Join(dir, "file")
	uvtest.Must(0, os.WriteFile(file, []byte("x"), 0o600))
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	go func() {
		for {
			c, err := ln.Accept()
			if err == nil {
				c.Close()
			}
		}
	}()
	fs := uvtest.Must(uvfs.New())
	ctx := context.Background()
	works := []struct {
		name string
		run  func() error
	}{
		{"uvgo.New", func() error {
			l, err := uvgo.New()
			if err != nil {
				return err
			}
			return l.Close()
		}},
		{"a goroutine's loop", func() error {
			return onLoop(func(l *uvgo.Loop) error { return nil }, uvgo.WithParking(uvgo.ParkGoroutine))
		}},
		{"NewCLoop", func() error {
			l, err := uvgo.NewCLoop()
			if err != nil {
				return err
			}
			return uvgo.DeleteCLoop(l)
		}},
		{"DefaultCLoop", func() error {
			l, err := uvgo.DefaultCLoop()
			if err != nil {
				return err
			}
			return uvgo.DeleteCLoop(l)
		}},
		{"Spawn", func() error {
			return onLoop(func(l *uvgo.Loop) error {
				p, err := l.Spawn(handles.ProcessOptions{File: "true", Stdio: []handles.Stdio{
					handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites)}}, nil)
				if err != nil {
					return err
				}
				p.Stdio(0).Close()
				p.Stdio(1).Close()
				return p.Close()
			})
		}},
		{"NewSignal", func() error {
			return onLoop(func(l *uvgo.Loop) error {
				s, err := l.NewSignal()
				if err != nil {
					return err
				}
				defer s.Close()
				return s.Start(syscall.SIGUSR1, func(os.Signal) {})
			})
		}},
		{"NewFSEvent", func() error {
			return onLoop(func(l *uvgo.Loop) error {
				e, err := l.NewFSEvent()
				if err != nil {
					return err
				}
				defer e.Close()
				return e.Start(dir, 0, func(string, handles.FSEventKind, error) {})
			})
		}},
		{"Open", func() error {
			f, err := fs.Open(ctx, file)
			if err != nil {
				return err
			}
			return f.Close()
		}},
		{"Copyfile", func() error { return fs.Copyfile(ctx, file, file+"2", 0) }},
		{"ReadDir", func() error { _, err := fs.ReadDir(ctx, dir); return err }},
		{"uvnet.Listen", func() error {
			l, err := uvnet.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			return l.Close()
		}},
		{"uvnet.ListenPacket", func() error {
			c, err := uvnet.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			return c.Close()
		}},
		{"uvnet.Dial", func() error {
			c, err := uvnet.Dial("tcp", ln.Addr().String())
			if err != nil {
				return err
			}
			return c.Close()
		}},
		{"Server.Listen", func() error {
			s := &server.Server{Handler: &kit.Handler{}, Loops: 2, Logger: quiet}
			if err := s.Listen("tcp://127.0.0.1:0"); err != nil {
				return err
			}
			ended, cancel := context.WithCancel(ctx)
			cancel()
			if err := s.Serve(ended); !errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		}},
	}
	for _, w := range works {
		uvtest.Must(0, w.run()) // what is opened once and stays: libuv's signal pipe, Go's netpoller
		before := uvtest.FDs()
		refused := 0
		for left := 0; ; left++ {
			give := limit(left)
			err := w.run()
			give()
			if err == nil {
				break
			}
			if !errors.Is(err, syscall.EMFILE) || left > 200 {
				fmt.Printf("%s with %d descriptors left: %v, want EMFILE\n", w.name, left, err)
				os.Exit(1)
			}
			refused++
		}
		for wait := 0; uvtest.FDs() > before && wait < 5000; wait++ {
			time.Sleep(time.Millisecond) // a file of Go's closes when the last goroutine has left it
		}
		if after := uvtest.FDs(); refused == 0 || after > before {
			fmt.Printf("%s: refused %d times; %d descriptors before, %d after\n", w.name, refused, before, after)
			os.Exit(1)
		}
		fmt.Printf("%s: EMFILE with 0 to %d descriptors left\n", w.name, refused-1)
	}
	uvtest.Must(0, fs.Close())
}

// onLoop runs fn on a loop of its own, and the loop to its end.
func onLoop(fn func(l *uvgo.Loop) error, opts ...uvgo.Option) error {
	l, err := uvgo.New(opts...)
	if err != nil {
		return err
	}
	err = fn(l)
	if rerr := l.Run(context.Background()); err == nil {
		err = rerr
	}
	if cerr := l.Close(); err == nil {
		err = cerr
	}
	return err
}

// limit leaves the process some more descriptors than are open, until the returned function is called.
func limit(left int) func() {
	highest := 0
	for _, e := range uvtest.Must(os.ReadDir("/proc/self/fd")) {
		fd, _ := strconv.Atoi(e.Name())
		highest = max(highest, fd)
	}
	var hold []int
	for last := 0; last < highest; { // numbers below it that are free are descriptors, too
		last = uvtest.Must(unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0))
		hold = append(hold, last)
	}
	var old syscall.Rlimit
	uvtest.Must(0, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old))
	top := uint64(hold[len(hold)-1] + 1 + left)
	uvtest.Must(0, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: top, Max: old.Max}))
	return func() {
		uvtest.Must(0, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old))
		for _, fd := range hold {
			unix.Close(fd)
		}
	}
}
