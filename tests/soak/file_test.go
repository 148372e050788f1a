package soak

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	register(
		&actor{name: "requests.FS", weight: 4, run: fileRequests},
		&actor{name: "requests.FS, Cancel", weight: 3, run: fileCancels},
		&actor{name: "uvfs", weight: 4, run: files},
		&actor{name: "uvfs, contexts", weight: 3, run: fileContexts},
	)
}

// fileRequests writes, copies, reads and removes a file by requests on a loop.
func fileRequests(o *op) {
	l := o.loop()
	dir, data := o.w.path("d"), o.payload(128<<10)
	done := o.owe("the last of a row of file requests")
	name, copied := filepath.Join(dir, "file"), filepath.Join(dir, "copy")
	step := func(what string, start func(next func(error)) error, then func()) func() {
		return func() {
			paid := o.owe(what)
			if !o.check(what, start(func(err error) {
				paid()
				if !o.check(what, err) {
					done()
					return
				}
				then()
			})) {
				paid()
				done()
			}
		}
	}
	var fd uintptr
	buf := make([]byte, len(data)+1)
	names := 0
	last := func() { done() }
	rmdir := step("rmdir", func(n func(error)) error { _, err := requests.FSRmdir(l, dir, n); return err }, last)
	unlink2 := step("unlink", func(n func(error)) error { _, err := requests.FSUnlink(l, copied, n); return err }, rmdir)
	unlink := step("unlink", func(n func(error)) error { _, err := requests.FSUnlink(l, name, n); return err }, unlink2)
	scan := step("scandir", func(n func(error)) error {
		_, err := requests.FSScandir(l, dir, func(entries iter.Seq[uv.Dirent], err error) {
			if err == nil {
				for range entries {
					names++
				}
				if names != 2 {
					o.lose("a directory of two files has %d", names)
				}
			}
			n(err)
		})
		return err
	}, unlink)
	cp := step("copyfile", func(n func(error)) error { _, err := requests.FSCopyfile(l, name, copied, 0, n); return err }, scan)
	cl := step("close", func(n func(error)) error { _, err := requests.FSClose(l, fd, n); return err }, cp)
	read := step("read", func(n func(error)) error {
		_, err := requests.FSRead(l, fd, 0, func(m int, err error) {
			if err == nil && !bytes.Equal(buf[:m], data) {
				o.lose("a file of %d bytes was read as %d others", len(data), m)
			}
			o.arrived(m)
			n(err)
		}, buf)
		return err
	}, cl)
	write := step("write", func(n func(error)) error {
		_, err := requests.FSWrite(l, fd, 0, func(m int, err error) {
			if err == nil && m != len(data) {
				o.lose("%d of %d bytes were written", m, len(data))
			}
			n(err)
		}, data[:len(data)/2], data[len(data)/2:])
		return err
	}, read)
	open := step("open", func(n func(error)) error {
		_, err := requests.FSOpen(l, name, os.O_RDWR|os.O_CREATE, 0o600, func(f uintptr, err error) { fd = f; n(err) })
		return err
	}, write)
	mkdir := step("mkdir", func(n func(error)) error { _, err := requests.FSMkdir(l, dir, 0o700, n); return err }, open)
	o.on(l, mkdir)
}

// fileCancels cancels requests while they wait for a thread of the pool, or run.
func fileCancels(o *op) {
	l := o.loop()
	o.on(l, func() {
		for range 1 + o.IntN(24) {
			paid := o.owe("the callback of a request that is cancelled")
			var r requests.FS
			var err error
			switch o.IntN(4) {
			case 0:
				r, err = requests.FSStat(l, o.w.dir, func(_ uv.Stat, err error) { paid(); o.check("stat", err, uv.ECANCELED) })
			case 1:
				r, err = requests.FSScandir(l, o.w.dir, func(_ iter.Seq[uv.Dirent], err error) { paid(); o.check("scandir", err, uv.ECANCELED) })
			case 2:
				r, err = requests.FSRealpath(l, o.w.dir, func(_ string, err error) { paid(); o.check("realpath", err, uv.ECANCELED) })
			case 3:
				r, err = requests.FSOpendir(l, o.w.dir, func(d *requests.Dir, err error) {
					paid()
					if o.check("opendir", err, uv.ECANCELED) {
						o.check("close", d.Close())
					}
				})
			}
			if !o.check("start", err) {
				paid()
			} else if err := r.Cancel(); err != nil && !errors.Is(err, uv.EBUSY) {
				o.lose("cancel: %v", err)
			}
		}
	})
}

