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

// clog makes u's kernel buffer full: its peer is a unix socket that nobody
// reads. It returns the peer.
func clog(t testing.TB, l *uvgo.Loop) (u, peer *handles.UDP) {
	t.Helper()
	u, peer = unixUDP(t, l)
	for {
		if err := u.TrySend(make([]byte, 1000), nobody); err != nil {
			isErr(t, "a full buffer", err, unix.EAGAIN)
			return u, peer
		}
	}
}

// TestUDPQueue: what the kernel has no room for is counted, stays in order, and
// leaves when there is room.
func TestUDPQueue(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		u, peer := clog(t, l)
		const n = 100
		done, queued := 0, []int{}
		u.OnSent(func(left int, err error) {
			check(t, err)
			queued = append(queued, left)
		})
		for i := range n {
			p := append(make([]byte, 6000), byte(i)) // lent, or copied
			switch i % 4 {
			case 0:
				check(t, u.Send(p, nobody))
			case 1:
				check(t, u.SendFunc(func(err error) { check(t, err); done++ }, nobody, p))
			case 2:
				check(t, u.SendFunc(func(err error) { check(t, err); done++ }, nobody, p[:6000], p[6000:]))
			case 3:
				check(t, u.Send(p[5000:], nobody))
			}
		}
		const size = n/4*3*6001 + n/4*1001
		if a, b := u.SendQueueSize(), u.SendQueueCount(); a != size || b != n {
			t.Errorf("queue of %d bytes, %d datagrams, want %d, %d", a, b, size, n)
		}
		isErr(t, "TrySend behind a queue", u.TrySend(nil, nobody), uv.EAGAIN)
		_, err := u.TrySend2(make([]handles.Datagram, 2))
		if !errors.Is(err, uv.ENOTSUP) { // libuv before 1.50
			isErr(t, "TrySend2 behind a queue", err, uv.EAGAIN)
		}
		turn(t, l, 3)
		if done != 0 || !u.Active() {
			t.Errorf("%d sends have completed, active %t", done, u.Active())
		}
		got := 0
		check(t, peer.RecvStart(func(d handles.Datagram, err error) {
			check(t, err)
			if len(d.Data) != 1000 { // not what fills the buffer
				if i := d.Data[len(d.Data)-1]; int(i) != got || d.Addr.IsValid() {
					t.Errorf("datagram %d from %v, want %d from nobody", i, d.Addr, got)
				}
				got++
			}
		}))
		until(t, l, func() bool { return got == n })
		until(t, l, func() bool { return u.SendQueueCount() == 0 && done == n/2 })
		if len(queued) != n || queued[n-1] != 0 || u.SendQueueSize() != 0 {
			t.Errorf("OnSent ran %d times, %d bytes left at last", len(queued), u.SendQueueSize())
		}
		closeAll(t, u, peer)
		looptest.Run(t, l)
	})
}

// TestUDPCloseCancelsSends: each queued send completes once, before the close
// callback, and those whom nobody waits for are forgotten.
func TestUDPCloseCancelsSends(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		u, peer := clog(t, l)
		const n = 60
		var ends [n]int
		total := 0
		u.OnSent(func(int, error) { t.Error("OnSent of a closed handle") })
		for i := range n {
			p := make([]byte, 1+i*500)
			check(t, u.Send(p, nobody))
			check(t, u.SendFunc(func(err error) {
				isErr(t, "send", err, uv.ECANCELED)
				ends[i]++
				total++
				isErr(t, "another", u.Send(nil, nobody), uv.ErrClosed)
			}, nobody, p))
			if i == n/2 {
				turn(t, l, 1) // some are queued in C, the others not yet
			}
		}
		u.OnClose(func() {
			if total != n {
				t.Errorf("closed after %d of %d callbacks", total, n)
			}
		})
		check(t, u.Close())
		if total != 0 {
			t.Error("a callback ran inside Close")
		}
		check(t, peer.Close())
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
				check(t, src.TrySend([]byte("x"), addr))
			}
			check(t, u.RecvStart(func(d handles.Datagram, err error) {
				check(t, err)
				if got.Inc(); got.N() == at+1 {
					check(t, u.Close())
				}
			}))
			until(t, l, func() bool { return got.N() > at })
		}
		closeAll(t, src)
		looptest.Run(t, l)
	})
}

// TestUDPShutdownInFlight: a loop that is shut down with datagrams queued and
// unread completes them, and releases everything.
func TestUDPShutdownInFlight(t *testing.T) {
	l := must(uvgo.New())
	u, _ := clog(t, l)
	canceled := uvtest.NewCounter(t, "canceled send", 3)
	for range 3 {
		check(t, u.SendFunc(func(err error) {
			isErr(t, "send", err, uv.ECANCELED)
			canceled.Inc()
		}, nobody, make([]byte, 10_000)))
	}
	u2, addr := udp(t, l, loopback)
	check(t, u2.Send([]byte("x"), addr))
	check(t, u2.RecvStart(func(handles.Datagram, error) {}))
	check(t, l.Shutdown(t.Context()))
}

// TestUDPLentSurvivesCollections: queued bytes are the caller's own, and stay
// where they are however often the collector runs.
func TestUDPLentSurvivesCollections(t *testing.T) {
	l := newLoop(t)
	u, peer := clog(t, l)
	const n, size = 20, 9000
	for i := range n {
		check(t, u.SendFunc(nil, nobody, pattern(size, uint32(i)), pattern(size, uint32(i+100))))
	}
	runtime.GC()
	turn(t, l, 1)
	runtime.GC()
	got := 0
	check(t, peer.RecvStart(func(d handles.Datagram, err error) {
		check(t, err)
		if len(d.Data) == 2*size {
			if string(d.Data) != string(pattern(size, uint32(got)))+string(pattern(size, uint32(got+100))) {
				t.Errorf("datagram %d was changed", got)
			}
			got++
			runtime.GC()
		}
	}))
	until(t, l, func() bool { return got == n })
	closeAll(t, u, peer)
	looptest.Run(t, l)
}

// TestUDPManyDatagrams counts a hundred thousand, of which none is lost: no
// more are under way than the kernel keeps.
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
				check(t, a.Send(p[:], addr))
			}
		}
		check(t, b.RecvStart(func(d handles.Datagram, err error) {
			check(t, err)
			if n := binary.BigEndian.Uint32(d.Data); n != seen || len(d.Data) != len(p) {
				t.Fatalf("datagram %d, %d bytes, want %d", n, len(d.Data), seen)
			}
			seen++
			check(t, b.Send(d.Data[:4], d.Addr))
		}))
		check(t, a.RecvStart(func(d handles.Datagram, err error) {
			check(t, err)
			if n := binary.BigEndian.Uint32(d.Data); n != back {
				t.Fatalf("answer %d, want %d", n, back)
			}
			back++
			more()
		}))
		more()
		until(t, l, func() bool { return back == total })
		if a.SendQueueSize() != 0 || seen != total {
			t.Errorf("%d bytes are queued, %d datagrams arrived", a.SendQueueSize(), seen)
		}
		closeAll(t, a, b)
		looptest.Run(t, l)
	})
}

// smallerArenas leave room for one datagram by recvmmsg.
var smallerArenas = uvgo.WithArenas(96<<10, 64<<10)
