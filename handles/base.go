package handles

import (
	"net/netip"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A Base is a TCP, Pipe or TTY without its type, for packages that build on streams, as
// server and uvnet do: calls of its methods are direct, not by an interface. It also has
// methods for packages that let goroutines use the descriptor, and that keep the stream's
// flow control in structs of their own. A stream and its Base are the same handle.
type Base stream

// Base returns the stream without its type. No libuv counterpart.
func (s *stream) Base() *Base { return (*Base)(s) }

// ReadStart is that of the stream; see [TCP.ReadStart]. No libuv counterpart.
func (b *Base) ReadStart(fn func(p []byte, err error)) error { return (*stream)(b).ReadStart(fn) }

// ReadStop is that of the stream; see [TCP.ReadStop]. No libuv counterpart.
func (b *Base) ReadStop() error { return (*stream)(b).ReadStop() }

// Write is that of the stream; see [TCP.Write]. No libuv counterpart.
func (b *Base) Write(p []byte) (int, error) { return (*stream)(b).Write(p) }

// WriteFunc is that of the stream; see [TCP.WriteFunc]. No libuv counterpart.
func (b *Base) WriteFunc(fn func(err error), bufs ...[]byte) error {
	return (*stream)(b).WriteFunc(fn, bufs...)
}

// TryWrite is that of the stream; see [TCP.TryWrite]. No libuv counterpart.
func (b *Base) TryWrite(p []byte) (int, error) { return (*stream)(b).TryWrite(p) }

// WriteQueueSize is that of the stream; see [TCP.WriteQueueSize]. No libuv counterpart.
func (b *Base) WriteQueueSize() int { return (*stream)(b).WriteQueueSize() }

// Buffered is that of the stream; see [TCP.Buffered]. No libuv counterpart.
func (b *Base) Buffered() int { return (*stream)(b).Buffered() }

// OnWritten is that of the stream; see [TCP.OnWritten]. No libuv counterpart.
func (b *Base) OnWritten(fn func(queued int, err error)) { (*stream)(b).OnWritten(fn) }

// SetWatermarks is that of the stream; see [TCP.SetWatermarks]. No libuv counterpart.
func (b *Base) SetWatermarks(low, high int) error { return (*stream)(b).SetWatermarks(low, high) }

// Full is that of the stream; see [TCP.Full]. No libuv counterpart.
func (b *Base) Full() bool { return (*stream)(b).Full() }

// OnDrain is that of the stream; see [TCP.OnDrain]. No libuv counterpart.
func (b *Base) OnDrain(fn func()) { (*stream)(b).OnDrain(fn) }

// Reading tells whether the stream is being read: from ReadStart until ReadStop, the end, an
// error, or Close. No libuv counterpart.
func (b *Base) Reading() bool { return b.owned("reading") && b.has(reading) }

// LocalAddr is that of a TCP; see [TCP.LocalAddr]. ENOTSUP for other streams. No libuv
// counterpart.
func (b *Base) LocalAddr() (netip.AddrPort, error) {
	s := (*stream)(b)
	if err := s.use("local address"); err != nil {
		return netip.AddrPort{}, err
	}
	if s.kind != uv.KindTCP {
		return netip.AddrPort{}, s.fail("local address", uv.ENOTSUP)
	}
	addr, rc := s.c.TCPName(false)
	if rc < 0 {
		return netip.AddrPort{}, s.check("local address", rc)
	}
	return addr, nil
}

// Peer returns the peer's address if it is known without a call: that of an accepted TCP
// connection over IPv4, or what SetPeer was given. Any goroutine may call it, also after the
// close. No libuv counterpart.
func (b *Base) Peer() (addr netip.AddrPort, ok bool) {
	if b == nil {
		return netip.AddrPort{}, false
	}
	return b.peer.Addr()
}

// SetPeer makes Peer and RemoteAddr return the address, which is of IPv4: for an accepted
// connection that came as a descriptor. It reports false, and does nothing, for another
// address. It must come before other goroutines know the stream. No libuv counterpart.
func (b *Base) SetPeer(addr netip.AddrPort) bool {
	p := cuv.PeerOf(addr)
	if p == 0 {
		return false
	}
	b.peer = p
	return true
}

// Shutdown is that of the stream; see [TCP.Shutdown]. No libuv counterpart.
func (b *Base) Shutdown(fn func(err error)) error { return (*stream)(b).Shutdown(fn) }

// Readable is that of the stream; see [TCP.Readable]. No libuv counterpart.
func (b *Base) Readable() bool { return (*stream)(b).Readable() }

// Writable is that of the stream; see [TCP.Writable]. No libuv counterpart.
func (b *Base) Writable() bool { return (*stream)(b).Writable() }

// Close is that of the stream; see [TCP.Close]. No libuv counterpart.
func (b *Base) Close() error { return (*stream)(b).Close() }

// PauseAccept is that of the stream; see [TCP.PauseAccept]. No libuv counterpart.
func (b *Base) PauseAccept() error { return (*stream)(b).PauseAccept() }

// ResumeAccept is that of the stream; see [TCP.ResumeAccept]. No libuv counterpart.
func (b *Base) ResumeAccept() error { return (*stream)(b).ResumeAccept() }

// Dropped is that of the stream; see [TCP.Dropped]. No libuv counterpart.
func (b *Base) Dropped() uint64 { return (*stream)(b).Dropped() }