// files does what a program does with package os.
func files(o *op) {
	ctx, f := context.Background(), o.w.files
	dir, data := o.w.path("u"), o.payload(256<<10)
	if !o.check("mkdir", f.MkdirAll(ctx, filepath.Join(dir, "a", "b"), 0o700)) {
		return
	}
	name := filepath.Join(dir, "a", "file")
	o.check("write file", f.WriteFile(ctx, name, data, 0o600))
	var all sync.WaitGroup
	for range 1 + o.IntN(3) { // readers at the same time
		all.Go(func() {
			got, err := f.ReadFile(ctx, name)
			if o.check("read file", err) && !bytes.Equal(got, data) {
				o.lose("a file of %d bytes was read as %d others", len(data), len(got))
			}
			o.arrived(len(got))
		})
	}
	all.Wait()
	src, err := f.Open(ctx, name)
	if o.check("open", err) {
		dst, err := f.CreateTemp(ctx, dir, "t")
		if o.check("create", err) {
			n, err := dst.Sendfile(src, 0, int64(len(data)))
			if o.check("sendfile", err) && n != int64(len(data)) {
				o.lose("sendfile sent %d of %d bytes", n, len(data))
			}
			o.check("close", dst.Close())
		}
		got, err := io.ReadAll(src)
		if o.check("read", err) && !bytes.Equal(got, data) {
			o.lose("a file of %d bytes was read as %d others", len(data), len(got))
		}
		o.check("close", src.Close())
	}
	if o.chance(3) {
		n := 0
		o.check("walk", fs.WalkDir(f.DirFS(ctx, dir), ".", func(string, fs.DirEntry, error) error { n++; return nil }))
		if n != 5 {
			o.lose("a tree of 5 names has %d", n)
		}
	}
	o.check("remove", f.RemoveAll(ctx, dir))
}

// fileContexts has contexts end while calls wait. What a call opens behind its end is closed.
func fileContexts(o *op) {
	name, data := o.w.path("c"), uvtest.Pattern(64<<10, o.Uint32())
	if !o.check("write", os.WriteFile(name, data, 0o600)) {
		return
	}
	var all sync.WaitGroup
	for range 1 + o.IntN(8) {
		ctx, cancel := context.WithTimeout(context.Background(), o.pause()/4)
		kind := o.IntN(4)
		all.Go(func() {
			defer cancel()
			switch kind {
			case 0:
				file, err := o.w.files.Open(ctx, name)
				if o.check("open", err, context.DeadlineExceeded) {
					o.check("close", file.With(context.Background()).Close())
				}
			case 1:
				got, err := o.w.files.ReadFile(ctx, name)
				if o.check("read file", err, context.DeadlineExceeded) && !bytes.Equal(got, data) {
					o.lose("a file was read as %d other bytes", len(got))
				}
			case 2:
				_, err := o.w.files.ReadDir(ctx, o.w.dir)
				o.check("read dir", err, context.DeadlineExceeded, fs.ErrNotExist)
			case 3:
				d, err := o.w.files.Opendir(ctx, o.w.dir)
				if o.check("opendir", err, context.DeadlineExceeded) {
					o.check("close", d.Close())
				}
			}
		})
	}
	all.Wait()
	o.check("remove", os.Remove(name))
}
