package page

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/bench/internal/book"
)

// sample book: three peers, of which one is absent, and two families of workloads.
func sampleBook() *book.Book {
	version := func(context.Context, *book.Versions) (string, error) { return "v1", nil }
	run := func(context.Context, book.Peer, *book.Env) (book.Sample, error) { return nil, nil }
	b := &book.Book{}
	for _, p := range []string{"uvgo", "libuv", "net", "uvloop"} {
		b.Peers = append(b.Peers, book.Peer{Name: p, Title: "the " + p, Language: "Go", Own: p == "uvgo", Version: version})
	}
	for _, conns := range []int{1, 100, 1000} {
		servers := map[string]book.Command{}
		for _, p := range b.Peers {
			servers[p.Name] = book.Command{Program: book.Program{Name: "x", System: "x"}}
		}
		b.Workloads = append(b.Workloads, book.Workload{
			Name: fmt.Sprintf("echo-64B-%d", conns), Group: "echo", Title: fmt.Sprintf("echo of 64 B, %d connections", conns), Op: "echo", Method: "It echoes.",
			Size: 64, Conns: conns, Subject: "uvgo", Servers: servers, Run: run, Quick: conns == 1000,
			Targets: []book.Target{{Over: "libuv", Least: 1}, {Over: "uvloop", Least: 2}, {Over: "net", Figure: book.CPU, Most: 0.5}},
		})
	}
	return b
}

// sampleResults are what a run of three rounds might have measured.
func sampleResults(b *book.Book) *book.Results {
	r := &book.Results{
		Machine: book.Machine{CPU: "a CPU", CPUs: 2, Memory: 8, Kernel: "6.1", System: "Debian"},
		Runs:    []book.Run{{Date: "2026-01-02 03:04", Commit: "abc", Command: "bench-book", Rounds: 3, Warmup: "1s", Window: "2s", Took: "3m0s", Versions: map[string]string{"Go": "go1.26"}}},
		Peers:   []book.Found{{Name: "uvgo", Version: "abc"}, {Name: "libuv", Version: "1.52"}, {Name: "net", Version: "go1.26"}, {Name: "uvloop", Absent: "not installed: apt-get install python3-uvloop"}},
	}
	for _, w := range b.Workloads {
		for i, p := range b.Peers[:3] {
			c := book.Result{Workload: w.Name, Peer: p.Name}
			for round := range 3 {
				rate := float64(100000*(3-i) + 5000*round - 10*w.Conns)
				c.Samples = append(c.Samples, book.Sample{
					book.Rate: rate, book.CPU: 1e6 / rate, book.P50: 100, book.P75: 150, book.P90: 200, book.P99: 900, book.P999: 3000,
					book.Peak: float64(w.Conns*1000 + 1<<20), book.Used: 0.5, book.Loader: 0.99, book.Others: 0.01,
				})
			}
			r.Cells = append(r.Cells, c)
		}
	}
	return r
}

// TestRenderIsDeterministic: the check that the page is what the results make needs the same bytes each time.
func TestRenderIsDeterministic(t *testing.T) {
	b := sampleBook()
	one, err := Render(b, sampleResults(b))
	if err != nil {
		t.Fatal(err)
	}
	two, err := Render(b, sampleResults(b))
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range one {
		if !bytes.Equal(text, two[path]) {
			t.Errorf("%s differs", path)
		}
	}
}

func TestRender(t *testing.T) {
	b := sampleBook()
	files, err := Render(b, sampleResults(b))
	if err != nil {
		t.Fatal(err)
	}
	text := string(files[Name])
	for _, want := range []string{
		"| echo of 64 B, 1000 connections | 295,000/s | 3.4 | **1.51** (1.51) | **3.11** (3.11) | **1.51** libuv (1.51) |", // the first table
		"| echo of 64 B, 1 connections | echo/s | libuv | 1.49 | 1.48 to 1.50 | 1.49 | ≥ 1.00 | **met** |",
		"| echo of 64 B, 1 connections | echo/s | uvloop | - |  | - | ≥ 2.00 | not measured: absent |",
		"| net | 104,990 | 5 % | 2.90 | 9.52 | 2.90 | 100 | 200 | 900 | 3,000 | 1.0 MiB | 50 % | 99 % | 1 % |",
		"| uvloop | absent: not installed: apt-get install python3-uvloop |",
		"At its limit was the load, and not the server, for uvgo, libuv, net:",
		"![Latency: echo of 64 B, 1000 connections](images/bench-latency-echo-64B-1000.svg)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, name := range []string{"rate-echo-64", "memory-echo-64", "echo-64B-100", "latency-echo-64B-1000"} {
		svg := files[Prefix+name+".svg"]
		if len(svg) == 0 || len(svg) > 60<<10 {
			t.Errorf("%s has %d bytes", name, len(svg))
		}
		if !bytes.Contains(svg, []byte("uvgo")) || bytes.Contains(svg, []byte("NaN")) {
			t.Errorf("%s is not a chart of uvgo:\n%s", name, svg)
		}
	}
}

// TestRenderRefusesStrangers: cells of a workload that the book has lost would vanish without a word.
func TestRenderRefusesStrangers(t *testing.T) {
	b := sampleBook()
	r := sampleResults(b)
	r.Cells[0].Workload = "gone"
	if _, err := Render(b, r); err == nil || !strings.Contains(err.Error(), "gone on uvgo") {
		t.Errorf("%v", err)
	}
}

// TestDoubtIsSaid: the first screen says so if other programs disturbed the run.
func TestDoubtIsSaid(t *testing.T) {
	b := sampleBook()
	r := sampleResults(b)
	for _, others := range []float64{0.01, 0.5} {
		r.Runs[0].Others = others
		files, err := Render(b, r)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(files[Name]), "This run is doubtful"); got != (others > 0.05) {
			t.Errorf("others %v: doubtful %v", others, got)
		}
	}
}

// TestStarOfOtherRuns: a ratio of cells of two runs is marked, and the workload says when it was measured again.
func TestStarOfOtherRuns(t *testing.T) {
	b := sampleBook()
	r := sampleResults(b)
	r.Runs = append(r.Runs, book.Run{Date: "2026-02-03 04:05", Commit: "def", Rounds: 3, Window: "1s"})
	r.Cells[0].Run = 1 // uvgo with one connection
	files, err := Render(b, r)
	if err != nil {
		t.Fatal(err)
	}
	text := string(files[Name])
	for _, want := range []string{"1.49* |  | 1.49* | ≥ 1.00", "Measured again: 2026-02-03 04:05, commit def"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
