package book

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
)

// Results are what runs of the book have measured on one machine: the content of results.json.
type Results struct {
	Machine Machine  `json:"machine"`
	Runs    []Run    `json:"runs"`
	Peers   []Found  `json:"peers"`
	Cells   []Result `json:"cells"`
}

// A Run is one start of the runner.
type Run struct {
	Date     string            `json:"date"` // of its begin, in UTC: 2026-11-28 15:04
	Commit   string            `json:"commit"`
	Command  string            `json:"command"`
	Rounds   int               `json:"rounds"`
	Warmup   string            `json:"warmup"`
	Window   string            `json:"window"`
	Took     string            `json:"took"`
	Nice     int               `json:"nice"`     // priority of all programs; 0 is the ordinary one
	Others   float64           `json:"others"`   // median of the cells' share that other programs used
	Noisy    float64           `json:"noisy"`    // share of the samples in which that was above NoisyShare
	Versions map[string]string `json:"versions"` // Go, C compiler, libuv, Python
}

// NoisyShare is the share of the CPUs above which other programs make a sample doubtful.
const NoisyShare = 0.05

// Found is a peer as the last run that asked for it found it.
type Found struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Absent  string `json:"absent,omitempty"` // why
}

// A Result is one cell: a workload on a peer, with a sample of each round. A round that failed has an empty sample.
type Result struct {
	Workload string   `json:"workload"`
	Peer     string   `json:"peer"`
	Run      int      `json:"run"` // index into Results.Runs
	Samples  []Sample `json:"samples"`
	Failed   string   `json:"failed,omitempty"` // the last failure
}

// Cell finds the result of a workload on a peer; nil if it was not measured.
func (r *Results) Cell(workload, peer string) *Result {
	i := slices.IndexFunc(r.Cells, func(c Result) bool { return c.Workload == workload && c.Peer == peer })
	if i < 0 {
		return nil
	}
	return &r.Cells[i]
}

// Main is the index of the run that most cells are of.
func (r *Results) Main() (main int) {
	count := make([]int, len(r.Runs))
	for _, c := range r.Cells {
		count[c.Run]++
		if count[c.Run] > count[main] {
			main = c.Run
		}
	}
	return main
}

// Found returns what is known of a peer.
func (r *Results) Found(peer string) Found {
	i := slices.IndexFunc(r.Peers, func(f Found) bool { return f.Name == peer })
	if i < 0 {
		return Found{Name: peer, Absent: "no run has asked for it"}
	}
	return r.Peers[i]
}

// Load reads a file of results.
func Load(path string) (*Results, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Results
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, c := range r.Cells {
		if c.Run < 0 || c.Run >= len(r.Runs) {
			return nil, fmt.Errorf("%s: %s on %s: no run %d", path, c.Workload, c.Peer, c.Run)
		}
	}
	return &r, nil
}

// Save writes a file of results: a cell in a line, so that a diff shows which cells changed.
func (r *Results) Save(path string) error {
	var out bytes.Buffer
	lines := func(name string, last bool, n int, at func(i int) any) error {
		fmt.Fprintf(&out, "%q: [\n", name)
		for i := range n {
			line, err := json.Marshal(at(i))
			if err != nil {
				return err
			}
			out.Write(line)
			out.WriteString(map[bool]string{true: "\n", false: ",\n"}[i == n-1])
		}
		out.WriteString(map[bool]string{true: "]\n", false: "],\n"}[last])
		return nil
	}
	machine, err := json.Marshal(r.Machine)
	if err != nil {
		return err
	}
	fmt.Fprintf(&out, "{\n\"machine\": %s,\n", machine)
	err = errors.Join(
		lines("runs", false, len(r.Runs), func(i int) any { return r.Runs[i] }),
		lines("peers", false, len(r.Peers), func(i int) any { return r.Peers[i] }),
		lines("cells", true, len(r.Cells), func(i int) any { return r.Cells[i] }))
	if err != nil {
		return err
	}
	out.WriteString("}\n")
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// empty reports whether no round of a cell has a figure.
func empty(c Result) bool {
	return !slices.ContainsFunc(c.Samples, func(s Sample) bool { return len(s) > 0 })
}

// Merge replaces the cells that a later run, the only one of its results, has measured again, unless they failed. Runs of which no cell is left go. Results of
// another machine cannot be compared, and are refused.
func (r *Results) Merge(later *Results, b *Book) error {
	if r.Machine != later.Machine {
		return fmt.Errorf("the results are those of another machine (%s), and this is %s: a whole run replaces them", r.Machine, later.Machine)
	}
	r.Runs = append(r.Runs, later.Runs...)
	for _, c := range later.Cells {
		c.Run += len(r.Runs) - len(later.Runs)
		old := r.Cell(c.Workload, c.Peer)
		switch {
		case old != nil && empty(c) && !empty(*old): // a cell that failed says nothing
		case old != nil:
			*old = c
		default:
			r.Cells = append(r.Cells, c)
		}
	}
	for _, f := range later.Peers {
		i := slices.IndexFunc(r.Peers, func(g Found) bool { return g.Name == f.Name })
		if i < 0 {
			r.Peers = append(r.Peers, f)
		} else {
			r.Peers[i] = f
		}
	}
	r.tidy(b)
	return nil
}

// tidy brings peers and cells into the book's order, and drops those that the book no longer has, and runs without cells.
func (r *Results) tidy(b *Book) {
	var peers []Found
	var cells []Result
	for _, p := range b.Peers {
		for _, f := range r.Peers {
			if f.Name == p.Name {
				peers = append(peers, f)
			}
		}
	}
	for _, w := range b.Workloads {
		for _, p := range b.Peers {
			if c := r.Cell(w.Name, p.Name); c != nil {
				cells = append(cells, *c)
			}
		}
	}
	var runs []Run
	at := map[int]int{}
	for old, run := range r.Runs {
		if slices.ContainsFunc(cells, func(c Result) bool { return c.Run == old }) {
			at[old] = len(runs)
			runs = append(runs, run)
		}
	}
	for i := range cells {
		cells[i].Run = at[cells[i].Run]
	}
	r.Peers, r.Cells, r.Runs = peers, cells, runs
}

// brief keeps five digits of each figure: what is beyond is noise.
func (s Sample) brief() Sample {
	out := Sample{}
	for f, v := range s {
		short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 5, 64), 64)
		if err == nil {
			out[f] = short
		}
	}
	return out
}
