package http

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// table is all exchanges.
func table() (all []exchange) {
	for _, part := range [][]exchange{
		targets(), versions(), fields(), malformed(), bodies(), unreadBodies(), pipelines(), expectations(), statuses(),
		lengths(), keepAlives(), answerFields(), writes(), trailers(), fileAnswers(), contents(), takeovers(), failures(), limits(), routes(), forms(), controllers(),
	} {
		all = append(all, part...)
	}
	for i := range all {
		for _, d := range differences {
			if want, ok := d.want[all[i].name]; ok {
				all[i].differs, all[i].want = d.why, want
			}
		}
	}
	return all
}

// A pair is net/http's server and uvhttp's.
type pair struct{ oracle, subject *subject }

// startPairs starts a pair for each setting that an exchange asks for.
func startPairs(t *testing.T, change func(*config)) map[string]pair {
	makeFiles(t.TempDir())
	pairs := make(map[string]pair)
	for name, c := range configs {
		change(&c)
		pairs[name] = pair{startOracle(t, c), startUV(t, c)}
	}
	return pairs
}

// TestConformance sends each exchange to net/http's server and to uvhttp's, in one piece, byte by byte
// and in random pieces. Both servers must answer alike.
func TestConformance(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	conform(t, func(*config) {}, map[string]splitter{
		"whole": whole, "bytes": bytewise, fmt.Sprint("pieces by seed ", seed): randomly(seed),
	})
}

// TestConformanceInline is TestConformance with handlers that all run on a loop, and that all run on goroutines.
func TestConformanceInline(t *testing.T) {
	for name, inline := range map[string]uvhttp.Inline{"always": uvhttp.Always, "never": uvhttp.Never} {
		t.Run(name, func(t *testing.T) {
			conform(t, func(c *config) { c.inline = inline }, map[string]splitter{"whole": whole})
		})
	}
}

// TestConformanceTLS is TestConformance with TLS below.
func TestConformanceTLS(t *testing.T) {
	authority := uvtest.NewAuthority(t)
	conform(t, func(c *config) { c.tls = authority }, map[string]splitter{"whole": whole})
}

func conform(t *testing.T, change func(*config), splitters map[string]splitter) {
	uvtest.Watchdog(t, 2*time.Minute)
	pairs := startPairs(t, change)
	all := table()
	names := make(map[string]bool)
	gate := make(chan struct{}, 32)
	var wg sync.WaitGroup
	for _, x := range all {
		if names[x.name] {
			t.Errorf("two exchanges are called %q", x.name)
		}
		names[x.name] = true
		if x.plain != "" && pairs[x.on].subject.tls != nil {
			continue
		}
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			x.compare(t, pairs[x.on], splitters)
		})
	}
	wg.Wait()
	t.Logf("%d exchanges", len(all))
}

// compare runs the exchange with both servers, split in each way, and compares.
func (x *exchange) compare(t *testing.T, p pair, splitters map[string]splitter) {
	var wg sync.WaitGroup
	for way, split := range splitters {
		wg.Go(func() {
			want, err := x.run(p.oracle, split)
			if err != nil {
				t.Errorf("%s (%s): %v", x.name, way, err)
				return
			}
			got, err := x.run(p.subject, split)
			if err != nil {
				t.Errorf("%s (%s): %v, want %s", x.name, way, err, want.short())
				return
			}
			if x.racy || way != "whole" || p.subject.tls != nil {
				want.forgetReset()
				got.forgetReset()
			}
			diff := cmp.Diff(want, got)
			switch {
			case x.differs == "" && diff != "":
				t.Errorf("%s (%s): net/http %s, uvhttp %s\n%s", x.name, way, want.short(), got.short(), diff)
			case x.differs != "" && got.short() != x.want:
				t.Errorf("%s (%s): uvhttp %s, want %s, because %s", x.name, way, got.short(), x.want, x.differs)
			case x.differs != "" && diff == "":
				t.Errorf("%s (%s): uvhttp does as net/http, but the table says: %s", x.name, way, x.differs)
			}
		})
	}
	wg.Wait()
}

// forgetReset makes an end by a reset equal to an orderly one.
func (o *outcome) forgetReset() {
	o.End = strings.Replace(o.End, "reset", "closed", 1)
	for _, r := range o.Responses {
		r.Cut = strings.Replace(r.Cut, "reset", "closed", 1)
	}
}

// request makes a request of HTTP/1.1.
func request(method, target string, fields ...string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: a.example\r\n" + lines(fields) + "\r\n"
}

// lines makes header lines.
func lines(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	return strings.Join(fields, "\r\n") + "\r\n"
}

func get(target string, fields ...string) string { return request("GET", target, fields...) }

// do makes a request whose handler takes the steps.
func do(steps string, fields ...string) string { return get("/do?"+steps, fields...) }

// post makes a request with a body of a stated length.
func post(steps, body string, fields ...string) string {
	return request("POST", "/do?"+steps, append(fields, fmt.Sprint("Content-Length: ", len(body)))...) + body
}

// chunked makes a request whose body is sent as given, in chunks.
func chunked(steps, raw string, fields ...string) string {
	return request("POST", "/do?"+steps, append(fields, "Transfer-Encoding: chunked")...) + raw
}

// old makes a request of HTTP/1.0.
func old(method, target string, fields ...string) string {
	return method + " " + target + " HTTP/1.0\r\n" + lines(fields) + "\r\n"
}

// one makes an exchange of one connection from a name and what is sent.
func one(name string, send ...string) exchange { return exchange{name: name, send: send} }
