package uvfs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvfs"
)

// A fileSystem is what package os and uvfs have in common: their functions as they are,
// but for contexts.
type fileSystem struct {
	Chmod      func(string, fs.FileMode) error
	Chown      func(string, int, int) error
	Chtimes    func(string, time.Time, time.Time) error
	CopyFS     func(string, fs.FS) error
	Create     func(string) (file, error)
	CreateTemp func(string, string) (file, error)
	DirFS      func(string) fs.FS
	Lchown     func(string, int, int) error
	Link       func(string, string) error
	Lstat      func(string) (fs.FileInfo, error)
	Mkdir      func(string, fs.FileMode) error
	MkdirAll   func(string, fs.FileMode) error
	MkdirTemp  func(string, string) (string, error)
	Open       func(string) (file, error)
	OpenFile   func(string, int, fs.FileMode) (file, error)
	ReadDir    func(string) ([]fs.DirEntry, error)
	ReadFile   func(string) ([]byte, error)
	Readlink   func(string) (string, error)
	Remove     func(string) error
	RemoveAll  func(string) error
	Rename     func(string, string) error
	SameFile   func(fs.FileInfo, fs.FileInfo) bool
	Stat       func(string) (fs.FileInfo, error)
	Symlink    func(string, string) error
	Truncate   func(string, int64) error
	WriteFile  func(string, []byte, fs.FileMode) error
}

// file is what the Files of both have in common.
type file interface {
	fs.ReadDirFile
	io.ReadWriteSeeker
	io.ReaderAt
	io.WriterAt
	io.StringWriter
	io.ReaderFrom
	io.WriterTo
	Name() string
	Fd() uintptr
	Sync() error
	Truncate(int64) error
	Chmod(fs.FileMode) error
	Chown(int, int) error
	Readdir(int) ([]fs.FileInfo, error)
	Readdirnames(int) ([]string, error)
}

var (
	_ file = (*os.File)(nil)
	_ file = (*uvfs.File)(nil)
)

// system is package os.
func system() fileSystem {
	return fileSystem{
		Chmod: os.Chmod, Chown: os.Chown, Chtimes: os.Chtimes, CopyFS: os.CopyFS,
		Create:     func(name string) (file, error) { return asFile(os.Create(name)) },
		CreateTemp: func(dir, pattern string) (file, error) { return asFile(os.CreateTemp(dir, pattern)) },
		DirFS:      os.DirFS, Lchown: os.Lchown, Link: os.Link, Lstat: os.Lstat, Mkdir: os.Mkdir, MkdirAll: os.MkdirAll,
		MkdirTemp: os.MkdirTemp,
		Open:      func(name string) (file, error) { return asFile(os.Open(name)) },
		OpenFile: func(name string, flag int, perm fs.FileMode) (file, error) {
			return asFile(os.OpenFile(name, flag, perm))
		},
		ReadDir: os.ReadDir, ReadFile: os.ReadFile, Readlink: os.Readlink, Remove: os.Remove, RemoveAll: os.RemoveAll,
		Rename: os.Rename, SameFile: os.SameFile, Stat: os.Stat, Symlink: os.Symlink, Truncate: os.Truncate, WriteFile: os.WriteFile,
	}
}

