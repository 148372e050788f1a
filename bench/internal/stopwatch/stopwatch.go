package stopwatch

import (
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// A Watch runs from Start on.
type Watch struct {
	Started time.Time
	cpu     time.Duration // of this process, until then
}

// Start returns a watch that runs.
func Start() Watch {
	cpu, _ := harness.CPUTime(os.Getpid()) // this process's own clock is always there
	return Watch{Started: time.Now(), cpu: cpu}
}

// Print writes the line that harness.ParseLoad reads.
func (w Watch) Print(to io.Writer, ops int) error {
	seconds := time.Since(w.Started).Seconds()
	cpu, err := harness.CPUTime(os.Getpid())
	if err != nil {
		return err
	}
	return json.NewEncoder(to).Encode(map[string]float64{
		"ops": float64(ops), "seconds": seconds, "server_cpu_s": (cpu - w.cpu).Seconds(),
	})
}

// Children are spawned one after the other, for some time, each of the same program.
const (
	Child         = "/bin/true"
	spawnTime     = 300 * time.Millisecond
	leastChildren = 3
)

// Enough reports whether so many children are.
func (w Watch) Enough(children int) bool {
	return children >= leastChildren && time.Since(w.Started) >= spawnTime
}

// Heap allocates so many GiB and touches each page.
func Heap(gib int) []byte {
	heap := make([]byte, gib<<30)
	for i := 0; i < len(heap); i += 4096 {
		heap[i] = 1
	}
	return heap
}
