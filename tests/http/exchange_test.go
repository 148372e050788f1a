package http

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// An exchange is one case: what a client sends on a connection of its own.
type exchange struct {
	name string
	// send are the requests, and pieces of requests. The empty string waits for a further response, also an
	// interim one.
	send []string
	// answers is how many final responses are due; 0 means the number of request lines that begin an item of send.
	answers int
	// half: the client ends its side behind what it sends, instead of sending a further request.
	half bool
	// on names the pair of servers, see pairs.
	on string
	// differs says why uvhttp answers otherwise than net/http, on purpose. Then want is uvhttp's outcome as
	// outcome.short gives it.
	differs, want string
	// racy: whether the end is FIN or RST depends on when bytes arrive.
	racy bool
	// no100: a server may leave out 100 Continue, because the body may be here before the handler reads.
	no100 bool
	// mayClose: whether the answer says that the server closes behind it depends on when bytes arrive.
	mayClose bool
	// plain: over TLS the servers cannot be compared, because of what the reason says.
	plain string
}

// An outcome is what a client sees of an exchange, and what the handler noted.
type outcome struct {
	Responses []*response
	End       string   // "kept", "closed" or "reset"
	Journal   []string // of the handlers that ran
}

// short returns the statuses and the end: "100 200 kept".
func (o *outcome) short() string {
	var s strings.Builder
	for _, r := range o.Responses {
		s.WriteString(r.code() + " ")
		if r.Cut != "" {
			s.WriteString("cut ")
		}
	}
	return s.String() + o.End
}

// probe is the request that is sent behind the others, to learn whether the connection was kept.
const probe = "GET /probe HTTP/1.1\r\nHost: probe\r\n\r\n"

// quiet is how long a server may say nothing before a case has failed.
const quiet = 20 * time.Second

var requestLine = regexp.MustCompile(`^(\S+) .*HTTP/`)

// methods returns the method of each item of send that begins a request.
func (x *exchange) methods() []string {
	var found []string
	for _, s := range x.send {
		if m := requestLine.FindStringSubmatch(s); m != nil {
			found = append(found, m[1])
		}
	}
	return found
}

// run has a client send the exchange to a server, cut as split says, and returns the outcome.
func (x *exchange) run(srv *subject, split splitter) (*outcome, error) {
	c, err := srv.dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(quiet))
	methods, due := x.methods(), x.answers
	if due == 0 {
		due = max(len(methods), 1)
	}
	heard := newTally()
	var wg sync.WaitGroup
	wg.Go(func() {
		waited := 0
		for _, s := range merge(x.send) {
			if s == "" {
				waited++
				heard.wait(waited)
				continue
			}
			if split(c, s) != nil {
				return
			}
		}
		if x.half {
			c.(interface{ CloseWrite() error }).CloseWrite()
		}
	})
	out, in := new(outcome), bufio.NewReader(c)
	probed := false
	for finals := 0; out.End == ""; {
		if finals == due && !probed && !x.half && !out.Responses[len(out.Responses)-1].last() {
			wg.Wait() // what is not taken by now is an error of the write
			split(c, probe)
			probed = true
		}
		method := ""
		if finals < len(methods) {
			method = methods[finals]
		}
		r, end := readResponse(in, method, heard.add)
		switch {
		case r == nil:
			out.End = end
		case r.get("X-Probe") != "":
			out.End = "kept"
		default:
			out.Responses = append(out.Responses, r)
			if out.End = end; r.Cut != "" {
				out.End = r.Cut
			}
			if r.Status == "" || len(out.Responses) > 200 {
				return out, fmt.Errorf("no end of responses: %q", out.short())
			}
			if !r.interim() {
				finals++
			}
		}
	}
	heard.close()
	c.SetWriteDeadline(time.Unix(1, 0))
	wg.Wait()
	if probed { // the server may close while the probe is on its way
		out.forgetReset()
	}
	if x.mayClose && out.End != "kept" && len(out.Responses) > 0 {
		delete(out.Responses[len(out.Responses)-1].Header, "Connection")
	}
	if x.no100 {
		out.Responses = slices.DeleteFunc(out.Responses, func(r *response) bool { return r.code() == "100" })
	}
	if out.End == "silent" {
		return out, fmt.Errorf("%s said nothing for %v behind %q", srv.name, quiet, out.short())
	}
	out.Journal, err = srv.journal.of(c.LocalAddr().String())
	return out, err
}

// merge joins items between which nothing is waited for.
func merge(send []string) []string {
	var out []string
	for _, s := range send {
		if n := len(out) - 1; s != "" && n >= 0 && out[n] != "" {
			out[n] += s
			continue
		}
		out = append(out, s)
	}
	return out
}

// A tally counts responses, for the goroutine that sends.
type tally struct {
	cond *sync.Cond
	n    int
	over bool
}

func newTally() *tally { return &tally{cond: sync.NewCond(new(sync.Mutex))} }

func (t *tally) add() {
	t.cond.L.Lock()
	t.n++
	t.cond.L.Unlock()
	t.cond.Broadcast()
}

func (t *tally) close() {
	t.cond.L.Lock()
	t.over = true
	t.cond.L.Unlock()
	t.cond.Broadcast()
}

// wait returns when n responses have come, or none will any more.
func (t *tally) wait(n int) {
	t.cond.L.Lock()
	for t.n < n && !t.over {
		t.cond.Wait()
	}
	t.cond.L.Unlock()
}

// A splitter sends a text in pieces.
type splitter func(c net.Conn, s string) error

func whole(c net.Conn, s string) error {
	_, err := c.Write([]byte(s))
	return err
}

// bytewise sends the first kilobytes byte by byte, and what follows in random pieces.
func bytewise(c net.Conn, s string) error {
	const singly = 2500
	for i := range min(len(s), singly) {
		if err := whole(c, s[i:i+1]); err != nil {
			return err
		}
		if i%8 == 0 {
			runtime.Gosched()
		}
	}
	if len(s) <= singly {
		return nil
	}
	return randomly(uint64(len(s)))(c, s[singly:])
}

// randomly returns a splitter whose pieces depend on the seed.
func randomly(seed uint64) splitter {
	return func(c net.Conn, s string) error {
		r := rand.New(rand.NewPCG(seed, uint64(len(s))))
		for len(s) > 0 {
			limit := len(s)
			if r.IntN(3) > 0 {
				limit = min(limit, 40)
			}
			n := 1 + r.IntN(limit)
			if len(s) > 64<<10 {
				n = min(len(s), 1+r.IntN(100<<10))
			}
			if err := whole(c, s[:n]); err != nil {
				return err
			}
			s = s[n:]
			runtime.Gosched()
		}
		return nil
	}
}

// A subject is a server under test.
type subject struct {
	name    string
	addr    net.Addr
	tls     *tls.Config
	journal *journal
	stop    func()
}

func (s *subject) dial() (net.Conn, error) {
	c, err := net.Dial(s.addr.Network(), s.addr.String())
	if err == nil && s.tls != nil {
		return tls.Client(c, s.tls), nil
	}
	return c, err
}
