package cuv_test

import (
	"net/netip"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
)

const kindPipe = 7 // as libuv numbers it

// A session is what programs pass buffers of: pointers beside an array.
type session struct {
	peer *session
	buf  [64]byte
}

// TestBuffersMayLieBesidePointers hands each call that takes bytes a part of a
// struct that also has Go pointers: the bytes alone are C's business.
func TestBuffersMayLieBesidePointers(t *testing.T) {
	l := newLoop(t, 16)
	s := &session{peer: new(session)}
	p := s.buf[:16]

	a, b := connect(t, l)
	if n := a.TryWrite(p); n != len(p) {
		t.Errorf("TryWrite: %d", n)
	}
	if n := a.WriteNow(p); n != len(p) {
		t.Errorf("WriteNow: %d", n)
	}

	u, rc := l.NewUDP(cuv.UDPInet, 1, 1)
	if rc != 0 {
		t.Fatal(cuv.ErrName(rc))
	}
	if rc := u.UDPBind(netip.MustParseAddrPort("127.0.0.1:0"), 0); rc != 0 {
		t.Fatal(cuv.ErrName(rc))
	}
	self, _ := u.UDPName(false)
	if rc := u.UDPTrySend(self, p); rc < 0 {
		t.Errorf("UDPTrySend: %s", cuv.ErrName(rc))
	}
	if rc := u.UDPSendNow(self, p); rc < 0 {
		t.Errorf("UDPSendNow: %s", cuv.ErrName(rc))
	}

	fds, rc := cuv.SocketPair(unix.SOCK_STREAM, 0, true, true)
	if rc != 0 {
		t.Fatal(cuv.ErrName(rc))
	}
	defer unix.Close(fds[1])
	pipe, rc := l.NewHandle(kindPipe, true, 2, 1)
	if rc != 0 {
		t.Fatal(cuv.ErrName(rc))
	}
	if rc := pipe.PipeOpen(fds[0]); rc < 0 {
		t.Fatal(cuv.ErrName(rc))
	}
	if n := pipe.TryWriteFD(p, nil, fds[1]); n != len(p) {
		t.Errorf("TryWriteFD: %d", n)
	}
	if rc := pipe.WriteFD(p, nil, fds[1], 3, 1); rc != 0 {
		t.Errorf("WriteFD: %s", cuv.ErrName(rc))
	}

	if rc := cuv.RandomFill(p); rc != 0 {
		t.Errorf("RandomFill: %s", cuv.ErrName(rc))
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&p[0])
	r, rc := l.NewRandom(p, 4, 1)
	if rc != 0 {
		t.Fatal(cuv.ErrName(rc))
	}
	fs := l.NewFS()
	fs.FD, fs.Off = -1, 0
	if rc := l.StartFS(fs, cuv.FSRead, 5, 1, "", "", [][]byte{p}); rc != 0 {
		t.Fatal(cuv.ErrName(rc))
	}
	for done := 0; done < 2; {
		l.Turn(cuv.RunOnce, false)
		for _, ev := range events(l) {
			if ev.Kind == cuv.EvRandom || ev.Kind == cuv.EvFS {
				done++
			}
		}
	}
	r.Free()
	l.ReleaseFS(fs)
	closeAll(t, l, a, b, u, pipe)
}
