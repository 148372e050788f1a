package handles_test

import (
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func TestZeroHandlesAnswerWithErrors(t *testing.T) {
	uvtest.ZeroValues(t,
		nil,
		handles.Async{}, handles.Check{}, handles.Flow{}, handles.FSEvent{}, handles.FSPoll{}, handles.Idle{}, handles.Pipe{}, handles.Poll{},
		handles.Prepare{}, handles.Process{}, handles.Signal{}, handles.TCP{}, handles.TTY{}, handles.Timer{}, handles.UDP{}, handles.Write{})
}

// wrapper embeds a loop, and serves as one if it has any.
type wrapper struct{ *uvgo.Loop }

// notALoop has a loop's methods, but nothing of package uvgo's Loop.
type notALoop struct{ uv.Loop }

func TestConstructorsRefuseALoopThatIsNone(t *testing.T) {
	for name, l := range map[string]uv.Loop{
		"nil": nil, "nil pointer": (*uvgo.Loop)(nil), "zero": new(uvgo.Loop), "nil in a wrapper": wrapper{}, "nil in a pointer": new(wrapper), "without a core": notALoop{},
	} {
		for what, err := range constructors(l) {
			uvtest.IsErr(t, name+": "+what, err, uv.EINVAL)
		}
	}
}

func TestConstructorsTakeALoopInAWrapper(t *testing.T) {
	l := looptest.New(t)
	h, err := handles.NewTimer(wrapper{l})
	uvtest.Check(t, err)
	uvtest.Check(t, h.Close())
}
