package requests

import (
	"io"
	"iter"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// An fsDone is the callback of a file operation, one type for each shape of result.
// Each is a func, so that its interface value holds it without an allocation.
type fsDone interface {
	// finish reads the result out of r, ends r, and runs the callback: in this order,
	// because the memory of a result belongs to r, and the callback may start the
	// operation that uses r next.
	finish(r *fsRequest)
}

type (
	doneError   func(error)
	doneRead    func(int, error)
	doneWrite   func(int, error)
	doneCount   func(int, error)
	doneSent    func(int64, error)
	doneFD      func(uintptr, error)
	doneTemp    func(uintptr, string, error)
	doneText    func(string, error)
	doneStat    func(uv.Stat, error)
	doneStatfs  func(uv.Statfs, error)
	doneDir     func(*Dir, error)
	doneEntries func(iter.Seq[uv.Dirent], error)
)

func (fn doneError) finish(r *fsRequest) {
	err := r.failure()
	r.end()
	fn(err)
}

func (fn doneRead) finish(r *fsRequest) {
	n, err := r.count()
	if err == nil && n == 0 && r.size > 0 {
		err = io.EOF
	}
	r.end()
	fn(n, err)
}

func (fn doneWrite) finish(r *fsRequest) {
	n, err := r.count()
	if err == nil && n < r.size {
		err = io.ErrShortWrite // libuv does not tell what stopped it
	}
	r.end()
	fn(n, err)
}

func (fn doneCount) finish(r *fsRequest) {
	n, err := r.count()
	r.end()
	fn(n, err)
}

// finish starts the next step of FSSendfileAll, or ends the operation.
func (fn doneSent) finish(r *fsRequest) {
	n, err := r.count()
	if r.sent(int64(n), &err) {
		return
	}
	total := r.total
	r.end()
	fn(total, err)
}

func (fn doneFD) finish(r *fsRequest) {
	fd, err := r.descriptor(), r.failure()
	r.end()
	fn(fd, err)
}

func (fn doneTemp) finish(r *fsRequest) {
	fd, path, err := r.descriptor(), r.text(), r.failure()
	r.end()
	fn(fd, path, err)
}

func (fn doneText) finish(r *fsRequest) {
	text, err := r.text(), r.failure()
	r.end()
	fn(text, err)
}

func (fn doneStat) finish(r *fsRequest) {
	err := r.failure()
	var st uv.Stat
	if err == nil {
		st = core.NewStat(r.c.Stat())
	}
	r.end()
	fn(st, err)
}

func (fn doneStatfs) finish(r *fsRequest) {
	err := r.failure()
	var st uv.Statfs
	if err == nil {
		st = core.NewStatfs(r.c.Statfs())
	}
	r.end()
	fn(st, err)
}

func (fn doneDir) finish(r *fsRequest) {
	err := r.failure()
	var d *Dir
	if err == nil {
		d = &Dir{core: r.core, c: r.c.Dir, path: r.path}
	}
	r.end()
	fn(d, err)
}

// finish runs the callback of FSScandir and FSReaddir. The entries are in memory of r,
// so r ends behind the callback, also if that panics; an iterator that was kept then
// yields nothing.
func (fn doneEntries) finish(r *fsRequest) {
	if r.dir != nil {
		r.dir.busy = false
	}
	if err := r.failure(); err != nil {
		r.end()
		fn(func(func(uv.Dirent) bool) {}, err)
		return
	}
	packed := r.c.Packed()
	defer func() {
		packed = nil
		r.end()
	}()
	fn(func(yield func(uv.Dirent) bool) {
		for at := 0; at < len(packed); {
			e, rest := core.NextDirent(packed[at:])
			at = len(packed) - len(rest)
			if !yield(e) {
				return
			}
		}
	}, nil)
}

// failure returns libuv's error of an operation that is over, nil if it succeeded.
func (r *fsRequest) failure() error { return r.error(int(min(r.c.Result, 0))) }

// count returns how many bytes the operation moved, and its error.
func (r *fsRequest) count() (int, error) { return int(max(r.c.Result, 0)), r.failure() }

// descriptor returns the descriptor that the operation opened, ^uintptr(0) if it failed.
func (r *fsRequest) descriptor() uintptr {
	if r.c.Result < 0 {
		return ^uintptr(0)
	}
	return uintptr(r.c.Result)
}

// text returns the string that the operation found, "" if it failed.
func (r *fsRequest) text() string {
	if r.c.Result < 0 {
		return ""
	}
	return r.c.Text()
}
