package main

import (
	"context"
	"debug/buildinfo"
	"runtime"
	"slices"

	"github.com/uvgo/uvgo/bench/internal/book"
)

// compared are the modules whose versions a reader wants to know.
var compared = []string{"github.com/valyala/fasthttp", "github.com/lesismal/nbio"}

// about says what was measured, and where: a line for each fact.
func about(ctx context.Context, b *bench) []string {
	lines := []string{"commit " + book.Commit(ctx, b.dir), "machine: " + book.ThisMachine().String(), runtime.Version()}
	for _, s := range b.servers {
		info, err := buildinfo.ReadFile(b.bins[s.program])
		if err != nil {
			continue
		}
		for _, m := range info.Deps {
			if v := m.Path + " " + m.Version; slices.Contains(compared, m.Path) && !slices.Contains(lines, v) {
				lines = append(lines, v)
			}
		}
	}
	return lines
}
