package uvgo_test

import (
	"context"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func TestZeroLoopsAnswerWithErrors(t *testing.T) {
	uvtest.ZeroValues(t, []string{"Loop.WriteHandles"}, uvgo.Loop{}, uvgo.Group{}) // WriteHandles finds none
}

// TestNilContextIsAnError: it is neither waited for nor a panic, and nothing has happened.
func TestNilContextIsAnError(t *testing.T) {
	l := looptest.New(t)
	g := uvtest.Must(uvgo.NewGroup(1))
	var none context.Context
	for what, err := range map[string]error{
		"Run":            uvgo.Run(none, func(*uvgo.Loop) error { return nil }),
		"Run, no main":   uvgo.Run(t.Context(), nil),
		"Loop.Run":       l.Run(none),
		"PostContext":    l.PostContext(none, func() { t.Error("it runs") }),
		"Shutdown":       l.Shutdown(none),
		"Group.Run":      g.Run(none),
		"Group.Shutdown": g.Shutdown(none),
	} {
		uvtest.IsErr(t, what, err, uv.EINVAL)
	}
	uvtest.Check(t, g.Shutdown(t.Context()))
	looptest.Run(t, l)
}
