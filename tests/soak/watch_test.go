package soak

import (
	"os"
	"path/filepath"
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	register(
		&actor{name: "handles.FSEvent", weight: 3, run: fileEvents},
		&actor{name: "handles.FSPoll", weight: 1, run: filePolls},
	)
}

// fileEvents watches a directory while files come and go in it; others watch it, too, and stop in between.
func fileEvents(o *op) {
	l := o.loop()
	dir := o.w.path("watched")
	o.check("mkdir", os.Mkdir(dir, 0o700))
	for range o.IntN(3) {
		o.on(l, func() {
			other := must[*handles.FSEvent](o, "fs event")(l.NewFSEvent())
			o.closes(other)
			n := o.IntN(5)
			o.check("start", other.Start(dir, 0, func(string, handles.FSEventKind, error) {
				if n--; n < 0 && !other.Closing() {
					_ = other.Close()
				}
			}))
			_, err := l.AfterFunc(o.pause(), func() { _ = other.Close() })
			o.check("AfterFunc", err)
		})
	}
	o.on(l, func() {
		f := must[*handles.FSEvent](o, "fs event")(l.NewFSEvent())
		o.closes(f)
		seen := o.owe("the event of the last file")
		done := false
		o.check("start", f.Start(dir, 0, func(name string, _ handles.FSEventKind, err error) {
			if o.check("watch", err) && name == "last" && !done {
				done = true
				seen()
				if o.chance(2) {
					o.check("stop", f.Stop())
				}
				_ = f.Close()
			}
		}))
	})
	for i := range o.IntN(40) {
		name := filepath.Join(dir, string(rune('a'+i%26)))
		o.check("write", os.WriteFile(name, nil, 0o600))
		o.check("remove", os.Remove(name))
	}
	o.check("write", os.WriteFile(filepath.Join(dir, "last"), nil, 0o600))
	o.settle()
	o.check("remove", os.RemoveAll(dir))
}

// filePolls looks at a file that changes, or that goes away.
func filePolls(o *op) {
	l := o.loop()
	path := o.w.path("polled")
	o.check("write", os.WriteFile(path, nil, 0o600))
	gone := o.chance(3)
	o.on(l, func() {
		f := must[*handles.FSPoll](o, "fs poll")(l.NewFSPoll())
		o.closes(f)
		if o.chance(3) { // closed while its first look is under way
			o.check("start", f.Start(path, time.Millisecond, func(_, _ uv.Stat, _ error) { o.lose("a closed FSPoll reported a change") }))
			o.fault("an FSPoll closed at once")
			_ = f.Close()
			return
		}
		seen := o.owe("the report of a change")
		o.check("start", f.Start(path, time.Millisecond, func(_, cur uv.Stat, err error) {
			if f.Closing() {
				o.lose("a closed FSPoll reported a change")
				return
			}
			if gone && err == nil || !gone && (err != nil || cur.Size == 0) {
				return // it has seen the file before the last change
			}
			seen()
			_ = f.Close()
		}))
	})
	// The first look is the one that others are compared with, and may come behind the change. So the file changes until it is seen.
	settled := make(chan struct{})
	go func() { o.settle(); close(settled) }()
	for n := 1; ; n++ {
		if gone && n%2 == 1 {
			o.check("remove", os.Remove(path))
		} else {
			o.check("write", os.WriteFile(path, make([]byte, n), 0o600))
		}
		select {
		case <-settled:
			_ = os.Remove(path)
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}
