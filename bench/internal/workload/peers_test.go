package workload

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/bench/internal/book"
	"github.com/uvgo/uvgo/bench/internal/harness"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// few makes workloads of few connections: each program once, over each network that it knows.
func few() (list []book.Workload) {
	const conns = 5
	add := func(name string, w book.Workload) {
		w.Name, w.Title, w.Method, w.Targets = name, name, "a test", nil
		list = append(list, w)
	}
	add("tcp", exchange{size: 64, conns: conns, peers: everyEcho}.workload("test"))
	add("unix", exchange{scheme: "unix", size: 64, conns: conns, peers: quickEcho}.workload("test"))
	udp := datagrams()[0]
	var peers []string
	for name := range udp.Servers {
		peers = append(peers, name)
	}
	add("udp", exchange{scheme: "udp", size: 64, conns: conns, peers: peers}.workload("test"))
	add("tls", sealedEcho(conns))
	add("json", page{work: "json", conns: conns}.workload())
	add("https", page{work: "text", conns: conns, tls: true}.workload())
	return list
}

// many are the other ways of use, which need more time.
func many() (list []book.Workload) {
	for _, e := range []exchange{{size: 100 << 10, conns: 5}, {size: 64, conns: 5, depth: 16}, {size: 64 << 10, conns: 1, depth: 16}, {size: 64, conns: 5, churn: true}} {
		e.peers = everyEcho
		w := e.workload("test")
		w.Name = fmt.Sprintf("size-%d-depth-%d-churn-%t", e.size, e.depth, e.churn)
		w.Title, w.Method = w.Name, "a test"
		list = append(list, w)
	}
	pipelined := page{work: "text", conns: 5, depth: 16}.workload()
	pipelined.Name, pipelined.Title = "pipelined", "a test"
	list = append(list, pipelined)
	for _, w := range append(loops(), memories()...) {
		if w.Name != "spawn-4GiB" { // takes what a small machine has not
			list = append(list, w)
		}
	}
	return list
}

// shortPeers take part without UVGO_LONG: to link all programs takes a while.
var shortPeers = []string{
	"uvgo", "epoll", "libuv", "net", "uvhttp", "net/http",
	"asyncio-streams", "asyncio-protocol", "uvloop-streams", "uvloop-protocol", "uvicorn",
}

// TestPeersDoTheirWork measures each program for some milliseconds: what the loads compare is right, and the servers end when they
// are told to. Peers of Python are left out where Debian's packages are not installed. UVGO_LONG=1 measures all peers in all workloads.
func TestPeersDoTheirWork(t *testing.T) {
	uvtest.Watchdog(t, 10*time.Minute)
	if _, _, err := harness.PickCPUs(); err != nil {
		t.Skip(err) // one CPU is not enough for the book
	}
	b, chosen := &book.Book{Peers: peers(), Workloads: few()}, shortPeers
	if os.Getenv("UVGO_LONG") != "" {
		b.Workloads, chosen = append(b.Workloads, many()...), nil
	}
	var log strings.Builder
	r, err := b.Measure(t.Context(), book.Options{
		Dir: "../..", Rounds: 1, Warmup: time.Millisecond, Window: 10 * time.Millisecond, Budget: time.Hour, Idle: 20,
		Peers: chosen,
	}, &log)
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	for _, f := range r.Peers {
		if f.Absent != "" && !strings.Contains(f.Absent, "python3") {
			t.Errorf("%s is absent: %s", f.Name, f.Absent)
		}
	}
	for _, w := range b.Workloads {
		for name := range w.Servers {
			if chosen != nil && !slices.Contains(chosen, name) || r.Found(name).Absent != "" {
				continue
			}
			c := r.Cell(w.Name, name)
			switch {
			case c == nil || c.Failed != "" || len(c.Samples) != 1:
				t.Errorf("%s, %s: %+v", w.Name, name, c)
			case w.Figure == book.Memory && c.Samples[0][book.Peak] <= 0, w.Figure == "" && c.Samples[0][book.Rate] <= 0:
				t.Errorf("%s, %s: %v", w.Name, name, c.Samples)
			}
		}
	}
	if t.Failed() {
		t.Log(&log)
	}
}

// TestDescriptorsAreCounted: a workload with more connections than the system allows says what to do.
func TestDescriptorsAreCounted(t *testing.T) {
	if err := descriptors(1); err != nil {
		t.Error(err)
	}
	if err := descriptors(1 << 40); err == nil || !strings.Contains(err.Error(), "ulimit -Hn") {
		t.Errorf("%v", err)
	}
}
