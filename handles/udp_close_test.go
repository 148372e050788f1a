package handles_test

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// clog connects u to a unix socket that is not read, and fills the kernel's buffer. It
// returns the peer.
func clog(t testing.TB, l *uvgo.Loop) (u, peer *handles.UDP) {
	t.Helper()
	u, peer = unixUDP(t, l)
	for {
		if err := u.TrySend(make([]byte, 1000), nobody); err != nil {
			uvtest.IsErr(t, "a full buffer", err, unix.EAGAIN)
			return u, peer
		}
	}
}

// TestUDPQueue: datagrams that the kernel does not take are counted, stay in order, and
// are sent when the kernel takes them.
func TestUDPQueue(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		u, peer := clog(t, l)
		const n = 100
		done, queued := 0, []int{}
		u.OnSent(func(left int, err error) {
			uvtest.Check(t, err)
			queued = append(queued, left)
		})
		for i := range n {
			p := append(make([]byte, 6000), byte(i)) // lent, or copied
			switch i % 4 {
			case 0:
				uvtest.Check(t, u.Send(p, nobody))
			case 1:
				uvtest.Check(t, u.SendFunc(func(err error) { uvtest.Check(t, err); done++ }, nobody, p))
			case 2:
				uvtest.Check(t, u.SendFunc(func(err error) { uvtest.Check(t, err); done++ }, nobody, p[:6000], p[6000:]))
			case 3:
				uvtest.Check(t, u.Send(p[5000:], nobody))
			}
		}
		const size = n/4*3*6001 + n/4*1001
		if a, b := u.SendQueueSize(), u.SendQueueCount(); a != size || b != n {
			t.Errorf("queue of %d bytes, %d datagrams, want %d, %d", a, b, size, n)
		}
		uvtest.IsErr(t, "TrySend behind a queue", u.TrySend(nil, nobody), uv.EAGAIN)
		_, err := u.TrySend2(make([]handles.Datagram, 2))
		if !errors.Is(err, uv.ENOTSUP) { // libuv before 1.50
			uvtest.IsErr(t, "TrySend2 behind a queue", err, uv.EAGAIN)
		}
		looptest.Turn(t, l, 3)
		if done != 0 || !u.Active() {
			t.Errorf("%d sends have completed, active %t", done, u.Active())
		}
		got := 0
		uvtest.Check(t, peer.RecvStart(func(d handles.Datagram, err error) {
			uvtest.Check(t, err)
			if len(d.Data) != 1000 { // not what fills the buffer
				if i := d.Data[len(d.Data)-1]; int(i) != got || d.Addr.IsValid() {
					t.Errorf("datagram %d from %v, want %d from nobody", i, d.Addr, got)
				}
				got++
			}
		}))
		looptest.Until(t, l, func() bool { return got == n })
		looptest.Until(t, l, func() bool { return u.SendQueueCount() == 0 && done == n/2 })
		if len(queued) != n || queued[n-1] != 0 || u.SendQueueSize() != 0 {
			t.Errorf("OnSent ran %d times, %d bytes left at last", len(queued), u.SendQueueSize())
		}
		uvtest.CloseAll(t, u, peer)
		looptest.Run(t, l)
	})
}

// TestUDPCloseCancelsSends: each queued send completes once, before the close callback.
// Sends without a callback are dropped.
func TestUDPCloseCancelsSends(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		u, peer := clog(t, l)
		const n = 60
		var ends [n]int
		total := 0
		u.OnSent(func(int, error) { t.Error("OnSent of a closed handle") })
		for i := range n {
			p := make([]byte, 1+i*500)
			uvtest.Check(t, u.Send(p, nobody))
			uvtest.Check(t, u.SendFunc(func(err error) {
				uvtest.IsErr(t, "send", err, uv.ECANCELED)
				ends[i]++
				total++
				uvtest.IsErr(t, "another", u.Send(nil, nobody), uv.ErrClosed)
			}, nobody, p))
			if i == n/2 {
				looptest.Turn(t, l, 1) // some are queued in C, the others not yet
			}
		}
		u.OnClose(func() {
			if total != n {
				t.Errorf("closed after %d of %d callbacks", total, n)
			}
		})
		uvtest.Check(t, u.Close())
		if total != 0 {
			t.Error("a callback ran inside Close")
		}
		uvtest.Check(t, peer.Close())
		looptest.Run(t, l)
		for i, k := range ends {
			if k != 1 {
				t.Errorf("send %d completes %d times", i, k)
			}
		}
	})
}

