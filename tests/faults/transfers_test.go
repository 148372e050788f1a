package faults

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvfs"
	"github.com/uvgo/uvgo/uvnet"
)

func init() { uvtest.Helper("faults transfers", transfers) }

// System calls of libuv and cuv are interrupted, and transfer less than they are asked to:
// streams, datagrams and files arrive whole all the same.
func TestInterruptedAndShortTransfersLoseNothing(t *testing.T) {
	t.Log(shimmed(t, "faults transfers", t.TempDir()))
}

// transfers carries everything over once per frequency of faults.
func transfers() {
	s, dir := openShim(), os.Args[1]
	works := []struct {
		name string
		run  func(dir string) error
	}{
		{"server on TCP", func(string) error { return echoServer("tcp://127.0.0.1:0") }},
		{"server on a unix socket", func(dir string) error { return echoServer("unix://" + filepath.Join(dir, "s")) }},
		{"uvnet", func(string) error { return echoNet() }},
		{"uvfs", copyFiles},
		{"datagrams", func(string) error { return datagrams() }},
		{"a child's pipes", func(string) error { return throughChild() }},
		{"lookups", func(string) error {
			_, err := net.DefaultResolver.LookupHost(context.Background(), "localhost")
			return err
		}},
	}
	for _, every := range []int64{2, 3, 5} {
		for _, w := range works {
			eintr, brief := s.count(shimEINTR), s.count(shimBrief)
			s.set(shimEvery, every)
			err := w.run(dir)
			s.set(shimEvery, 0)
			eintr, brief = s.count(shimEINTR)-eintr, s.count(shimBrief)-brief
			if err != nil {
				fmt.Printf("%s with faults in each %d. call: %v\n", w.name, every, err)
				os.Exit(1)
			}
			if eintr == 0 && w.name != "lookups" {
				fmt.Printf("%s: no fault was brought about\n", w.name)
				os.Exit(1)
			}
			fmt.Printf("%s, each %d. call: %d interrupted, %d short\n", w.name, every, eintr, brief)
		}
	}
	if s.count(shimBrief) < 100 {
		fmt.Println("too few short transfers")
		os.Exit(1)
	}
}

func echoServer(addr string) error {
	srv := &server.Server{Handler: &kit.Handler{}, Loops: 1}
	stop := kit.Serve(srv, addr)
	defer stop()
	a := srv.Addrs()[0]
	c, err := net.Dial(a.Network(), a.String())
	if err != nil {
		return err
	}
	defer c.Close()
	p, _ := payload(1 << 20)
	return exchange(c, p)
}

func echoNet() error {
	ln, err := uvnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	echoed := make(chan error, 1)
	go func() {
		c, err := ln.Accept()
		if err == nil {
			_, err = c.(*uvnet.TCPConn).WriteTo(c)
			c.Close()
		}
		echoed <- err
	}()
	c, err := uvnet.Dial("tcp", ln.Addr().String())
	if err != nil {
		return err
	}
	p, _ := payload(1 << 20)
	if err := exchange(c, p); err != nil {
		return err
	}
	c.Close()
	return <-echoed
}

func copyFiles(dir string) error {
	fs, err := uvfs.New()
	if err != nil {
		return err
	}
	defer fs.Close()
	ctx := context.Background()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	p, sum := payload(600_001)
	if err := fs.WriteFile(ctx, a, p, 0o600); err != nil {
		return err
	}
	if err := fs.Copyfile(ctx, a, b, 0); err != nil {
		return err
	}
	got, err := fs.ReadFile(ctx, b)
	if err != nil {
		return err
	}
	if sha256.Sum256(got) != sum {
		return fmt.Errorf("a file of %d bytes has another content", len(got))
	}
	return nil
}

// datagrams sends some at a time, so that no buffer of the kernel's overflows.
func datagrams() error {
	const each, total = 10, 200
	l, err := uvgo.New()
	if err != nil {
		return err
	}
	p, _ := payload(900)
	in, out := uvtest.Must(l.NewUDP()), uvtest.Must(l.NewUDP())
	uvtest.Must(0, in.Bind(netip.MustParseAddrPort("127.0.0.1:0")))
	to := uvtest.Must(in.LocalAddr())
	send := func() {
		for range each {
			uvtest.Must(0, out.Send(p, to))
		}
	}
	received := 0
	var wrong error
	uvtest.Must(0, in.RecvStart(func(d handles.Datagram, err error) {
		if received++; err != nil || !bytes.Equal(d.Data, p) {
			wrong = errors.New(fmt.Sprint("datagram ", received, ": ", len(d.Data), " bytes, ", err))
		}
		switch {
		case received == total || wrong != nil:
			in.Close()
			out.Close()
		case received%each == 0:
			send()
		}
	}))
	send()
	if err := l.Run(context.Background()); err != nil {
		return err
	}
	return cmp.Or(wrong, l.Close())
}

// throughChild sends bytes through cat, whose C library is whole.
func throughChild() error {
	l, err := uvgo.New()
	if err != nil {
		return err
	}
	p, _ := payload(300_000)
	var got []byte
	child, err := l.Spawn(handles.ProcessOptions{
		File: "cat", Env: []string{"PATH=" + os.Getenv("PATH")},
		Stdio: []handles.Stdio{handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites)},
	}, nil)
	if err != nil {
		return err
	}
	in, out := child.Stdio(0), child.Stdio(1)
	if err := in.WriteFunc(func(err error) { in.Close() }, p); err != nil {
		return err
	}
	err = out.ReadStart(func(p []byte, err error) {
		if got = append(got, p...); err != nil {
			out.Close()
			child.Close()
		}
	})
	if err != nil {
		return err
	}
	if err := l.Run(context.Background()); err != nil {
		return err
	}
	if !bytes.Equal(got, p) {
		return fmt.Errorf("%d bytes of %d came back", len(got), len(p))
	}
	return l.Close()
}
