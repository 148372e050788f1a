package cuv_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// The kinds of handles, as libuv numbers them.
const (
	kindTCP   = 12
	kindTimer = 13
)

// newLoop makes a loop that the test must leave without handles.
func newLoop(t *testing.T, submissions int) *cuv.Loop {
	t.Helper()
	uvtest.Watchdog(t, time.Minute)
	l, rc := cuv.NewLoop(64<<10, 64<<10, submissions)
	if rc != 0 {
		t.Fatalf("new loop: %s", cuv.ErrName(rc))
	}
	t.Cleanup(func() {
		if rc := l.Close(); rc != 0 {
			t.Errorf("close: %s", cuv.ErrName(rc))
			return
		}
		l.Free()
	})
	return l
}

func newHandle(t *testing.T, l *cuv.Loop, kind int, slot uint32) *cuv.Handle {
	t.Helper()
	h, rc := l.NewHandle(kind, false, slot, 1)
	if rc != 0 {
		t.Fatalf("new handle: %s", cuv.ErrName(rc))
	}
	if h.Kind() != kind {
		t.Fatalf("a handle of kind %d, want %d", h.Kind(), kind)
	}
	return h
}

// events consumes what waits.
func events(l *cuv.Loop) (all []cuv.Event) {
	for l.Pending() > 0 {
		var ev cuv.Event
		l.Next(&ev)
		all = append(all, ev)
	}
	return all
}

// closeAll closes handles and waits for their events.
func closeAll(t *testing.T, l *cuv.Loop, hs ...*cuv.Handle) {
	t.Helper()
	for _, h := range hs {
		l.Submit(cuv.OpClose, h, 0, 0)
	}
	l.Turn(cuv.RunNoWait, false)
	n := 0
	for _, ev := range events(l) {
		if ev.Kind == cuv.EvClose {
			n++
		}
	}
	if n != len(hs) {
		t.Errorf("%d close events for %d handles", n, len(hs))
	}
	for _, h := range hs {
		l.Submit(cuv.OpFree, h, 0, 0)
	}
	l.Flush()
}

// TestCompletionRingGrows brings more events in one turn than the ring has room
// for, on top of some that nobody has consumed.
func TestCompletionRingGrows(t *testing.T) {
	l := newLoop(t, 16)
	const timers = 5000
	var hs []*cuv.Handle
	for i := range timers {
		h := newHandle(t, l, kindTimer, uint32(i))
		hs = append(hs, h)
		l.Submit(cuv.OpTimerStart, h, l.NowMS(), 0)
		if i == 9 {
			if n := l.Turn(cuv.RunNoWait, false); n != 10 {
				t.Fatalf("%d events for 10 timers", n)
			}
		}
	}
	if n := l.Turn(cuv.RunNoWait, false); n != timers {
		t.Fatalf("%d events wait, want %d", n, timers)
	}
	for i, ev := range events(l) {
		if ev.Kind != cuv.EvTimer || ev.Slot != uint32(i) || ev.Gen != 1 || ev.Status != 0 {
			t.Fatalf("event %d: %+v", i, ev)
		}
	}
	turns, n, _ := l.Stats()
	if turns != 2 || n != timers {
		t.Errorf("%d turns and %d events are counted", turns, n)
	}
	closeAll(t, l, hs...)
}

// TestSubmissionRingDrainsWhenFull carries out more operations than the ring
// holds, in order and without a turn.
func TestSubmissionRingDrainsWhenFull(t *testing.T) {
	l := newLoop(t, 4)
	h := newHandle(t, l, kindTimer, 0)
	_, _, before := l.Stats()
	for range 6 {
		l.Submit(cuv.OpTimerStart, h, l.NowMS()+1000, 0)
		l.Submit(cuv.OpTimerStop, h, 0, 0)
	}
	l.Submit(cuv.OpUnref, h, 0, 0)
	if n := l.Submitted(); n != 1 {
		t.Errorf("%d operations wait, want 1", n)
	}
	turns, _, flushes := l.Stats()
	if turns != 0 || flushes-before != 3 {
		t.Errorf("%d turns and %d drains for 13 operations", turns, flushes-before)
	}
	if h.IsActive() || h.HasRef() || l.Submitted() != 0 {
		t.Errorf("active %v, referenced %v, %d operations wait", h.IsActive(), h.HasRef(), l.Submitted())
	}
	closeAll(t, l, h)
}

