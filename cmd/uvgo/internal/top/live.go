package top

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// A live shows pictures on a terminal. All of it belongs to the loop.
type live struct {
	follower
	o       Options
	ctx     context.Context
	loop    *uvgo.Loop
	in, out *handles.TTY // in is nil if the standard input is no terminal
	timer   *handles.Timer
	screen  screen
	typed   string // the beginning of a key
	asking  bool   // the source is being asked
	updates int
	help    bool
	scroll  int  // lines of the body above the screen
	below   int  // how far it can scroll
	sending bool // the terminal has not taken all that it was sent
	stale   bool // the screen is to be drawn then
}

// watch shows the program on the terminal. However it ends, the terminal is as before.
func watch(ctx context.Context, o Options, v view, first Sample) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &live{o: o, ctx: ctx, follower: follower{view: v, old: first, now: compare(first, first)}}
	w.screen.terminal = terminalOf(os.Getenv)
	writeNow(o.Out, enterScreen)
	defer writeNow(o.Out, leaveScreen) // Run has restored the mode; also for a panic, whose text comes behind it
	return uvgo.Run(ctx, w.begin)
}

// begin sets everything up.
func (w *live) begin(l *uvgo.Loop) (err error) {
	w.loop = l
	if w.out, err = l.NewTTY(w.o.Out.Fd()); err != nil {
		return err
	}
	for _, s := range []struct {
		fn   func(os.Signal)
		sigs []os.Signal
	}{
		{func(os.Signal) { l.Stop() }, []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}},
		{func(os.Signal) { w.resize() }, []os.Signal{syscall.SIGWINCH}},
		{func(os.Signal) { w.suspend() }, []os.Signal{syscall.SIGTSTP}},
		{func(os.Signal) { w.resume() }, []os.Signal{syscall.SIGCONT}},
	} {
		for _, sig := range s.sigs {
			h, err := l.NewSignal()
			if err != nil {
				return err
			}
			if err := h.Start(sig, s.fn); err != nil {
				return err
			}
		}
	}
	if handles.GuessHandle(w.o.In.Fd()) == uv.KindTTY {
		if w.in, err = l.NewTTY(w.o.In.Fd()); err != nil {
			return err
		}
		if err := w.in.SetMode(handles.TTYRaw); err != nil {
			return err
		}
		if err := w.in.ReadStart(w.read); err != nil {
			return err
		}
	}
	if w.timer, err = l.NewTimer(); err != nil {
		return err
	}
	w.resize()
	return w.timer.Start(min(w.interval, 500*time.Millisecond), w.interval, w.ask)
}

// resize asks for the terminal's size, and draws.
func (w *live) resize() {
	columns, rows, err := w.out.WindowSize()
	if err != nil || columns <= 0 || rows <= 0 { // it was never set
		columns, rows = 80, 24
	}
	w.screen.resize(columns, rows)
	w.draw()
}

// ask asks the source, on a goroutine. A panic there is the loop's, so that the terminal is restored.
func (w *live) ask() {
	if w.paused || w.asking {
		return
	}
	w.asking = true
	go func() {
		defer func() {
			if v := recover(); v != nil {
				stack := debug.Stack()
				_ = w.loop.Post(func() { panic(fmt.Sprintf("%v\n%s", v, stack)) }) // fails once the loop has ended
			}
		}()
		s, err := w.o.Source.Fetch(w.ctx)
		_ = w.loop.Post(func() { w.answered(s, err) })
	}()
}

// answered shows what the source has said.
func (w *live) answered(s Sample, err error) {
	w.asking = false
	if w.paused {
		return
	}
	w.got(s, err)
	w.draw()
	if w.updates++; w.o.Count > 0 && w.updates >= w.o.Count {
		w.loop.Stop()
	}
}

// read takes what was typed.
func (w *live) read(p []byte, err error) {
	if err != nil { // the terminal is gone
		w.loop.Stop()
		return
	}
	var keys []string
	keys, w.typed = splitKeys(w.typed + string(p))
	for _, k := range keys {
		w.key(k)
	}
	w.draw()
}

