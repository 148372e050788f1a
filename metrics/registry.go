package metrics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"weak"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvhttp"
	"github.com/uvgo/uvgo/uvnet"
)

// A Registry knows loops and servers by their names, and writes their metrics. Its zero value is empty and ready to use. It must not be
// copied after its first use.
type Registry struct {
	mu      sync.Mutex
	entries []*entry // by name
}

// An entry is something that is registered.
type entry struct {
	name   string
	single bool // the only loop has the entry's own name
	// read returns what it has counted; false once it is gone.
	read func() (reading, bool)
}

// A reading is what an entry has counted.
type reading struct {
	loops  []uv.Stats
	server *server.Stats
	http   *uvhttp.Stats
	net    *uvnet.Stats
}

// Loop registers a loop. Its metrics have the label loop="name". An error that errors.Is matches with [uv.EEXIST] if something that
// lives has the name, or has loops of which one may have it: "web/0" beside a server "web". EINVAL for an empty name or a nil loop. remove ends the
// registration; it may be called again.
func (r *Registry) Loop(name string, l *uvgo.Loop) (remove func(), err error) {
	return register(r, name, true, l, func(l *uvgo.Loop) reading { return reading{loops: []uv.Stats{l.Stats()}} })
}

// Group registers the loops of a group, as loop="name/0", loop="name/1" and so on. Errors as for [Registry.Loop].
func (r *Registry) Group(name string, g *uvgo.Group) (remove func(), err error) {
	return register(r, name, false, g, func(g *uvgo.Group) (all reading) {
		for _, l := range g.Loops() {
			all.loops = append(all.loops, l.Stats())
		}
		return all
	})
}

// Server registers a server, as server="name", and its loops, as loop="name/0" and so on. Errors as for [Registry.Loop].
func (r *Registry) Server(name string, s *server.Server) (remove func(), err error) {
	return register(r, name, false, s, func(s *server.Server) reading {
		stats := s.Stats()
		return reading{loops: s.LoopStats(), server: &stats}
	})
}

// HTTP registers an HTTP server, as server="name", and its loops, as loop="name/0" and so on. Errors as for [Registry.Loop].
func (r *Registry) HTTP(name string, s *uvhttp.Server) (remove func(), err error) {
	return register(r, name, false, s, func(s *uvhttp.Server) reading {
		stats := s.Stats()
		return reading{loops: stats.Loops, server: &stats.Conns, http: &stats}
	})
}

// Net registers a [uvnet.Net], as net="name", and its loops, as loop="name/0" and so on; a nil n stands for uvnet's default loops.
// Errors as for [Registry.Loop].
func (r *Registry) Net(name string, n *uvnet.Net) (remove func(), err error) {
	if n == nil {
		n = new(uvnet.Net)
		return r.add(&entry{name: name, read: func() (reading, bool) { return readNet(n), true }})
	}
	return register(r, name, false, n, readNet)
}

func readNet(n *uvnet.Net) reading {
	stats := n.Stats()
	return reading{loops: n.LoopStats(), net: &stats}
}

// register adds what p points to.
func register[T any](r *Registry, name string, single bool, p *T, read func(*T) reading) (remove func(), err error) {
	if p == nil {
		return func() {}, fmt.Errorf("metrics: register %q: %w", name, uv.EINVAL)
	}
	w := weak.Make(p)
	return r.add(&entry{name: name, single: single, read: func() (reading, bool) {
		p := w.Value()
		if p == nil {
			return reading{}, false
		}
		return read(p), true
	}})
}

func (r *Registry) add(e *entry) (remove func(), err error) {
	name := e.name
	if name == "" {
		return func() {}, fmt.Errorf("metrics: register without a name: %w", uv.EINVAL)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	at, found := r.find(name)
	other := r.clash(e)
	switch {
	case other != nil:
		return func() {}, fmt.Errorf("metrics: register %q: %w: a loop of %q and one of %q would have the same name", name, uv.EEXIST, name, other.name)
	case !found:
		r.entries = slices.Insert(r.entries, at, e)
	case gone(r.entries[at]):
		r.entries[at] = e
	default:
		return func() {}, fmt.Errorf("metrics: register %q: %w: remove the one that has this name first", name, uv.EEXIST)
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.entries = slices.DeleteFunc(r.entries, func(have *entry) bool { return have == e })
	}, nil
}

// find returns where the entry of a name is, or belongs. The caller has locked mu.
func (r *Registry) find(name string) (at int, found bool) {
	return slices.BinarySearchFunc(r.entries, name, func(e *entry, name string) int {
		switch {
		case e.name < name:
			return -1
		case e.name > name:
			return 1
		}
		return 0
	})
}

// clash returns what lives and has loops that may have the same names as those of e: those of "web" are "web/0", "web/1" and so on. nil if
// there is nothing. The caller has locked mu.
func (r *Registry) clash(e *entry) *entry {
	for _, other := range r.entries {
		one, several := e, other
		if other.single {
			one, several = other, e
		}
		number, ok := strings.CutPrefix(one.name, several.name+"/")
		if _, err := strconv.ParseUint(number, 10, 31); ok && err == nil && one.single && !several.single && !gone(other) {
			return other
		}
	}
	return nil
}

// gone tells whether what is registered has been collected.
func gone(e *entry) bool {
	_, ok := e.read()
	return !ok
}

// A read is the reading of an entry.
type read struct {
	name   string
	single bool
	reading
}

// readings reads all entries, in the order of their names. Those that are gone leave.
func (r *Registry) readings() (all []read) {
	r.mu.Lock()
	entries := slices.Clone(r.entries)
	r.mu.Unlock()
	var dead []*entry
	for _, e := range entries {
		if now, ok := e.read(); ok {
			all = append(all, read{e.name, e.single, now})
		} else {
			dead = append(dead, e)
		}
	}
	if dead != nil {
		r.mu.Lock()
		r.entries = slices.DeleteFunc(r.entries, func(e *entry) bool { return slices.Contains(dead, e) })
		r.mu.Unlock()
	}
	return all
}
