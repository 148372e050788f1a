package libuv

import (
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"fs_file_async":         kit.PerLoop(testFSFileAsync),
		"fs_scandir_early_exit": kit.PerLoop(testFSScandirEarlyExit),
	})
}

// testFSFileAsync makes a file in a chain of callbacks, and reads, cuts and
// removes it in others; each callback runs once.
func testFSFileAsync(t *testing.T, l *uvgo.Loop) {
	path := filepath.Join(t.TempDir(), "file")
	moved := path + "2"
	var j kit.Journal
	step := func(line string, err error) {
		uvtest.Check(t, err)
		j.Add(line)
	}
	check1 := func(_ requests.FS, err error) { uvtest.Check(t, err) }

	check1(requests.FSOpen(l, path, os.O_WRONLY|os.O_CREATE, 0o600, func(fd uintptr, err error) {
		step("create", err)
		check1(requests.FSWrite(l, fd, -1, func(n int, err error) {
			step("write "+strconv.Itoa(n), err)
			check1(requests.FSFdatasync(l, fd, func(err error) {
				step("fdatasync", err)
				check1(requests.FSFsync(l, fd, func(err error) {
					step("fsync", err)
					check1(requests.FSClose(l, fd, func(err error) { step("close", err) }))
				}))
			}))
		}, []byte("test-buffer\n")))
	}))
	if len(j.Lines) != 0 {
		t.Error("a callback ran inside a call")
	}
	looptest.Run(t, l)
	j.Want(t, "create", "write 12", "fdatasync", "fsync", "close")

	check1(requests.FSRename(l, path, moved, func(err error) { step("rename", err) }))
	looptest.Run(t, l)
	j.Want(t, "rename")

	buf := make([]byte, 32)
	check1(requests.FSOpen(l, moved, os.O_RDWR, 0, func(fd uintptr, err error) {
		step("open", err)
		check1(requests.FSRead(l, fd, -1, func(n int, err error) {
			step("read "+string(buf[:n]), err)
			check1(requests.FSFtruncate(l, fd, 7, func(err error) {
				step("ftruncate", err)
				check1(requests.FSClose(l, fd, func(err error) { step("close", err) }))
			}))
		}, buf))
	}))
	looptest.Run(t, l)
	j.Want(t, "open", "read test-buffer\n", "ftruncate", "close")

	check1(requests.FSOpen(l, moved, os.O_RDONLY, 0, func(fd uintptr, err error) {
		step("open", err)
		check1(requests.FSRead(l, fd, -1, func(n int, err error) {
			step("read "+string(buf[:n]), err)
			check1(requests.FSRead(l, fd, -1, func(n int, err error) {
				if n != 0 || err != io.EOF {
					t.Errorf("at the end: %d, %v", n, err)
				}
				check1(requests.FSClose(l, fd, func(err error) {
					step("close", err)
					check1(requests.FSUnlink(l, moved, func(err error) { step("unlink", err) }))
				}))
			}, buf))
		}, buf))
	}))
	looptest.Run(t, l)
	j.Want(t, "open", "read test-bu", "close", "unlink")
	if l.Alive() {
		t.Error("the loop is alive")
	}
}

// testFSScandirEarlyExit leaves the entries behind the first, of a directory
// with one and of one with many: what libuv allocated is freed, which
// AddressSanitizer's leak check sees, and memory does not grow.
func testFSScandirEarlyExit(t *testing.T, l *uvgo.Loop) {
	one, many := t.TempDir(), t.TempDir()
	uvtest.Check(t, os.WriteFile(filepath.Join(one, "only"), nil, 0o600))
	long := "name-0" + strings.Repeat("x", 200)
	for i := range 1000 {
		uvtest.Check(t, os.WriteFile(filepath.Join(many, long+strconv.Itoa(i)), nil, 0o600))
	}
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	called := uvtest.NewCounter(t, "scandir callback", 2*rounds)
	scan := func(dir, first string) {
		_, err := requests.FSScandir(l, dir, func(entries iter.Seq[uv.Dirent], err error) {
			called.Inc()
			uvtest.Check(t, err)
			for e := range entries {
				if e.Name != first || e.Type != uv.DirentFile {
					t.Errorf("the first entry is %v", e)
				}
				break
			}
		})
		uvtest.Check(t, err)
	}
	before := uint64(0)
	for i := range rounds {
		scan(one, "only")
		scan(many, long+"0")
		looptest.Run(t, l)
		if i == rounds/5 {
			before = uvtest.RSS()
		}
	}
	// 200 KB of entries each time would have made 50 MB; the process does other
	// things, too.
	if grown := int64(uvtest.RSS() - before); !uvtest.Instrumented && !testing.Short() && grown > 16<<20 {
		t.Errorf("memory grew by %d bytes", grown)
	}
}
