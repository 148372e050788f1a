package uvgo_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// watchdogThread returns how often the watchdog's thread has gone to sleep, and the calls that it sleeps in; false without one.
func watchdogThread(t *testing.T) (switches string, found bool) {
	t.Helper()
	for _, dir := range uvtest.Must(filepath.Glob("/proc/self/task/*")) {
		name, _ := os.ReadFile(dir + "/comm")
		if strings.TrimSpace(string(name)) != "uvgo-watchdog" {
			continue
		}
		status, err := os.ReadFile(dir + "/status")
		if err != nil {
			continue // it has just ended
		}
		for line := range strings.Lines(string(status)) {
			if strings.HasPrefix(line, "voluntary_ctxt_switches:") {
				return line, true
			}
		}
	}
	return "", false
}

// TestWatchdogSleeps: the thread is there while loops turn; it sleeps for good when they wait, and ends when they are closed. There
// is no goroutine and no descriptor for it.
func TestWatchdogSleeps(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	uvtest.Eventually(t, "the watchdog of other tests has ended", func() bool {
		_, found := watchdogThread(t)
		return !found
	})
	for name, way := range looptest.Parkings {
		t.Run(name, func(t *testing.T) {
			for round := range 2 {
				l := uvtest.Must(uvgo.New(uvgo.WithParking(way)))
				goroutines := runtime.NumGoroutine()
				release := uvtest.Must(l.NewAsync(func() { l.Stop() }))
				looked := make(chan bool)
				uvtest.Check(t, l.Post(func() {
					found := false
					for range 10000 { // a new thread has its name after a while
						if _, found = watchdogThread(t); found {
							break
						}
						time.Sleep(time.Millisecond)
					}
					go func() { looked <- found }()
				}))
				ran := make(chan error, 1)
				go func() { ran <- l.Run(context.Background()) }()
				if !<-looked {
					t.Error("a loop turns, and nobody watches it")
				}
				// It sleeps once it sees the same for a time in which it would look twenty times.
				last, since := "", time.Now()
				uvtest.Eventually(t, "the watchdog sleeps", func() bool {
					now, found := watchdogThread(t)
					if now != last || !found {
						last, since = now, time.Now()
					}
					return time.Since(since) > 500*time.Millisecond
				})
				if n := runtime.NumGoroutine(); n > goroutines+1 {
					t.Errorf("%d goroutines, %d without a loop that runs", n, goroutines)
				}
				uvtest.Check(t, l.Post(func() {})) // a turn wakes it
				uvtest.Eventually(t, "the watchdog looks again", func() bool {
					now, _ := watchdogThread(t)
					return now != last
				})
				release.Send()
				uvtest.Check(t, <-ran)
				uvtest.Check(t, release.Close())
				uvtest.Check(t, l.Shutdown(context.Background()))
				if round == 1 {
					uvtest.Eventually(t, "the watchdog ends", func() bool {
						_, found := watchdogThread(t)
						return !found
					})
				}
			}
		})
	}
}

// descriptors counts those that are open, without the runtime's poller, which os.ReadDir would start.
func descriptors() (n int) {
	for fd := range uintptr(1000) {
		if _, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err == nil {
			n++
		}
	}
	return n
}

func init() {
	uvtest.Helper("watchdog-without-descriptors", func() {
		l := uvtest.Must(uvgo.New(uvgo.WithLogger(newReports().logger())))
		before := descriptors()
		_ = l.Post(func() {
			for l.Stats().StuckCallbacks == 0 { // by no timer of Go's
				runtime.Gosched()
			}
		})
		if err := l.Run(context.Background()); err != nil {
			panic(err)
		}
		fmt.Println("descriptors:", descriptors()-before)
		_ = l.Close()
		os.Exit(0)
	})
}

// TestWatchdogOpensNoDescriptors: Go's runtime opens two for its first timer.
func TestWatchdogOpensNoDescriptors(t *testing.T) {
	cmd := uvtest.Command(t, "watchdog-without-descriptors")
	cmd.Env = append(cmd.Env, "UVGO_WATCHDOG=") // Command's turns it off
	out := uvtest.Must(cmd.Output())
	if string(out) != "descriptors: 0\n" {
		t.Errorf("the process says %q", out)
	}
}
