package uvfs_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing/fstest"
	"time"
)

func fileSteps(r *record, s fileSystem, in func(string) string) {
	r.add("write", s.WriteFile(in("a"), []byte("alpha"), 0o640))
	r.add("write again", s.WriteFile(in("a"), []byte("beta"), 0o600))
	data, err := s.ReadFile(in("a"))
	r.add("read", string(data), err)
	r.add("chmod", s.Chmod(in("a"), 0o604|fs.ModeSticky|fs.ModeSetuid))
	at := time.Unix(1_000_000_000, 5_000)
	r.add("chtimes", s.Chtimes(in("a"), at, at))
	st, err := s.Stat(in("a"))
	r.add("stat", st, err)
	r.add("time", st.ModTime().Equal(at))
	r.add("chown", s.Chown(in("a"), -1, os.Getgid()))
	r.add("truncate", s.Truncate(in("a"), 2))
	r.add("truncate longer", s.Truncate(in("a"), 6))
	data, err = s.ReadFile(in("a"))
	r.add("read", string(data), err)
	r.add("rename", s.Rename(in("a"), in("b")))
	r.add("write", s.WriteFile(in("a"), nil, 0o666))
	r.add("rename over", s.Rename(in("b"), in("a")))
	r.add("rename to itself", s.Rename(in("a"), in("a")))
	r.add("remove", s.Remove(in("a")))
	r.add("remove again", s.Remove(in("a")))
}

func openFileSteps(r *record, s fileSystem, in func(string) string) {
	f, err := s.Create(in("f"))
	r.add("create", err, strings.HasSuffix(f.Name(), "/f"), f.Fd() != ^uintptr(0))
	n, err := f.Write([]byte("0123456789"))
	r.add("write", n, err)
	n, err = f.WriteString("abc")
	r.add("write string", n, err)
	n, err = f.WriteAt([]byte("xy"), 3)
	r.add("write at", n, err)
	p := make([]byte, 4)
	n, err = f.ReadAt(p, 2)
	r.add("read at", n, err, string(p))
	n, err = f.ReadAt(p, 11)
	r.add("read at the end", n, err, string(p[:n]))
	n, err = f.Read(p)
	r.add("read at the end", n, err)
	n, err = f.Read(nil)
	r.add("read nothing", n, err)
	at, err := f.Seek(-3, io.SeekEnd)
	r.add("seek", at, err)
	n, err = f.Read(p)
	r.add("read", n, err, string(p[:n]))
	at, err = f.Seek(-1, io.SeekStart)
	r.add("seek before the start", at, err)
	r.add("truncate", f.Truncate(5))
	r.add("truncate below 0", f.Truncate(-1))
	r.add("chmod", f.Chmod(0o600))
	r.add("chown", f.Chown(-1, -1))
	r.add("sync", f.Sync())
	st, err := f.Stat()
	r.add("stat", st, err)
	_, err = f.Seek(0, io.SeekStart)
	r.add("seek", err)
	var all bytes.Buffer
	moved, err := f.WriteTo(&all)
	r.add("write to", moved, err, all.String())
	moved, err = f.ReadFrom(strings.NewReader("more"))
	r.add("read from", moved, err)
	g, err := s.Create(in("g"))
	r.add("create", err)
	_, err = f.Seek(1, io.SeekStart)
	r.add("seek", err)
	moved, err = g.ReadFrom(f)
	r.add("read from a file", moved, err)
	_, err = g.Seek(2, io.SeekStart)
	r.add("seek", err)
	moved, err = g.WriteTo(f)
	r.add("write to a file", moved, err)
	r.add("close", g.Close())
	entries, err := f.ReadDir(1)
	r.add("read a file as a directory", entries, err)
	r.add("close", f.Close())
	r.add("close again", f.Close())
	r.add("fd", f.Fd())
	_, err = f.Write([]byte("x"))
	r.add("write behind close", err)
	_, err = f.Read(p)
	r.add("read behind close", err)
	_, err = f.ReadAt(p, 0)
	r.add("read at behind close", err)
	_, err = f.Seek(0, io.SeekStart)
	r.add("seek behind close", err)
	_, err = f.Stat()
	r.add("stat behind close", err)
	r.add("sync behind close", f.Sync())
	r.add("truncate behind close", f.Truncate(0))
	r.add("chmod behind close", f.Chmod(0o600))
	r.add("chown behind close", f.Chown(-1, -1))
	f, err = s.OpenFile(in("f"), os.O_APPEND|os.O_RDWR, 0)
	r.add("open to append", err)
	n, err = f.WriteString("end")
	r.add("append", n, err)
	n, err = f.WriteAt([]byte("x"), 0)
	r.add("write at of one that appends", n, err != nil)
	r.add("close", f.Close())
	f, err = s.Open(in("f"))
	r.add("open", err)
	n, err = f.Write([]byte("x"))
	r.add("write to a file open to read", n, err)
	n, err = f.WriteAt([]byte("x"), 1)
	r.add("write at to a file open to read", n, err)
	n, err = f.WriteAt([]byte("x"), -1)
	r.add("write at -1", n, err != nil)
	n, err = f.ReadAt(p, -1)
	r.add("read at -1", n, err != nil)
	r.add("close", f.Close())
}

