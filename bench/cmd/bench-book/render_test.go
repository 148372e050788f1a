package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo/bench/internal/book"
	"github.com/uvgo/uvgo/bench/internal/page"
	"github.com/uvgo/uvgo/bench/internal/workload"
)

// TestPageIsOfTheResults: docs/benchmarks.md and its charts are what bench/results.json makes.
func TestPageIsOfTheResults(t *testing.T) {
	const results, docs = "../../results.json", "../../../docs"
	r, err := book.Load(results)
	if err != nil {
		t.Fatal(err)
	}
	files, err := page.Render(workload.Book(), r)
	if err != nil {
		t.Fatal(err)
	}
	again := "run `go run ./cmd/bench-book -render results.json` in bench/"
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(docs, path))
		if err != nil {
			t.Errorf("%v: %s", err, again)
		} else if !bytes.Equal(got, want) {
			t.Errorf("docs/%s is not what the results make: %s", path, again)
		}
		if len(want) > 60<<10 && filepath.Ext(path) == ".svg" {
			t.Errorf("docs/%s has %d bytes, more than a page should load", path, len(want))
		}
	}
	old, err := charts(docs)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range old {
		if _, ok := files[path]; !ok {
			t.Errorf("docs/%s is no chart of the results: %s", path, again)
		}
	}
}
