package main

import (
	"fmt"
	"slices"
	"strings"
)

// A serverSpec is one echo server: a C file or a Go package of this module.
type serverSpec struct {
	Name string
	C    string   // c/NAME.c
	Go   string   // ./NAME
	UV   bool     // the C file needs libuv
	Args []string // before the address
}

// program is the name of the built file; specs may share one.
func (s serverSpec) program() string { return s.C + s.Go }

// allServers in the order in which reports list them.
var allServers = []serverSpec{
	{Name: "uvgo", Go: "echo-uvgo"},
	{Name: "libuv", C: "echo-libuv", UV: true},
	{Name: "libuv-write", C: "echo-libuv", UV: true, Args: []string{"--uv-write"}},
	{Name: "epoll", C: "echo-epoll"},
	{Name: "net", Go: "echo-net"},
	{Name: "netpoll", Go: "echo-netpoll"},
	{Name: "gnet", Go: "echo-gnet"},
}

// selectServers returns the servers of a comma-separated list of names, in the order of
// allServers.
func selectServers(list string) ([]serverSpec, error) {
	if list == "all" {
		return allServers, nil
	}
	var known []string
	for _, s := range allServers {
		known = append(known, s.Name)
	}
	names := strings.Split(list, ",")
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("-servers: unknown server %q (want %s)", n, strings.Join(known, ","))
		}
	}
	return slices.DeleteFunc(slices.Clone(allServers), func(s serverSpec) bool {
		return !slices.Contains(names, s.Name)
	}), nil
}
