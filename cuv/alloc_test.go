package cuv_test

import (
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestAllocationsOfALoopAreCounted sees those of a loop come and go. looptest.Main has made a loop before.
func TestAllocationsOfALoopAreCounted(t *testing.T) {
	before := cuv.Allocations()
	l := uvtest.Must(uvgo.New())
	open := cuv.Allocations() - before
	timer := uvtest.Must(l.NewTimer())
	uvtest.Check(t, timer.Close())
	uvtest.Check(t, l.Run(t.Context()))
	uvtest.Check(t, l.Close())
	if after := cuv.Allocations(); open < 5 || after != before {
		t.Errorf("a loop has %d allocations, and leaves behind %d, want at least 5 and none", open, after-before)
	}
}

// TestALostAllocationIsSeen is what the soak relies on.
func TestALostAllocationIsSeen(t *testing.T) {
	before := cuv.Allocations()
	free := cuv.LoseAllocation()
	lost := cuv.Allocations() - before
	free()
	if after := cuv.Allocations(); lost != 1 || after != before {
		t.Errorf("counted %d while it lived and %d after it was freed, want 1 and 0", lost, after-before)
	}
}
