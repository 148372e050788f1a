package core_test

import (
	"testing"

	"github.com/uvgo/uvgo/internal/core"
)

// TestZeroCore: what a loop that no constructor made asks of its mechanism.
func TestZeroCore(t *testing.T) {
	for name, c := range map[string]*core.Core{"nil": nil, "zero": new(core.Core)} {
		if !c.Closed() || c.Alive() || c.Now() != 0 || c.Post(func() {}) == nil || c.Begin("run") == nil {
			t.Errorf("%s: it is taken for a loop", name)
		}
		c.Stop()
		c.Wake()
	}
	if core.Of(nil) != nil {
		t.Error("there is a mechanism without a loop")
	}
}
