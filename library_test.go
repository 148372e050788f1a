package uvgo_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/cuv/hosttest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// A loop of libuv's making takes Go's handles and is refused to be deleted while
// it has any.
func TestCLoops(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	uvtest.Watchdog(t, time.Minute)
	for name, get := range map[string]func() (unsafe.Pointer, error){"new": uvgo.NewCLoop, "default": uvgo.DefaultCLoop} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // a deleted default loop can be had again
				c, err := get()
				uvtest.Check(t, err)
				if again, err := get(); err != nil || (again == c) != (name == "default") {
					t.Errorf("a second call returned %p, %v after %p", again, err, c)
				} else if again != c {
					uvtest.Check(t, uvgo.DeleteCLoop(again))
				}
				l, err := uvgo.Adopt(c)
				uvtest.Check(t, err)
				ran := 0
				timer(t, l, time.Millisecond, func() { ran++ })
				if err := uvgo.DeleteCLoop(c); !errors.Is(err, uv.EBUSY) {
					t.Errorf("deleting a loop in use: %v", err)
				}
				if hosttest.RunLoop(c, hosttest.Default) || ran != 1 {
					t.Errorf("the timer ran %d times", ran)
				}
				uvtest.Check(t, l.Close())
				if err := uvgo.DeleteCLoop(c); !errors.Is(err, uv.EBUSY) {
					t.Errorf("deleting a loop that still closes handles: %v", err)
				}
				hosttest.RunLoop(c, hosttest.Default)
				uvtest.Check(t, uvgo.DeleteCLoop(c))
			}
		})
	}
	if err := uvgo.DeleteCLoop(nil); !errors.Is(err, uv.EINVAL) {
		t.Errorf("deleting nil: %v", err)
	}
}

// libuv is shut down once no loop is left; it takes a process of its own.
func TestShutdownLibrary(t *testing.T) {
	const child = "UVGO_TEST_SHUTDOWN_LIBRARY"
	if os.Getenv(child) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestShutdownLibrary$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	busy := func(what string) {
		t.Helper()
		if err := uvgo.ShutdownLibrary(); !errors.Is(err, uv.EBUSY) {
			t.Errorf("with %s: %v", what, err)
		}
	}
	l, err := uvgo.New()
	uvtest.Check(t, err)
	busy("a loop")
	_, err = requests.FSStat(l, "/", func(_ uv.Stat, err error) { uvtest.Check(t, err) }) // starts the pool
	uvtest.Check(t, err)
	uvtest.Check(t, l.Run(t.Context()))
	if uvgo.VersionHex() >= 0x013200 && workers(t) == 0 {
		t.Error("the pool has no threads")
	}
	uvtest.Check(t, l.Close())
	for name, get := range map[string]func() (unsafe.Pointer, error){"a loop for C": uvgo.NewCLoop, "the default loop": uvgo.DefaultCLoop} {
		c, err := get()
		uvtest.Check(t, err)
		busy(name)
		uvtest.Check(t, uvgo.DeleteCLoop(c))
	}
	for range 2 { // the second changes nothing
		uvtest.Check(t, uvgo.ShutdownLibrary())
	}
	if n := workers(t); n != 0 { // they have been joined
		t.Errorf("the pool still has %d threads", n)
	}
	for name, err := range map[string]error{
		"New":          second(uvgo.New()),
		"NewCLoop":     second(uvgo.NewCLoop()),
		"DefaultCLoop": second(uvgo.DefaultCLoop()),
	} {
		if !errors.Is(err, uv.ErrLibraryShutdown) {
			t.Errorf("%s afterwards: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// workers counts the threads of libuv's pool, which have had names since 1.50.
func workers(t *testing.T) int {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/comm")
	uvtest.Check(t, err)
	n := 0
	for _, task := range tasks {
		if name, _ := os.ReadFile(task); string(name) == "libuv-worker\n" {
			n++
		}
	}
	return n
}
