package uvgo_test

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/uv"
)

func TestConfigureRefusesWithItsReason(t *testing.T) {
	l := looptest.New(t)
	for o, why := range map[uv.LoopOption]string{
		uv.LoopBlockSignal:      "SIGPROF",
		uv.LoopUseIOURingSQPoll: "kernel thread",
	} {
		if err := l.Configure(o); !errors.Is(err, uv.ENOTSUP) || !strings.Contains(err.Error(), why) {
			t.Errorf("option %d: %v", o, err)
		}
	}
	if err := l.Configure(99); !errors.Is(err, uv.EINVAL) {
		t.Errorf("option 99: %v", err)
	}
}

// A loop that waits for a timer has been idle as long, however it waits.
func TestIdleTimeIsWhatTheLoopWaited(t *testing.T) {
	for name, p := range map[string]uvgo.Parking{"thread": uvgo.ParkThread, "goroutine": uvgo.ParkGoroutine} {
		t.Run(name, func(t *testing.T) {
			plain, l := looptest.New(t, uvgo.WithParking(p)), looptest.New(t, uvgo.WithParking(p), uvgo.WithIdleTime())
			const wait = 30 * time.Millisecond
			pause := func(l *uvgo.Loop) time.Duration {
				before := l.IdleTime()
				if _, err := l.AfterFunc(wait, func() {}); err != nil {
					t.Fatal(err)
				}
				looptest.Run(t, l)
				return l.IdleTime() - before
			}
			if d := pause(plain); d != 0 {
				t.Errorf("idle time %v without the option", d)
			}
			// What passes between the timer's start and the poll is not idle: on a busy
			// machine that may be most of it, but not again and again.
			idleFor := pause(l)
			for n := 0; idleFor < wait/2 && n < 100; n++ {
				idleFor = pause(l)
			}
			m, err := l.Metrics()
			if err != nil || idleFor < wait/2 || m.IdleTime != l.IdleTime() {
				t.Errorf("idle time %v of a wait of %v, %v; in all %v, by itself %v", idleFor, wait, err, m.IdleTime, l.IdleTime())
			}
			// A loop that never waits is not idle.
			before := l.IdleTime()
			idle, err := l.NewIdle()
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			if err := idle.Start(func() {
				if n++; n == 100 {
					idle.Close()
				}
			}); err != nil {
				t.Fatal(err)
			}
			looptest.Run(t, l)
			if d := l.IdleTime() - before; d != 0 {
				t.Errorf("idle for %v while an idle handle was active", d)
			}
		})
	}
}

func TestMetricsOfAClosedLoop(t *testing.T) {
	l, err := uvgo.New(uvgo.WithIdleTime())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Metrics(); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("metrics: %v", err)
	}
	if err := l.Configure(uv.MetricsIdleTime); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("configure: %v", err)
	}
	if d := l.IdleTime(); d != 0 {
		t.Errorf("idle time %v", d)
	}
}

func TestWriteHandles(t *testing.T) {
	l := looptest.New(t, uvgo.WithDebug())
	tcp, err := l.NewTCP()
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	timer, err := l.NewTimer()
	if err != nil {
		t.Fatal(err)
	}
	defer timer.Close()
	gone, err := l.NewIdle()
	if err != nil {
		t.Fatal(err)
	}
	if err := tcp.Bind(netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
		t.Fatal(err)
	}
	if err := timer.Start(time.Hour, 0, func() {}); err != nil {
		t.Fatal(err)
	}
	timer.Unref()
	gone.Close()
	show := func(activeOnly bool) []string {
		var b strings.Builder
		if err := l.WriteHandles(&b, activeOnly); err != nil {
			t.Fatal(err)
		}
		text := regexp.MustCompile(`fd \d+`).ReplaceAllString(b.String(), "fd N")
		return strings.Split(regexp.MustCompile(`\S*/metrics_test.go:\d+`).ReplaceAllString(text, "here"), "\n")
	}
	want := []string{"[R-] tcp      fd N created at here", "[-A] timer    created at here", "[R-] idle     closing created at here", ""}
	if diff := cmp.Diff(want, show(false)); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{want[1], ""}, show(true)); diff != "" {
		t.Errorf("active (-want +got):\n%s", diff)
	}
	if err := l.WriteHandles(failing{}, false); !errors.Is(err, errFailing) {
		t.Errorf("a writer that fails: %v", err)
	}
}

var errFailing = errors.New("no room")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFailing }
