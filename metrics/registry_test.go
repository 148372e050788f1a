package metrics_test

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/uv"
)

func TestNamesAreUniqueAmongTheLiving(t *testing.T) {
	var r metrics.Registry
	a, b := uvtest.Must(uvgo.New()), uvtest.Must(uvgo.New())
	defer uvtest.CloseAll(t, a, b)
	remove := uvtest.Must(r.Loop("x", a))
	_, err := r.Loop("x", b)
	uvtest.IsErr(t, "a second x", err, uv.EEXIST)
	_, err = r.Loop("", b)
	uvtest.IsErr(t, "no name", err, uv.EINVAL)
	_, err = r.Loop("y", nil)
	uvtest.IsErr(t, "no loop", err, uv.EINVAL)
	remove()
	uvtest.Must(r.Loop("x", b))
	remove() // again: it is another's name now
	if all, _ := text(t, &r); !strings.Contains(all, `{loop="x"}`) {
		t.Error("the second registration is gone")
	}
}

// TestLoopsOfTwoRegistrationsHaveDifferentNames: Prometheus refuses a text that has a sample twice.
func TestLoopsOfTwoRegistrationsHaveDifferentNames(t *testing.T) {
	var r metrics.Registry
	l := uvtest.Must(uvgo.New())
	defer uvtest.CloseAll(t, l)
	g := uvtest.Must(uvgo.NewGroup(2))
	defer func() { uvtest.Check(t, g.Shutdown(context.Background())) }()
	remove := uvtest.Must(r.Group("web", g))
	for _, name := range []string{"web/0", "web/7"} { // a group's loops may become more
		_, err := r.Loop(name, l)
		uvtest.IsErr(t, name+" beside the loops of web", err, uv.EEXIST)
	}
	for _, name := range []string{"web/x", "web/", "web/-1", "other/0"} {
		uvtest.Must(r.Loop(name, l))()
	}
	uvtest.Must(r.Group("web/0", g))() // its loops are web/0/0 and web/0/1
	remove()
	uvtest.Must(r.Loop("web/0", l))
	_, err := r.Group("web", g)
	uvtest.IsErr(t, "web beside a loop web/0", err, uv.EEXIST)
}

// TestClosedLoopsLeave: a registration keeps nothing alive. A closed loop is shown as long as somebody has it.
func TestClosedLoopsLeave(t *testing.T) {
	var r metrics.Registry
	func() {
		g := uvtest.Must(uvgo.NewGroup(2))
		uvtest.Must(r.Group("g", g))
		uvtest.Check(t, g.Shutdown(context.Background()))
		if all, _ := text(t, &r); !strings.Contains(all, `{loop="g/1"}`) {
			t.Error("a closed loop is not shown")
		}
		runtime.KeepAlive(g)
	}()
	uvtest.Eventually(t, "the group is gone", func() bool {
		runtime.GC()
		all, _ := text(t, &r)
		return !strings.Contains(all, `loop="g/`)
	})
	g := uvtest.Must(uvgo.NewGroup(1))
	uvtest.Must(r.Group("g", g))
	uvtest.Check(t, g.Shutdown(context.Background()))
}

func TestVarIsJSON(t *testing.T) {
	var r metrics.Registry
	uvtest.Must(r.Server("api", serveEcho(t, 3)))
	var got map[string]map[string]any
	uvtest.Check(t, json.Unmarshal([]byte(r.Var().String()), &got))
	if n := got["uvgo_server_messages_total"]["api"]; n != 3.0 {
		t.Errorf("%v messages", n)
	}
	if h, ok := got["uvgo_loop_lag_seconds"]["api/0"].(map[string]any); !ok || h["buckets"] == nil {
		t.Errorf("lag is %v", got["uvgo_loop_lag_seconds"])
	}
}

// TestReadingRaces reads all that can be read while a server works and ends, for the race detector, and sees counts only grow.
func TestReadingRaces(t *testing.T) {
	var r metrics.Registry
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		last := make(map[string]float64)
		for {
			for _, f := range r.Gather() {
				for _, s := range f.Samples {
					if f.Type != metrics.Counter {
						continue
					}
					name := f.Name
					for _, l := range s.Labels {
						name += "," + l.Value
					}
					if s.Value < last[name] {
						t.Errorf("%s falls from %v to %v", name, last[name], s.Value)
					}
					last[name] = s.Value
				}
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	t.Run("server", func(t *testing.T) {
		s := serveEcho(t, 1)
		uvtest.Must(r.Server("api", s))
		for range 3 {
			serveEcho(t, 100)
		}
	})
	close(stop)
	<-done
}
