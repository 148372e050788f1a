package requests

import (
	"strconv"
	"strings"
	"sync"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// An FS is a file operation under way. The functions FSOpen to FSClosedir start one on
// a loop; its callback runs there, exactly once. An FS is a small value that only Cancel
// needs. C type uv_fs_t.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_t
type FS struct {
	core *core.Core
	slot uint32
	gen  uint32
}

// Cancel cancels the operation if no thread has begun it: its callback then gets
// ECANCELED, in a later turn. An FSSendfileAll ends with ECANCELED behind the step that
// runs. EBUSY if the operation runs, is over or was cancelled before, and for
// FSClosedir. C function uv_cancel.
//
// https://docs.libuv.org/en/v1.x/request.html#c.uv_cancel
func (f FS) Cancel() error {
	if f.core == nil { // the zero FS, of a start that failed
		return uv.Fail("fs cancel", uv.EBUSY)
	}
	if err := f.core.Check("fs cancel"); err != nil {
		return err
	}
	r, _ := f.core.Target(f.slot, f.gen).(*fsRequest)
	if r == nil {
		return uv.Fail("fs cancel", uv.EBUSY)
	}
	rc := f.core.Ring().CancelFS(r.c)
	if r.steps && !r.stop && (rc == 0 || rc == int(uv.EBUSY)) {
		r.stop, rc = true, 0
	}
	return uv.Check("fs cancel", rc)
}

// fsRequest is the target of an operation's event.
type fsRequest struct {
	core          *core.Core
	c             *cuv.FSRequest
	slot, gen     uint32
	op            string
	path, newPath string
	onFD          bool // errors name the descriptor instead of a path
	done          fsDone
	dir           *Dir // of FSReaddir
	size          int  // bytes lent to a read or write
	lent          *submit.Pins
	sendAll
}

// sendAll is the state of FSSendfileAll.
type sendAll struct {
	steps, stop bool  // it is an FSSendfileAll; it was cancelled
	total       int64 // bytes copied so far
	left        int64 // bytes to copy, negative: all up to the end
}

var _ core.Target = (*fsRequest)(nil)

// fsRequests keeps requests for reuse, so that an operation allocates none.
var fsRequests = sync.Pool{New: func() any { return &fsRequest{lent: new(submit.Pins)} }}

// newFS makes the request of an operation on paths. EINVAL unless valid, which is what
// the caller says of its other arguments, and for a path with a NUL byte.
func newFS(l uv.Loop, op string, valid bool, path, newPath string) (*fsRequest, error) {
	if !valid || strings.IndexByte(path, 0) >= 0 || strings.IndexByte(newPath, 0) >= 0 {
		return nil, uv.FailAddr(op, pathText(path, newPath), uv.EINVAL)
	}
	core, err := core.Use(l, op)
	if err != nil {
		return nil, err
	}
	c := core.Ring().NewFS()
	if c == nil {
		return nil, uv.FailAddr(op, pathText(path, newPath), uv.ENOMEM)
	}
	r := fsRequests.Get().(*fsRequest)
	r.core, r.c, r.op, r.path, r.newPath = core, c, op, path, newPath
	return r, nil
}

// newFDFS makes the request of an operation on a descriptor.
func newFDFS(l uv.Loop, op string, valid bool, fd uintptr) (*fsRequest, error) {
	if fd > 1<<31-1 {
		return nil, uv.Fail(op, uv.EBADF)
	}
	r, err := newFS(l, op, valid, "", "")
	if err != nil {
		return nil, err
	}
	r.c.FD, r.onFD = int32(fd), true
	return r, nil
}

// start hands the operation to libuv. bufs are lent until it is over.
func (r *fsRequest) start(kind int32, done fsDone, bufs ...[]byte) (FS, error) {
	r.done = done
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

// error makes an error of libuv's code that names the file.
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

// refuse releases a request that has not started, and returns why it does not.
func (r *fsRequest) refuse(code uv.Errno) error {
	err := r.error(int(code))
	r.release()
	return err
}

// end releases all that a started operation held.
func (r *fsRequest) end() {
	r.core.Vacate(r.slot)
	r.release()
}

// release gives the request back to its pool, and its C struct to the loop's.
func (r *fsRequest) release() {
	r.lent.Release()
	r.core.Ring().ReleaseFS(r.c)
	*r = fsRequest{lent: r.lent}
	fsRequests.Put(r)
}

// Complete ends the request and runs its callback. C type uv_fs_cb.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_cb
func (r *fsRequest) Complete(*cuv.Event) { r.done.finish(r) }
