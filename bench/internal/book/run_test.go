package book

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// measure runs a book with rounds of next to nothing.
func measure(t *testing.T, b *Book, o Options) *Results {
	t.Helper()
	if _, _, err := harness.PickCPUs(); err != nil {
		t.Skip(err) // one CPU is not enough for the book
	}
	o.Dir, o.Window, o.Budget, o.Idle = "../..", time.Millisecond, time.Minute, 10
	r, err := b.Measure(t.Context(), o, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRoundsInterleave: each round measures all peers of a workload in turn, and begins with another one. What is absent is left out with its reason.
func TestRoundsInterleave(t *testing.T) {
	var order []string
	b := newBook(func(_ context.Context, p Peer, env *Env) (Sample, error) {
		order = append(order, p.Name)
		return Sample{Rate: 123456.789, Others: 0.25}, nil
	}, "w", "other")
	r := measure(t, b, Options{Rounds: 3, Only: "^w$"})
	if d := cmp.Diff([]string{"a", "b", "b", "a", "a", "b"}, order); d != "" {
		t.Error(d)
	}
	if c := r.Cell("w", "a"); c == nil || len(c.Samples) != 3 || c.Samples[2][Rate] != 123460 {
		t.Errorf("%+v", c)
	}
	if f := r.Found("gone"); f.Absent != "not installed: apt-get install gone" {
		t.Errorf("%+v", f)
	}
	if len(r.Runs) != 1 || r.Runs[0].Rounds != 3 || r.Runs[0].Others != 0.25 || r.Runs[0].Noisy != 1 {
		t.Errorf("%+v", r.Runs)
	}
	var out strings.Builder
	r.Print(&out, b)
	if missed := r.PrintTargets(&out, b); missed != 1 || !strings.Contains(out.String(), "absent: not installed") || strings.Contains(out.String(), "(other)") {
		t.Errorf("%d missed in\n%s", missed, &out)
	}
}

// TestFailuresStay: a round that fails has an empty sample in its place, so that rounds still pair, and the cell says why.
func TestFailuresStay(t *testing.T) {
	b := newBook(func(_ context.Context, p Peer, env *Env) (Sample, error) {
		if p.Name == "b" && env.Round == 1 {
			return nil, errors.New("a wrong echo\nin line 2")
		}
		return Sample{Rate: float64(1 + env.Round)}, nil
	}, "w")
	r := measure(t, b, Options{Rounds: 3})
	c := r.Cell("w", "b")
	if c.Failed != "a wrong echo" || len(c.Samples) != 3 || len(c.Samples[1]) != 0 {
		t.Errorf("%+v", c)
	}
	if q := r.Ratio("w", "a", "b", Rate); q.Rounds != 2 || q.Median != 1 {
		t.Errorf("%+v", q)
	}
}

// TestPeersAndRounds: a run may be of some peers, and a workload of fewer rounds than the others.
func TestPeersAndRounds(t *testing.T) {
	b := newBook(func(context.Context, Peer, *Env) (Sample, error) { return Sample{Rate: 1}, nil }, "w", "x")
	b.Workloads[1].Rounds = 1
	r := measure(t, b, Options{Rounds: 2, Peers: []string{"b"}})
	if len(r.Cells) != 2 || len(r.Cell("w", "b").Samples) != 2 || len(r.Cell("x", "b").Samples) != 1 {
		t.Errorf("%+v", r.Cells)
	}
	for _, o := range []Options{{Only: "nothing", Rounds: 1}, {Peers: []string{"nobody"}, Rounds: 1}, {Peers: []string{"gone"}, Rounds: 1}} {
		if r, err := b.Measure(t.Context(), o, io.Discard); err == nil {
			t.Errorf("%+v: %+v", o, r)
		}
	}
}

// TestInterruptKeepsWhatIsThere: a run that is interrupted returns its samples, and no failure for the cell under way.
func TestInterruptKeepsWhatIsThere(t *testing.T) {
	if _, _, err := harness.PickCPUs(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	b := newBook(func(ctx context.Context, p Peer, env *Env) (Sample, error) {
		if p.Name == "b" {
			cancel()
			return nil, ctx.Err()
		}
		return Sample{Rate: 1}, nil
	}, "w", "x")
	r, err := b.Measure(ctx, Options{Dir: "../..", Rounds: 3, Budget: time.Minute, Idle: 1}, io.Discard)
	if !errors.Is(err, context.Canceled) || len(r.Cell("w", "a").Samples) != 1 {
		t.Errorf("%v: %+v", err, r)
	}
	if c := r.Cell("w", "b"); c != nil && c.Failed != "" {
		t.Errorf("%+v", c)
	}
}

// TestServe: a server is pinned, loaded and ended. Its sample has what the load printed and what Serve adds.
func TestServe(t *testing.T) {
	server := Command{Program: Program{Name: "server", System: "sh"}, Args: []string{"-c",
		`trap 'echo "{\"turns\":10,\"crossings\":20,\"events\":60}" >&2; exit 0' TERM; echo listening 127.0.0.1:1 127.0.0.1:2; while :; do sleep 0.01; done`}}
	load := Command{Program: Program{Name: "load", System: "echo"}}
	b := newBook(func(ctx context.Context, p Peer, env *Env) (Sample, error) {
		return env.Serve(ctx, server, nil, func(s *Server) (Sample, error) {
			if s.Addr != "127.0.0.1:1" || s.Control != "127.0.0.1:2" || s.PID == 0 || !slices.Contains(s.WindowGo(), "127.0.0.1:2") || !slices.Contains(s.WindowC(), "--server-pid") {
				return nil, errors.New("what the server printed was not read")
			}
			return s.Load(ctx, load, `{"ops":1000,"seconds":2,"p50_us":5,"server_cpu_s":1,"client_cpu_s":0.5,"stalled":0}`)
		})
	}, "w")
	b.Workloads[0].Servers = map[string]Command{"a": server}
	b.Workloads[0].Targets = nil
	b.Workloads[0].Loads = []Program{load.Program}
	r := measure(t, b, Options{Rounds: 1})
	s := r.Cell("w", "a").Samples[0]
	for f, want := range map[Figure]float64{Rate: 500, CPU: 1000, P50: 5, Used: 0.5, Loader: 0.25, Events: 3, Crossings: 2} {
		if s[f] != want {
			t.Errorf("%s is %v, want %v (%s)", f, s[f], want, r.Cell("w", "a").Failed)
		}
	}
	if s[Peak] < 1<<12 {
		t.Errorf("peak %v", s[Peak])
	}
	if _, ok := s[P99]; ok {
		t.Error("a figure that the load did not print is there")
	}
}
