package uvgo

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/uvgo/uvgo/uv"
)

// Configure turns on an option of libuv's: [uv.MetricsIdleTime]. Two options do not belong
// in a Go process, [uv.LoopBlockSignal] and [uv.LoopUseIOURingSQPoll]: ENOTSUP, with the
// reason. EINVAL for others. C function uv_loop_configure.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_loop_configure
func (l *Loop) Configure(o uv.LoopOption) error { return l.machine().Configure(o) }

// Metrics returns what the loop has counted so far. The turn whose callbacks run now is
// included. ErrClosed after Close. C function uv_metrics_info.
//
// https://docs.libuv.org/en/v1.x/metrics.html#c.uv_metrics_info
func (l *Loop) Metrics() (uv.Metrics, error) { return l.machine().Metrics() }

// IdleTime returns how long the loop has waited for events, in libuv's poll or on Go's
// netpoller, since [WithIdleTime] or Configure made it count; zero after Close. Any
// goroutine may call it. C function uv_metrics_idle_time.
//
// https://docs.libuv.org/en/v1.x/metrics.html#c.uv_metrics_idle_time
func (l *Loop) IdleTime() time.Duration { return l.machine().IdleTime() }

// WriteHandles writes a line for each handle that is open, or with activeOnly
// that is active too: whether it is referenced (R) and active (A), its kind,
// its descriptor if it has one, and in debug mode where it was created.
//
//	[RA] tcp      fd 7
//	[-A] timer    created at main.go:20
//
// It stands for C functions uv_print_all_handles and uv_print_active_handles.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_print_all_handles
func (l *Loop) WriteHandles(w io.Writer, activeOnly bool) error {
	for h := range l.Walk() {
		active := h.Active()
		if activeOnly && !active {
			continue
		}
		state := [2]byte{'-', '-'}
		if h.HasRef() {
			state[0] = 'R'
		}
		if active {
			state[1] = 'A'
		}
		if _, err := fmt.Fprintf(w, "[%s] %s\n", state[:], describe(h)); err != nil {
			return err
		}
	}
	return nil
}

// describe is a handle's kind, descriptor and place of creation.
func describe(h uv.Handle) string {
	kind := h.Kind().String()
	line := fmt.Sprintf("%-8s", kind)
	if f, ok := h.(interface{ FD() (int, error) }); ok && !h.Closing() {
		if fd, err := f.FD(); err == nil {
			line += fmt.Sprintf(" fd %d", fd)
		}
	}
	if h.Closing() {
		line += " closing"
	}
	if s, ok := h.(fmt.Stringer); ok { // its String is the kind and what debug mode knows
		line += strings.TrimPrefix(s.String(), kind)
	}
	return strings.TrimRight(line, " ")
}
