package handles_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestBufferSizes sets the sizes of the kernel's buffers and reads them back.
func TestBufferSizes(t *testing.T) {
	l := looptest.New(t)
	a, b := looptest.Pair(t, l)
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
			before := uvtest.Must(tt.get())
			uvtest.Check(t, tt.set(16<<10))
			n := uvtest.Must(tt.get())
			if kernel := uvtest.Must(unix.GetsockoptInt(uvtest.Must(h.FD()), unix.SOL_SOCKET, tt.opt)); n != kernel || n == before || n < 16<<10 {
				t.Errorf("%s, option %d: size %d, the kernel says %d, before it was %d", h.Kind(), tt.opt, n, kernel, before)
			}
			for _, bad := range []int{0, -1, 1 << 31} {
				uvtest.IsErr(t, "a size that is none", tt.set(bad), uv.EINVAL)
			}
		}
	}
	none := uvtest.Must(l.NewTCP())
	_, err := none.SendBufferSize()
	uvtest.IsErr(t, "size without a socket", err, uv.EBADF)
	uvtest.IsErr(t, "setting it", none.SetRecvBufferSize(1), uv.EBADF)
	uvtest.CloseAll(t, a, b, p, q, none)
	_, err = a.RecvBufferSize()
	uvtest.IsErr(t, "size of a closed handle", err, uv.ErrClosed)
	uvtest.IsErr(t, "setting it", a.SetSendBufferSize(0), uv.ErrClosed)
	looptest.Run(t, l)
}
