package tests

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() {
	uvloopTests.add(suite{
		"removed_leaves_at_once": onEachLoop(testRemovedPollLeavesAtOnce),
		"cancel_then_read":       onEachLoop(testCancelThenRead),
	})
}

// Stop and Close take effect in the kernel before they return: nothing of the
// old descriptor comes up under a new one with its number, and a socket that the
// caller closes is closed for its peer.
func testRemovedPollLeavesAtOnce(t *testing.T, l *uvgo.Loop) {
	for _, stop := range []bool{false, true} {
		pair := must(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0))
		old, peer := pair[0], pair[1]
		p := must(l.NewPoll(uintptr(old)))
		check(t, p.Start(handles.Readable, func(handles.PollEvent, error) { t.Error("a removed poll was called") }))
		turnNoWait(t, l) // now the kernel watches
		must(unix.Write(peer, []byte("x")))
		if stop {
			check(t, p.Stop())
		}
		check(t, p.Close())
		check(t, unix.Close(old))
		// No turn so far, and yet the last reference is gone.
		if _, err := unix.Write(peer, []byte("y")); !errors.Is(err, unix.EPIPE) {
			t.Errorf("the peer of the closed socket: %v, want EPIPE", err)
		}

		// The number is used again at once, for something that is silent.
		silent := must(unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK))
		if silent != old {
			check(t, unix.Dup3(silent, old, unix.O_CLOEXEC))
			unix.Close(silent)
		}
		fresh := must(l.NewPoll(uintptr(old)))
		called := uvtest.NewCounter(t, "callback of the new poll", 1)
		armed := false
		check(t, fresh.Start(handles.Readable, func(handles.PollEvent, error) {
			if called.Inc(); !armed {
				t.Error("the new descriptor got the old one's event")
			}
			fresh.Close()
		}))
		for range 3 {
			turnNoWait(t, l)
		}
		armed = true
		must(unix.Write(old, []byte{1, 0, 0, 0, 0, 0, 0, 0}))
		looptest.Run(t, l)
		unix.Close(old)
		unix.Close(peer)
	}
}

// A poll is stopped in the very turn that found it readable, by a callback that
// runs earlier; the byte is still there for the next Start, or for a read.
func testCancelThenRead(t *testing.T, l *uvgo.Loop) {
	first, firstPeer := socketpair(t)
	second, secondPeer := socketpair(t)
	polls := []*handles.Poll{must(l.NewPoll(uintptr(first))), must(l.NewPoll(uintptr(second)))}
	fds := []int{first, second}
	defer closeAll(t, polls[0], polls[1])
	const rounds = 20
	received := 0
	for round := range rounds {
		called := 0
		for i, p := range polls {
			check(t, p.Start(handles.Readable, func(_ handles.PollEvent, err error) {
				check(t, err)
				called++
				check(t, polls[1-i].Stop()) // its event may wait in the same batch
				check(t, p.Stop())
			}))
		}
		must(unix.Write(firstPeer, []byte{byte(round)}))
		must(unix.Write(secondPeer, []byte{byte(round)}))
		looptest.Run(t, l)
		if called != 1 {
			t.Fatalf("round %d: %d callbacks, the other poll was stopped", round, called)
		}
		for i, p := range polls {
			got := uvtest.NewCounter(t, "callback after the cancelled one", 1)
			check(t, p.Start(handles.Readable, func(handles.PollEvent, error) {
				got.Inc()
				check(t, p.Stop())
				var b [8]byte
				if n := must(unix.Read(fds[i], b[:])); n != 1 || b[0] != byte(round) {
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
