package handles_test

import (
	"bytes"
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// streams runs body for a pair of each kind of stream and each way of waiting.
func streams(t *testing.T, body func(t *testing.T, l *uvgo.Loop, a, b handles.Stream)) {
	t.Run("tcp", func(t *testing.T) {
		looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
			a, b := looptest.Pair(t, l)
			body(t, l, a, b)
		})
	})
	t.Run("pipe", func(t *testing.T) {
		looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
			a, b := pipePair(t, l)
			body(t, l, a, b)
		})
	})
}

// TestDrainWhenTheKernelTakesAll writes more than the high watermark of what the
// kernel takes at once, by every way to write: Full says so in the same callback,
// and OnDrain's function runs in the next turn, once for each time.
func TestDrainWhenTheKernelTakesAll(t *testing.T) {
	streams(t, func(t *testing.T, l *uvgo.Loop, a, b handles.Stream) {
		uvtest.Check(t, a.SetWatermarks(500, 1000))
		uvtest.Check(t, b.ReadStart(func([]byte, error) {}))
		drained := uvtest.NewCounter(t, "drain", 12)
		a.OnDrain(func() {
			if a.Full() {
				t.Error("full while it drains")
			}
			drained.Inc()
		})
		half := make([]byte, 600)
		for name, write := range map[string]func(p []byte) error{
			"Write":     func(p []byte) error { _, err := a.Write(p); return err },
			"WriteFunc": func(p []byte) error { return a.WriteFunc(nil, p) },
			"crossing between": func(p []byte) error {
				_, err := a.Write(p)
				a.WriteQueueSize() // hands over what was written so far
				return err
			},
			"large": func(p []byte) error {
				_, err := a.Write(make([]byte, 70<<10)) // above a quarter of the arena: crosses at once
				return err
			},
		} {
			for range 3 {
				before := drained.N()
				uvtest.Check(t, write(half))
				if name != "large" && a.Full() {
					t.Errorf("%s: full below the high watermark", name)
				}
				uvtest.Check(t, write(half))
				if !a.Full() {
					t.Errorf("%s: not full above the high watermark", name)
				}
				looptest.Turn(t, l, 1)
				if name != "large" && drained.N() != before+1 {
					t.Errorf("%s: %d drains in the turn behind the write, want 1", name, drained.N()-before)
				}
				looptest.Until(t, l, func() bool { return drained.N() > before })
			}
		}
		uvtest.CloseAll(t, a, b)
	})
}

// TestDrainAtTheLowWatermark writes to a peer that does not read until it is told
// to: the stream stays full until the queue is at the low watermark.
func TestDrainAtTheLowWatermark(t *testing.T) {
	streams(t, func(t *testing.T, l *uvgo.Loop, a, b handles.Stream) {
		const low, high = 50_000, 200_000
		uvtest.Check(t, a.SetWatermarks(low, high))
		drained := 0
		a.OnDrain(func() {
			drained++
			if n := a.WriteQueueSize(); n > low || a.Full() {
				t.Errorf("drained with %d bytes queued, full %v", n, a.Full())
			}
		})
		sent, got := 0, 0
		chunk := uvtest.Pattern(10_000, 1)
		for a.WriteQueueSize() <= high { // past what the kernel takes
			n := uvtest.Must(a.Write(chunk))
			sent += n
			if a.WriteQueueSize() <= low {
				looptest.Turn(t, l, 1)
			}
		}
		looptest.Turn(t, l, 3)
		if !a.Full() {
			t.Fatal("not full with a queue above the high watermark")
		}
		before := drained
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) { got += len(p) }))
		looptest.Until(t, l, func() bool { return drained > before })
		looptest.Until(t, l, func() bool { return got == sent })
		if looptest.Turn(t, l, 2); drained != before+1 || a.Full() {
			t.Errorf("%d drains, want 1; full %v", drained-before, a.Full())
		}
		uvtest.CloseAll(t, a, b)
	})
}

