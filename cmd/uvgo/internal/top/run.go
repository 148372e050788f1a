package top

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// Options say what Run shows, and where.
type Options struct {
	Source   Source
	Interval time.Duration
	Count    int      // ends after so many updates; 0: never
	Sort     string   // one of SortKeys; "": the first one
	Plain    bool     // lines, also on a terminal
	In, Out  *os.File // the keyboard, if it is a terminal, and the screen
}

// Run shows the program until the user has enough, a signal comes, the context ends, or after Count updates. If the program does not answer in
// the beginning, Run returns its error; later it asks again and again.
func Run(ctx context.Context, o Options) error {
	first, err := o.Source.Fetch(ctx)
	if err != nil {
		return err
	}
	v := view{sort: max(0, slices.Index(SortKeys(), o.Sort)), interval: o.Interval}
	if o.Plain || isDumb(os.Getenv) || handles.GuessHandle(o.Out.Fd()) != uv.KindTTY {
		return plain(ctx, o, v, first)
	}
	return watch(ctx, o, v, first)
}

// A follower makes pictures of what a source answers.
type follower struct {
	view
	old Sample
	now picture
}

// got notes an answer.
func (f *follower) got(s Sample, err error) {
	if err != nil {
		if f.lost.IsZero() {
			f.lost = time.Now()
		}
		f.why = err.Error()
		return
	}
	since := " since " + s.At.Format(time.TimeOnly)
	switch {
	case identity(s) != identity(f.old):
		f.note = "another process answers" + since
		f.old = s
	case !f.lost.IsZero():
		f.note = "it answers again" + since
	}
	f.lost = time.Time{}
	f.now = compare(f.old, s)
	f.old = s
}

// errGone is the end of what the output goes to.
var errGone = errors.New("nobody reads the output")
