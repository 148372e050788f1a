package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/bench/internal/book"
	"github.com/uvgo/uvgo/bench/internal/page"
	"github.com/uvgo/uvgo/bench/internal/workload"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m) }

// partial is a result of one cell that the book has.
func partial(date string) *book.Results {
	return &book.Results{
		Runs:  []book.Run{{Date: date, Commit: "abc", Rounds: 1}},
		Peers: []book.Found{{Name: "uvgo", Version: "abc"}},
		Cells: []book.Result{{Workload: "echo-64B-100", Peer: "uvgo", Samples: []book.Sample{{book.Rate: 1000, book.CPU: 10}}}},
	}
}

// TestSave: a whole run replaces the results and the page; a part of one is written only where -merge asks for it, and is marked with its date.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "images"), 0o755); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(dir, page.Prefix+"stale.svg")
	if err := os.WriteFile(stale, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	cfg := config{results: filepath.Join(dir, "r.json"), docs: dir}
	b := workload.Book()
	whole := partial("2026-01-01 00:00")
	other := whole.Cells[0]
	other.Workload = "echo-64B-1000"
	third := other
	third.Peer = "net"
	whole.Cells = append(whole.Cells, other, third)
	if err := save(cfg, b, whole); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("a chart that the page no longer has is still there")
	}
	text := func() string {
		p, err := os.ReadFile(filepath.Join(dir, page.Name))
		if err != nil {
			t.Fatal(err)
		}
		return string(p)
	}
	before := text()
	cfg.Only = "^echo-64B-100$"
	if err := save(cfg, b, partial("2026-02-02 00:00")); err != nil {
		t.Fatal(err)
	}
	if text() != before {
		t.Error("a part of a run was written without -merge")
	}
	cfg.merge = true
	if err := save(cfg, b, partial("2026-02-02 00:00")); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text(), "Measured again: 2026-02-02 00:00, commit abc"); n != 1 {
		t.Errorf("%d marks of the second run, want 1", n)
	}
}
