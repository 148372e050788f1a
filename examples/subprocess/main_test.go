package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
)

func TestMain(m *testing.M) { looptest.Main(m) }

func TestSorted(t *testing.T) {
	var out strings.Builder
	status, err := sorted(strings.NewReader("pear\napple\nfig\n"), &out)
	if status != 0 || err != nil || out.String() != "  1 apple\n  2 fig\n  3 pear\n" {
		t.Errorf("status %d, %v:\n%s", status, err, &out)
	}
}

func TestSortedMegabytes(t *testing.T) {
	const lines = 100_000
	var in, out, want strings.Builder
	for i := range lines {
		fmt.Fprintf(&in, "line %06d\n", lines-1-i)
		fmt.Fprintf(&want, "%3d line %06d\n", i+1, i)
	}
	if status, err := sorted(strings.NewReader(in.String()), &out); status != 0 || err != nil || out.String() != want.String() {
		t.Errorf("status %d, %v, %d bytes", status, err, out.Len())
	}
}

func TestSortedFails(t *testing.T) {
	var out strings.Builder
	status, err := sorted(strings.NewReader(strings.Repeat("much\n", 1<<20)), &out, "--output=/no/such/directory/file")
	if status != 2 || err != nil || out.Len() != 0 {
		t.Errorf("status %d, %v, %q", status, err, &out)
	}
}
