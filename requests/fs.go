package requests

import (
	"io"
	"iter"
	"strconv"
	"strings"
	"sync"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// An FS is a file operation under way: a small value that need not be kept. The
// functions FSOpen to FSClosedir start one on a loop; its callback runs there,
// exactly once. C type uv_fs_t,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_t.
type FS struct {
	core *core.Core
	slot uint32
	gen  uint32
}

// Cancel takes the operation back if no thread has begun with it: its callback
// then gets ECANCELED, in a later turn. EBUSY once it runs, is done or was
// cancelled, and for FSClosedir. An FSSendfileAll under way ends with ECANCELED behind its current
// step. C function uv_cancel,
// https://docs.libuv.org/en/v1.x/request.html#c.uv_cancel.
func (f FS) Cancel() error {
	if f.core == nil { // the zero FS, of a start that failed
		return uv.Check("fs cancel", int(uv.EBUSY))
	}
	if err := f.core.Check("fs cancel"); err != nil {
		return err
	}
	r, _ := f.core.Target(f.slot, f.gen).(*fsRequest)
	if r == nil {
		return uv.Check("fs cancel", int(uv.EBUSY))
	}
	rc := f.core.Ring().CancelFS(r.c)
	if r.steps && !r.stop && (rc == 0 || rc == int(uv.EBUSY)) {
		r.stop, rc = true, 0
	}
	return uv.Check("fs cancel", rc)
}

// fsRequest is the target of an operation's completion.
type fsRequest struct {
	core          *core.Core
	c             *cuv.FSRequest
	slot, gen     uint32
	kind          int32
	op            string
	path, newPath string
	onFD          bool // the operation names its file by descriptor
	fn            any  // the callback: a func of one of Complete's types
	dir           *Dir
	size          int // bytes lent to a read or write
	lent          *submit.Pins
	sendAll
}

// sendAll is the state of FSSendfileAll.
type sendAll struct {
	steps, stop bool
	done, left  int64 // bytes; left is negative: to the end
}

var _ core.Target = (*fsRequest)(nil)

var fsRequests = sync.Pool{New: func() any { return &fsRequest{lent: new(submit.Pins)} }}

// newFS begins an operation; valid tells whether its arguments make sense.
func newFS(l uv.Loop, op string, valid bool, path, newPath string) (*fsRequest, error) {
	if !valid || strings.IndexByte(path, 0) >= 0 || strings.IndexByte(newPath, 0) >= 0 {
		return nil, uv.CheckAddr(op, pathText(path, newPath), int(uv.EINVAL))
	}
	core, err := core.Use(l, op)
	if err != nil {
		return nil, err
	}
	c := core.Ring().NewFS()
	if c == nil {
		return nil, uv.CheckAddr(op, pathText(path, newPath), int(uv.ENOMEM))
	}
	r := fsRequests.Get().(*fsRequest)
	r.core, r.c, r.op, r.path, r.newPath = core, c, op, path, newPath
	return r, nil
}

// newFDFS is newFS of an operation on a descriptor.
func newFDFS(l uv.Loop, op string, valid bool, fd uintptr) (*fsRequest, error) {
	if fd > 1<<31-1 {
		return nil, uv.Check(op, int(uv.EBADF))
	}
	r, err := newFS(l, op, valid, "", "")
	if err != nil {
		return nil, err
	}
	r.c.FD, r.onFD = int32(fd), true
	return r, nil
}

// start hands the operation to libuv. bufs are lent.
func (r *fsRequest) start(kind int32, fn any, bufs ...[]byte) (FS, error) {
	r.kind, r.fn = kind, fn
	r.slot, r.gen = r.core.Slot(r)
	for _, p := range bufs {
		r.size += len(p)
		r.lent.Pin(p)
	}
	if rc := r.core.Ring().StartFS(r.c, kind, r.slot, r.gen, r.path, r.newPath, bufs); rc < 0 {
		err := r.error(rc)
		r.end()
		return FS{}, err
	}
	return FS{r.core, r.slot, r.gen}, nil
}

// error makes libuv's code an error that names the file.
func (r *fsRequest) error(rc int) error {
	if rc >= 0 {
		return nil
	}
	if r.onFD {
		return uv.CheckAddr(r.op, "descriptor "+strconv.Itoa(int(r.c.FD)), rc)
	}
	return uv.CheckAddr(r.op, pathText(r.path, r.newPath), rc)
}

func pathText(path, newPath string) string {
	if newPath == "" {
		return path
	}
	return path + " to " + newPath
}

// refuse ends an operation whose arguments turned out not to make sense.
func (r *fsRequest) refuse(code uv.Errno) error {
	err := r.error(int(code))
	r.release()
	return err
}

// end gives back all that a started operation held.
func (r *fsRequest) end() {
	r.core.Vacate(r.slot)
	r.release()
}

func (r *fsRequest) release() {
	r.lent.Release()
	r.core.Ring().ReleaseFS(r.c)
	*r = fsRequest{lent: r.lent}
	fsRequests.Put(r)
}

// Complete reads the outcome, ends the request and runs its callback. C type
// uv_fs_cb, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_cb.
func (r *fsRequest) Complete(*cuv.Event) {
	n, err := r.c.Result, r.error(int(min(r.c.Result, 0)))
	switch fn := r.fn.(type) {
	case func(error):
		r.end()
		fn(err)
	case func(int, error):
		switch {
		case r.kind == cuv.FSRead && n == 0 && r.size > 0:
			err = io.EOF
		case r.kind == cuv.FSWrite && n >= 0 && n < int64(r.size):
			err = io.ErrShortWrite // libuv keeps what stopped it to itself
		}
		r.end()
		fn(int(max(n, 0)), err)
	case func(int64, error):
		r.sent(n, err, fn)
	case func(uintptr, error):
		r.end()
		fn(descriptor(n), err)
	case func(uintptr, string, error):
		text := r.text()
		r.end()
		fn(descriptor(n), text, err)
	case func(string, error):
		text := r.text()
		r.end()
		fn(text, err)
	case func(uv.Stat, error):
		var st uv.Stat
		if err == nil {
			st = core.NewStat(r.c.Stat())
		}
		r.end()
		fn(st, err)
	case func(uv.Statfs, error):
		var st uv.Statfs
		if err == nil {
			st = core.NewStatfs(r.c.Statfs())
		}
		r.end()
		fn(st, err)
	case func(*Dir, error):
		var d *Dir
		if err == nil {
			d = &Dir{core: r.core, c: r.c.Dir, path: r.path}
		}
		r.end()
		fn(d, err)
	case func(iter.Seq[uv.Dirent], error):
		r.entries(err, fn)
	}
}

// descriptor is a descriptor of libuv's, or an invalid one.
func descriptor(n int64) uintptr {
	if n < 0 {
		return ^uintptr(0)
	}
	return uintptr(n)
}

// text returns the string that the operation found.
func (r *fsRequest) text() string {
	if r.c.Result < 0 {
		return ""
	}
	return r.c.Text()
}
