package interop

import (
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/redcon"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A store is a small Redis of redcon's: what redis-benchmark asks for, with
// counts of it.
type store struct {
	mu     sync.Mutex
	values map[string][]byte
	lists  map[string]int
	calls  map[string]int
}

func (s *store) handle(c redcon.Conn, cmd redcon.Command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.ToLower(string(cmd.Args[0]))
	s.calls[name]++
	switch {
	case name == "ping":
		c.WriteString("PONG")
	case name == "config":
		c.WriteArray(0)
	case name == "set" && len(cmd.Args) == 3:
		s.values[string(cmd.Args[1])] = append([]byte(nil), cmd.Args[2]...)
		c.WriteString("OK")
	case name == "get" && len(cmd.Args) == 2:
		if v, ok := s.values[string(cmd.Args[1])]; ok {
			c.WriteBulk(v)
		} else {
			c.WriteNull()
		}
	case name == "incr" && len(cmd.Args) == 2:
		key := string(cmd.Args[1])
		n, _ := strconv.Atoi(string(s.values[key]))
		s.values[key] = strconv.AppendInt(nil, int64(n+1), 10)
		c.WriteInt(n + 1)
	case name == "rpush" && len(cmd.Args) == 3:
		s.lists[string(cmd.Args[1])]++
		c.WriteInt(s.lists[string(cmd.Args[1])])
	default:
		c.WriteError("ERR unknown command '" + name + "'")
	}
}

// TestRedisBenchmark puts Debian's redis-benchmark on a server of redcon's.
func TestRedisBenchmark(t *testing.T) {
	benchmark := installed(t, "redis-benchmark")
	for _, network := range []string{"tcp", "unix"} {
		for _, pipeline := range []int{1, 16} {
			t.Run(network+"/pipeline-"+strconv.Itoa(pipeline), func(t *testing.T) {
				eachStack(t, func(t *testing.T, p stack) {
					n := scale(10_000, 3_000) * min(pipeline, 4)
					serveRedcon(t, p, network, benchmark, pipeline, n)
				})
			})
		}
	}
}

func serveRedcon(t *testing.T, p stack, network, benchmark string, pipeline, n int) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = shortDir(t, nil) + "/redcon.sock"
	}
	ln, err := p.listen(network, address)
	uvtest.Check(t, err)
	s := &store{values: make(map[string][]byte), lists: make(map[string]int), calls: make(map[string]int)}
	var mu sync.Mutex
	opened, closed := 0, 0
	ended := sync.NewCond(&mu)
	served := make(chan error, 1)
	go func() {
		served <- redcon.Serve(ln, s.handle,
			func(redcon.Conn) bool {
				mu.Lock()
				defer mu.Unlock()
				opened++
				return true
			},
			func(_ redcon.Conn, _ error) {
				mu.Lock()
				defer mu.Unlock()
				closed++
				ended.Broadcast()
			})
	}()
	stop := sync.OnceFunc(func() {
		ln.Close()
		<-served
	})
	defer stop()
	allEnded := func() {
		mu.Lock()
		defer mu.Unlock()
		for opened != closed {
			ended.Wait()
		}
	}

	at := []string{"-s", address}
	if network == "tcp" {
		_, port, err := net.SplitHostPort(ln.Addr().String())
		uvtest.Check(t, err)
		at = []string{"-h", "127.0.0.1", "-p", port}
	}
	const clients, size = 50, 1000
	cmd := exec.CommandContext(bounded(t), benchmark, append(at, "-n", strconv.Itoa(n), "-c", strconv.Itoa(clients),
		"-P", strconv.Itoa(pipeline), "-d", strconv.Itoa(size), "-t", "ping_mbulk,set,get,incr,rpush", "--csv")...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("redis-benchmark: %v\n%s", err, out)
	}
	for _, test := range []string{`"PING_MBULK"`, `"SET"`, `"GET"`, `"INCR"`, `"RPUSH"`} {
		if !strings.Contains(string(out), "\n"+test) {
			t.Errorf("no figure for %s:\n%s", test, out)
		}
	}
	allEnded() // the client's ends are seen
	stop()     // it may have been done before its last connections were accepted
	allEnded()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range []string{"ping", "set", "get", "incr", "rpush"} {
		if s.calls[name] != n {
			t.Errorf("%d times %s, want %d", s.calls[name], name, n)
		}
	}
	if got := string(s.values["counter:__rand_int__"]); got != strconv.Itoa(n) {
		t.Errorf("the counter is %s after %d increments", got, n)
	}
	if got := len(s.values["key:__rand_int__"]); got != size {
		t.Errorf("the value has %d bytes, want %d", got, size)
	}
	if got := s.lists["mylist"]; got != n {
		t.Errorf("the list has %d values, want %d", got, n)
	}
	if opened < 5 {
		t.Errorf("%d connections were opened", opened)
	}
}
