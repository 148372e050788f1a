package interop

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// tool runs one of Debian's programs to its end and returns what it printed.
func tool(t testing.TB, name string, args ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), installed(t, name), args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, &stderr)
	}
	return string(out)
}

// numbers returns what the groups of a pattern took from a tool's output.
func numbers(t testing.TB, out, pattern string) []int {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no %q in\n%s", pattern, out)
	}
	var n []int
	for _, s := range m[1:] {
		i, err := strconv.Atoi(s)
		uvtest.Check(t, err)
		n = append(n, i)
	}
	return n
}

// wrk loads a server from many connections; it must not meet an error. The
// handler counts what it was asked for.
func wrk(t *testing.T, addr string, conns int, asked func() uint64) {
	t.Helper()
	before := asked()
	out := tool(t, "wrk", "-t", strconv.Itoa(min(conns, 2)), "-c", strconv.Itoa(conns), "-d", "1s", "--timeout", "30s", "http://"+addr+"/")
	// wrk prints these lines only if there is something to say.
	for _, bad := range []string{"Socket errors:", "Non-2xx"} {
		if strings.Contains(out, bad) {
			t.Errorf("%d connections:\n%s", conns, out)
		}
	}
	n := numbers(t, out, `(\d+) requests in`)[0]
	if served := asked() - before; n == 0 || served < uint64(n) {
		t.Errorf("wrk got %d answers, of %d", n, served)
	}
}

// loads are numbers of connections.
func loads() []int {
	if testing.Short() {
		return []int{100}
	}
	return []int{1, 100, 1000}
}

func init() { uvtest.Helper("fasthttp", serveFastHTTP) }

// serveFastHTTP is a program that serves with fasthttp until its input ends. A
// line of input asks how many requests there have been.
func serveFastHTTP() {
	fail := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	ln, err := uvnet.Listen("tcp", "127.0.0.1:0")
	fail(err)
	var asked counter
	srv := &fasthttp.Server{
		Handler: func(ctx *fasthttp.RequestCtx) {
			asked.Add(1)
			ctx.SetBodyString("Hello, World!")
		},
		Logger: log.New(io.Discard, "", 0), // wrk leaves in the middle of requests
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	fmt.Println("listening on", ln.Addr())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println("asked", asked.Load())
	}
	fail(srv.Shutdown())
	fail(<-served)
	if err := ln.Close(); !errors.Is(err, net.ErrClosed) {
		log.Fatal("Shutdown left the listener open: ", err)
	}
}

// TestFastHTTPUnderWrk has its server in a process of its own: fasthttp keeps
// goroutines for the life of one.
func TestFastHTTPUnderWrk(t *testing.T) {
	uvtest.Watchdog(t, hang)
	p := uvtest.Start(t, "fasthttp")
	addr := p.Expect(`^listening on (.*)`)
	asked := func() uint64 {
		p.Input("\n")
		n, err := strconv.ParseUint(p.Expect(`^asked (\d+)`), 10, 64)
		uvtest.Check(t, err)
		return n
	}
	for _, n := range loads() {
		wrk(t, addr, n, asked)
	}
	p.CloseInput()
	p.Wait(0)
}

func TestHTTPUnderWrk(t *testing.T) {
	uvtest.Watchdog(t, hang)
	var asked counter
	s := open(t, ofUvnet, ofUvnet, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte("Hello, World!"))
	}))
	for _, n := range loads() {
		wrk(t, s.addr(), n, asked.Load)
	}
}
