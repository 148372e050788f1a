package requests_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// sparse makes a file of the size with a mark at each of its ends and in the
// middle, and nothing on the disk between them.
func sparse(t testing.TB, path string, size int64) {
	t.Helper()
	f := uvtest.Must(os.Create(path))
	uvtest.Check(t, f.Truncate(size))
	for _, at := range marks(size) {
		uvtest.Must(f.WriteAt([]byte("mark"), at))
	}
	uvtest.Check(t, f.Close())
}

func marks(size int64) []int64 { return []int64{0, size/2 - 2, size - 4} }

// wantMarks fails the test unless the file is a copy of what sparse made.
func wantMarks(t testing.TB, path string, size int64) {
	t.Helper()
	f := uvtest.Must(os.Open(path))
	defer f.Close()
	if got := uvtest.Must(f.Stat()).Size(); got != size {
		t.Errorf("%s has %d bytes, want %d", path, got, size)
	}
	p := make([]byte, 12)
	for _, at := range marks(size) {
		n, err := f.ReadAt(p[:4], at)
		if err != nil || string(p[:n]) != "mark" {
			t.Errorf("%s at %d: %q, %v", path, at, p[:n], err)
		}
	}
	if _, err := f.ReadAt(p[:8], 4096); err != nil || !bytes.Equal(p[:8], make([]byte, 8)) {
		t.Errorf("%s between the marks: %q, %v", path, p[:8], err)
	}
}

// roomy returns a directory with room for n bytes: in memory if it can be had,
// for a copy has no holes.
func roomy(t *testing.T, n int64) string {
	t.Helper()
	free := func(dir string) int64 {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) != nil {
			return 0
		}
		return int64(st.Bavail) * int64(st.Bsize) //nolint:unconvert // 32 bits on other systems
	}
	if free("/dev/shm") > 2*n {
		if dir, err := os.MkdirTemp("/dev/shm", "uvgo-test-"); err == nil {
			t.Cleanup(func() { os.RemoveAll(dir) })
			return dir
		}
	}
	dir := t.TempDir()
	if room := free(dir); room < n+n/2 {
		t.Skipf("%d bytes are free below %s; the copy takes %d", room, dir, n)
	}
	return dir
}

// TestFSCopiesALargeSparseFile copies more than one system call takes, by
// FSSendfileAll and by FSCopyfile.
func TestFSCopiesALargeSparseFile(t *testing.T) {
	size := int64(2<<30 + 4096)
	if testing.Short() {
		size = 80<<20 + 7
	}
	dir := roomy(t, size)
	l := looptest.New(t)
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	sparse(t, from, size)
	in := openFile(t, l, from, os.O_RDONLY)
	out := openFile(t, l, to, os.O_WRONLY|os.O_CREATE)
	n, err := await(t, l, func(fn func(int64, error)) (requests.FS, error) {
		return requests.FSSendfileAll(l, out, in, 0, size, fn)
	})
	if n != size || err != nil {
		t.Errorf("sendfile: %d bytes of %d, %v", n, size, err)
	}
	closeFile(t, l, in)
	closeFile(t, l, out)
	wantMarks(t, to, size)
	uvtest.Check(t, os.Remove(to))
	uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) {
		return requests.FSCopyfile(l, from, to, requests.CopyClone, fn)
	}))
	wantMarks(t, to, size)
}

// TestFSReadlinkBeyondItsSize: a link below /proc/self/fd says that it has 64
// bytes.
func TestFSReadlinkBeyondItsSize(t *testing.T) {
	l := looptest.New(t)
	readlink := func(path string) (string, error) {
		return await(t, l, func(fn func(string, error)) (requests.FS, error) { return requests.FSReadlink(l, path, fn) })
	}
	dir := uvtest.Must(filepath.EvalSymlinks(t.TempDir()))
	for _, n := range []int{1, 100, 255, 256, 257, 1000, 4000} {
		target, path := strings.Repeat("x", n), filepath.Join(dir, "link")
		uvtest.Check(t, os.Symlink(target, path))
		if got, err := readlink(path); got != target || err != nil {
			t.Errorf("%d of %d bytes, %v", len(got), n, err)
		}
		uvtest.Check(t, os.Remove(path))
	}
	f := uvtest.Must(os.Create(filepath.Join(dir, strings.Repeat("n", 200))))
	defer f.Close()
	if _, err := os.Stat("/proc/self/fd"); err == nil {
		if got, err := readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd())); got != f.Name() || err != nil {
			t.Errorf("%q, %v, want %q", got, err, f.Name())
		}
	}
	_, err := readlink(f.Name())
	uvtest.IsErr(t, "no link", err, uv.EINVAL)
}

