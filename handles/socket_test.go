package handles_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/uv"
)

// TestBufferSizes sets the kernel's buffers and compares with what it says.
func TestBufferSizes(t *testing.T) {
	l := newLoop(t)
	a, b := pair(t, l)
	p, q := pipePair(t, l)
	for _, h := range []interface {
		handles.Stream
		SendBufferSize() (int, error)
		SetSendBufferSize(n int) error
		RecvBufferSize() (int, error)
		SetRecvBufferSize(n int) error
	}{a, p} {
		for _, tt := range []struct {
			opt int
			get func() (int, error)
			set func(int) error
		}{
			{unix.SO_SNDBUF, h.SendBufferSize, h.SetSendBufferSize},
			{unix.SO_RCVBUF, h.RecvBufferSize, h.SetRecvBufferSize},
		} {
			before := must(tt.get())
			check(t, tt.set(16<<10))
			n := must(tt.get())
			if kernel := must(unix.GetsockoptInt(must(h.FD()), unix.SOL_SOCKET, tt.opt)); n != kernel || n == before || n < 16<<10 {
				t.Errorf("%s, option %d: size %d, the kernel says %d, before it was %d", h.Kind(), tt.opt, n, kernel, before)
			}
			for _, bad := range []int{0, -1, 1 << 31} {
				isErr(t, "a size that is none", tt.set(bad), uv.EINVAL)
			}
		}
	}
	none := must(l.NewTCP())
	_, err := none.SendBufferSize()
	isErr(t, "size without a socket", err, uv.EBADF)
	isErr(t, "setting it", none.SetRecvBufferSize(1), uv.EBADF)
	closeAll(t, a, b, p, q, none)
	_, err = a.RecvBufferSize()
	isErr(t, "size of a closed handle", err, uv.ErrClosed)
	isErr(t, "setting it", a.SetSendBufferSize(0), uv.ErrClosed)
	looptest.Run(t, l)
}
