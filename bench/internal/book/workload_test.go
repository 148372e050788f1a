package book

import (
	"context"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	good := func() *Book {
		return newBook(func(context.Context, Peer, *Env) (Sample, error) { return nil, nil }, "w", "x")
	}
	if err := good().Check(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(b *Book){
		`peer "a"`:             func(b *Book) { b.Peers[1].Name = "a" },
		`workload "w"`:         func(b *Book) { b.Workloads[1].Name = "w" },
		`workload "w w"`:       func(b *Book) { b.Workloads[0].Name = "w w" },
		`no figure "speed"`:    func(b *Book) { b.Workloads[0].Figure = "speed" },
		`no peer "nobody"`:     func(b *Book) { b.Workloads[0].Servers["nobody"] = system },
		`subject "other"`:      func(b *Book) { b.Workloads[0].Subject = "other" },
		`w: target {Over:none`: func(b *Book) { b.Workloads[0].Targets[0].Over = "none" },
		`w: target {Over:b`:    func(b *Book) { b.Workloads[0].Targets[0].Most = 1 },
		`one of Go, C`: func(b *Book) {
			b.Workloads[0].Servers["a"] = Command{Program: Program{Name: "p", Go: "./x", C: []string{"y.c"}}}
		},
	} {
		b := good()
		spoil(b)
		if err := b.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
