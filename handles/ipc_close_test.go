package handles_test

import (
	"io"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/uv"
)

// TestIPCCloseInEveryCallback closes each of the handles that are involved in
// each callback of a conversation: nothing leaks, and the loop ends.
func TestIPCCloseInEveryCallback(t *testing.T) {
	places := []string{"written", "queued write", "read", "accepted", "accepted's read", "peer's read", "close callback"}
	victims := []string{"sender", "receiver", "sent handle", "accepted handle", "everything"}
	for _, place := range places {
		for _, victim := range victims {
			t.Run(place+"/"+victim, func(t *testing.T) { closeIn(t, newLoop(t), place, victim) })
		}
	}
}

func closeIn(t *testing.T, l *uvgo.Loop, place, victim string) {
	a, b := ipcPair(t, l)
	far, near, err := handles.NewPipePair(l)
	check(t, err)
	k := newToken(t)
	var accepted []uv.Handle
	at := func(p string) {
		if p != place {
			return
		}
		hit := func(v string, h io.Closer) {
			if victim == v || victim == "everything" {
				h.Close()
			}
		}
		hit("sender", a)
		hit("receiver", b)
		hit("sent handle", near)
		for _, h := range accepted {
			hit("accepted handle", h)
		}
	}
	a.OnClose(func() { at("close callback") })
	accept := func() {
		for b.PendingCount() > 0 {
			h, err := b.Accept()
			if err != nil {
				t.Errorf("accept: %v", err)
				return
			}
			accepted = append(accepted, h)
			p := h.(*handles.Pipe)
			at("accepted")
			if b.Closing() || p.Closing() {
				return
			}
			check(t, p.ReadStart(func([]byte, error) { at("accepted's read") }))
			must(p.Write([]byte("hello")))
		}
	}
	check(t, b.ReadStart(func(_ []byte, err error) {
		at("read")
		if !b.Closing() {
			accept()
		}
	}))
	check(t, a.ReadStart(func([]byte, error) { at("peer's read") }))
	check(t, far.ReadStart(func([]byte, error) {}))
	check(t, a.WriteHandle([]byte("1"), near, func(error) { at("written") }))
	must(a.Write(make([]byte, 1<<20))) // what follows is queued
	check(t, a.WriteHandle([]byte("2"), near, func(error) { at("queued write") }))
	check(t, a.WriteFile([]byte("3"), k, nil))
	must(b.Write([]byte("to the peer")))
	must(far.Write([]byte("to whom it may concern")))
	check(t, k.Close())
	for range 30 {
		turn(t, l, 1)
	}
	closeAll(t, a, b, far, near)
	turn(t, l, 5)
	for _, h := range accepted {
		check(t, h.Close())
	}
	looptest.Run(t, l)
	k.wantGone(t)
}

// TestIPCPanicKeepsDescriptors: those of the chunk whose callback panicked are
// pending still.
func TestIPCPanicKeepsDescriptors(t *testing.T) {
	caught := 0
	l := newLoop(t, uvgo.WithPanicHandler(func(*uv.PanicError) { caught++ }))
	b, peer := rawPeer(t, l, handles.IPC)
	k := newToken(t)
	sendRaw(t, peer, []byte("a"), int(k.Fd()))
	sendRaw(t, peer, []byte("b"), int(k.Fd()))
	closeAll(t, k)
	n := 0
	check(t, b.ReadStart(func([]byte, error) {
		if n++; n == 1 {
			panic("out of the callback")
		}
	}))
	until(t, l, func() bool { return n == 2 })
	if caught != 1 || b.PendingCount() != 2 {
		t.Errorf("%d panics, %d descriptors are pending", caught, b.PendingCount())
	}
	closeAll(t, b)
	looptest.Run(t, l)
	k.wantGone(t)
}