func linkSteps(r *record, s fileSystem, in func(string) string) {
	r.add("write", s.WriteFile(in("a"), []byte("alpha"), 0o600))
	r.add("link", s.Link(in("a"), in("hard")))
	r.add("link again", s.Link(in("a"), in("hard")))
	r.add("symlink", s.Symlink("a", in("soft")))
	r.add("symlink again", s.Symlink("a", in("soft")))
	r.add("dangling", s.Symlink("nothing", in("dangling")))
	r.add("loop", s.Symlink("loop", in("loop")))
	to, err := s.Readlink(in("soft"))
	r.add("readlink", to, err)
	to, err = s.Readlink(in("a"))
	r.add("readlink of a file", to, err)
	r.add("lchown", s.Lchown(in("dangling"), os.Getuid(), -1))
	a, err := s.Stat(in("a"))
	r.add("stat", a, err)
	for _, name := range []string{"hard", "soft", "dangling", "loop"} {
		st, err := s.Stat(in(name))
		r.add("stat "+name, st, err)
		l, err := s.Lstat(in(name))
		r.add("lstat "+name, l.Mode().Type(), err)
		r.add("same", err == nil && st != nil && s.SameFile(a, st), s.SameFile(a, l))
	}
	r.add("rename a link", s.Rename(in("soft"), in("moved")))
	r.add("remove a link", s.Remove(in("moved")))
	r.add("remove all of a link", s.RemoveAll(in("dangling")))
	_, err = s.Open(in("loop"))
	r.add("open a loop", err)
}

func directorySteps(r *record, s fileSystem, in func(string) string) {
	r.add("mkdir", s.Mkdir(in("d"), 0o750))
	r.add("mkdir again", s.Mkdir(in("d"), 0o750))
	r.add("mkdir below nothing", s.Mkdir(in("x/y"), 0o750))
	for _, name := range []string{"d/c", "d/a", "d/b"} {
		r.add("write", s.WriteFile(in(name), nil, 0o600))
	}
	r.add("symlink", s.Symlink("a", in("d/l")))
	r.add("mkdir", s.Mkdir(in("d/s"), 0o700))
	entries, err := s.ReadDir(in("d"))
	r.add("readdir", entries, err)
	for _, e := range entries {
		st, err := e.Info()
		r.add("info", st.Name(), st.Mode(), err)
	}
	entries, err = s.ReadDir(in("d/s"))
	r.add("readdir of none", entries, err, entries == nil)
	f, err := s.Open(in("d"))
	r.add("open", err)
	names, err := f.Readdirnames(2)
	r.add("names", len(names), err)
	infos, err := f.Readdir(2)
	r.add("infos", len(infos), err)
	entries, err = f.ReadDir(0)
	r.add("the rest", len(entries), err)
	entries, err = f.ReadDir(0)
	r.add("all at the end", len(entries), err, entries == nil)
	names, err = f.Readdirnames(1)
	r.add("at the end", len(names), err)
	at, err := f.Seek(0, io.SeekStart)
	r.add("seek", at, err)
	names, err = f.Readdirnames(-1)
	slices.Sort(names)
	r.add("again", names, err)
	r.add("close", f.Close())
	r.add("remove one that is not empty", s.Remove(in("d")))
	r.add("mkdir", s.Mkdir(in("e"), 0o700))
	r.add("rename to a directory", s.Rename(in("e"), in("d/s")))
	r.add("rename nothing to a directory", s.Rename(in("no"), in("d/s")))
	r.add("rename a file to a directory", s.Rename(in("d/a"), in("e")))
	r.add("rename a directory to itself", s.Rename(in("e"), in("e")))
	r.add("rename a directory to a file", s.Rename(in("e"), in("d/a")))
	r.add("rename a directory", s.Rename(in("e"), in("f")))
	r.add("remove", s.Remove(in("f")))
	_, err = s.OpenFile(in("d"), os.O_WRONLY, 0)
	r.add("open a directory to write", err)
	r.add("truncate a directory", s.Truncate(in("d"), 0))
	r.add("write a directory", s.WriteFile(in("d"), nil, 0o600))
	_, err = s.ReadFile(in("d"))
	r.add("read a directory", err)
}

