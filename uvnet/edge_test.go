package uvnet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestDeadlineFarAway: a deadline beyond what a time.Duration holds never comes,
// and one before that has passed.
func TestDeadlineFarAway(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	s, c := connectPair(t, "tcp", makers[0], makers[0])
	defer s.Close()
	defer c.Close()
	for _, far := range []time.Time{
		time.Unix(1<<40, 0), time.Now().Add(math.MaxInt64), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		check(t, c.SetDeadline(far))
		check(t, write(s))
		if err := read(c); err != nil {
			t.Errorf("%v: %v", far, err)
		}
		check(t, write(c))
		check(t, read(s))
	}
	for _, past := range []time.Time{
		time.Unix(0, 0), time.Unix(1, 0), time.Unix(-1<<40, 0), time.Now().Add(math.MinInt64), time.Now(),
	} {
		check(t, c.SetDeadline(past))
		if err := read(c); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read, %v: %v", past, err)
		}
		if err := write(c); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write, %v: %v", past, err)
		}
	}
}

// TestRawWaitEndsWithClose: Close ends a RawConn's Read and Write that wait, or
// are about to.
func TestRawWaitEndsWithClose(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	networks(t, func(t *testing.T, network string) {
		for range 300 {
			s, c := connectPair(t, network, makers[0], makers[0])
			raw, err := c.(syscall.Conn).SyscallConn()
			check(t, err)
			var wg sync.WaitGroup
			entered := make(chan struct{}, 1)
			wg.Go(func() {
				err := raw.Read(func(uintptr) bool {
					select {
					case entered <- struct{}{}:
					default:
					}
					return false
				})
				if !errors.Is(err, net.ErrClosed) {
					t.Errorf("raw read: %v", err)
				}
			})
			<-entered
			c.Close()
			wg.Wait()
			s.Close()
		}
	})
}

// TestCloseReachesWhoIsAboutToWait: Close comes when a RawConn's Read has looked
// and has not begun to wait.
func TestCloseReachesWhoIsAboutToWait(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	s, peer := connectPair(t, "tcp", makers[0], makers[0])
	defer peer.Close()
	c := s.(*TCPConn)
	check(t, c.acquire())
	fd, err := duplicate(c.fd)
	check(t, err)
	p := new(poller)
	p.init(c.w, c.net, fd, nil, nil)
	c.mu.Lock()
	c.poller = p
	c.mu.Unlock()
	check(t, c.Close())
	_ = p.wait(&p.rd) // or it waits for ever
	p.closeAndWait()
	c.release()
}

// TestRawReadsBetween: a RawConn's Read makes the loop stop reading; whether it
// ends by itself or by a deadline, what Read gets is all there is, in order.
func TestRawReadsBetween(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	networks(t, func(t *testing.T, network string) {
		s, c := connectPair(t, network, makers[1], makers[0])
		defer s.Close()
		defer c.Close()
		const total = 60_000
		go func() { // in bursts, so that the reader waits now and then
			b := make([]byte, 0, 4*100)
			for i := range uint32(total) {
				if b = binary.BigEndian.AppendUint32(b, i); len(b) == 4*int(1+i%100) || i == total-1 {
					_, _ = s.Write(b)
					b = b[:0]
				}
			}
			_, _ = s.Write(b)
			_ = s.(half).CloseWrite()
		}()
		raw, err := c.(syscall.Conn).SyscallConn()
		check(t, err)
		next := uint32(0)
		var left []byte
		buf := make([]byte, 1<<10)
		for round := 0; ; round++ {
			if round%3 == 0 { // often too soon for the loop to have stopped
				check(t, c.SetReadDeadline(time.Now().Add(time.Duration(round%50)*time.Microsecond)))
				_ = raw.Read(func(uintptr) bool { return true })
				check(t, c.SetReadDeadline(time.Time{}))
			}
			n, err := c.Read(buf)
			for left = append(left, buf[:n]...); len(left) >= 4; left = left[4:] {
				if got := binary.BigEndian.Uint32(left); got != next {
					t.Fatalf("got %d, want %d", got, next)
				}
				next++
			}
			if err == io.EOF {
				break
			}
			check(t, err)
		}
		if next != total {
			t.Errorf("read %d of %d", next, total)
		}
	})
}

