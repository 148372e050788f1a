package main

import (
	"context"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// loadSources make up the load generator.
var loadSources = []string{
	"load.c", "load-window.c", "load-dial.c", "load-echo.c", "load-udp.c", "load-idle.c", "load-flood.c", "message.c", "common.c",
}

// build compiles the load generator and the servers into out and returns the
// path of each program by its name.
func build(ctx context.Context, dir, out string, servers []serverSpec) (map[string]string, error) {
	b := harness.NewBuilder(ctx, dir, out)
	bins := map[string]string{}
	var err error
	if bins["load"], err = b.C("load", false, loadSources...); err != nil {
		return nil, err
	}
	for _, s := range servers {
		name := s.program()
		switch {
		case bins[name] != "":
		case s.Go != "":
			bins[name], err = b.Go(name, "./"+s.Go)
		default:
			bins[name], err = b.C(name, s.UV, s.C+".c", "common.c")
		}
		if err != nil {
			return nil, err
		}
	}
	return bins, nil
}