func treeSteps(r *record, s fileSystem, in func(string) string) {
	for _, name := range []string{"t/u/v", "t/u/v", "t/w/", "t//x//y", "t/z/.", "t", in("")[:1]} {
		if name[0] != '/' {
			name = in(name)
		}
		r.add("mkdir all "+name, s.MkdirAll(name, 0o750))
	}
	r.add("write", s.WriteFile(in("file"), []byte("x"), 0o600))
	r.add("mkdir all of a file", s.MkdirAll(in("file"), 0o700))
	r.add("mkdir all below a file", s.MkdirAll(in("file/d"), 0o700))
	r.add("mkdir all of nothing", s.MkdirAll("", 0o700))
	r.add("copy", s.CopyFS(in("t/copy"), testFiles))
	r.add("copy again", s.CopyFS(in("t/copy"), testFiles))
	data, err := s.ReadFile(in("t/copy/d/e/c"))
	r.add("copied", string(data), err)
	r.add("copy of a device", s.CopyFS(in("dev"), fstest.MapFS{"null": {Mode: fs.ModeDevice}}))
	r.add("symlink", s.Symlink("../file", in("t/link")))
	r.add("copy the system's", s.CopyFS(in("t2"), s.DirFS(in("t"))))
	r.add("walk", fs.WalkDir(s.DirFS(in("t2")), ".", func(path string, d fs.DirEntry, err error) error {
		r.add("walks", path, d.Type(), err)
		return err
	}))
	_, err = fs.ReadFile(s.DirFS(in("t2")), "no/such")
	r.add("read in a tree", err)
	for _, name := range []string{"t", "t", "nothing", "no/thing", "file/x", "t2/.", "t2/link", "t2/u/v"} {
		r.add("remove all "+name, s.RemoveAll(in(name)))
	}
	r.add("remove all of nothing", s.RemoveAll(""))
	r.add("remove all of a dot", s.RemoveAll("."))
	r.add("remove all with a NUL", s.RemoveAll(in("a\x00b")))
}

func tempSteps(r *record, s fileSystem, in func(string) string) {
	shape := func(path, pattern string) bool {
		before, after, _ := strings.Cut(pattern, "*")
		return strings.HasPrefix(path, in(before)) && strings.HasSuffix(path, after) && len(path) > len(in(before+after))
	}
	for _, pattern := range []string{"", "t", "t*", "t*.go", "*.go"} {
		dir, err := s.MkdirTemp(in("")[:len(in(""))-1], pattern)
		r.add("mkdir temp "+pattern, err, shape(dir, pattern))
		st, err := s.Stat(dir)
		r.add("mode", st.Mode(), err)
		r.add("remove", s.Remove(dir))
		f, err := s.CreateTemp(in(""), pattern)
		r.add("create temp "+pattern, err, shape(f.Name(), pattern))
		n, err := f.WriteString("x")
		r.add("write", n, err)
		_, err = f.Seek(0, io.SeekStart)
		r.add("seek", err)
		n, err = f.Read(make([]byte, 2))
		r.add("read", n, err)
		st, err = f.Stat()
		r.add("mode", st.Mode(), err)
		r.add("close", f.Close(), s.Remove(f.Name()))
	}
	_, err := s.MkdirTemp(in(""), "a/b")
	r.add("mkdir temp elsewhere", err)
	_, err = s.CreateTemp(in(""), "a/*")
	r.add("create temp elsewhere", err)
	_, err = s.MkdirTemp(in("no"), "t")
	r.add("mkdir temp nowhere", err)
	_, err = s.CreateTemp(in("no"), "t")
	r.add("create temp nowhere", errors.Is(err, fs.ErrNotExist))
	dir, err := s.MkdirTemp("", "uvgo")
	r.add("in the system's directory", err, strings.HasPrefix(dir, os.TempDir()), s.RemoveAll(dir))
}

