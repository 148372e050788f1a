// Package soak mixes everything that uvgo has, at random and at the same time, and compares what the process
// holds afterwards with what it held before. docs/soak.md describes it.
package soak

import (
	"flag"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// The flags: go test ./tests/soak -duration 10m -seed 7
var (
	duration = flag.Duration("duration", 3*time.Second, "how long the soak lasts, beside the warm-up")
	epoch    = flag.Duration("epoch", 15*time.Second, "how long it lasts between two comparisons")
	seed     = flag.Uint64("seed", 0, "what the operations are drawn from; 0: from the clock")
	workers  = flag.Int("workers", 0, "how many operations are under way at once; 0: 12 for each of GOMAXPROCS, at most 48")
	only     = flag.String("only", "", "a regular expression: only the actors whose names match")
	quiet    = flag.Bool("quiet", false, "no table of totals")
)

// TestMain first makes what the process keeps: descriptors of libuv's, and uvnet's default group, whose loops each keep a
// descriptor from their first connection on.
func TestMain(m *testing.M) {
	flag.Parse()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	if rc := cuv.CountLibuv(); rc != 0 { // before the first loop
		panic(rc)
	}
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	for range 2 * runtime.GOMAXPROCS(0) { // each loop gets some
		c := uvtest.Must(uvnet.Dial("tcp", ln.Addr().String()))
		_ = uvtest.Must(ln.Accept()).Close()
		_ = c.Close()
	}
	_ = ln.Close()
	uvtest.Main(m)
}