// TestUDPCloseInCallbacks: after Close no callback of the handle runs, however
// much of the batch is left.
func TestUDPCloseInCallbacks(t *testing.T) {
	eachUDP(t, func(t *testing.T, l *uvgo.Loop, any netip.AddrPort, opts []handles.UDPOption) {
		src, _ := udp(t, l, any)
		for at := range 4 {
			u, addr := udp(t, l, any, opts...)
			got := uvtest.NewCounter(t, "receive callback", at+1)
			u.OnDrained(func() {
				if u.Closing() {
					t.Error("the drained callback runs after Close")
				}
			})
			for range 10 {
				uvtest.Check(t, src.TrySend([]byte("x"), addr))
			}
			uvtest.Check(t, u.RecvStart(func(d handles.Datagram, err error) {
				uvtest.Check(t, err)
				if got.Inc(); got.N() == at+1 {
					uvtest.Check(t, u.Close())
				}
			}))
			looptest.Until(t, l, func() bool { return got.N() > at })
		}
		uvtest.CloseAll(t, src)
		looptest.Run(t, l)
	})
}

// TestUDPShutdownInFlight: a loop that is shut down with datagrams queued and
// unread completes them, and releases everything.
func TestUDPShutdownInFlight(t *testing.T) {
	l := uvtest.Must(uvgo.New())
	u, _ := clog(t, l)
	canceled := uvtest.NewCounter(t, "canceled send", 3)
	for range 3 {
		uvtest.Check(t, u.SendFunc(func(err error) {
			uvtest.IsErr(t, "send", err, uv.ECANCELED)
			canceled.Inc()
		}, nobody, make([]byte, 10_000)))
	}
	u2, addr := udp(t, l, looptest.Loopback)
	uvtest.Check(t, u2.Send([]byte("x"), addr))
	uvtest.Check(t, u2.RecvStart(func(handles.Datagram, error) {}))
	uvtest.Check(t, l.Shutdown(t.Context()))
}

// TestUDPLentSurvivesCollections: lent bytes stay where they are, however often the
// garbage collector runs.
func TestUDPLentSurvivesCollections(t *testing.T) {
	l := looptest.New(t)
	u, peer := clog(t, l)
	const n, size = 20, 9000
	for i := range n {
		uvtest.Check(t, u.SendFunc(nil, nobody, uvtest.Pattern(size, uint32(i)), uvtest.Pattern(size, uint32(i+100))))
	}
	runtime.GC()
	looptest.Turn(t, l, 1)
	runtime.GC()
	got := 0
	uvtest.Check(t, peer.RecvStart(func(d handles.Datagram, err error) {
		uvtest.Check(t, err)
		if len(d.Data) == 2*size {
			if string(d.Data) != string(uvtest.Pattern(size, uint32(got)))+string(uvtest.Pattern(size, uint32(got+100))) {
				t.Errorf("datagram %d was changed", got)
			}
			got++
			runtime.GC()
		}
	}))
	looptest.Until(t, l, func() bool { return got == n })
	uvtest.CloseAll(t, u, peer)
	looptest.Run(t, l)
}

// TestUDPManyDatagrams sends a hundred thousand datagrams and counts them. None is
// lost, because no more are under way than the kernel queues.
func TestUDPManyDatagrams(t *testing.T) {
	first := true
	eachUDP(t, func(t *testing.T, l *uvgo.Loop, any netip.AddrPort, opts []handles.UDPOption) {
		total := uint32(5_000)
		if first && !testing.Short() {
			total = 100_000
		}
		first = false
		const window = 100
		a, _ := udp(t, l, any, opts...)
		b, addr := udp(t, l, any, opts...)
		var next, back, seen uint32
		var p [64]byte
		more := func() {
			for ; next < total && next < back+window; next++ {
				binary.BigEndian.PutUint32(p[:], next)
				uvtest.Check(t, a.Send(p[:], addr))
			}
		}
		uvtest.Check(t, b.RecvStart(func(d handles.Datagram, err error) {
			uvtest.Check(t, err)
			if n := binary.BigEndian.Uint32(d.Data); n != seen || len(d.Data) != len(p) {
				t.Fatalf("datagram %d, %d bytes, want %d", n, len(d.Data), seen)
			}
			seen++
			uvtest.Check(t, b.Send(d.Data[:4], d.Addr))
		}))
		uvtest.Check(t, a.RecvStart(func(d handles.Datagram, err error) {
			uvtest.Check(t, err)
			if n := binary.BigEndian.Uint32(d.Data); n != back {
				t.Fatalf("answer %d, want %d", n, back)
			}
			back++
			more()
		}))
		more()
		looptest.Until(t, l, func() bool { return back == total })
		if a.SendQueueSize() != 0 || seen != total {
			t.Errorf("%d bytes are queued, %d datagrams arrived", a.SendQueueSize(), seen)
		}
		uvtest.CloseAll(t, a, b)
		looptest.Run(t, l)
	})
}

// smallerArenas leave room for one datagram by recvmmsg.
var smallerArenas = uvgo.WithArenas(96<<10, 64<<10)
