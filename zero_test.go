package uvgo_test

import (
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestZeroLoopsAnswerWithErrors(t *testing.T) {
	uvtest.ZeroValues(t, []string{"Loop.WriteHandles"}, uvgo.Loop{}, uvgo.Group{}) // WriteHandles finds none
}
