package book

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	want := &Results{
		Machine: Machine{CPU: "c", CPUs: 2}, Runs: []Run{{Date: "d", Versions: map[string]string{"Go": "1"}}}, Peers: []Found{{Name: "a", Version: "1"}, {Name: "b", Absent: "why"}},
		Cells: []Result{cellOf("w", "a", 1, 0, 2.5), {Workload: "w", Peer: "b", Samples: []Sample{}, Failed: "f"}},
	}
	if err := want.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if err := os.WriteFile(path, []byte(`{"runs":[],"cells":[{"workload":"w","peer":"a","run":0}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "no run 0") {
		t.Errorf("a cell of no run: %v", err)
	}
}

// TestMerge: cells that were measured again get the later run, the others keep theirs, and runs and cells that nothing needs any more go.
func TestMerge(t *testing.T) {
	b := newBook(nil, "w", "x")
	old := &Results{Runs: []Run{{Date: "one"}, {Date: "two"}}, Peers: []Found{{Name: "a", Version: "1"}, {Name: "gone", Version: "1"}}, Cells: []Result{
		cellOf("w", "a", 1), cellOf("w", "b", 2), cellOf("lost", "a", 3),
	}}
	old.Cells[1].Run, old.Cells[2].Run = 1, 0
	later := &Results{Runs: []Run{{Date: "three"}}, Peers: []Found{{Name: "gone", Absent: "why"}, {Name: "b", Version: "2"}}, Cells: []Result{cellOf("w", "a", 9), cellOf("x", "b", 8)}}
	if err := old.Merge(later, b); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range old.Cells {
		got = append(got, c.Workload+" "+c.Peer+" "+old.Runs[c.Run].Date)
	}
	if d := cmp.Diff([]string{"w a three", "w b two", "x b three"}, got); d != "" {
		t.Error(d)
	}
	if len(old.Runs) != 2 {
		t.Errorf("runs: %+v", old.Runs)
	}
	if d := cmp.Diff([]Found{{Name: "a", Version: "1"}, {Name: "b", Version: "2"}, {Name: "gone", Absent: "why"}}, old.Peers); d != "" {
		t.Error(d)
	}
	if err := old.Merge(&Results{Runs: []Run{{Date: "four"}}, Cells: []Result{cellOf("w", "a", 0)}}, b); err != nil || old.Cell("w", "a").Samples[0][Rate] != 9 || len(old.Runs) != 2 {
		t.Errorf("a cell that failed replaced one that had figures: %v, %+v", err, old)
	}
	if err := old.Merge(&Results{Machine: Machine{CPU: "another"}}, b); err == nil || !strings.Contains(err.Error(), "another machine") {
		t.Errorf("results of another machine: %v", err)
	}
}