// TestFlowKeepsGoing sends megabytes through a pair, where both the writer and
// an echo stop at Full and go on at Drain, with messages around the watermarks.
func TestFlowKeepsGoing(t *testing.T) {
	streams(t, func(t *testing.T, l *uvgo.Loop, a, b handles.Stream) {
		const size, high = 8 << 20, 64 << 10
		sent := uvtest.Pattern(size, 7)
		for _, s := range []handles.Stream{a, b} {
			uvtest.Check(t, s.SetWatermarks(high/4, high))
		}
		echo := func(p []byte, err error) {
			uvtest.Check(t, err)
			uvtest.Must(b.Write(p))
			if b.Full() {
				uvtest.Check(t, b.ReadStop())
			}
		}
		b.OnDrain(func() { uvtest.Check(t, b.ReadStart(echo)) })
		uvtest.Check(t, b.ReadStart(echo))
		at, step := 0, 0
		feed := func() {
			for at < size && !a.Full() {
				step = step*5%high + 4321
				n := min(step, size-at)
				uvtest.Must(a.Write(sent[at : at+n]))
				at += n
			}
		}
		a.OnDrain(feed)
		var got []byte
		uvtest.Check(t, a.ReadStart(func(p []byte, err error) {
			uvtest.Check(t, err)
			got = append(got, p...)
		}))
		feed()
		looptest.Until(t, l, func() bool { return len(got) == size })
		if !bytes.Equal(got, sent) {
			t.Error("the echo differs")
		}
		uvtest.CloseAll(t, a, b)
	})
}

// TestDrainAfterAFailure has the peer go away while the stream is full: the
// writer is let go on, and learns of it from Write.
func TestDrainAfterAFailure(t *testing.T) {
	streams(t, func(t *testing.T, l *uvgo.Loop, a, b handles.Stream) {
		uvtest.Check(t, a.SetWatermarks(0, 1000))
		drained := false
		for a.WriteQueueSize() == 0 {
			uvtest.Must(a.Write(make([]byte, 100_000)))
		}
		if !a.Full() {
			t.Fatal("not full")
		}
		a.OnDrain(func() {
			drained = true
			if _, err := a.Write([]byte("x")); err == nil {
				t.Error("Write succeeds after a failure")
			}
		})
		uvtest.CloseAll(t, b)
		looptest.Until(t, l, func() bool { return drained })
		uvtest.CloseAll(t, a)
	})
}

// TestNoDrainAfterClose closes full streams, before the look at the queue and
// behind it, and from OnWritten.
func TestNoDrainAfterClose(t *testing.T) {
	streams(t, func(t *testing.T, l *uvgo.Loop, a, b handles.Stream) {
		for _, s := range []handles.Stream{a, b} {
			uvtest.Check(t, s.SetWatermarks(0, 10))
			s.OnDrain(func() { t.Error("drain of a closed stream") })
			uvtest.Must(s.Write(make([]byte, 100)))
		}
		uvtest.CloseAll(t, a)
		for b.WriteQueueSize() == 0 && !b.Closing() {
			if _, err := b.Write(make([]byte, 1<<20)); err != nil {
				break
			}
		}
		b.OnWritten(func(int, error) { b.Close() })
		uvtest.CloseAll(t, b)
		if a.Full() || b.Full() {
			t.Error("a closed stream is full")
		}
		a.OnDrain(nil)
		uvtest.IsErr(t, "watermarks of a closed stream", a.SetWatermarks(0, 1), uv.ErrClosed)
		looptest.Turn(t, l, 3)
	})
}

// TestWatermarks covers the defaults, and values that make no sense.
func TestWatermarks(t *testing.T) {
	l := looptest.New(t)
	a, b := pipePair(t, l)
	uvtest.IsErr(t, "low above high", a.SetWatermarks(2, 1), uv.EINVAL)
	uvtest.IsErr(t, "negative", a.SetWatermarks(-1, 1), uv.EINVAL)
	a.OnDrain(func() {})
	uvtest.Must(a.Write(make([]byte, handles.DefaultHighWater)))
	if a.Full() {
		t.Error("full at the default high watermark")
	}
	uvtest.Must(a.Write([]byte{0}))
	if !a.Full() {
		t.Error("not full above it")
	}
	uvtest.Check(t, b.WriteFunc(nil, make([]byte, handles.DefaultHighWater+1)))
	if !b.Full() { // asked for the first time
		t.Error("not full with what was written before the first question")
	}
	uvtest.CloseAll(t, a, b)
}

