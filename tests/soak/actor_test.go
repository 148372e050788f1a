package soak

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// An actor is one kind of what a program does with uvgo. Its operations are drawn at random, and many run at once.
type actor struct {
	name   string
	weight int // how often it is drawn, in relation to the others
	run    func(o *op)

	tally
}

// A tally is what an actor's operations have done.
type tally struct {
	ops   atomic.Int64
	calls atomic.Int64 // callbacks that uvgo owed: completions, closes
	bytes atomic.Int64 // payload that arrived, and was what had been sent
	lost  atomic.Int64 // what did not come, came twice, or came wrong: must be 0

	mu     sync.Mutex
	faults map[string]int64 // those that were provoked and came, by kind
	owed   map[string]int64 // callbacks that have not come yet, by kind
}

// actors are all of them, by init functions of the files.
var actors []*actor

// register adds actors to the table.
func register(list ...*actor) { actors = append(actors, list...) }

// chosen returns the actors that the expression matches, in the order of their names.
func chosen(expr string) []*actor {
	re := regexp.MustCompile(expr)
	list := slices.DeleteFunc(slices.Clone(actors), func(a *actor) bool { return !re.MatchString(a.name) })
	slices.SortFunc(list, func(a, b *actor) int { return strings.Compare(a.name, b.name) })
	return list
}

// draw returns one of the actors, by their weights.
func draw(list []*actor, r *rand.Rand) *actor {
	sum := 0
	for _, a := range list {
		sum += a.weight
	}
	n := r.IntN(sum)
	for _, a := range list {
		if n -= a.weight; n < 0 {
			return a
		}
	}
	panic("unreachable")
}

// hang is how long an operation waits for what uvgo owes it. It is no limit of speed: an operation takes milliseconds.
var hang = 2 * time.Minute

// An op is one operation of an actor: random numbers of its own, and the accounts.
type op struct {
	*rand.Rand
	*actor
	w *world
	t testing.TB

	debts sync.WaitGroup
	open  sync.Map // *debt: what it waits for
}

// A source is a source of random numbers for the goroutines of an operation.
type source struct {
	mu  sync.Mutex
	pcg rand.PCG
}

// newRand returns random numbers that depend on the seed and these two only.
func newRand(n, m uint64) *rand.Rand {
	return rand.New(&source{pcg: *rand.NewPCG(*seed^n*0x9e3779b97f4a7c15, m)})
}

// Uint64 returns the next number.
func (s *source) Uint64() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pcg.Uint64()
}

// A debt is a callback that uvgo owes.
type debt struct{ what string }

// lose reports what uvgo lost.
func (o *op) lose(format string, args ...any) {
	o.lost.Add(1)
	o.t.Errorf("%s: %s (seed %d)", o.name, fmt.Sprintf(format, args...), *seed)
}

// fault counts a fault that was provoked.
func (o *op) fault(kind string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.faults == nil {
		o.faults = make(map[string]int64)
	}
	o.faults[kind]++
}

// arrived counts payload that came as it was sent.
func (o *op) arrived(n int) { o.bytes.Add(int64(n)) }

// check tells whether err is nil. It counts one of the allowed errors as a fault, and reports others.
func (o *op) check(what string, err error, allowed ...error) bool {
	if err == nil {
		return true
	}
	for _, a := range allowed {
		if errors.Is(err, a) {
			o.fault(a.Error())
			return false
		}
	}
	o.lose("%s: %v", what, err)
	return false
}

// must is check for results: it reports an error, and then gives up the operation.
func must[T any](o *op, what string) func(v T, err error) T {
	return func(v T, err error) T {
		if !o.check(what, err) {
			panic(giveUp{})
		}
		return v
	}
}

// A giveUp ends an operation whose setup failed.
type giveUp struct{}

// owe notes a callback that uvgo owes from now on. The function that it returns is to be called in that callback,
// once: a second call is reported.
func (o *op) owe(what string) (paid func()) {
	d := &debt{what}
	o.debts.Add(1)
	o.open.Store(d, nil)
	o.owing(what, 1)
	return func() {
		if _, ok := o.open.LoadAndDelete(d); !ok {
			o.lose("%s came twice", what)
			return
		}
		o.owing(what, -1)
		o.calls.Add(1)
		o.debts.Done()
	}
}

// owing changes how many callbacks of a kind are owed.
func (o *op) owing(what string, n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.owed == nil {
		o.owed = make(map[string]int64)
	}
	if o.owed[what] += n; o.owed[what] == 0 {
		delete(o.owed, what)
	}
}

// settle waits for everything that is owed.
func (o *op) settle() {
	done := make(chan struct{})
	go func() { o.debts.Wait(); close(done) }()
	o.await(done, "what is owed")
}

// await waits for a channel. What never comes ends the process, with all stacks.
func (o *op) await(done <-chan struct{}, what string) {
	t := time.NewTimer(hang)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
		var open []string
		o.open.Range(func(d, _ any) bool { open = append(open, d.(*debt).what); return true })
		slices.Sort(open)
		panic(fmt.Sprintf("%s: %s has not come for %v: %v (seed %d)", o.name, what, hang, open, *seed))
	}
}

// on runs fn on the loop, and waits until it has run.
func (o *op) on(l *uvgo.Loop, fn func()) {
	done := make(chan struct{})
	paid := o.owe("post")
	if !o.check("post", l.Post(func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				if _, ok := v.(giveUp); !ok {
					panic(v)
				}
			}
		}()
		paid()
		fn()
	})) {
		panic(giveUp{})
	}
	o.await(done, "the function of Post")
}

// loop returns one of the loops that all operations share.
func (o *op) loop() *uvgo.Loop { return o.w.loops[o.IntN(len(o.w.loops))] }

// chance tells whether something of probability 1/n happens.
func (o *op) chance(n int) bool { return o.IntN(n) == 0 }

// payload returns up to max bytes, mostly few.
func (o *op) payload(max int) []byte {
	n := 1 + o.IntN(max)
	if !o.chance(4) {
		n = 1 + n%512
	}
	return uvtest.Pattern(n, o.Uint32())
}

// pause is a random time, mostly far below a millisecond, for what is to collide.
func (o *op) pause() time.Duration {
	return time.Duration(o.ExpFloat64() * float64(300*time.Microsecond))
}

// act runs one operation.
func (o *op) act() {
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(giveUp); !ok {
				panic(v)
			}
		}
	}()
	o.run(o)
	o.settle()
	o.ops.Add(1)
}

// report is the table of totals.
func report(list []*actor) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-22s %9s %10s %9s %6s  %s\n", "actor", "ops", "callbacks", "MiB", "lost", "faults that were provoked")
	var ops, calls, bytes, lost, faults int64
	for _, a := range list {
		var kinds []string
		for _, k := range slices.Sorted(maps.Keys(a.faults)) {
			kinds = append(kinds, fmt.Sprintf("%s %d", k, a.faults[k]))
			faults += a.faults[k]
		}
		fmt.Fprintf(&b, "%-22s %9d %10d %9.1f %6d  %s\n", a.name, a.ops.Load(), a.calls.Load(), float64(a.bytes.Load())/(1<<20), a.lost.Load(), strings.Join(kinds, ", "))
		ops, calls, bytes, lost = ops+a.ops.Load(), calls+a.calls.Load(), bytes+a.bytes.Load(), lost+a.lost.Load()
	}
	fmt.Fprintf(&b, "%-22s %9d %10d %9.1f %6d  %d", "all", ops, calls, float64(bytes)/(1<<20), lost, faults)
	return b.String()
}
