package soak

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	register(&actor{name: "handles.TTY", weight: 1, run: terminals})
}

// openPTY makes a terminal: the user's side and the program's.
func openPTY() (user, term *os.File, err error) {
	open := func(name string) (*os.File, error) {
		fd, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(fd), name), nil
	}
	if user, err = open("/dev/ptmx"); err != nil {
		return nil, nil, err
	}
	fd := int(user.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		term, err = open(fmt.Sprint("/dev/pts/", n))
	}
	if err != nil {
		user.Close()
	}
	return user, term, err
}

// terminals types bytes into a terminal that changes none of them, which a handle reads and shows again. It may be closed, or lose its user,
// in the middle.
func terminals(o *op) {
	l := o.loop()
	user, term, err := openPTY()
	if !o.check("open a terminal", err) {
		return
	}
	hangup := o.chance(4)
	keys := frame([]byte(fmt.Sprintf("%x", o.Uint64()))) // short: it fits into the terminal's queue
	var got reader
	ready := make(chan struct{})
	o.on(l, func() {
		defer close(ready)
		t := must[*handles.TTY](o, "tty")(l.NewTTY(term.Fd()))
		o.closes(t)
		o.check("set mode", t.SetMode(handles.TTYIO))
		if _, _, err := t.WindowSize(); err != nil {
			o.lose("window size: %v", err)
		}
		o.check("read start", t.ReadStart(func(p []byte, err error) {
			if err != nil {
				if !hangup || err != io.EOF {
					o.check("read", err, uv.EIO)
				}
				_ = t.Close()
				return
			}
			if err := got.feed(p); err != nil {
				o.lose("%v", err)
			}
			if got.frames == 1 && !hangup {
				paid := o.owe("a write callback")
				if !o.check("write", t.WriteFunc(func(err error) { paid(); o.check("write", err); _ = t.Close() }, keys)) {
					paid()
				}
			}
		}))
	})
	<-ready
	_, err = user.Write(keys)
	o.check("type", err)
	if hangup {
		o.fault("a terminal's user hung up")
		o.check("close", user.Close())
		o.settle()
	} else {
		back := make([]byte, len(keys))
		if _, err := io.ReadFull(user, back); o.check("the terminal shows", err) && string(back) != string(keys) {
			o.lose("the terminal shows %q, want %q", back, keys)
		}
		o.settle()
		o.check("close", user.Close())
		o.arrived(len(keys))
	}
	o.check("close", term.Close())
}
