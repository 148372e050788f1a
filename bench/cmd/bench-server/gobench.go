package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// benchmark runs a Go benchmark, on the server's CPU.
func (b *bench) benchmark(ctx context.Context, s scenario) (m measurement, err error) {
	cmd := exec.CommandContext(ctx, b.bins[s.name], "-test.run", "^$", "-test.bench", "^"+s.test+"$", "-test.benchtime", "500ms")
	cmd.Dir = filepath.Join(b.dir, "..", s.pkg)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := harness.StartPinned(cmd, b.cpus[:1]); err != nil {
		return m, err
	}
	if err := cmd.Wait(); err != nil {
		return m, fmt.Errorf("%w: %s", err, out.String())
	}
	m.Figure, err = parseBenchmark(out.String(), s.test)
	m.CPU = m.Figure / 1e3
	return m, err
}

// parseBenchmark finds the nanoseconds for each operation. Of several benchmarks of that name, such
// as one for each way of waiting, it takes the slowest.
func parseBenchmark(out, name string) (ns float64, err error) {
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		for i := 2; i+1 < len(f); i++ {
			if f[i+1] != "ns/op" || !strings.HasPrefix(f[0], name) {
				continue
			}
			v, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				return 0, err
			}
			ns = max(ns, v)
		}
	}
	if ns == 0 {
		err = fmt.Errorf("%s printed no time: %s", name, out)
	}
	return ns, err
}
