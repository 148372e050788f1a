package handles_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// BenchmarkSpawn makes a child, waits for its end and closes the handle, alternating
// with os/exec, for several sizes of the heap in GiB. os/exec-ns and ratio are medians.
// UVGO_LONG=1 adds 4 GiB.
func BenchmarkSpawn(b *testing.B) {
	sizes := []int{0, 1}
	if os.Getenv("UVGO_LONG") != "" {
		sizes = append(sizes, 4)
	}
	for _, gib := range sizes {
		b.Run(fmt.Sprintf("heap=%dGiB", gib), func(b *testing.B) {
			heap := make([]byte, gib<<30)
			for i := 0; i < len(heap); i += 4096 {
				heap[i] = 1
			}
			l := looptest.New(b)
			opts := handles.ProcessOptions{File: "/bin/true", Stdio: []handles.Stdio{{}, {}, {}}}
			var ours, theirs []time.Duration
			for b.Loop() {
				start := time.Now()
				p := uvtest.Must(l.Spawn(opts, nil))
				uvtest.Check(b, l.Run(b.Context()))
				uvtest.CloseAll(b, p)
				uvtest.Check(b, l.Run(b.Context()))
				ours = append(ours, time.Since(start))

				start = time.Now()
				uvtest.Check(b, exec.Command("/bin/true").Run())
				theirs = append(theirs, time.Since(start))
			}
			slices.Sort(ours)
			slices.Sort(theirs)
			a, z := ours[len(ours)/2], theirs[len(theirs)/2]
			b.ReportMetric(float64(a), "spawn-ns")
			b.ReportMetric(float64(z), "os/exec-ns")
			b.ReportMetric(float64(a)/float64(z), "ratio")
			clear(heap[:min(1, len(heap))]) // in use until here
		})
	}
}
