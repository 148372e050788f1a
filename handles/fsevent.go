package handles

import (
	"strings"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// An FSEvent tells when a file, or an entry of a directory, changes. C type
// uv_fs_event_t.
//
// https://docs.libuv.org/en/v1.x/fs_event.html
type FSEvent struct {
	handle
	name string // the last one reported, kept because a file mostly changes many times
	fn   func(name string, events FSEventKind, err error)
}

var _ uv.Handle = (*FSEvent)(nil)

// An FSEventKind is a set of things that can happen to a file.
type FSEventKind int

// What FSEvent reports, after libuv's.
const (
	FSEventRename FSEventKind = cuv.FSEventRename // created, deleted or renamed
	FSEventChange FSEventKind = cuv.FSEventChange // the content or the attributes
)

// String names the events: "rename", "change", "rename|change". No libuv
// counterpart.
func (k FSEventKind) String() string {
	var names []string
	if k&FSEventRename != 0 {
		names = append(names, "rename")
	}
	if k&FSEventChange != 0 {
		names = append(names, "change")
	}
	return strings.Join(names, "|")
}

// An FSEventFlag changes what FSEvent watches.
type FSEventFlag int

// The flags of FSEvent.Start. libuv ignores those that a system cannot do;
// Start answers ENOTSUP.
const (
	FSEventWatchEntry FSEventFlag = cuv.FSEventWatchEntry // a directory itself, not its entries; no system can
	FSEventStat       FSEventFlag = cuv.FSEventStat       // by asking at intervals, as FSPoll does; no system can
	FSEventRecursive  FSEventFlag = cuv.FSEventRecursive  // all of a tree: macOS
)

const fsEventAll = FSEventWatchEntry | FSEventStat | FSEventRecursive

// NewFSEvent makes a handle that watches files. C function uv_fs_event_init.
//
// https://docs.libuv.org/en/v1.x/fs_event.html#c.uv_fs_event_init
func NewFSEvent(l uv.Loop) (*FSEvent, error) {
	f := new(FSEvent)
	if err := f.open(l, "fs event init", uv.KindFSEvent, false, (*fsEventTarget)(f)); err != nil {
		return nil, err
	}
	return f, nil
}

// Start makes fn run whenever the file at path changes, or an entry of the
// directory there, whose name fn gets; for a file it is the path's last element.
// "" stands for a name that the system does not tell. On Linux:
//
//   - The kernel keeps 16,384 events for a loop that does not turn
//     (fs.inotify.max_queued_events); libuv says nothing of those that are lost.
//   - The inode is watched. One that another file was renamed over is gone, and
//     so is a deleted file once nobody has it open: to see the next file of that
//     name, watch its directory.
//   - Two handles of a loop that watch one file by different names both report
//     the name of the first.
//
// EINVAL for a nil fn, a NUL byte in path, or a handle that is active; ENOTSUP
// for a flag that the system cannot do; ENOENT; EACCES if the file cannot be
// read; ENOSPC beyond the user's limit of watches. C function uv_fs_event_start.
//
// https://docs.libuv.org/en/v1.x/fs_event.html#c.uv_fs_event_start
func (f *FSEvent) Start(path string, flags FSEventFlag, fn func(name string, events FSEventKind, err error)) error {
	const op = "fs event start"
	if err := f.use(op); err != nil {
		return err
	}
	if fn == nil || strings.IndexByte(path, 0) >= 0 || flags&^fsEventAll != 0 || f.has(active) {
		return uv.FailAddr(op, path, uv.EINVAL)
	}
	if flags&^cuv.FSEventSupported != 0 {
		return uv.FailAddr(op, path, uv.ENOTSUP)
	}
	if rc := f.c.FSEventStart(path, int(flags)); rc < 0 {
		return uv.CheckAddr(op, path, rc)
	}
	f.core.Bump(f.c)
	f.set(active)
	f.fn = fn
	return nil
}

// Stop ends watching: fn runs no more, not even for what has happened already.
// C function uv_fs_event_stop.
//
// https://docs.libuv.org/en/v1.x/fs_event.html#c.uv_fs_event_stop
func (f *FSEvent) Stop() error {
	return stopWatch(&f.handle, "fs event stop", (*cuv.Handle).FSEventStop, &f.fn)
}

// Path returns what is watched. EINVAL if the handle is not active. C function
// uv_fs_event_getpath.
//
// https://docs.libuv.org/en/v1.x/fs_event.html#c.uv_fs_event_getpath
func (f *FSEvent) Path() (string, error) {
	return watchedPath(&f.handle, "fs event path", (*cuv.Handle).FSEventPath)
}

// complete handles the handle's events. C type uv_fs_event_cb.
//
// https://docs.libuv.org/en/v1.x/fs_event.html#c.uv_fs_event_cb
func (f *FSEvent) complete(ev *cuv.Event) {
	switch ev.Kind {
	case cuv.EvFSEvent:
		if name := ev.Name(); string(name) != f.name {
			f.name = string(name)
		}
		f.fn(f.name, FSEventKind(ev.FSEvents()), uv.Check("fs event", int(ev.Status)))
	case cuv.EvClose:
		f.fn = nil
		f.finish()
	}
}