// errorSteps are the same calls on paths of which none is good.
func errorSteps(r *record, s fileSystem, in func(string) string) {
	r.add("write", s.WriteFile(in("file"), nil, 0o600))
	for _, name := range []string{"missing", "missing/below", "file/below", "a\x00b", strings.Repeat("n", 300), ""} {
		if name != "" {
			name = in(name)
		}
		second := func(_ any, err error) error { return err }
		r.add("chmod", s.Chmod(name, 0o600))
		r.add("chown", s.Chown(name, -1, -1))
		r.add("lchown", s.Lchown(name, -1, -1))
		r.add("chtimes", s.Chtimes(name, time.Unix(1, 0), time.Unix(1, 0)))
		r.add("link", s.Link(name, in("to")))
		r.add("rename", s.Rename(name, in("to")))
		r.add("remove", s.Remove(name))
		r.add("truncate", s.Truncate(name, 1))
		_, err := s.Lstat(name)
		r.add("lstat", err)
		_, err = s.Stat(name)
		r.add("stat", err)
		_, err = s.Open(name)
		r.add("open", err)
		_, err = s.ReadDir(name)
		r.add("readdir", err)
		_, err = s.ReadFile(name)
		r.add("readfile", err)
		r.add("readlink", second(s.Readlink(name)))
		if name != in("missing") { // which these would make
			r.add("mkdir", s.Mkdir(name, 0o700))
			r.add("symlink", s.Symlink("x", name))
			r.add("writefile", s.WriteFile(name, nil, 0o600))
		}
	}
	entries, err := s.ReadDir(in("file"))
	r.add("readdir of a file", entries, errors.Is(err, fs.ErrInvalid))
	r.add("truncate below 0", s.Truncate(in("file"), -1))
	r.add("truncate a device", s.Truncate("/dev/null", 0))
	_, err = s.OpenFile(in("file"), os.O_CREATE|os.O_EXCL, 0o600)
	r.add("open one that exists", err)
}

func noFileSteps(r *record, s fileSystem, in func(string) string) {
	f, err := s.Open("/dev/null")
	r.add("open", err)
	n, err := f.Read(make([]byte, 1))
	r.add("read", n, err)
	n, err = f.Write([]byte("x"))
	r.add("write", n, err)
	st, err := f.Stat()
	r.add("stat", st, err)
	r.add("close", f.Close())
	f, err = s.OpenFile("/dev/full", os.O_WRONLY, 0)
	r.add("open", err)
	n, err = f.Write([]byte("x"))
	r.add("write to a full device", n, err)
	r.add("close", f.Close())
}

// linkedPathSteps go by paths in which ".." follows a symbolic link: the system resolves
// the link first, so such a path must not be cleaned.
func linkedPathSteps(r *record, s fileSystem, in func(string) string) {
	for _, dir := range []string{"real/sub/deep", "real/x", "x"} {
		r.add("mkdir all", s.MkdirAll(in(dir), 0o755))
	}
	for _, name := range []string{"real/sub/s", "real/x/e", "x/e"} {
		r.add("write", s.WriteFile(in(name), []byte(name), 0o600))
	}
	r.add("symlink", s.Symlink("real/sub", in("link")))
	top := in("") + "/"
	for _, dir := range []string{"link/..", "link/../x", "link/"} {
		entries, err := s.ReadDir(top + dir)
		r.add("readdir "+dir, entries, err)
		for _, e := range entries {
			st, err := e.Info()
			r.add("info", st, err)
		}
		data, err := fs.ReadFile(s.DirFS(top+dir), "e")
		r.add("read", string(data), err != nil)
		made, err := s.MkdirTemp(top+dir, "t")
		r.add("mkdir temp "+dir, err, strings.HasPrefix(made, strings.TrimSuffix(top+dir, "/")+"/t"), s.Remove(made))
		f, err := s.CreateTemp(top+dir, "t")
		r.add("create temp "+dir, err, strings.HasPrefix(f.Name(), strings.TrimSuffix(top+dir, "/")+"/t"), f.Close(), s.Remove(f.Name()))
	}
	r.add("copy", s.CopyFS(top+"link/../copy", fstest.MapFS{"a": {Data: []byte("a")}}))
	for _, name := range []string{"link/../x", "link/../copy", "link/", "real/sub/s/", "link/.."} {
		r.add("remove all "+name, s.RemoveAll(top+name))
		for _, dir := range []string{"", "real", "real/sub", "x"} {
			entries, err := s.ReadDir(in(dir))
			r.add("what is left in "+dir, entries, err)
		}
	}
}