// TestFSSendfile covers offsets, the end of the source, and sources and sinks
// that are no files.
func TestFSSendfile(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	uvtest.Check(t, os.WriteFile(from, []byte("0123456789"), 0o600))
	in := openFile(t, l, from, os.O_RDONLY)
	out := openFile(t, l, filepath.Join(dir, "to"), os.O_RDWR|os.O_CREATE)
	send := func(off int64, n int) (int, error) {
		return await(t, l, func(fn func(int, error)) (requests.FS, error) { return requests.FSSendfile(l, out, in, off, n, fn) })
	}
	all := func(out uintptr, off, n int64) (int64, error) {
		return await(t, l, func(fn func(int64, error)) (requests.FS, error) {
			return requests.FSSendfileAll(l, out, in, off, n, fn)
		})
	}
	if n, err := send(8, 100); n != 2 || err != nil {
		t.Errorf("beyond the end: %d, %v", n, err)
	}
	if n, err := send(10, 100); n != 0 || err != nil {
		t.Errorf("at the end: %d, %v", n, err)
	}
	if n, err := send(0, 0); n != 0 || err != nil {
		t.Errorf("of nothing: %d, %v", n, err)
	}
	if n, err := all(out, 3, 4); n != 4 || err != nil {
		t.Errorf("all of the middle: %d, %v", n, err)
	}
	if n, err := all(out, 7, 100); n != 3 || err != io.EOF {
		t.Errorf("all beyond the end: %d, %v", n, err)
	}
	if n, err := all(out, 0, -1); n != 10 || err != nil {
		t.Errorf("all to the end: %d, %v", n, err)
	}
	if n, err := all(out, 0, 0); n != 0 || err != nil {
		t.Errorf("all of nothing: %d, %v", n, err)
	}
	r, w, err := os.Pipe()
	uvtest.Check(t, err)
	if n, err := all(w.Fd(), 0, -1); n != 10 || err != nil {
		t.Errorf("into a pipe: %d, %v", n, err)
	}
	w.Close()
	if got := string(uvtest.Must(io.ReadAll(r))); got != "0123456789" {
		t.Errorf("the pipe brings %q", got)
	}
	r.Close()
	if n, err := all(1<<20, 0, 4); n != 0 || err == nil {
		t.Errorf("into a closed descriptor: %d, %v", n, err)
	}
	closeFile(t, l, in)
	closeFile(t, l, out)
	if got := string(uvtest.Must(os.ReadFile(filepath.Join(dir, "to")))); got != "89"+"3456"+"789"+"0123456789" {
		t.Errorf("the file holds %q", got)
	}
}

// TestFSCancelSendfileAll: a copy under way ends behind a step, and tells how
// far it came.
func TestFSCancelSendfileAll(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	const size = 200 << 20
	sparse(t, filepath.Join(dir, "from"), size)
	in := openFile(t, l, filepath.Join(dir, "from"), os.O_RDONLY)
	out := openFile(t, l, filepath.Join(dir, "to"), os.O_WRONLY|os.O_CREATE)
	ended := uvtest.NewCounter(t, "sendfile", 1)
	op := uvtest.Must(requests.FSSendfileAll(l, out, in, 0, -1, func(n int64, err error) {
		ended.Inc()
		uvtest.IsErr(t, "cancelled copy", err, uv.ECANCELED)
		if n >= size {
			t.Errorf("%d of %d bytes were copied", n, size)
		}
	}))
	uvtest.Check(t, op.Cancel())
	uvtest.IsErr(t, "second cancel", op.Cancel(), uv.EBUSY)
	looptest.Run(t, l)
	uvtest.IsErr(t, "cancel of a copy that has ended", op.Cancel(), uv.EBUSY)
	closeFile(t, l, in)
	closeFile(t, l, out)
}

// TestFSManyAtOnce has hundreds of operations under way on buffers that nobody
// else refers to, while the garbage is collected.
func TestFSManyAtOnce(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	files := 300
	if testing.Short() {
		files = 100
	}
	read := uvtest.NewCounter(t, "file read", files)
	content := func(i int) []byte { return bytes.Repeat([]byte(fmt.Sprintf("%04d", i)), 1000+i) }
	fatal := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	for i := range files {
		path := filepath.Join(dir, fmt.Sprint(i))
		_, err := requests.FSOpen(l, path, os.O_RDWR|os.O_CREATE, 0o600, func(fd uintptr, err error) {
			fatal(err)
			_, err = requests.FSWrite(l, fd, 0, func(n int, err error) {
				fatal(err)
				p := make([]byte, 2*n)
				_, err = requests.FSRead(l, fd, 0, func(n int, err error) {
					fatal(err)
					if !bytes.Equal(p[:n], content(i)) {
						t.Errorf("file %d does not hold what was written", i)
					}
					read.Inc()
					_, err = requests.FSClose(l, fd, fatal)
					fatal(err)
				}, p)
				fatal(err)
			}, content(i))
			fatal(err)
		})
		uvtest.Check(t, err)
	}
	for i := 0; l.Alive(); i++ {
		if i%50 == 0 {
			runtime.GC()
		}
		uvtest.Must(l.RunOnce())
	}
}

// TestFSWriteOfBorrowedBytes: what a read callback borrowed is copied, for the
// arena is used again before the thread looks.
func TestFSWriteOfBorrowedBytes(t *testing.T) {
	l := looptest.New(t)
	a, b := looptest.Pair(t, l)
	path := filepath.Join(t.TempDir(), "file")
	fd := openFile(t, l, path, os.O_RDWR|os.O_CREATE)
	w := newJam(t, l, 200)
	written := uvtest.NewCounter(t, "write", 1)
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		uvtest.Check(t, err)
		_, err = requests.FSRead(l, fd, 0, func(int, error) {}, p)
		uvtest.IsErr(t, "read into borrowed memory", err, uv.EINVAL)
		_, err = requests.StartRandom(l, p, func([]byte, error) { t.Error("called") })
		uvtest.IsErr(t, "random bytes into borrowed memory", err, uv.EINVAL)
		uvtest.Must(requests.FSWrite(l, fd, 0, func(n int, err error) {
			written.Inc()
			uvtest.Check(t, err)
			a.Close()
		}, p, []byte("!")))
		clear(p) // as the next turn may
		uvtest.Check(t, b.Close())
	}))
	uvtest.Must(a.Write([]byte("borrowed")))
	for !b.Closing() {
		uvtest.Must(l.RunOnce())
	}
	f := w.writer()
	looptest.Run(t, l)
	f.Close()
	closeFile(t, l, fd)
	if got := string(uvtest.Must(os.ReadFile(path))); got != "borrowed!" {
		t.Errorf("the file holds %q", got)
	}
}
