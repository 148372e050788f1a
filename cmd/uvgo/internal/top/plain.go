package top

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// plain writes a block of lines for each interval. SIGINT and SIGTERM end it.
func plain(ctx context.Context, o Options, v view, first Sample) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	f := follower{view: v, old: first}
	tick := time.NewTicker(o.Interval)
	defer tick.Stop()
	for n := 0; o.Count == 0 || n < o.Count; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		f.got(o.Source.Fetch(ctx))
		if ctx.Err() != nil {
			return nil
		}
		if err := block(o.Out, &f); err != nil {
			return err
		}
		f.note = ""
	}
	return nil
}

// block writes what an interval has brought.
func block(out *os.File, f *follower) error {
	lines := []line{{{"--- " + time.Now().Format("2006-01-02 15:04:05"), normal}}}
	if state := f.state(); state != nil {
		lines = append(lines, state)
	}
	if f.lost.IsZero() {
		head := f.head(f.now)
		lines = append(append(lines, head[:len(head)-1]...), f.body(f.now, 0)...) // without the line of the state
	}
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintln(&b, strings.TrimRight(l.String(), " "))
	}
	b.WriteByte('\n')
	if _, err := out.WriteString(b.String()); errors.Is(err, syscall.EPIPE) {
		return errGone
	} else if err != nil {
		return err
	}
	return nil
}

// IsGone tells whether an error of Run is that nobody reads the output any more, as with "| head".
func IsGone(err error) bool { return errors.Is(err, errGone) }
