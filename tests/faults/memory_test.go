package faults

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvhttp"
)

func init() { uvtest.Helper("faults memory", limitedServer) }

// pressure is how many bytes a server has to take in and send at least.
const pressure = 256 << 20

// memoryLimit is what a server has altogether: Go's heap, C's memory and the sockets' buffers
// where the kernel counts them. It is a quarter of pressure.
func memoryLimit() uint64 {
	if uvtest.Instrumented {
		return 256 << 20 // the race detector and AddressSanitizer need most of it
	}
	return 64 << 20
}

// connsPerAddress is how many connections the abusers' address may have. The decent peer has another.
const connsPerAddress = 40

// abuses are what the peers of a server do: each sends begin, then more until it is not taken
// any more, and reads nothing.
var abuses = map[string][]struct{ begin, more string }{
	"server": {
		{begin: "echo what nobody reads", more: strings.Repeat("x", 64<<10)},
		{begin: "push"},
	},
	"uvhttp": {
		{begin: "GET /push HTTP/1.1\r\nHost: a\r\n\r\n"},
		{begin: "GET / HTTP/1.1\r\n", more: strings.Repeat("Endless: head\r\n", 4096)},
		{begin: "GET / HTTP/1.1\r\nEndless: ", more: strings.Repeat("x", 64<<10)},
		{begin: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000\r\n\r\n", more: strings.Repeat("x", 64<<10)},
		{begin: "POST /stall HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000\r\n\r\n", more: strings.Repeat("x", 64<<10)},
		{more: strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 2048)},
	},
}

// A server lives in a cgroup with a limit of its memory, without swap. Peers that never read,
// and send heads and bodies without an end, do not get it killed, and others are served.
func TestCgroupsMemoryLimitIsKept(t *testing.T) {
	for kind := range abuses {
		t.Run(kind, func(t *testing.T) {
			group := newCgroup(t, memoryLimit())
			defer group.check(t)
			press(t, kit.StartRemote(t, "faults memory", kind, group.dir), kind)
		})
	}
}

// The same by the process's own memory, wherever the tests run.
func TestMemoryStaysBelowLimit(t *testing.T) {
	for kind := range abuses {
		t.Run(kind, func(t *testing.T) { press(t, kit.StartRemote(t, "faults memory", kind, ""), kind) })
	}
}

// press has peers that abuse the server until it has taken in and sent all of pressure.
func press(t *testing.T, srv *kit.Remote, kind string) {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	decent := func() error {
		c, err := dialer.Dial("tcp", srv.Addr.String())
		if err != nil {
			return err
		}
		defer c.Close()
		return kit.EchoesBack(c, "decent")
	}
	if kind == "uvhttp" {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialer.DialContext}}
		decent = func() error {
			resp, err := client.Post("http://"+srv.Addr.String()+"/", "text/plain", strings.NewReader("decent"))
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			if got, err := io.ReadAll(resp.Body); err != nil || string(got) != "6 bytes" {
				return fmt.Errorf("the answer is %q, %w", got, err)
			}
			return nil
		}
	}
	ctx, over := context.WithCancel(t.Context())
	var peers sync.WaitGroup
	for _, abuse := range abuses[kind] {
		for i := range 60 / len(abuses[kind]) {
			peers.Go(func() { abuseServer(ctx, srv.Addr, abuse.begin, abuse.more, i%2 == 0) })
		}
	}
	var in, out, peak uint64
	exchanges := 0
	for in+out < pressure || exchanges < 10 {
		exchanges++
		if err := decent(); err != nil {
			t.Errorf("a decent peer: %v", err)
			break
		}
		srv.Ask("sample", &in, &out, &peak)
	}
	over()
	peers.Wait()
	if err := decent(); err != nil {
		t.Errorf("a decent peer, afterwards: %v", err)
	}
	srv.Ask("sample", &in, &out, &peak)
	if peak > memoryLimit() {
		t.Errorf("the process had %d KiB at most, want %d", peak>>10, memoryLimit()>>10)
	}
	srv.End()
	t.Logf("%d KiB in, %d out; %d decent exchanges; the process had %d KiB at most", in>>10, out>>10, exchanges, peak>>10)
}

// abuseServer is a peer until the context ends. One that does not hold on resets its connection
// after a while, and comes back; so does one whose connection the server has ended.
func abuseServer(ctx context.Context, addr net.Addr, begin, more string, hold bool) {
	for ctx.Err() == nil {
		c, err := net.Dial(addr.Network(), addr.String())
		if err != nil {
			return // the server is dead, and the decent peer says so
		}
		if !hold {
			_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond))
		}
		stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
		_, err = io.WriteString(c, begin)
		for err == nil && more != "" {
			_, err = io.WriteString(c, more)
		}
		if err == nil { // read a little, and no more
			for got := 0; got < 1<<20 && err == nil; {
				var n int
				n, err = c.Read(make([]byte, 64<<10))
				got += n
			}
			if err == nil && hold {
				<-ctx.Done()
			}
		}
		stop()
		kit.Reset(c)
		time.Sleep(time.Millisecond) // an address at its limit is refused at once: leave the processor to others
	}
}

// limitedServer is the server. It echoes, and pushes without an end where it is asked to.
func limitedServer() {
	kind := os.Args[1]
	if dir := os.Args[2]; dir != "" { // enter the cgroup, and begin anew in it: all memory counts
		uvtest.Must(0, os.WriteFile(dir+"/cgroup.procs", []byte(strconv.Itoa(os.Getpid())), 0))
		uvtest.Must(0, syscall.Exec("/proc/self/exe", []string{os.Args[0], kind, ""}, append(os.Environ(), "UVGO_TEST_HELPER=faults memory")))
	}
	debug.SetMemoryLimit(int64(memoryLimit() / 2)) // as GOMEMLIMIT
	block := make([]byte, 32<<10)
	if kind == "uvhttp" {
		limitedHTTP(block)
		return
	}
	fill := func(c *server.Conn) {
		for c.Context() != nil && !c.Full() {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
	h := &kit.Handler{OnDrain: fill, OnData: func(c *server.Conn, p []byte) {
		if string(p) == "push" {
			c.SetContext(true)
			fill(c)
			return
		}
		_, _ = c.Write(p)
	}}
	s := &server.Server{Loops: 2, Logger: quiet, HighWater: 64 << 10, MaxConnsPerIP: connsPerAddress, Handler: h}
	uvtest.Must(0, s.Listen("tcp://127.0.0.1:0"))
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- s.Serve(ctx) }()
	kit.Answer(s.Addrs()[0], sampled(s.Stats))
	cancel()
	<-served
}

// limitedHTTP is the server of uvhttp.
func limitedHTTP(block []byte) {
	mux := http.NewServeMux()
	mux.HandleFunc("/push", func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/stall", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%d bytes", n)
	})
	s := &uvhttp.Server{Handler: mux, Loops: 2, MaxHeaderBytes: 64 << 10, MaxConnsPerIP: connsPerAddress, ErrorLog: slog.NewLogLogger(quiet.Handler(), 0)}
	addr, stop := serveHTTP(s)
	kit.Answer(uvtest.Must(net.ResolveTCPAddr("tcp", addr)), sampled(func() server.Stats { return s.Stats().Conns }))
	stop()
}

// sampled answers with what was taken in, what was sent, and the most memory that the process had.
func sampled(stats func() server.Stats) map[string]func() []any {
	return map[string]func() []any{"sample": func() []any {
		st := stats()
		return []any{st.BytesIn, st.BytesOut, peakMemory()}
	}}
}
