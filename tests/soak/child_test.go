package soak

import (
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	register(
		&actor{name: "handles.Process", weight: 2, run: children},
		&actor{name: "handles.Signal", weight: 4, run: signals},
	)
}

// readFD reads from a descriptor that does not block.
func readFD(fd uintptr, p []byte) (int, error) {
	n, err := unix.Read(int(fd), p)
	if err == unix.EAGAIN || err == unix.EINTR {
		return -1, nil
	}
	return max(n, 0), err
}

// children starts programs: one that echoes, ones that are killed, are left behind or cannot be started.
func children(o *op) {
	l := o.loop()
	switch o.IntN(5) {
	case 0, 1:
		o.cat(l)
	case 2: // killed by us, at a random time
		o.on(l, func() {
			p := o.spawn(l, handles.ProcessOptions{File: "sleep", Args: []string{"sleep", "100"}}, 0, syscall.SIGKILL)
			o.fault("a child was killed")
			_, err := l.AfterFunc(o.pause(), func() { o.check("kill", p.Kill(syscall.SIGKILL)) })
			o.check("AfterFunc", err)
		})
	case 3: // closed while it runs
		o.on(l, func() {
			p, err := l.Spawn(handles.ProcessOptions{File: "sleep", Args: []string{"sleep", "100"}, KillOnClose: true}, func(int, syscall.Signal) {
				o.lose("a closed process reported its end")
			})
			if !o.check("spawn", err) {
				return
			}
			o.closes(p)
			o.fault("a process handle closed before the child's end")
			_ = p.Close()
		})
	case 4:
		o.on(l, func() {
			_, err := l.Spawn(handles.ProcessOptions{File: "/does/not/exist", Stdio: []handles.Stdio{handles.StdioPipe(handles.ChildReads)}}, nil)
			o.check("spawn", err, uv.ENOENT)
		})
	}
}

// spawn starts a program that must end with this status and signal.
func (o *op) spawn(l *uvgo.Loop, opts handles.ProcessOptions, status int, sig syscall.Signal) *handles.Process {
	exited := o.owe("an exit callback")
	var p *handles.Process
	p, err := l.Spawn(opts, func(st int, s syscall.Signal) {
		exited()
		if st != status || s != sig {
			o.lose("%s ended with status %d and signal %v, want %d and %v", opts.File, st, s, status, sig)
		}
		_ = p.Close()
	})
	if !o.check("spawn", err) {
		exited()
		panic(giveUp{})
	}
	o.closes(p)
	return p
}

// cat sends frames through a program.
func (o *op) cat(l *uvgo.Loop) {
	var got reader
	var total, n int
	o.on(l, func() {
		p := o.spawn(l, handles.ProcessOptions{File: "cat", Stdio: []handles.Stdio{handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites)}}, 0, 0)
		in, out := p.Stdio(0), p.Stdio(1)
		o.closes(in)
		o.closes(out)
		for range 1 + o.IntN(6) {
			f := frame(o.payload(64 << 10))
			n++
			total += len(f)
			paid := o.owe("a write callback")
			if !o.check("write", in.WriteFunc(func(err error) { paid(); o.check("write", err) }, f)) {
				paid()
			}
		}
		paid := o.owe("a shutdown callback")
		if !o.check("shutdown", in.Shutdown(func(err error) { paid(); o.check("shutdown", err); _ = in.Close() })) {
			paid()
		}
		o.check("read start", out.ReadStart(func(p []byte, err error) {
			if err != nil {
				if err != io.EOF {
					o.lose("read: %v", err)
				}
				_ = out.Close()
				return
			}
			if err := got.feed(p); err != nil {
				o.lose("%v", err)
			}
		}))
	})
	o.settle()
	if got.frames != n || got.rest() != 0 {
		o.lose("%d of %d frames came through cat", got.frames, n)
	}
	o.arrived(got.bytes)
}

// signals watches a signal on one or two loops, and sends it to ourselves. Several may arrive as one.
func signals(o *op) {
	sig := []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGCONT}[o.IntN(4)]
	// Somebody else's signal may be taken for our own, so that the last watch ends before ours has arrived.
	// The default action of SIGUSR1 would then end the process.
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	defer signal.Stop(c)
	for range 1 + o.IntN(2) {
		l := o.loop()
		o.on(l, func() {
			s := must[*handles.Signal](o, "signal")(l.NewSignal())
			o.closes(s)
			seen := o.owe("a signal callback")
			first := true
			fn := func(got os.Signal) {
				if got != sig {
					o.lose("%v came as %v", sig, got)
				}
				if first {
					seen()
					_ = s.Close()
				}
				first = false
			}
			if o.chance(2) {
				o.check("start", s.StartOneshot(sig, fn))
			} else {
				o.check("start", s.Start(sig, fn))
			}
			if o.chance(4) { // stopped and started again
				o.check("stop", s.Stop())
				o.check("start", s.Start(sig, fn))
			}
		})
	}
	o.check("kill", handles.Kill(os.Getpid(), sig))
	o.fault("a signal to ourselves")
	select { // our own signal, or one that came with it
	case <-c:
	case <-time.After(hang):
		o.lose("os/signal has not got %v", sig)
	}
}
