package handles_test

import (
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func TestZeroHandlesAnswerWithErrors(t *testing.T) {
	uvtest.ZeroValues(t,
		nil,
		handles.Async{}, handles.Check{}, handles.Flow{}, handles.FSEvent{}, handles.FSPoll{}, handles.Idle{}, handles.Pipe{}, handles.Poll{},
		handles.Prepare{}, handles.Process{}, handles.Signal{}, handles.TCP{}, handles.TTY{}, handles.Timer{}, handles.UDP{})
}

// notALoop has a loop's methods, but nothing of package uvgo's Loop.
type notALoop struct{ uv.Loop }

func TestConstructorsRefuseALoopThatIsNone(t *testing.T) {
	for name, l := range map[string]uv.Loop{
		"nil": nil, "nil pointer": (*uvgo.Loop)(nil), "zero": new(uvgo.Loop), "without a core": notALoop{},
	} {
		for what, err := range constructors(l) {
			uvtest.IsErr(t, name+": "+what, err, uv.EINVAL)
		}
	}
}
