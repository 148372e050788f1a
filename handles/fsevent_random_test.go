package handles_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// A watch is an FSEvent or an FSPoll that knows for which start its callback may
// run.
type watch struct {
	t      *testing.T
	act    func() // what callbacks do
	event  *handles.FSEvent
	poll   *handles.FSPoll
	on     int // the start that is in force, 0 for none
	starts int
	closed bool
}

// ran checks a callback of the start with this number.
func (w *watch) ran(start int) {
	if w.on != start || w.closed {
		w.t.Errorf("the callback of start %d ran; in force is %d, closed %t", start, w.on, w.closed)
	}
	w.act()
}

func (w *watch) start(path string) {
	if w.on != 0 || w.closed {
		return
	}
	w.starts++
	n := w.starts
	var err error
	if w.event != nil {
		err = w.event.Start(path, 0, func(string, handles.FSEventKind, error) { w.ran(n) })
	} else {
		err = w.poll.Start(path, time.Millisecond, func(uv.Stat, uv.Stat, error) { w.ran(n) })
	}
	if err == nil {
		w.on = n
	}
}

func (w *watch) stop() {
	if w.closed {
		return
	}
	w.on = 0
	if w.event != nil {
		uvtest.Check(w.t, w.event.Stop())
	} else {
		uvtest.Check(w.t, w.poll.Stop())
	}
}

func (w *watch) close(done func()) {
	if w.closed {
		return
	}
	w.on, w.closed = 0, true
	if w.event != nil {
		w.event.OnClose(done)
		uvtest.CloseAll(w.t, w.event)
	} else {
		w.poll.OnClose(done)
		uvtest.CloseAll(w.t, w.poll)
	}
}

// TestWatchesInRandomOrder starts, stops and closes watches, also from callbacks,
// while the files come and go: no callback may run for a start that is over.
func TestWatchesInRandomOrder(t *testing.T) {
	seeds := 30
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			l := looptest.New(t)
			dir := memoryDir(t)
			var paths []string
			for i := range 6 {
				paths = append(paths, filepath.Join(dir, fmt.Sprint("file", i)))
			}
			paths = append(paths, dir)
			open := 0
			var ws []*watch
			operate := func() {
				w, path := ws[r.IntN(len(ws))], paths[r.IntN(len(paths))]
				switch r.IntN(8) {
				case 0:
					w.close(func() { open-- })
				case 1, 2, 3, 4:
					w.start(path)
				default:
					w.stop()
				}
			}
			add := func(l *uvgo.Loop) {
				w := &watch{t: t, act: operate}
				if r.IntN(2) == 0 {
					w.event = uvtest.Must(l.NewFSEvent())
				} else {
					w.poll = uvtest.Must(l.NewFSPoll())
				}
				open++
				ws = append(ws, w)
			}
			add(l)
			for range 400 {
				path := paths[r.IntN(len(paths))]
				switch r.IntN(14) {
				case 0, 1:
					add(l)
				case 2, 3, 4, 5:
					operate()
				case 6, 7:
					if path != dir {
						uvtest.Check(t, os.WriteFile(path, []byte("x"), 0o600))
					}
				case 8:
					if path != dir {
						os.Remove(path)
					}
				case 9:
					os.Rename(paths[r.IntN(6)], paths[r.IntN(6)])
				default:
					looptest.Turn(t, l, 1)
				}
			}
			for _, w := range ws {
				w.close(func() { open-- })
			}
			if looptest.Run(t, l); open != 0 {
				t.Errorf("%d close callbacks have not run", open)
			}
		})
	}
}
