package uvgo_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"runtime/trace"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// busyLoop runs a loop that spins in timers' callbacks and in posted functions, and blocks now and then, until over says so.
func busyLoop(t *testing.T, over func() bool, opts ...uvgo.Option) {
	t.Helper()
	l := looptest.New(t, opts...)
	tm := uvtest.Must(l.NewTimer())
	uvtest.Check(t, tm.Start(0, time.Millisecond, func() {
		spin(l)
		uvtest.Expect(t, l.Block(func() {}))
		uvtest.Expect(t, l.Post(func() {
			spin(l)
			pprof.Do(context.Background(), pprof.Labels("theirs", "x"), func(context.Context) { spin(l) }) // takes the labels away
		}))
		if over() {
			uvtest.Expect(t, tm.Close())
		}
	}))
	uvtest.Check(t, l.Run(context.Background()))
}

//go:noinline
func spin(l *uvgo.Loop) {
	for began := time.Now(); time.Since(began) < time.Millisecond; {
		l.UpdateTime()
	}
}

// TestCPUProfileHasLabels: the loop's name always, and the kind of the handle where the option asks for it. Labels stand in a
// profile only if it has a sample with them.
func TestCPUProfileHasLabels(t *testing.T) {
	if testing.CoverMode() != "" {
		t.Skip("go test -cpuprofile and coverage profile by themselves")
	}
	for name, way := range looptest.Parkings {
		for _, kinds := range []bool{false, true} {
			uvtest.Watchdog(t, 2*time.Minute)
			opts := []uvgo.Option{uvgo.WithParking(way), uvgo.WithName("profiled-" + name)}
			missing := []string{"uvgo_loop", "profiled-" + name, "theirs"}
			if kinds {
				opts = append(opts, uvgo.WithProfileLabels())
				missing = append(missing, "uvgo_handle", "timer", "post")
			}
			// A profile has a sample for 10 ms of processor time, of which a machine that is busy gives little: profiles are made
			// until all of them together have enough samples.
			for began := time.Now(); len(missing) > 0 && time.Since(began) < time.Minute; {
				raw := cpuProfile(t, opts...)
				if !kinds && bytes.Contains(raw, []byte("uvgo_handle")) {
					t.Error("callbacks have labels that nobody has asked for")
				}
				missing = slices.DeleteFunc(missing, func(label string) bool { return bytes.Contains(raw, []byte(label)) })
			}
			if len(missing) > 0 {
				t.Errorf("%s, kinds %t: no profile of a minute has %q", name, kinds, missing)
			}
		}
	}
}

// cpuProfile returns the profile of a loop that is busy for a while.
func cpuProfile(t *testing.T, opts ...uvgo.Option) []byte {
	t.Helper()
	var text bytes.Buffer
	uvtest.Check(t, pprof.StartCPUProfile(&text))
	defer pprof.StopCPUProfile() // does nothing the second time
	began := time.Now()
	busyLoop(t, func() bool { return time.Since(began) > 300*time.Millisecond }, opts...)
	pprof.StopCPUProfile()
	return uvtest.Must(io.ReadAll(uvtest.Must(gzip.NewReader(&text))))
}

// TestRunLeavesLabels: the goroutine has the labels of Run's context again.
func TestRunLeavesLabels(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	pprof.Do(context.Background(), pprof.Labels("mine", "yes"), func(ctx context.Context) {
		l := looptest.New(t, uvgo.WithName("passing"))
		during := ""
		uvtest.Check(t, l.Post(func() { during = goroutineProfile(t) }))
		uvtest.Check(t, l.Run(ctx))
		for _, want := range []string{`"uvgo_loop":"passing"`, `"mine":"yes"`} {
			if !strings.Contains(during, want) {
				t.Errorf("a loop that runs has no %s", want)
			}
		}
		if after := goroutineProfile(t); strings.Contains(after, "passing") || !strings.Contains(after, `"mine":"yes"`) {
			t.Errorf("behind Run the labels are others:\n%s", after)
		}
	})
}

func goroutineProfile(t *testing.T) string {
	var text strings.Builder
	uvtest.Check(t, pprof.Lookup("goroutine").WriteTo(&text, 1))
	return text.String()
}

// TestTraceHasRegions: a trace has a region for each turn's callbacks and one for each wait. Those of a callback nest in it, also where
// it blocks and another goroutine goes on, or panics: else go tool trace does not read the trace at all.
func TestTraceHasRegions(t *testing.T) {
	for name, way := range looptest.Parkings {
		t.Run(name, func(t *testing.T) {
			uvtest.Watchdog(t, 2*time.Minute)
			path := filepath.Join(t.TempDir(), "trace")
			out := uvtest.Must(os.Create(path))
			uvtest.Check(t, trace.Start(out))
			l := looptest.New(t, uvgo.WithParking(way), uvgo.WithName("traced"), uvgo.WithPanicHandler(func(*uv.PanicError) {}))
			rounds := 0
			tm := uvtest.Must(l.NewTimer())
			uvtest.Check(t, tm.Start(0, time.Millisecond, func() {
				rounds++
				inner := trace.StartRegion(context.Background(), "theirs")
				uvtest.Expect(t, l.Block(func() { time.Sleep(3 * time.Millisecond) }))
				if rounds == 3 {
					panic("with a region of its own")
				}
				inner.End()
				if rounds == 10 {
					uvtest.Expect(t, tm.Close())
				}
			}))
			uvtest.Check(t, l.Run(context.Background()))
			trace.Stop()
			uvtest.Check(t, out.Close())
			cmd := exec.Command("go", "tool", "trace", "-d=parsed", path)
			var complaints bytes.Buffer
			cmd.Stderr = &complaints
			text, err := cmd.Output()
			if err != nil {
				t.Fatalf("go tool trace: %v: %s", err, complaints.String())
			}
			for _, region := range []string{"uvgo turn traced", "uvgo wait traced", "theirs"} {
				begins := len(regexp.MustCompile(`RegionBegin .*"`+region+`"`).FindAll(text, -1))
				ends := len(regexp.MustCompile(`RegionEnd .*"`+region+`"`).FindAll(text, -1))
				t.Logf("%s: %d begin, %d end", region, begins, ends)
				if begins < 10 || ends < begins-1 {
					t.Errorf("%s: %d begin, %d end", region, begins, ends)
				}
			}
		})
	}
}

// BenchmarkProfileLabels tells what a callback takes with and without the option: an empty posted function, 1,000 a turn.
func BenchmarkProfileLabels(b *testing.B) {
	for name, opts := range map[string][]uvgo.Option{"off": nil, "on": {uvgo.WithProfileLabels()}} {
		b.Run(name, func(b *testing.B) {
			l := looptest.New(b, opts...)
			left, empty := b.N, func() {}
			var turn func()
			turn = func() {
				for range min(left, 1000) {
					left--
					uvtest.Expect(b, l.Post(empty))
				}
				if left > 0 {
					uvtest.Expect(b, l.Post(turn))
				}
			}
			uvtest.Check(b, l.Post(turn))
			uvtest.Check(b, l.Run(b.Context()))
		})
	}
}