// TestFlowOfATerminal fills a terminal, whose user does not read.
func TestFlowOfATerminal(t *testing.T) {
	l := looptest.New(t)
	pty := uvtest.NewPTY(t)
	tty := uvtest.Must(l.NewTTY(pty.Fd()))
	uvtest.Check(t, tty.SetMode(handles.TTYRaw))
	uvtest.Check(t, tty.SetWatermarks(100, 1000))
	drained := 0
	tty.OnDrain(func() { drained++ })
	uvtest.Must(tty.Write(make([]byte, 1001)))
	if !tty.Full() {
		t.Error("not full above the high watermark")
	}
	looptest.Until(t, l, func() bool { return drained == 1 })
	looptest.Poll(t, l, func() bool { return uvtest.Must(unix.IoctlGetInt(int(pty.User.Fd()), unix.TIOCINQ)) > 0 })
	uvtest.CloseAll(t, tty)
	looptest.Until(t, l, func() bool { return !l.Alive() })
}

// flowNotes is a StreamTarget that notes its calls.
type flowNotes struct {
	over, drained int
	failed        []error
	read          []byte
	end           error
	closed        int
}

func (n *flowNotes) Read(p []byte, err error) { n.read, n.end = append(n.read, p...), err }
func (n *flowNotes) Closed()                  { n.closed++ }
func (n *flowNotes) Over()                    { n.over++ }
func (n *flowNotes) Drain()                   { n.drained++ }
func (n *flowNotes) WriteFailed(err error)    { n.failed = append(n.failed, err) }

// TestStreamTargetIsTold fills a stream whose flow control lies with the caller: Over comes
// with a queue above the low watermark and only then, Drain behind each time that it was
// full, WriteFailed when the peer has gone.
func TestStreamTargetIsTold(t *testing.T) {
	streams(t, func(t *testing.T, l *uvgo.Loop, a, b handles.Stream) {
		marks := handles.Watermarks{Low: 50_000, High: 200_000}
		var flow handles.Flow
		var told flowNotes
		uvtest.Check(t, a.Base().ControlFlow(&flow, &marks, &told))
		uvtest.Must(a.Write(make([]byte, 1)))
		if looptest.Turn(t, l, 1); flow.Full() || told.over+told.drained > 0 {
			t.Errorf("full %v below the high watermark, told %+v", flow.Full(), told)
		}
		uvtest.Check(t, a.SetWatermarks(10, 20)) // of this stream alone
		if marks.Low != 50_000 || marks.High != 200_000 {
			t.Errorf("SetWatermarks changed shared watermarks to %+v", marks)
		}
		uvtest.Must(a.Write(make([]byte, 21))) // the kernel takes it
		if !flow.Full() || !a.Full() || flow.Over() {
			t.Errorf("above the high watermark: full %v, %v, over %v", flow.Full(), a.Full(), flow.Over())
		}
		if looptest.Turn(t, l, 1); told.over != 0 || told.drained != 1 || flow.Full() {
			t.Errorf("the kernel took all, but told %+v, full %v", told, flow.Full())
		}
		for a.WriteQueueSize() <= marks.Low {
			uvtest.Must(a.Write(make([]byte, 10_000)))
		}
		if looptest.Turn(t, l, 1); told.over != 1 || !flow.Over() {
			t.Errorf("over the high watermark, but told %+v, over %v", told, flow.Over())
		}
		got := 0
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) { got += len(p) }))
		looptest.Until(t, l, func() bool { return told.drained == 2 })
		if told.over != 1 || flow.Full() || flow.Over() || len(told.failed) > 0 {
			t.Errorf("drained, but told %+v, full %v, over %v", told, flow.Full(), flow.Over())
		}
		uvtest.Check(t, b.ReadStop())
		for a.WriteQueueSize() == 0 {
			uvtest.Must(a.Write(make([]byte, 100_000)))
		}
		uvtest.CloseAll(t, b)
		looptest.Until(t, l, func() bool { return len(told.failed) > 0 })
		uvtest.CloseAll(t, a)
	})
}

