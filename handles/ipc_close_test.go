package handles_test

import (
	"io"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestIPCCloseInEveryCallback closes each handle of a conversation in each of its
// callbacks: nothing leaks, and the loop ends.
func TestIPCCloseInEveryCallback(t *testing.T) {
	places := []string{"written", "queued write", "read", "accepted", "accepted's read", "peer's read", "close callback"}
	victims := []string{"sender", "receiver", "sent handle", "accepted handle", "everything"}
	for _, place := range places {
		for _, victim := range victims {
			t.Run(place+"/"+victim, func(t *testing.T) { closeIn(t, looptest.New(t), place, victim) })
		}
	}
}

func closeIn(t *testing.T, l *uvgo.Loop, place, victim string) {
	a, b := ipcPair(t, l)
	far, near, err := handles.NewPipePair(l)
	uvtest.Check(t, err)
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
			uvtest.Check(t, p.ReadStart(func([]byte, error) { at("accepted's read") }))
			uvtest.Must(p.Write([]byte("hello")))
		}
	}
	uvtest.Check(t, b.ReadStart(func(_ []byte, err error) {
		at("read")
		if !b.Closing() {
			accept()
		}
	}))
	uvtest.Check(t, a.ReadStart(func([]byte, error) { at("peer's read") }))
	uvtest.Check(t, far.ReadStart(func([]byte, error) {}))
	uvtest.Check(t, a.WriteHandle([]byte("1"), near, func(error) { at("written") }))
	uvtest.Must(a.Write(make([]byte, 1<<20))) // what follows is queued
	uvtest.Check(t, a.WriteHandle([]byte("2"), near, func(error) { at("queued write") }))
	uvtest.Check(t, a.WriteFile([]byte("3"), k, nil))
	uvtest.Must(b.Write([]byte("to the peer")))
	uvtest.Must(far.Write([]byte("to whom it may concern")))
	uvtest.Check(t, k.Close())
	for range 30 {
		looptest.Turn(t, l, 1)
	}
	uvtest.CloseAll(t, a, b, far, near)
	looptest.Turn(t, l, 5)
	for _, h := range accepted {
		uvtest.Check(t, h.Close())
	}
	looptest.Run(t, l)
	k.wantGone(t)
}

// TestIPCPanicKeepsDescriptors: after a callback's panic the descriptors of its chunk
// are still pending.
func TestIPCPanicKeepsDescriptors(t *testing.T) {
	caught := 0
	l := looptest.New(t, uvgo.WithPanicHandler(func(*uv.PanicError) { caught++ }))
	b, peer := rawPeer(t, l, handles.IPC)
	k := newToken(t)
	sendRaw(t, peer, []byte("a"), int(k.Fd()))
	sendRaw(t, peer, []byte("b"), int(k.Fd()))
	uvtest.CloseAll(t, k)
	n := 0
	uvtest.Check(t, b.ReadStart(func([]byte, error) {
		if n++; n == 1 {
			panic("out of the callback")
		}
	}))
	looptest.Until(t, l, func() bool { return n == 2 })
	if caught != 1 || b.PendingCount() != 2 {
		t.Errorf("%d panics, %d descriptors are pending", caught, b.PendingCount())
	}
	uvtest.CloseAll(t, b)
	looptest.Run(t, l)
	k.wantGone(t)
}