// packetMethods are those of a UDP socket beyond net.PacketConn.
type packetMethods interface {
	net.PacketConn
	ReadFromUDPAddrPort(p []byte) (n int, addr netip.AddrPort, err error)
	ReadFromUDP(p []byte) (int, *net.UDPAddr, error)
	ReadMsgUDP(p, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error)
	ReadMsgUDPAddrPort(p, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error)
	WriteMsgUDPAddrPort(p, oob []byte, addr netip.AddrPort) (n, oobn int, err error)
	WriteToUDPAddrPort(p []byte, addr netip.AddrPort) (int, error)
	WriteMsgUDP(p, oob []byte, addr *net.UDPAddr) (n, oobn int, err error)
	WriteToUDP(p []byte, addr *net.UDPAddr) (int, error)
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
}

// TestUDPAddresses sends to addresses of every kind, good and bad, with both
// packages, and compares what becomes of it.
func TestUDPAddresses(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	type outcome struct {
		N, OOB int
		Err    shape
	}
	var got [2]map[string]outcome
	for i, w := range worlds {
		got[i] = map[string]outcome{}
		for _, network := range []string{"udp4", "udp"} {
			at := map[string]string{"udp4": "127.0.0.1:0", "udp": ":0"}[network]
			p, err := w.packet(network, at)
			check(t, err)
			u := p.(packetMethods)
			port := p.LocalAddr().(*net.UDPAddr).AddrPort().Port()
			cc, err := w.dial("udp", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String())
			check(t, err)
			c := cc.(packetMethods)
			v4 := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
			mapped := netip.AddrPortFrom(netip.MustParseAddr("::ffff:127.0.0.1"), port)
			v6 := netip.AddrPortFrom(netip.MustParseAddr("2001:db8::1"), port)
			note := func(name string, n, oob int, err error) {
				s := shapeOf(err)
				s.Text = "" // the call's name differs
				got[i][network+" "+name] = outcome{n, oob, s}
				if err != nil {
					return
				}
				n, _, _, from, err := u.ReadMsgUDPAddrPort(make([]byte, 9), nil)
				if err != nil || n != 1 || !from.IsValid() {
					t.Errorf("%s %s: received %d bytes from %v, %v", w.name, name, n, from, err)
				}
			}
			for name, addr := range map[string]netip.AddrPort{"v4": v4, "mapped": mapped, "none": {}} {
				n, err := u.WriteToUDPAddrPort([]byte("x"), addr)
				note("to "+name, n, 0, err)
				n, oob, err := u.WriteMsgUDPAddrPort([]byte("x"), nil, addr)
				note("msg "+name, n, oob, err)
				n, err = c.WriteToUDPAddrPort([]byte("x"), addr)
				note("connected to "+name, n, 0, err)
				n, oob, err = c.WriteMsgUDPAddrPort([]byte("x"), nil, addr)
				note("connected msg "+name, n, oob, err)
			}
			if network == "udp4" {
				n, err := u.WriteToUDPAddrPort([]byte("x"), v6)
				note("to v6", n, 0, err)
			}
			for i, bad := range []*net.UDPAddr{{Port: -1}, {Port: 65536 + int(port)}, {IP: net.IP{1, 2, 3}}} {
				n, err := u.WriteToUDP([]byte("x"), bad)
				note(fmt.Sprint("to bad ", i), n, 0, err)
				n, oob, err := u.WriteMsgUDP([]byte("x"), nil, bad)
				note(fmt.Sprint("msg to bad ", i), n, oob, err)
			}
			n, err := u.WriteToUDP([]byte("x"), nil)
			note("to nil", n, 0, err)
			n, oob, err := u.WriteMsgUDP([]byte("x"), nil, nil)
			note("msg to nil", n, oob, err)
			n, err = c.Write([]byte("x"))
			note("write", n, 0, err)
			n, err = c.Read(nil)
			got[i][network+" read nothing"] = outcome{n, 0, shapeOf(err)}
			check(t, c.SetReadDeadline(time.Unix(1, 0)))
			n, err = c.Read(nil)
			got[i][network+" read nothing too late"] = outcome{n, 0, shapeOf(err)}
			c.Close()
			n, err = c.Read(nil)
			got[i][network+" read nothing closed"] = outcome{n, 0, shapeOf(err)}
			p.Close()
		}
	}
	if diff := cmp.Diff(got[1], got[0]); diff != "" {
		t.Errorf("(-net +uvnet)\n%s", diff)
	}
}
