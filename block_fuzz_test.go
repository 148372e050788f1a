package uvgo_test

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// FuzzBlock runs callbacks of streams, datagrams, timers and posts, which block as the input
// says, and compares what they get with a model: no event of a handle is lost, comes twice, out
// of order, beside another of the same handle, or behind its close.
func FuzzBlock(f *testing.F) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 2))
		data := make([]byte, 100+rng.IntN(200))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<10 {
			t.Skip("long enough")
		}
		m := &blocking{t: t, data: data}
		parking, arena := uvgo.ParkThread, 64<<10
		if m.next()&1 != 0 {
			parking = uvgo.ParkGoroutine
		}
		if m.next()&1 != 0 {
			arena = 16 << 20
		}
		m.l = looptest.New(t, uvgo.WithParking(parking), uvgo.WithArenas(arena, 64<<10))
		for len(m.data) > 0 {
			switch m.next() % 5 {
			case 0:
				m.stream()
			case 1:
				m.timer()
			case 2:
				m.post()
			case 3:
				m.datagrams()
			case 4:
				looptest.TurnNoWait(t, m.l)
			}
		}
		looptest.Run(t, m.l)
		for _, check := range m.checks {
			check()
		}
	})
}

// blocking is the model of FuzzBlock.
type blocking struct {
	t       *testing.T
	l       *uvgo.Loop
	data    []byte
	posts   int
	ran     int
	running bool // a callback has the loop
	checks  []func()
}

// next returns the next byte of the input, 0 when there is none left.
func (m *blocking) next() byte {
	if len(m.data) == 0 {
		return 0
	}
	b := m.data[0]
	m.data = m.data[1:]
	return b
}

// callback is what every callback does: it blocks as the input says. inside belongs to its
// handle.
func (m *blocking) callback(inside *bool) {
	if m.running || *inside {
		m.t.Errorf("a callback runs beside another (%t) or one of its handle (%t)", m.running, *inside)
	}
	*inside, m.running = true, true
	for n := m.next() % 4; n > 0; n-- {
		how := m.next()
		m.running = false
		block(m.t, m.l, func() {
			switch how % 4 {
			case 1:
				runtime.Gosched()
			case 2:
				time.Sleep(time.Duration(how) * time.Microsecond)
			case 3:
				other := make(chan struct{})
				_ = m.l.Post(func() { close(other) })
				<-other
			}
		})
		if m.running {
			m.t.Error("a callback goes on beside another")
		}
		m.running = true
	}
	*inside, m.running = false, false
}

// finally makes a check at the end.
func (m *blocking) finally(what string, ok func() bool) {
	m.checks = append(m.checks, func() {
		if !ok() {
			m.t.Errorf("%s", what)
		}
	})
}

func (m *blocking) post() {
	m.posts++
	n, inside := m.posts, false
	uvtest.Check(m.t, m.l.Post(func() {
		if m.ran++; m.ran != n {
			m.t.Errorf("posted function %d begins as number %d", n, m.ran)
		}
		m.callback(&inside)
	}))
	m.finally("a posted function has not run", func() bool { return m.ran == m.posts })
}

func (m *blocking) timer() {
	timer := uvtest.Must(m.l.NewTimer())
	want, ticks, inside, closed := int(m.next()%4), 0, false, false
	timer.OnClose(func() { closed = true; m.callback(&inside) })
	uvtest.Check(m.t, timer.Start(time.Millisecond, time.Millisecond, func() {
		ticks++
		if closed || ticks > want+1 {
			m.t.Error("a timer fires behind its close")
		}
		if ticks > want {
			timer.Close()
		}
		m.callback(&inside)
	}))
	m.finally("a timer has not fired or not closed", func() bool { return closed && ticks == want+1 })
}

func (m *blocking) stream() {
	c, s := looptest.Pair(m.t, m.l)
	size := (1 + int(m.next())) << 9
	sent, inside, closed, ended, got := pattern(size, size>>9), false, false, false, 0
	early := m.next()%4 == 0
	s.OnClose(func() { closed = true; m.callback(&inside) })
	uvtest.Check(m.t, s.ReadStart(func(p []byte, err error) {
		if closed || ended {
			m.t.Error("a stream reads behind its end")
		}
		before := bytes.Clone(p)
		if early {
			s.Close()
		}
		m.callback(&inside)
		if !bytes.Equal(p, before) {
			m.t.Error("lent bytes have changed")
		}
		if err != nil {
			ended = true
			s.Close()
			return
		}
		if !bytes.Equal(p, sent[got:got+len(p)]) {
			m.t.Errorf("wrong bytes at %d", got)
		}
		got += len(p)
	}))
	uvtest.Check(m.t, c.WriteFunc(func(error) { c.Close() }, sent))
	m.finally("a stream has lost bytes, its end or its close", func() bool { return closed && (early || ended && got == size) })
}

func (m *blocking) datagrams() {
	u := uvtest.Must(m.l.NewUDP())
	uvtest.Check(m.t, u.Bind(looptest.Loopback))
	want, got, inside, closed := 1+int(m.next()%8), 0, false, false
	u.OnClose(func() { closed = true; m.callback(&inside) })
	uvtest.Check(m.t, u.RecvStart(func(d handles.Datagram, err error) {
		uvtest.Expect(m.t, err)
		if closed || len(d.Data) != 1000 || int(d.Data[0]) != got {
			m.t.Errorf("datagram %v of %d bytes is number %d, closed: %t", d.Data[:min(1, len(d.Data))], len(d.Data), got, closed)
			u.Close()
			return
		}
		m.callback(&inside)
		if int(d.Data[999]) != got {
			m.t.Error("lent bytes have changed")
		}
		if got++; got == want {
			u.Close()
		}
	}))
	for i := range want {
		uvtest.Check(m.t, u.Send(bytes.Repeat([]byte{byte(i)}, 1000), uvtest.Must(u.LocalAddr())))
	}
	m.finally("a datagram is lost", func() bool { return closed && got == want })
}
