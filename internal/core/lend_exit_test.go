package core

import (
	"errors"
	"runtime"
	"testing"

	"github.com/uvgo/uvgo/uv"
)

// TestLentGoexitOnGuest: a function of Lend that ends its goroutine, while a guest runs the loop, ends that guest alone.
func TestLentGoexitOnGuest(t *testing.T) {
	c := newCore(t, Config{})
	order := ""
	runPosted(t, c, func() {
		exited := make(chan struct{})
		_ = c.Post(func() {
			_ = c.Post(func() { order += "later"; close(exited) })
			lendTo(c, runtime.Goexit)
		})
		if err := c.Block("test", func() { <-exited }); err != nil {
			t.Error(err)
		}
		order += " home"
	})
	if order != "later home" {
		t.Errorf("order %q", order)
	}
	if c.LentGoexit() {
		t.Error("Run's goroutine is said to have ended")
	}
}

// TestLentGoexitAtHome: a function of Lend that ends Run's goroutine leaves a loop that another goroutine runs on.
func TestLentGoexitAtHome(t *testing.T) {
	c := newCore(t, Config{})
	later := false
	ended := make(chan bool)
	go func() {
		defer func() { ended <- c.LentGoexit() }()
		_ = c.Post(func() { lendTo(c, runtime.Goexit); t.Error("behind Goexit") })
		_ = c.Post(func() { later = true })
		_ = c.Begin("test")
		defer c.End()
		_ = c.Run()
		t.Error("Run has returned")
	}()
	if !<-ended {
		t.Fatal("not said to have ended by a lent function")
	}
	if c.LentGoexit() {
		t.Error("said twice")
	}
	runPosted(t, c, func() {})
	if !later {
		t.Error("what was posted behind is lost")
	}
}

// TestLentPanicKeepsItsStack: the panic of a function of Lend is the callback's, with the stack that it had.
func TestLentPanicKeepsItsStack(t *testing.T) {
	var got *uv.PanicError
	c := newCore(t, Config{PanicHandler: func(p *uv.PanicError) { got = p }})
	runPosted(t, c, func() { lendTo(c, func() { panic(errors.New("lent")) }) })
	if got == nil || got.Value.(error).Error() != "lent" || len(got.Stack) == 0 {
		t.Fatalf("%v", got)
	}
}

// afterEvents notes in which turn it was delivered.
type afterEvents struct{ fn func() }

func (a *afterEvents) Deliver() { a.fn() }

// TestAfterEvents: what is given to AfterEvents in a batch is delivered in that batch, in its order, and
// a delivery that blocks holds back none of the others.
func TestAfterEvents(t *testing.T) {
	c := newCore(t, Config{})
	order := ""
	runPosted(t, c, func() {
		round := c.Round()
		release := make(chan struct{})
		c.AfterEvents(&afterEvents{func() {
			order += "1"
			_ = c.Block("test", func() { <-release })
			order += "4"
		}})
		c.AfterEvents(&afterEvents{func() {
			order += "2"
			if c.Round() != round {
				t.Error("in another turn")
			}
			c.AfterEvents(&afterEvents{func() { order += "3"; close(release) }})
		}})
		order += "0"
	})
	if order != "01234" {
		t.Errorf("order %q", order)
	}
}
