package workload

import "testing"

// TestBookIsConsistent: every name that a workload or a target uses is a peer's, a figure's or a program's.
func TestBookIsConsistent(t *testing.T) {
	if err := Book().Check(); err != nil {
		t.Error(err)
	}
}