// key does what a key says.
func (w *live) key(k string) {
	w.note = ""
	page := max(1, w.screen.rows-6)
	switch k {
	case "q", "Q", "ctrl-c":
		w.loop.Stop()
	case "h", "?", "H":
		w.help, w.scroll = !w.help, 0
	case "p", " ":
		w.paused = !w.paused
		w.ask()
	case "s", ">", "right":
		w.sort, w.up = (w.sort+1)%len(loopColumns), false
	case "<", "left":
		w.sort, w.up = (w.sort+len(loopColumns)-1)%len(loopColumns), false
	case "r", "R":
		w.up = !w.up
	case "+", "=":
		w.pace(1)
	case "-", "_":
		w.pace(-1)
	case "down", "j":
		w.scroll++
	case "up", "k":
		w.scroll--
	case "pgdn":
		w.scroll += page
	case "pgup":
		w.scroll -= page
	case "home", "g":
		w.scroll = 0
	case "end", "G":
		w.scroll = w.below
	case "ctrl-l":
		w.screen.shown = nil
	case "ctrl-z":
		w.stopGroup()
	default:
		w.help = w.help && k != "\x1b"
	}
	w.scroll = min(max(w.scroll, 0), w.below)
}

// pace takes the next longer interval, or the next shorter one.
func (w *live) pace(step int) {
	now := int(w.interval / time.Millisecond)
	next := -1
	for _, ms := range intervals {
		if step > 0 && ms > now && next < 0 || step < 0 && ms < now {
			next = ms
		}
	}
	if next < 0 {
		return
	}
	w.interval = time.Duration(next) * time.Millisecond
	if err := w.timer.Start(w.interval, w.interval, w.ask); err != nil {
		w.note = "the interval stays: " + err.Error()
	}
}

// stopGroup asks all processes of the job to stop, as a terminal does at Ctrl-Z, and this one among them. The leader of a session has no
// shell that would make it go on.
func (w *live) stopGroup() {
	if sid, err := unix.Getsid(0); err == nil && sid == os.Getpid() {
		w.note = "there is no shell to go back to"
		return
	}
	_ = unix.Kill(0, unix.SIGTSTP) // always allowed
}

// suspend gives the terminal back, and stops the process.
func (w *live) suspend() {
	if w.in != nil {
		_ = w.in.SetMode(handles.TTYNormal) // the terminal may be gone
	}
	writeNow(w.o.Out, leaveScreen)
	_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
}

// resume takes the terminal again. The shell may have changed its mode, so it is set even if it was set before.
func (w *live) resume() {
	if w.in != nil {
		_ = w.in.SetMode(handles.TTYNormal)
		_ = w.in.SetMode(handles.TTYRaw)
	}
	writeNow(w.o.Out, enterScreen)
	w.resize()
}

// draw shows everything. While the terminal has not taken what it was sent, nothing more is: what is true then comes behind it.
func (w *live) draw() {
	if w.sending {
		w.stale = true
		return
	}
	text := w.screen.draw(w.lines())
	if text == "" {
		return
	}
	w.sending, w.stale = true, false
	err := w.out.WriteFunc(func(err error) {
		w.sending = false
		switch {
		case err != nil: // the terminal is gone
			w.loop.Stop()
		case w.stale:
			w.draw()
		}
	}, []byte(text))
	if err != nil {
		w.loop.Stop()
	}
}

// lines lays the screen out: the head, as much of the body as there is room for, and the keys.
func (w *live) lines() []line {
	head := w.head(w.now)
	room := w.screen.rows - len(head) - 1
	if room < 2 {
		w.below = 0
		return head[:min(len(head), w.screen.rows)]
	}
	var body []line
	if w.help {
		for _, text := range helpText {
			body = append(body, line{{text, normal}})
		}
	} else {
		body = w.body(w.now, w.screen.columns)
	}
	w.below = max(0, len(body)-room)
	w.scroll = min(w.scroll, w.below)
	foot := "q end  h help  "
	if w.below > 0 {
		foot += fmt.Sprintf("lines %d to %d of %d  ", w.scroll+1, min(w.scroll+room, len(body)), len(body))
	}
	foot += "p pause  s sort  r turn around  + - interval " + w.interval.String()
	body = body[w.scroll:min(len(body), w.scroll+room)]
	for len(body) < room {
		body = append(body, nil)
	}
	return append(append(head, body...), line{{foot, weak}})
}
