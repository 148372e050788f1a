package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// serve starts the server.
func serve(t *testing.T) (p *uvtest.Program, addr string) {
	t.Helper()
	p = uvtest.Start(t, "main", "tcp://127.0.0.1:0")
	return p, p.Expect(`^serving on (\S+)`)
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// array is a command as clients send it.
func array(args ...string) string {
	s := fmt.Sprintf("*%d\r\n", len(args))
	for _, a := range args {
		s += fmt.Sprintf("$%d\r\n%s\r\n", len(a), a)
	}
	return s
}

func TestCommands(t *testing.T) {
	p, addr := serve(t)
	var requests, want strings.Builder
	for _, tt := range [][2]string{
		{"ping", "+PONG"}, {"PING hi", "$2|hi"}, {"echo hi", "$2|hi"},
		{"get k", "$-1"}, {"set k v", "+OK"}, {"get k", "$1|v"}, {"ttl k", ":-1"}, {"ttl none", ":-2"},
		{"set k w nx", "$-1"}, {"set k w xx", "+OK"}, {"mget k none", "*2|$1|w|$-1"},
		{"incr k", "-ERR value is not an integer or out of range"},
		{"incr n", ":1"}, {"incrby n 41", ":42"}, {"decr n", ":41"}, {"get n", "$2|41"},
		{"set n 9223372036854775807", "+OK"}, {"incr n", "-ERR increment or decrement would overflow"},
		{"exists k n none", ":2"}, {"del k n none", ":2"}, {"dbsize", ":0"},
		{"set k v ex 100", "+OK"}, {"ttl k", ":100"}, {"expire k 50", ":1"}, {"ttl k", ":50"},
		{"expire k 0", ":1"}, {"get k", "$-1"}, {"expire k 5", ":0"},
		{"set k v ex 0", "-ERR invalid expire time in 'set' command"}, {"set k v ex", "-ERR syntax error"},
		{"set k v nx xx", "-ERR syntax error"}, {"set k v maybe", "-ERR syntax error"},
		{"get", "-ERR wrong number of arguments for GET"}, {"gett k", `-ERR unknown command "gett"`},
		{"select 0", "+OK"}, {"config get save", "*0"}, {"flushall", "+OK"}, {"quit", "+OK"},
	} {
		requests.WriteString(array(strings.Fields(tt[0])...))
		want.WriteString(strings.ReplaceAll(tt[1], "|", "\r\n") + "\r\n")
	}
	c := dial(t, addr)
	if _, err := io.WriteString(c, requests.String()); err != nil { // pipelined
		t.Fatal(err)
	}
	got, err := io.ReadAll(c) // QUIT ends it
	if diff := cmp.Diff(want.String(), string(got)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}

func TestKeysExpire(t *testing.T) {
	_, addr := serve(t)
	c := dial(t, addr)
	r := bufio.NewReader(c)
	fmt.Fprint(c, array("SET", "k", "v", "PX", "20"))
	r.ReadString('\n')
	for line := ""; line != "$-1\r\n"; line, _ = r.ReadString('\n') { // the test ends by its timeout otherwise
		fmt.Fprint(c, "GET k\n") // an inline command
		if line, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		} else if line == "$-1\r\n" {
			break
		}
	}
}

func TestBinaryAndLargeValues(t *testing.T) {
	_, addr := serve(t)
	c := dial(t, addr)
	value := string(bytes.Repeat([]byte("\r\n\x00*$"), 100_000))
	go fmt.Fprint(c, array("SET", "k\r\n", value)+array("GET", "k\r\n")+array("QUIT"))
	got, err := io.ReadAll(c)
	if want := fmt.Sprintf("+OK\r\n$%d\r\n%s\r\n+OK\r\n", len(value), value); err != nil || string(got) != want {
		t.Errorf("%d bytes, %v, want %d", len(got), err, len(want))
	}
}

func TestBadProtocolEndsTheConnection(t *testing.T) {
	p, addr := serve(t)
	for _, text := range []string{
		"*x\r\n", "*1\r\nPING\r\n", "*1\r\n$4\r\nPINGPONG", "*-1\r\n", "*1\r\n$-1\r\n", "*" + strings.Repeat("1", 30),
		array("SET", "k", strings.Repeat("x", maxCommand)), "*1048577\r\n" + strings.Repeat("$0\r\n\r\n", 1<<18),
	} {
		c := dial(t, addr)
		go io.WriteString(c, text) // fails when the server hangs up
		if got, _ := io.ReadAll(c); len(got) != 0 {
			t.Errorf("%.20q is answered by %.20q", text, got)
		}
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}

func TestRedisTools(t *testing.T) {
	cli, err := exec.LookPath("redis-cli")
	bench, err2 := exec.LookPath("redis-benchmark")
	if err != nil || err2 != nil {
		t.Skip("redis-cli and redis-benchmark are not installed (apt install redis-tools)")
	}
	_, addr := serve(t)
	_, port, _ := net.SplitHostPort(addr)
	run := func(program string, args ...string) string {
		out, err := exec.Command(program, append([]string{"-p", port}, args...)...).CombinedOutput()
		if err != nil {
			t.Errorf("%s %v: %v\n%s", program, args, err, out)
		}
		return string(out)
	}
	run(cli, "set", "greeting", "hello", "ex", "60")
	if got := run(cli, "get", "greeting"); got != "hello\n" {
		t.Errorf("redis-cli get: %q", got)
	}
	if got := run(bench, "-t", "ping,set,get,incr", "-n", "2000", "-c", "10", "-P", "16", "-q"); strings.Contains(got, "rror") {
		t.Errorf("redis-benchmark: %s", got)
	}
}
