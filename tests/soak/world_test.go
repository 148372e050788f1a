package soak

import (
	"context"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvfs"
	"github.com/uvgo/uvgo/uvnet"
)

// A world is what operations share for an epoch: loops that run all the time, servers, a directory.
type world struct {
	t    testing.TB
	dir  string
	next atomic.Int64 // numbers files and sockets

	loops []*uvgo.Loop // two park in a thread, one on Go
	files *uvfs.FS
	net   *uvnet.Net
	group *uvgo.Group // of net

	echo *echoServer
	web  *webServer

	ends   []func() // close everything, last first
	panics atomic.Int64
}

// quietLog discards what loops report of provoked faults.
var quietLog = slog.New(slog.DiscardHandler)

// discardLog is that for package log.
var discardLog = log.New(io.Discard, "", 0)

func newWorld(t testing.TB) *world {
	w := &world{t: t}
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		t.Fatal(err)
	}
	w.dir = dir
	w.atEnd(func() {
		if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
			t.Errorf("files are left: %v %v (seed %d)", left, err, *seed)
		}
		_ = os.RemoveAll(dir)
	})
	for _, opts := range [][]uvgo.Option{
		{uvgo.WithParking(uvgo.ParkThread)},
		{uvgo.WithParking(uvgo.ParkGoroutine)},
		{uvgo.WithParking(uvgo.ParkThread), uvgo.WithArenas(128<<10, 64<<10), uvgo.WithBusyPoll(0), uvgo.WithDebug()},
	} {
		w.startLoop(append(opts, uvgo.WithPanicHandler(func(*uv.PanicError) { w.panics.Add(1) }), uvgo.WithLogger(quietLog))...)
	}
	w.startGroup()
	if w.files, err = uvfs.New(); err != nil {
		t.Fatal(err)
	}
	w.atEnd(func() { w.ended("uvfs close", w.files.Close()) })
	w.echo = startEcho(w)
	w.web = startWeb(w)
	return w
}

// atEnd has close call fn.
func (w *world) atEnd(fn func()) { w.ends = append(w.ends, fn) }

// ended reports an error of an end.
func (w *world) ended(what string, err error) {
	if err != nil {
		w.t.Errorf("%s: %v (seed %d)", what, err, *seed)
	}
}

// op makes an operation of the actor.
func (w *world) op(a *actor, r *rand.Rand) *op { return &op{Rand: r, actor: a, w: w, t: w.t} }

// path returns a name in the world's directory that no other operation has.
func (w *world) path(name string) string {
	return filepath.Join(w.dir, name+strconv.FormatInt(w.next.Add(1), 10))
}

// startLoop runs a loop until the world's end, which must find no handle of it open.
func (w *world) startLoop(opts ...uvgo.Option) {
	l, err := uvgo.New(opts...)
	if err != nil {
		w.t.Fatal(err)
	}
	l.Hold()
	ran := make(chan error)
	go func() { ran <- l.Run(context.Background()) }()
	w.loops = append(w.loops, l)
	w.atEnd(func() {
		w.quiet("a loop", l.Stats, l)
		w.ended("post", l.Post(l.Drop))
		w.ended("run", within(ran))
		w.ended("loop close", l.Close())
		_ = l.Shutdown(context.Background()) // what a fault has left open is reported once
	})
}

// startGroup runs the loops of net.
func (w *world) startGroup() {
	g, err := uvgo.NewGroup(2, uvgo.WithParking(uvgo.ParkGoroutine), uvgo.WithLogger(quietLog), uvgo.WithDebug())
	if err != nil {
		w.t.Fatal(err)
	}
	w.group, w.net = g, uvnet.New(g)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- g.Run(ctx) }()
	w.atEnd(func() {
		w.quiet("uvnet's loops", g.Stats, g.Loops()...)
		w.quiet("uvnet's default group", func() (all uv.Stats) {
			for _, s := range uvnet.LoopStats() {
				all = all.Add(s)
			}
			return all
		})
		cancel()
		_ = within(ran)
		end, release := context.WithTimeout(context.Background(), hang)
		defer release()
		w.ended("group shutdown", g.Shutdown(end))
	})
}

// patience is how long closes that are under way may take.
var patience = 5 * time.Second

// quiet waits until loops hold nothing for operations, which have all ended: their closes may be under way.
func (w *world) quiet(what string, stats func() uv.Stats, loops ...*uvgo.Loop) {
	var s uv.Stats
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		s = stats()
		if s.OpenHandles()+s.Requests+s.Queued+s.Unsent+s.Blocked == 0 {
			return
		}
		if time.Since(began) > patience {
			break
		}
	}
	w.t.Errorf("%s: left are handles %v, %d requests, %d posts, %d bytes unsent, %d blocked callbacks (seed %d)",
		what, open(s), s.Requests, s.Queued, s.Unsent, s.Blocked, *seed)
	for _, l := range loops { // those made with WithDebug say where a handle was made
		listed := make(chan string, 1)
		if l.Post(func() {
			var b strings.Builder
			_ = l.WriteHandles(&b, false)
			listed <- b.String()
		}) == nil {
			w.t.Logf("handles of loop %s:\n%s", l.Name(), <-listed)
		}
	}
}

// open names the handles that are open.
func open(s uv.Stats) map[string]uint64 {
	m := make(map[string]uint64)
	for kind, n := range s.Handles {
		if n > 0 {
			m[uv.HandleKind(kind).String()] = n
		}
	}
	return m
}

// within returns the error that the channel brings; one that never comes ends the process with all stacks.
func within(c <-chan error) error {
	select {
	case err := <-c:
		return err
	case <-time.After(hang):
		panic("the end of a run has not come")
	}
}

var closing sync.Mutex // for the stacks of one hang only

// close ends the world.
func (w *world) close() {
	closing.Lock()
	defer closing.Unlock()
	for i := len(w.ends) - 1; i >= 0; i-- {
		w.ends[i]()
	}
}
