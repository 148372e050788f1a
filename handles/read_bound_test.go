package handles_test

import (
	"io"
	"net"
	"testing"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestStopAtEachChunkKeepsLittle: a program that stops reading at each chunk, and starts again, gets all bytes in their order, and what is
// kept for it stays below what one turn reads. C must not read on before that is delivered.
func TestStopAtEachChunkKeepsLittle(t *testing.T) {
	l := looptest.New(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer ln.Close()
	all := uvtest.Pattern(64<<20, 1)
	sent := make(chan error, 1)
	go func() {
		c, err := ln.Accept()
		if err == nil {
			_, err = c.Write(all)
			c.Close()
		}
		sent <- err
	}()
	c := uvtest.Must(l.NewTCP())
	n, most := 0, 0
	var read func(p []byte, err error)
	read = func(p []byte, err error) {
		if err != nil {
			uvtest.IsErr(t, "end", err, io.EOF)
			c.Close()
			return
		}
		if string(p) != string(all[n:n+len(p)]) {
			t.Fatalf("other bytes behind %d", n)
		}
		n += len(p)
		uvtest.Check(t, c.ReadStop())
		most = max(most, handles.KeptBytes(c))
		uvtest.Check(t, l.Post(func() { uvtest.Check(t, c.ReadStart(read)) }))
	}
	uvtest.Check(t, c.Connect(ln.Addr().(*net.TCPAddr).AddrPort(), func(err error) {
		uvtest.Check(t, err)
		uvtest.Check(t, c.ReadStart(read))
	}))
	looptest.Run(t, l)
	uvtest.Check(t, <-sent)
	if n != len(all) {
		t.Errorf("%d bytes, want %d", n, len(all))
	}
	if most > 1<<20 {
		t.Errorf("%d bytes were kept", most)
	}
}
