package server_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

func TestWriteFuncCompletesInOrder(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		var order []int
		var want []byte
		done := make(chan bool)
		h := newProbe(t)
		h.onData = func(c *server.Conn, _ []byte) {
			for i, n := range []int{1, 5000, 100_000, 0, 3 << 20, 10, 70_000} {
				p := pattern(n)
				want = append(want, p...)
				bufs := [][]byte{p}
				if i%2 == 1 {
					bufs = [][]byte{p[:n/2], nil, p[n/2:]}
				}
				uvtest.Expect(t, c.WriteFunc(func(err error) {
					if err != nil {
						t.Errorf("write %d: %v", i, err)
					}
					clear(p) // ours again
					if order = append(order, i); len(order) == 7 {
						close(done)
					}
				}, bufs...))
			}
			uvtest.Expect(t, c.WriteFunc(nil, []byte("end")))
			want = append(want, "end"...)
		}
		r := run(t, &server.Server{Handler: h, Loops: 1, Options: []uvgo.Option{park}})
		client := r.dial()
		small(t, client)
		send(t, client, []byte("x"))
		first := receive(t, client, 1)
		c := <-h.opened
		n := 0
		on(t, c, func() { n = len(want) })
		if got := append(first, receive(t, client, n-1)...); !bytes.Equal(got, want) {
			t.Error("the bytes are not the ones that were written")
		}
		<-done
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 6}, order); diff != "" {
			t.Errorf("completions (-want +got):\n%s", diff)
		}
	})
}

func TestWriteFuncIsCancelledByAbort(t *testing.T) {
	var order []string
	h := newProbe(t)
	h.onData = func(c *server.Conn, _ []byte) {
		for range 3 {
			uvtest.Expect(t, c.WriteFunc(func(err error) {
				if !errors.Is(err, uv.ECANCELED) {
					t.Errorf("a write that was not sent ends with %v", err)
				}
				order = append(order, "write")
			}, make([]byte, 8<<20)))
		}
		if c.Buffered() == 0 {
			t.Error("nothing is buffered")
		}
		c.Abort()
		if len(order) != 0 {
			t.Error("a completion runs inside Abort")
		}
	}
	h.onClose = func(*server.Conn, error) { order = append(order, "close") }
	r := run(t, &server.Server{Handler: h, Loops: 1})
	client := r.dial()
	small(t, client)
	send(t, client, []byte("x"))
	if end := <-h.closed; end.err != nil {
		t.Errorf("Close got %v", end.err)
	}
	r.stop()
	if want := []string{"write", "write", "write", "close"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}
