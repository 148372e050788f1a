package handles

import (
	"math"
	"strings"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// An FSPoll asks about a file at intervals and tells when its status has changed:
// slower than FSEvent, but on any file system, and for files that do not exist
// yet. C type uv_fs_poll_t.
//
// https://docs.libuv.org/en/v1.x/fs_poll.html
type FSPoll struct {
	handle
	fn func(prev, cur uv.Stat, err error)
}

var _ uv.Handle = (*FSPoll)(nil)

// NewFSPoll makes a handle that asks about a file at intervals. C function
// uv_fs_poll_init.
//
// https://docs.libuv.org/en/v1.x/fs_poll.html#c.uv_fs_poll_init
func NewFSPoll(l uv.Loop) (*FSPoll, error) {
	f := new(FSPoll)
	if err := f.open(l, "fs poll init", uv.KindFSPoll, false, (*fsPollTarget)(f)); err != nil {
		return nil, err
	}
	return f, nil
}

// Start makes fn run when the status of the file at path has changed since libuv last
// asked: it asks now and then once each interval, which counts in whole milliseconds, at
// least one, on libuv's thread pool. When the system answers with an error, such as
// ENOENT, fn gets the error once, with a zero cur; when the file exists again, fn gets the
// last status that was seen as prev. EINVAL for
// a nil fn, a NUL byte in path, an interval that is not positive or beyond 49
// days, or a handle that is active. C function uv_fs_poll_start.
//
// https://docs.libuv.org/en/v1.x/fs_poll.html#c.uv_fs_poll_start
func (f *FSPoll) Start(path string, interval time.Duration, fn func(prev, cur uv.Stat, err error)) error {
	const op = "fs poll start"
	if err := f.use(op); err != nil {
		return err
	}
	ms := interval.Milliseconds()
	if fn == nil || strings.IndexByte(path, 0) >= 0 || interval <= 0 || ms > math.MaxUint32 || f.has(active) {
		return uv.FailAddr(op, path, uv.EINVAL)
	}
	if f.has(started) {
		c, rc := f.c.Renew()
		if rc < 0 {
			return uv.CheckAddr(op, path, rc)
		}
		f.c = c
		f.clear(started)
	}
	if rc := f.c.FSPollStart(path, uint32(max(ms, 1))); rc < 0 {
		return uv.CheckAddr(op, path, rc)
	}
	f.core.Bump(f.c)
	f.set(active | started)
	f.fn = fn
	return nil
}

// Stop ends watching: fn runs no more. A call that a thread of the pool has begun still
// runs to its end. C function uv_fs_poll_stop.
//
// https://docs.libuv.org/en/v1.x/fs_poll.html#c.uv_fs_poll_stop
func (f *FSPoll) Stop() error {
	return stopWatch(&f.handle, "fs poll stop", (*cuv.Handle).FSPollStop, &f.fn)
}

// Path returns what is watched. EINVAL if the handle is not active. C
// function uv_fs_poll_getpath.
//
// https://docs.libuv.org/en/v1.x/fs_poll.html#c.uv_fs_poll_getpath
func (f *FSPoll) Path() (string, error) {
	return watchedPath(&f.handle, "fs poll path", (*cuv.Handle).FSPollPath)
}

// complete handles the handle's events. C type uv_fs_poll_cb.
//
// https://docs.libuv.org/en/v1.x/fs_poll.html#c.uv_fs_poll_cb
func (f *FSPoll) complete(ev *cuv.Event) {
	switch ev.Kind {
	case cuv.EvFSPoll:
		var prev, cur uv.Stat
		if s := ev.Stats(); s != nil {
			prev, cur = seen(&s[0]), seen(&s[1])
		}
		f.fn(prev, cur, uv.Check("fs poll", int(ev.Status)))
	case cuv.EvClose:
		f.fn = nil
		f.finish()
	}
}

// seen converts a status; libuv has zeros for a file that was not there.
func seen(c *cuv.Stat) uv.Stat {
	if *c == (cuv.Stat{}) {
		return uv.Stat{}
	}
	return core.NewStat(c)
}
