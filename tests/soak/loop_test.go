package soak

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	register(
		&actor{name: "New and Close", weight: 3, run: loopsComeAndGo},
		&actor{name: "Run", weight: 3, run: runs},
		&actor{name: "Group", weight: 1, run: groups},
		&actor{name: "NewCLoop", weight: 1, run: cLoops},
	)
}

// someOptions are options of a loop, at random.
func (o *op) someOptions() []uvgo.Option {
	opts := []uvgo.Option{uvgo.WithLogger(quietLog), uvgo.WithArenas(64<<10, 64<<10)}
	if o.chance(2) {
		opts = append(opts, uvgo.WithParking(uvgo.ParkGoroutine))
	}
	for _, opt := range []uvgo.Option{uvgo.WithIdleTime(), uvgo.WithDebug(), uvgo.WithLockedThread(), uvgo.WithBusyPoll(0), uvgo.WithProfileLabels(), uvgo.WithWatchdog(0)} {
		if o.chance(4) {
			opts = append(opts, opt)
		}
	}
	return opts
}

// loopsComeAndGo makes loops on several goroutines at once, leaves handles of every kind on them, and shuts them down.
func loopsComeAndGo(o *op) {
	var all sync.WaitGroup
	for range 1 + o.IntN(3) {
		all.Go(func() {
			l, err := uvgo.New(o.someOptions()...)
			if !o.check("new", err) {
				return
			}
			var left []uv.Handle
			for range o.IntN(12) {
				left = append(left, o.someHandle(l))
			}
			if o.chance(2) {
				_, err := l.RunNoWait()
				o.check("run no wait", err)
			}
			if len(left) > 0 {
				if err := l.Close(); !errors.Is(err, uv.EBUSY) {
					o.lose("Close of a loop with %d handles: %v", len(left), err)
				}
				o.fault("EBUSY")
			}
			ctx, cancel := context.WithTimeout(context.Background(), hang)
			defer cancel()
			o.check("shutdown", l.Shutdown(ctx))
			if n := l.Stats().OpenHandles(); n != 0 {
				o.lose("%d handles outlive the shutdown", n)
			}
		})
	}
	all.Wait()
}

// someHandle makes a handle of some kind, mostly active. The loop's shutdown closes it.
func (o *op) someHandle(l *uvgo.Loop) uv.Handle {
	var h interface {
		uv.Handle
		OnClose(func())
	}
	nothing := func() {}
	switch o.IntN(9) {
	case 0:
		t, err := l.NewTimer()
		o.check("timer", errors.Join(err, t.Start(time.Hour, 0, nothing)))
		h = t
	case 1:
		c, err := l.NewTCP()
		o.check("tcp", errors.Join(err, c.Bind(loopback), c.Listen(1, func(*handles.TCP, error) {})))
		h = c
	case 2:
		p, err := l.NewPipe()
		o.check("pipe", err)
		h = p
	case 3:
		u, err := l.NewUDP()
		o.check("udp", errors.Join(err, u.Bind(loopback), u.RecvStart(func(handles.Datagram, error) {})))
		h = u
	case 4:
		i, err := l.NewIdle()
		o.check("idle", errors.Join(err, i.Start(nothing)))
		h = i
	case 5:
		a, err := l.NewAsync(nothing)
		o.check("async", errors.Join(err, a.Send()))
		h = a
	case 6:
		f, err := l.NewFSEvent()
		o.check("fs event", errors.Join(err, f.Start(o.w.dir, 0, func(string, handles.FSEventKind, error) {})))
		h = f
	case 7:
		f, err := l.NewFSPoll()
		o.check("fs poll", errors.Join(err, f.Start(o.w.dir, time.Hour, func(_, _ uv.Stat, _ error) {})))
		h = f
	case 8:
		c, err := l.NewCheck()
		o.check("check", errors.Join(err, c.Start(nothing)))
		h = c
	}
	o.closes(h)
	return h
}

// runs ends loops that run: by Stop, by a context, by a panic, by having no work left.
func runs(o *op) {
	l, err := uvgo.New(o.someOptions()...)
	if !o.check("new", err) {
		return
	}
	t := must[*handles.Timer](o, "timer")(l.NewTimer())
	o.closes(t)
	o.check("start", t.Start(0, time.Millisecond, func() {}))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	switch o.IntN(4) {
	case 0:
		time.AfterFunc(o.pause(), l.Stop)
		o.check("run", within(ran))
	case 1:
		time.AfterFunc(o.pause(), cancel)
		o.check("run", within(ran), context.Canceled)
	case 2:
		o.check("post", l.Post(func() { panic(errProvoked) }))
		var p *uv.PanicError
		if err := within(ran); !errors.As(err, &p) || p.Value != errProvoked {
			o.lose("a panic ended Run with %v", err)
		}
		o.fault("a panic")
	case 3:
		o.check("post", l.Post(func() { _ = t.Close() }))
		o.check("run", within(ran))
	}
	end, release := context.WithTimeout(context.Background(), hang)
	defer release()
	o.check("shutdown", l.Shutdown(end))
	o.check("post", l.Post(func() {}), uv.ErrClosed)
}

// groups runs a group while goroutines post to its loops.
func groups(o *op) {
	g, err := uvgo.NewGroup(1+o.IntN(3), o.someOptions()...)
	if !o.check("group", err) {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- g.Run(ctx) }()
	var n atomic.Int64
	total := int64(1 + o.IntN(100))
	last := o.owe("the last function of a group")
	for range total {
		o.check("post", g.Next().Post(func() {
			if n.Add(1) == total {
				last()
			}
		}))
	}
	o.settle()
	cancel()
	o.check("group run", within(ran), context.Canceled)
	end, release := context.WithTimeout(context.Background(), hang)
	defer release()
	o.check("group shutdown", g.Shutdown(end))
}

// cLoops makes loops for C code, which get handles of Go's and are deleted.
func cLoops(o *op) {
	c, err := uvgo.NewCLoop()
	if !o.check("new C loop", err) {
		return
	}
	o.check("delete C loop", uvgo.DeleteCLoop(c))
}
