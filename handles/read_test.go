package handles_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestReadMoreThanTheArena reads from many streams, a few of which would fill the
// arena. Every byte arrives, in order, in chunks of bounded size, and every turn reads
// something.
func TestReadMoreThanTheArena(t *testing.T) {
	for _, tt := range []struct {
		name  string
		opts  []uvgo.Option
		arena int
	}{
		{"medium", []uvgo.Option{uvgo.WithArenas(256<<10, 256<<10)}, 256 << 10},
		{"small", []uvgo.Option{smallArenas}, 64 << 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) { testReadMoreThanTheArena(t, l, tt.arena) }, tt.opts...)
		})
	}
}

func testReadMoreThanTheArena(t *testing.T, l *uvgo.Loop, arena int) {
	const streams, size = 24, 100 << 10
	type reader struct {
		*handles.TCP
		want, got []byte
		turn      uint64 // of the last chunk
		chunks    int    // in that turn
	}
	var rs []*reader
	waiting := 0
	for i := range streams {
		a, b := looptest.Pair(t, l)
		r := &reader{TCP: b, want: uvtest.Pattern(size, uint32(i))}
		rs = append(rs, r)
		wideReceive(t, b)
		uvtest.Check(t, a.WriteFunc(func(err error) {
			uvtest.Check(t, err)
			uvtest.CloseAll(t, a)
		}, r.want))
	}
	looptest.Poll(t, l, func() bool {
		waiting = 0
		for _, r := range rs {
			waiting += unread(t, r)
		}
		return waiting == streams*size
	})

	ended := uvtest.NewCounter(t, "end of a stream", streams)
	inTurn := 0
	for _, r := range rs {
		uvtest.Check(t, r.ReadStart(func(p []byte, err error) {
			if err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				ended.Inc()
				uvtest.CloseAll(t, r)
				return
			}
			if now := l.Stats().Turns; now != r.turn {
				r.turn, r.chunks = now, 0
			}
			if r.chunks++; r.chunks > 4 {
				t.Errorf("%d chunks of one stream in one turn", r.chunks)
			}
			r.got = append(r.got, p...)
			inTurn += len(p)
		}))
	}
	turns := 0
	for ; waiting > 0; turns++ {
		inTurn = 0
		_, err := l.RunOnce()
		uvtest.Check(t, err)
		if inTurn == 0 {
			t.Fatalf("a turn reads nothing although %d bytes wait", waiting)
		}
		if inTurn > arena {
			t.Errorf("a turn reads %d bytes into an arena of %d", inTurn, arena)
		}
		waiting -= inTurn
	}
	// If all streams have equal amounts, a turn fills the arena nearly completely.
	if most := 2 * streams * size / arena; turns > most {
		t.Errorf("%d turns for %d bytes, want at most %d", turns, streams*size, most)
	}
	looptest.Run(t, l)
	for i, r := range rs {
		if !bytes.Equal(r.got, r.want) {
			t.Errorf("stream %d: %d of %d bytes arrived, or in another order", i, len(r.got), len(r.want))
		}
	}
}

// TestReadChunksOfOneTurnDoNotOverlap keeps the chunks of a turn until its end,
// which a callback may not do, to see that none overwrites another.
func TestReadChunksOfOneTurnDoNotOverlap(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		const streams, rounds = 40, 20
		type chunk struct {
			got, want []byte
		}
		var turn uint64
		var chunks []chunk
		most, sum := 0, 0
		var as, bs []*handles.TCP
		for i := range streams {
			a, b := looptest.Pair(t, l)
			as, bs = append(as, a), append(bs, b)
			at, sent := 0, uvtest.Pattern(1<<16, uint32(i))
			uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
				uvtest.Check(t, err)
				if now := l.Stats().Turns; now != turn {
					turn, chunks = now, chunks[:0]
				}
				chunks = append(chunks, chunk{p, sent[at : at+len(p)]})
				at += len(p)
				sum += len(p)
				most = max(most, len(chunks))
				for _, c := range chunks {
					if !bytes.Equal(c.got, c.want) {
						t.Fatalf("a chunk of %d bytes was overwritten by one of %d", len(c.got), len(p))
					}
				}
			}))
		}
		at := [streams]int{}
		want := 0
		for round := range rounds {
			for i, a := range as {
				n := 1 + (i*37+round*101)%3000
				_, err := a.Write(uvtest.Pattern(1<<16, uint32(i))[at[i] : at[i]+n])
				uvtest.Check(t, err)
				at[i] += n
				want += n
			}
			looptest.Until(t, l, func() bool { return sum == want })
		}
		if most < 2 {
			t.Error("no turn had two chunks: the test shows nothing")
		}
		for i := range as {
			uvtest.CloseAll(t, as[i], bs[i])
		}
	})
}

// TestReadChunksOutliveAPanic: a panic ends a batch before all chunks are delivered.
// They stay intact while the next turn reads more, and then delivers them.
func TestReadChunksOutliveAPanic(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := looptest.Pair(t, l)
		c, d := looptest.Pair(t, l)
		first, second, late := uvtest.Pattern(3000, 1), uvtest.Pattern(3000, 2), uvtest.Pattern(9000, 3)
		uvtest.Must(a.Write(first))
		uvtest.Must(c.Write(second))
		looptest.Poll(t, l, func() bool { return unread(t, b) == len(first) && unread(t, d) == len(second) })
		var got, got2 []byte
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			uvtest.Check(t, err)
			if got = append(got, p...); len(got) == len(first) {
				panic("after the first chunk")
			}
		}))
		uvtest.Check(t, d.ReadStart(func(p []byte, err error) {
			uvtest.Check(t, err)
			got2 = append(got2, p...)
		}))
		_, err := l.RunOnce()
		if p := (*uv.PanicError)(nil); !errors.As(err, &p) {
			t.Fatalf("the turn ended with %v", err)
		}
		if len(got2) != 0 {
			t.Error("the batch went on: the test shows nothing")
		}
		uvtest.Must(a.Write(late)) // to where the arena begins
		looptest.Poll(t, l, func() bool { return len(got) == len(first)+len(late) && len(got2) == len(second) })
		if !bytes.Equal(got2, second) {
			t.Error("the chunk that was left was overwritten")
		}
		if !bytes.Equal(got, append(first, late...)) {
			t.Error("the first stream's chunks differ from what was sent")
		}
		uvtest.CloseAll(t, a, b, c, d)
	})
}

// TestReadStartErrors checks what ReadStart refuses.
func TestReadStartErrors(t *testing.T) {
	l := looptest.New(t)
	idle := uvtest.Must(l.NewTCP())
	uvtest.IsErr(t, "without a socket", idle.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
	uvtest.Check(t, idle.Bind(looptest.Loopback))
	uvtest.IsErr(t, "bound", idle.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
	uvtest.Check(t, idle.Listen(1, func(*handles.TCP, error) {}))
	uvtest.IsErr(t, "listening", idle.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
	uvtest.Check(t, idle.ReadStop()) // nothing to stop
	a, b := looptest.Pair(t, l)
	uvtest.IsErr(t, "no function", a.ReadStart(nil), uv.EINVAL)
	uvtest.Check(t, a.ReadStart(func([]byte, error) {}))
	uvtest.IsErr(t, "twice", a.ReadStart(func([]byte, error) {}), uv.EALREADY)
	uvtest.CloseAll(t, a, b, idle)
	uvtest.IsErr(t, "closing", a.ReadStart(func([]byte, error) {}), uv.ErrClosed)
	uvtest.IsErr(t, "closing", a.ReadStop(), uv.ErrClosed)
}