func asFile[F file](f F, err error) (file, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// withContext is uvfs with calls that end with ctx: so do those on its files.
func withContext(ctx context.Context, f *uvfs.FS) fileSystem {
	with := func(file *uvfs.File, err error) (file, error) { return asFile(file.With(ctx), err) }
	return fileSystem{
		Chmod:      func(name string, mode fs.FileMode) error { return f.Chmod(ctx, name, mode) },
		Chown:      func(name string, uid, gid int) error { return f.Chown(ctx, name, uid, gid) },
		Chtimes:    func(name string, a, m time.Time) error { return f.Chtimes(ctx, name, a, m) },
		CopyFS:     func(dir string, fsys fs.FS) error { return f.CopyFS(ctx, dir, fsys) },
		Create:     func(name string) (file, error) { return with(f.Create(ctx, name)) },
		CreateTemp: func(dir, pattern string) (file, error) { return with(f.CreateTemp(ctx, dir, pattern)) },
		DirFS:      func(dir string) fs.FS { return f.DirFS(ctx, dir) },
		Lchown:     func(name string, uid, gid int) error { return f.Lchown(ctx, name, uid, gid) },
		Link:       func(name, to string) error { return f.Link(ctx, name, to) },
		Lstat:      func(name string) (fs.FileInfo, error) { return f.Lstat(ctx, name) },
		Mkdir:      func(name string, perm fs.FileMode) error { return f.Mkdir(ctx, name, perm) },
		MkdirAll:   func(name string, perm fs.FileMode) error { return f.MkdirAll(ctx, name, perm) },
		MkdirTemp:  func(dir, pattern string) (string, error) { return f.MkdirTemp(ctx, dir, pattern) },
		Open:       func(name string) (file, error) { return with(f.Open(ctx, name)) },
		OpenFile: func(name string, flag int, perm fs.FileMode) (file, error) {
			return with(f.OpenFile(ctx, name, flag, perm))
		},
		ReadDir:   func(name string) ([]fs.DirEntry, error) { return f.ReadDir(ctx, name) },
		ReadFile:  func(name string) ([]byte, error) { return f.ReadFile(ctx, name) },
		Readlink:  func(name string) (string, error) { return f.Readlink(ctx, name) },
		Remove:    func(name string) error { return f.Remove(ctx, name) },
		RemoveAll: func(name string) error { return f.RemoveAll(ctx, name) },
		Rename:    func(name, to string) error { return f.Rename(ctx, name, to) },
		SameFile:  uvfs.SameFile,
		Stat:      func(name string) (fs.FileInfo, error) { return f.Stat(ctx, name) },
		Symlink:   func(name, to string) error { return f.Symlink(ctx, name, to) },
		Truncate:  func(name string, size int64) error { return f.Truncate(ctx, name, size) },
		WriteFile: func(name string, data []byte, perm fs.FileMode) error { return f.WriteFile(ctx, name, data, perm) },
	}
}

// A record writes down what the calls of one run return.
type record struct {
	dir   string
	lines []string
}

// add writes down a call's results: errors by their type, names and errno.
func (r *record) add(call string, results ...any) {
	line := call
	for _, v := range results {
		switch v := v.(type) {
		case nil:
			line += " nil"
		case error:
			line += " " + describe(v)
		case fs.FileInfo:
			line += fmt.Sprintf(" {%s %v %d %v}", v.Name(), v.Mode(), v.Size()*b2i(v.Mode().IsRegular()), v.IsDir())
		case []fs.DirEntry:
			line += " ["
			slices.SortFunc(v, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
			for _, e := range v {
				line += fs.FormatDirEntry(e) + " "
			}
			line += "]"
		default:
			line += fmt.Sprintf(" %v", v)
		}
	}
	r.lines = append(r.lines, strings.ReplaceAll(line, r.dir, "DIR"))
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// describe writes an error so that those of both packages compare: its type, call and
// paths, and which errors of packages fs and syscall it is.
func describe(err error) string {
	text := ""
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		op := p.Op
		switch op { // package os names system calls that libuv does not make
		case "unlinkat", "openfdat":
			op = "remove"
		case "readdirent", "fdopendir":
			op = "readdir"
		}
		text = fmt.Sprintf("PathError{%s %s}", op, p.Path)
	case errors.As(err, &l):
		text = fmt.Sprintf("LinkError{%s %s %s}", l.Op, l.Old, l.New)
	case err == fs.ErrInvalid || err == io.EOF || err == io.ErrShortWrite:
		return err.Error()
	}
	for _, target := range []error{fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, fs.ErrClosed, syscall.ENOTDIR, syscall.EISDIR,
		syscall.EINVAL, syscall.ENOTEMPTY, syscall.EBADF, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EXDEV, syscall.ESPIPE} {
		if errors.Is(err, target) {
			text += "=" + target.Error()
		}
	}
	return "error " + text
}

// TestSameAsOS runs the same calls on package os and on uvfs, whose contexts can and
// cannot end, and compares results, errors and what is on the disk afterwards.
func TestSameAsOS(t *testing.T) {
	f := newFS(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, steps := range map[string]func(*record, fileSystem, func(string) string){
		"files": fileSteps, "open files": openFileSteps, "links": linkSteps, "directories": directorySteps,
		"trees": treeSteps, "temporary": tempSteps, "paths by links": linkedPathSteps, "errors": errorSteps, "no file": noFileSteps,
	} {
		t.Run(name, func(t *testing.T) {
			run := func(s fileSystem) []string {
				r := &record{dir: t.TempDir()}
				steps(r, s, func(name string) string { return r.dir + "/" + name })
				uvtest.Check(t, filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
					if err != nil {
						return err
					}
					if path != r.dir { // whose name is a number
						r.add("left "+path, uvtest.Must(d.Info()))
					}
					return nil
				}))
				return r.lines
			}
			want := run(system())
			for kind, ctx := range map[string]context.Context{"background": context.Background(), "cancellable": ctx} {
				got := run(withContext(ctx, f))
				for i := range max(len(got), len(want)) {
					if i >= len(got) || i >= len(want) || got[i] != want[i] {
						t.Fatalf("%s:\nuvfs %s\nos   %s", kind, strings.Join(got[i:min(i+1, len(got))], ""), strings.Join(want[i:min(i+1, len(want))], ""))
					}
				}
			}
		})
	}
}

// TestSameAsOSCoversAll: every function of fileSystem is set on both sides.
func TestSameAsOSCoversAll(t *testing.T) {
	for _, s := range []fileSystem{system(), withContext(t.Context(), newFS(t))} {
		for v, i := reflect.ValueOf(s), 0; i < v.NumField(); i++ {
			if v.Field(i).IsNil() {
				t.Errorf("%s is missing", v.Type().Field(i).Name)
			}
		}
	}
}

var testFiles = fstest.MapFS{
	"a":     {Data: []byte("alpha"), Mode: 0o644},
	"d/run": {Data: []byte("#!"), Mode: 0o755},
	"d/e/c": {Data: []byte("gamma"), Mode: 0o600},
}