// TestGenerationIsThatOfTheMoment: an event carries the generation that Go had
// given to the handle when it happened.
func TestGenerationIsThatOfTheMoment(t *testing.T) {
	l := newLoop(t, 16)
	h := newHandle(t, l, kindTimer, 7)
	l.Submit(cuv.OpTimerStart, h, l.NowMS(), 0)
	l.Turn(cuv.RunNoWait, false)
	h.Gen = 9
	l.Submit(cuv.OpTimerStart, h, l.NowMS(), 0)
	l.Turn(cuv.RunNoWait, false)
	evs := events(l)
	if len(evs) != 2 || evs[0].Gen != 1 || evs[1].Gen != 9 || evs[0].Slot != 7 || evs[1].Slot != 7 {
		t.Errorf("events %+v", evs)
	}
	closeAll(t, l, h)
}

// TestCloseIsRefusedWhileHandlesAreOpen also counts them.
func TestCloseIsRefusedWhileHandlesAreOpen(t *testing.T) {
	l := newLoop(t, 16)
	h := newHandle(t, l, kindTCP, 0)
	if n := l.Handles(); n != 1 {
		t.Errorf("%d handles, want 1", n)
	}
	if name := cuv.ErrName(l.Close()); name != "EBUSY" {
		t.Errorf("close: %s", name)
	}
	closeAll(t, l, h)
	if n := l.Handles(); n != 0 {
		t.Errorf("%d handles are left", n)
	}
}

// TestWakeEndsABlockingTurn from another goroutine; the held loop has nothing
// else to wait for.
func TestWakeEndsABlockingTurn(t *testing.T) {
	l := newLoop(t, 16)
	l.Hold(true)
	l.Turn(cuv.RunNoWait, false) // the poll learns of what it watches
	if ms := l.Timeout(); ms != -1 {
		t.Errorf("a held loop may wait for %d ms", ms)
	}
	done := make(chan bool)
	go func() {
		l.Wake()
		done <- true
	}()
	if n := l.Turn(cuv.RunOnce, false); n != 0 {
		t.Errorf("%d events", n)
	}
	<-done
	if !l.WasAlive() {
		t.Error("dead although held")
	}
	l.Hold(false)
	if l.Alive() {
		t.Error("alive although nothing holds it")
	}
}

// TestReadArenaTellsItsBytes: bytes of the arena are told from others, and sent
// from where they lie.
func TestReadArenaTellsItsBytes(t *testing.T) {
	l := newLoop(t, 16)
	a, b := connect(t, l)
	text := []byte("a message for the arena")
	if l.InArena(text) || l.InArena(nil) {
		t.Error("bytes of Go are taken for the arena's")
	}
	if !l.WriteBytes(a, text, cuv.NoSlot, 0) {
		t.Fatal("a small write is refused")
	}
	for i := range text {
		text[i] = '?' // it was copied
	}
	l.Submit(cuv.OpReadStart, b, 0, 0)
	var chunk []byte
	for chunk == nil {
		l.Turn(cuv.RunOnce, false)
		for _, ev := range events(l) {
			if ev.Kind == cuv.EvRead {
				chunk = ev.Bytes()
			}
		}
	}
	if string(chunk) != "a message for the arena" {
		t.Errorf("read %q", chunk)
	}
	if !l.InArena(chunk) || !l.InArena(chunk[3:5]) || !l.InArena(chunk[len(chunk)-1:]) {
		t.Error("a chunk is not taken for the arena's")
	}
	l.WriteBytes(b, chunk[2:9], cuv.NoSlot, 0)
	copy(chunk[2:9], "MESSAGE") // shows that it was not copied: the drain comes later
	l.Submit(cuv.OpReadStart, a, 0, 0)
	var back []byte
	for back == nil {
		l.Turn(cuv.RunOnce, false)
		for _, ev := range events(l) {
			if ev.Kind == cuv.EvRead && ev.Slot == a.Slot {
				back = bytes.Clone(ev.Bytes())
			}
		}
	}
	if string(back) != "MESSAGE" {
		t.Errorf("echo %q", back)
	}
	closeAll(t, l, a, b)
}

// TestWriteBytesRefusesTheLarge: they would push others out of the arena.
func TestWriteBytesRefusesTheLarge(t *testing.T) {
	l := newLoop(t, 16)
	a, b := connect(t, l)
	if l.WriteBytes(a, make([]byte, 16<<10+1), cuv.NoSlot, 0) {
		t.Error("more than a quarter of the arena is taken")
	}
	for range 100 { // more than it holds: it drains in between
		if !l.WriteBytes(a, make([]byte, 16<<10), cuv.NoSlot, 0) {
			t.Fatal("a quarter of the arena is refused")
		}
	}
	if n := a.WriteNow([]byte("x")); n != 1 {
		t.Errorf("write now: %d", n)
	}
	closeAll(t, l, a, b)
}
