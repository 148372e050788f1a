package core

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// newCore makes a core that is closed when the test ends.
func newCore(t testing.TB, cfg Config) *Core {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// runOnce runs one turn that does not block.
func runOnce(t *testing.T, c *Core) error {
	t.Helper()
	if err := c.Begin("test"); err != nil {
		t.Fatal(err)
	}
	defer c.End()
	return c.Turn(false, false)
}

// A sink is a Target that counts its events by generation.
type sink struct{ gens []uint32 }

func (s *sink) Complete(ev *cuv.Event) { s.gens = append(s.gens, ev.Gen) }

func TestStaleEventsAreDropped(t *testing.T) {
	c := newCore(t, Config{})
	old, next := new(sink), new(sink)
	id, gen := c.Slot(old)
	c.deliver(&cuv.Event{Slot: id, Gen: gen})
	c.Vacate(id)
	c.deliver(&cuv.Event{Slot: id, Gen: gen})     // nobody is there
	c.deliver(&cuv.Event{Slot: id, Gen: gen + 1}) // not even then
	id2, gen2 := c.Slot(next)
	if id2 != id || gen2 == gen {
		t.Fatalf("the slot after %d, %d is %d, %d: want the same with a new generation", id, gen, id2, gen2)
	}
	c.deliver(&cuv.Event{Slot: id, Gen: gen})
	c.deliver(&cuv.Event{Slot: id, Gen: gen2})
	c.deliver(&cuv.Event{Slot: id + 1, Gen: 1}) // no such slot
	c.deliver(&cuv.Event{Slot: cuv.NoSlot, Gen: gen2})
	if diff := cmp.Diff([][]uint32{{gen}, {gen2}}, [][]uint32{old.gens, next.gens}); diff != "" {
		t.Error(diff)
	}
	c.Vacate(id2)
}

func TestSlotsStayApart(t *testing.T) {
	c := newCore(t, Config{})
	ids := make(map[uint32]bool)
	for range 100 {
		id, _ := c.Slot(new(sink))
		ids[id] = true
	}
	if len(ids) != 100 {
		t.Errorf("100 targets share %d slots", len(ids))
	}
	for id := range ids {
		c.Vacate(id)
	}
	for range 100 {
		id, _ := c.Slot(new(sink))
		if !ids[id] {
			t.Fatalf("slot %d is new although 100 are free", id)
		}
		delete(ids, id)
		defer c.Vacate(id)
	}
}

func TestPhasesRunLatestStartedFirst(t *testing.T) {
	c := newCore(t, Config{})
	var order []string
	note := func(s string) *Phase { return &Phase{Fn: func() { order = append(order, s) }} }
	a, b, late := note("a"), note("b"), note("late")
	stopper := &Phase{}
	stopper.Fn = func() {
		order = append(order, "stopper")
		c.StopIdle(stopper)
		c.StopIdle(a)     // has not run yet in this turn
		c.StartIdle(late) // its phase is running: the next turn's
		c.StartPrepare(b) // its phase is to come
	}
	c.StartIdle(a)
	c.StartIdle(stopper)
	turn := func(want ...string) {
		t.Helper()
		order = nil
		if err := runOnce(t, c); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, order); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	turn("stopper", "b")
	turn("late", "b")
	c.StartIdle(a)
	turn("a", "late", "b")
	again := &Phase{}
	again.Fn = func() {
		order = append(order, "again")
		c.StopIdle(a) // has not run yet in this turn, and will not: it starts anew
		c.StartIdle(a)
		c.StopIdle(again)
	}
	c.StartIdle(again)
	turn("again", "late", "b")
	turn("a", "late", "b")
	if !c.Idling() {
		t.Error("not idling with two active idle callbacks")
	}
	c.StopIdle(a)
	c.StopIdle(late)
	c.StopIdle(late) // harmless
	c.StopPrepare(b)
	turn()
	if c.Idling() {
		t.Error("idling without an active idle callback")
	}
}

type deferred func()

func (d deferred) Deliver() { d() }

func TestDeferredDeliveriesComeInTheNextTurn(t *testing.T) {
	c := newCore(t, Config{})
	var order []string
	c.Defer(deferred(func() {
		order = append(order, "first")
		c.Defer(deferred(func() { order = append(order, "third") }))
	}))
	c.Defer(deferred(func() { panic("no matter") }))
	c.Defer(deferred(func() { order = append(order, "second") }))
	if !c.Waiting() || !c.Alive() {
		t.Error("a deferred delivery does not keep the core alive")
	}
	var p *uv.PanicError
	if err := runOnce(t, c); !errors.As(err, &p) || p.Value != "no matter" {
		t.Errorf("the panic became %v", err)
	}
	if err := runOnce(t, c); err != nil {
		t.Error(err)
	}
	if err := runOnce(t, c); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"first", "second", "third"}, order); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c.Waiting() || c.Alive() {
		t.Error("alive with nothing to deliver")
	}
}
