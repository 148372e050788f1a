package invariants_test

import (
	"testing"

	"github.com/uvgo/uvgo/internal/invariants"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestCheckPanicsWhenEnabled(t *testing.T) {
	want := any(nil)
	if invariants.Enabled {
		want = "uvgo: invariant violated: slot 3 of 2"
	}
	defer func() {
		if got := recover(); got != want {
			t.Errorf("panic %v, want %v", got, want)
		}
	}()
	invariants.Check(false, "slot %d of %d", 3, 2)
}

func TestCheckPassesWhatHolds(t *testing.T) {
	invariants.Check(true, "slot %d of %d", 1, 2)
}

func TestCheckAllocatesNothingWhenDisabled(t *testing.T) {
	if invariants.Enabled {
		t.Skip("checks are on in this build")
	}
	slot, slots := 1000, 2000
	if n := testing.AllocsPerRun(100, func() {
		invariants.Check(slot < slots, "slot %d of %d", slot, slots)
		slot++
	}); n != 0 {
		t.Errorf("a disabled check allocates %v times", n)
	}
}