// TestStreamTargetReads: the target gets what arrives, also what came while reading was stopped, then
// the end, and at last that the stream is closed.
func TestStreamTargetReads(t *testing.T) {
	streams(t, func(t *testing.T, l *uvgo.Loop, a, b handles.Stream) {
		var flow handles.Flow
		var told flowNotes
		uvtest.IsErr(t, "no target", a.Base().ReadStartTarget(), uv.EINVAL)
		uvtest.Check(t, a.Base().ControlFlow(&flow, &handles.Watermarks{}, nil))
		uvtest.IsErr(t, "nil target", a.Base().ReadStartTarget(), uv.EINVAL)
		uvtest.Check(t, a.Base().ControlFlow(&flow, &handles.Watermarks{}, &told))
		uvtest.Check(t, a.Base().ReadStartTarget())
		uvtest.IsErr(t, "again", a.Base().ReadStartTarget(), uv.EALREADY)
		a.OnDrain(func() { t.Error("a function has replaced the target") })
		uvtest.Must(b.Write([]byte("one ")))
		looptest.Until(t, l, func() bool { return string(told.read) == "one " })
		uvtest.Check(t, a.ReadStop())
		uvtest.Must(b.Write([]byte("two ")))
		looptest.Turn(t, l, 2)
		uvtest.Check(t, a.Base().ReadStartTarget())
		looptest.Until(t, l, func() bool { return string(told.read) == "one two " })
		uvtest.CloseAll(t, b)
		looptest.Until(t, l, func() bool { return told.end == io.EOF })
		order := ""
		a.OnClose(func() {
			if order = "function"; told.closed != 0 {
				order = "target first"
			}
		})
		uvtest.CloseAll(t, a)
		looptest.Until(t, l, func() bool { return told.closed > 0 })
		if told.closed != 1 || order != "function" {
			t.Errorf("told of the close %d times, %s", told.closed, order)
		}
	})
}

// TestControlFlowRefuses covers what ControlFlow does not take.
func TestControlFlowRefuses(t *testing.T) {
	l := looptest.New(t)
	a, b := pipePair(t, l)
	var flow handles.Flow
	for _, m := range []*handles.Watermarks{nil, {Low: -1, High: 1}, {Low: 2, High: 1}} {
		uvtest.IsErr(t, "watermarks", a.Base().ControlFlow(&flow, m, nil), uv.EINVAL)
	}
	uvtest.IsErr(t, "no flow", a.Base().ControlFlow(nil, &handles.Watermarks{}, nil), uv.EINVAL)
	uvtest.Check(t, a.Base().ControlFlow(&flow, &handles.Watermarks{}, nil)) // tells nobody
	uvtest.Must(a.Write([]byte("x")))
	if looptest.Turn(t, l, 1); flow.Full() {
		t.Error("full with nothing unsent")
	}
	uvtest.CloseAll(t, a, b)
	uvtest.IsErr(t, "closed", a.Base().ControlFlow(&flow, &handles.Watermarks{}, nil), uv.ErrClosed)
}

// TestBaseSaysWhatItReads covers Reading and LocalAddr of a Base.
func TestBaseSaysWhatItReads(t *testing.T) {
	l := looptest.New(t)
	a, b := looptest.Pair(t, l)
	p, q := pipePair(t, l)
	for _, s := range []handles.Stream{a, p} {
		for range 2 {
			uvtest.Check(t, s.ReadStart(func([]byte, error) {}))
			if !s.Base().Reading() {
				t.Error("not reading after ReadStart")
			}
			uvtest.Check(t, s.ReadStop())
			if s.Base().Reading() {
				t.Error("reading after ReadStop")
			}
		}
	}
	if at := uvtest.Must(a.Base().LocalAddr()); at != uvtest.Must(a.LocalAddr()) {
		t.Errorf("LocalAddr of the Base is %v", at)
	}
	_, err := p.Base().LocalAddr()
	uvtest.IsErr(t, "address of a pipe", err, uv.ENOTSUP)
	uvtest.CloseAll(t, a, b, p, q)
	_, err = a.Base().LocalAddr()
	uvtest.IsErr(t, "address of a closed stream", err, uv.ErrClosed)
}
