package uvfs_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvfs"
)

var (
	_ io.ReaderAt = (*uvfs.File)(nil)
	_ io.Seeker   = (*uvfs.File)(nil)
)

// TestFileReadsWritesAndSeeks, with contexts of both kinds and data of several
// own buffers.
func TestFileReadsWritesAndSeeks(t *testing.T) {
	f := newFS(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	data := bytes.Repeat([]byte("0123456789abcdef"), 200_000) // 3.2 MB
	for name, ctx := range map[string]context.Context{"background": context.Background(), "cancellable": ctx} {
		path := filepath.Join(t.TempDir(), name)
		file := uvtest.Must(f.Create(ctx, path)).With(ctx)
		if n, err := file.Write(data); n != len(data) || err != nil {
			t.Fatalf("%s: write: %d, %v", name, n, err)
		}
		if at := uvtest.Must(file.Seek(0, io.SeekCurrent)); at != int64(len(data)) {
			t.Errorf("%s: position %d", name, at)
		}
		uvtest.Must(file.Seek(0, io.SeekStart))
		uvtest.Check(t, iotest.TestReader(io.LimitReader(file, 1000), data[:1000]))
		uvtest.Must(file.Seek(0, io.SeekStart))
		if got := uvtest.Must(io.ReadAll(file)); !bytes.Equal(got, data) {
			t.Errorf("%s: read %d bytes, which differ", name, len(got))
		}
		p := make([]byte, 2<<20)
		if n, err := file.ReadAt(p, 16); n != len(p) || err != nil || !bytes.Equal(p, data[16:16+len(p)]) {
			t.Errorf("%s: ReadAt: %d, %v", name, n, err)
		}
		if n, err := file.ReadAt(p, int64(len(data))-5); n != 5 || err != io.EOF || string(p[:5]) != "bcdef" {
			t.Errorf("%s: ReadAt of the end: %d, %v", name, n, err)
		}
		if n, err := file.WriteAt([]byte("xy"), 1); n != 2 || err != nil {
			t.Errorf("%s: WriteAt: %d, %v", name, n, err)
		}
		uvtest.Check(t, file.Truncate(4))
		uvtest.Check(t, file.Sync())
		uvtest.Check(t, file.Datasync())
		uvtest.Check(t, file.Chmod(0o600))
		uvtest.Check(t, file.Chown(-1, -1))
		at := time.Unix(1_000_000_000, 123_000)
		uvtest.Check(t, file.Chtimes(at, at))
		st := uvtest.Must(file.Stat())
		if st.Size() != 4 || st.Mode() != 0o600 || !st.ModTime().Equal(at) || st.Name() != name {
			t.Errorf("%s: stat %v", name, st)
		}
		uvtest.Check(t, file.Close())
		if got := string(uvtest.Must(f.ReadFile(ctx, path))); got != "0xy3" {
			t.Errorf("%s: the file holds %q", name, got)
		}
	}
}

// TestFileMisuse: a closed file, negative offsets, and files that are none.
func TestFileMisuse(t *testing.T) {
	f := newFS(t)
	path := filepath.Join(t.TempDir(), "file")
	file := uvtest.Must(f.Create(t.Context(), path))
	other := uvtest.Must(f.Create(t.Context(), path+"2"))
	_, err := file.ReadAt(make([]byte, 1), -1)
	uvtest.IsErr(t, "ReadAt -1", err, fs.ErrInvalid)
	_, err = file.WriteAt(make([]byte, 1), -1)
	uvtest.IsErr(t, "WriteAt -1", err, fs.ErrInvalid)
	uvtest.IsErr(t, "truncate to -1", file.Truncate(-1), fs.ErrInvalid)
	_, err = file.Seek(-1, io.SeekStart)
	uvtest.IsErr(t, "seek to -1", err, fs.ErrInvalid)
	_, err = file.Sendfile(nil, 0, 1)
	uvtest.IsErr(t, "sendfile from nothing", err, fs.ErrInvalid)
	_, err = file.ReadDir(1)
	uvtest.IsErr(t, "ReadDir of a file", err, uv.ENOTDIR)
	uvtest.Check(t, file.Close())
	for name, call := range map[string]func() error{
		"close":     file.Close,
		"read":      func() error { _, err := file.Read(make([]byte, 1)); return err },
		"readat":    func() error { _, err := file.ReadAt(make([]byte, 1), 0); return err },
		"write":     func() error { _, err := file.Write([]byte("x")); return err },
		"writeat":   func() error { _, err := file.WriteAt([]byte("x"), 0); return err },
		"seek":      func() error { _, err := file.Seek(0, 0); return err },
		"stat":      func() error { _, err := file.Stat(); return err },
		"sync":      file.Sync,
		"datasync":  file.Datasync,
		"truncate":  func() error { return file.Truncate(0) },
		"chmod":     func() error { return file.Chmod(0) },
		"chown":     func() error { return file.Chown(0, 0) },
		"utime":     func() error { return file.Chtimes(time.Now(), time.Now()) },
		"readdir":   func() error { _, err := file.ReadDir(0); return err },
		"sendfile":  func() error { _, err := file.Sendfile(other, 0, 1); return err },
		"send from": func() error { _, err := other.Sendfile(file, 0, 1); return err },
	} {
		err := call()
		uvtest.IsErr(t, name+" of a closed file", err, fs.ErrClosed)
		var p *fs.PathError
		if !errors.As(err, &p) || p.Path != path {
			t.Errorf("%s: error %#v", name, err)
		}
	}
	uvtest.Check(t, other.Close())
}

// TestFileReadFrom copies from files, from what sendfile cannot read or write,
// and from other readers.
func TestFileReadFrom(t *testing.T) {
	f := newFS(t)
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	uvtest.Check(t, os.WriteFile(from, []byte("0123456789"), 0o600))
	src := uvtest.Must(f.Open(t.Context(), from))
	uvtest.Must(src.Seek(4, io.SeekStart))
	to := uvtest.Must(f.OpenFile(t.Context(), filepath.Join(dir, "to"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600))
	if n, err := io.Copy(to, src); n != 6 || err != nil {
		t.Errorf("to a file opened to append: %d, %v", n, err)
	}
	plain := uvtest.Must(f.Create(t.Context(), filepath.Join(dir, "plain")))
	uvtest.Must(src.Seek(8, io.SeekStart))
	if n, err := io.Copy(plain, src); n != 2 || err != nil {
		t.Errorf("to a file: %d, %v", n, err)
	}
	if at := uvtest.Must(src.Seek(0, io.SeekCurrent)); at != 10 {
		t.Errorf("the source is at %d", at)
	}
	if n, err := io.Copy(plain, strings.NewReader("-reader-")); n != 8 || err != nil {
		t.Errorf("from a reader: %d, %v", n, err)
	}
	proc := uvtest.Must(f.Open(t.Context(), "/proc/self/comm")) // its size is 0
	if n, err := io.Copy(plain, proc); n == 0 || err != nil {
		t.Errorf("from /proc: %d, %v", n, err)
	}
	for _, file := range []*uvfs.File{src, to, plain, proc} {
		uvtest.Check(t, file.Close())
	}
	if got := string(uvtest.Must(os.ReadFile(filepath.Join(dir, "to")))); got != "456789" {
		t.Errorf("appended %q", got)
	}
	want := "89-reader-" + string(uvtest.Must(os.ReadFile("/proc/self/comm")))
	if got := string(uvtest.Must(os.ReadFile(filepath.Join(dir, "plain")))); got != want {
		t.Errorf("copied %q, want %q", got, want)
	}
	if got := uvtest.Must(f.ReadFile(t.Context(), "/proc/self/status")); !bytes.Contains(got, []byte("VmRSS")) {
		t.Errorf("ReadFile of /proc: %q", got)
	}
}

// TestReadFromEndsWithEitherContext, the source's or the sink's.
func TestReadFromEndsWithEitherContext(t *testing.T) {
	f, dir := newFS(t), t.TempDir()
	uvtest.Check(t, os.WriteFile(filepath.Join(dir, "from"), []byte("0123456789"), 0o600))
	src := uvtest.Must(f.Open(t.Context(), filepath.Join(dir, "from")))
	to := uvtest.Must(f.Create(t.Context(), filepath.Join(dir, "to")))
	ended, end := context.WithCancel(t.Context())
	end()
	live, cancel := context.WithCancel(t.Context())
	defer cancel()
	other, cancelOther := context.WithCancel(t.Context())
	defer cancelOther()
	for name, c := range map[string]struct{ src, to *uvfs.File }{
		"the source's": {src.With(ended), to.With(context.Background())},
		"the sink's":   {src.With(context.Background()), to.With(ended)},
		"the first":    {src.With(ended), to.With(live)},
		"the second":   {src.With(live), to.With(ended)},
	} {
		uvtest.Must(src.With(live).Seek(0, io.SeekStart))
		_, err := io.Copy(c.to, c.src)
		uvtest.IsErr(t, name, err, context.Canceled)
		if size := uvtest.Must(to.Stat()).Size(); size != 0 {
			t.Fatalf("%s: %d bytes were copied", name, size)
		}
	}
	want := ""
	for name, c := range map[string]struct{ src, to *uvfs.File }{
		"none":           {src, to},
		"the source's":   {src.With(live), to},
		"one":            {src.With(live), to.With(live)},
		"two that go on": {src.With(live), to.With(other)},
	} {
		uvtest.Must(src.Seek(0, io.SeekStart))
		if n, err := io.Copy(c.to, c.src); n != 10 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		want += "0123456789"
	}
	uvtest.Check(t, src.Close())
	uvtest.Check(t, to.Close())
	if got := string(uvtest.Must(os.ReadFile(filepath.Join(dir, "to")))); got != want {
		t.Errorf("copied %q", got)
	}
}

// TestWriteFileToAFullDisk tells what stopped it.
func TestWriteFileToAFullDisk(t *testing.T) {
	f := newFS(t)
	err := f.WriteFile(t.Context(), "/dev/full", []byte("x"), 0)
	uvtest.IsErr(t, "write", err, uv.ENOSPC)
	var p *fs.PathError
	if !errors.As(err, &p) || p.Path != "/dev/full" || p.Op != "write" {
		t.Errorf("error %#v", err)
	}
}

// TestDroppedFileIsReported, and one that was closed is not.
func TestDroppedFileIsReported(t *testing.T) {
	lines := make(chan string, 10)
	log := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		lines <- string(p)
		return len(p), nil
	}), nil))
	l := uvtest.Must(uvgo.New(uvgo.WithLogger(log), uvgo.WithDebug()))
	hold := uvtest.Must(l.NewAsync(nil))
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- l.Run(ctx) }()
	f := uvfs.On(l)
	uvtest.Check(t, uvtest.Must(f.Open(t.Context(), "/dev/zero")).Close())
	fd := uvtest.Must(f.Open(t.Context(), "/dev/null")).Fd()
	line := ""
	for line == "" {
		runtime.GC()
		select {
		case line = <-lines:
		case <-time.After(time.Millisecond):
		}
	}
	if !strings.Contains(line, "/dev/null") || !strings.Contains(line, "file_test.go") {
		t.Errorf("the report: %s", line)
	}
	uvtest.Check(t, unix.Close(int(fd)))
	stop()
	uvtest.IsErr(t, "run", <-ran, context.Canceled)
	hold.Close()
	uvtest.Check(t, l.Shutdown(t.Context()))
}

type writerFunc func(p []byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }
