package uvloop

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{
		"removed_leaves_at_once": kit.PerLoop(testRemovedPollLeavesAtOnce),
		"cancel_then_read":       kit.PerLoop(testCancelThenRead),
	})
}

// Stop and Close take effect in the kernel before they return: nothing of the
// old descriptor comes up under a new one with its number, and a socket that the
// caller closes is closed for its peer.
func testRemovedPollLeavesAtOnce(t *testing.T, l *uvgo.Loop) {
	for _, stop := range []bool{false, true} {
		pair := uvtest.Must(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0))
		old, peer := pair[0], pair[1]
		p := uvtest.Must(l.NewPoll(uintptr(old)))
		uvtest.Check(t, p.Start(handles.Readable, func(handles.PollEvent, error) { t.Error("a removed poll was called") }))
		looptest.TurnNoWait(t, l) // now the kernel watches
		uvtest.Must(unix.Write(peer, []byte("x")))
		if stop {
			uvtest.Check(t, p.Stop())
		}
		uvtest.Check(t, p.Close())
		uvtest.Check(t, unix.Close(old))
		// No turn so far, and yet the last reference is gone.
		if _, err := unix.Write(peer, []byte("y")); !errors.Is(err, unix.EPIPE) {
			t.Errorf("the peer of the closed socket: %v, want EPIPE", err)
		}

		// The number is used again at once, for something that is silent.
		silent := uvtest.Must(unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK))
		if silent != old {
			uvtest.Check(t, unix.Dup3(silent, old, unix.O_CLOEXEC))
			unix.Close(silent)
		}
		fresh := uvtest.Must(l.NewPoll(uintptr(old)))
		called := uvtest.NewCounter(t, "callback of the new poll", 1)
		armed := false
		uvtest.Check(t, fresh.Start(handles.Readable, func(handles.PollEvent, error) {
			if called.Inc(); !armed {
				t.Error("the new descriptor got the old one's event")
			}
			fresh.Close()
		}))
		for range 3 {
			looptest.TurnNoWait(t, l)
		}
		armed = true
		uvtest.Must(unix.Write(old, []byte{1, 0, 0, 0, 0, 0, 0, 0}))
		looptest.Run(t, l)
		unix.Close(old)
		unix.Close(peer)
	}
}

// A poll is stopped in the very turn that found it readable, by a callback that
// runs earlier; the byte is still there for the next Start, or for a read.
func testCancelThenRead(t *testing.T, l *uvgo.Loop) {
	first, firstPeer := kit.Socketpair(t)
	second, secondPeer := kit.Socketpair(t)
	polls := []*handles.Poll{uvtest.Must(l.NewPoll(uintptr(first))), uvtest.Must(l.NewPoll(uintptr(second)))}
	fds := []int{first, second}
	defer uvtest.CloseAll(t, polls[0], polls[1])
	const rounds = 20
	received := 0
	for round := range rounds {
		called := 0
		for i, p := range polls {
			uvtest.Check(t, p.Start(handles.Readable, func(_ handles.PollEvent, err error) {
				uvtest.Check(t, err)
				called++
				uvtest.Check(t, polls[1-i].Stop()) // its event may wait in the same batch
				uvtest.Check(t, p.Stop())
			}))
		}
		uvtest.Must(unix.Write(firstPeer, []byte{byte(round)}))
		uvtest.Must(unix.Write(secondPeer, []byte{byte(round)}))
		looptest.Run(t, l)
		if called != 1 {
			t.Fatalf("round %d: %d callbacks, the other poll was stopped", round, called)
		}
		for i, p := range polls {
			got := uvtest.NewCounter(t, "callback after the cancelled one", 1)
			uvtest.Check(t, p.Start(handles.Readable, func(handles.PollEvent, error) {
				got.Inc()
				uvtest.Check(t, p.Stop())
				var b [8]byte
				if n := uvtest.Must(unix.Read(fds[i], b[:])); n != 1 || b[0] != byte(round) {
					t.Errorf("round %d: %d bytes, first %d", round, n, b[0])
				}
				received++
			}))
		}
		looptest.Run(t, l)
	}
	if received != 2*rounds {
		t.Errorf("%d bytes of %d", received, 2*rounds)
	}
}
