package book

import (
	"context"
	"errors"
	"time"
)

// system is a command that every system has.
var system = Command{Program: Program{Name: "true", System: "true"}}

// newBook has two peers that are there and one that is not, and workloads with these names. A run of a workload calls run.
func newBook(run func(ctx context.Context, p Peer, env *Env) (Sample, error), names ...string) *Book {
	b := &Book{}
	version := func(context.Context, *Versions) (string, error) { return "v1", nil }
	gone := func(context.Context, *Versions) (string, error) {
		return "", errors.New("not installed: apt-get install gone\nmore")
	}
	for _, p := range []Peer{{Name: "a", Version: version}, {Name: "b", Version: version}, {Name: "gone", Version: gone}} {
		p.Title, p.Language = "peer "+p.Name, "Go"
		b.Peers = append(b.Peers, p)
	}
	for _, name := range names {
		b.Workloads = append(b.Workloads, Workload{
			Name: name, Group: "g", Title: "workload " + name, Op: "op", Method: "It does nothing.", Subject: "a", Run: run, Takes: time.Millisecond,
			Servers: map[string]Command{"a": system, "b": system, "gone": system},
			Targets: []Target{{Over: "b", Least: 1.5}, {Over: "gone", Most: 2}},
		})
	}
	return b
}

// cellOf makes a cell with these rates, one of each round; 0 is a round that failed.
func cellOf(workload, peer string, rates ...float64) Result {
	c := Result{Workload: workload, Peer: peer}
	for _, v := range rates {
		s := Sample{}
		if v > 0 {
			s[Rate] = v
		}
		c.Samples = append(c.Samples, s)
	}
	return c
}
