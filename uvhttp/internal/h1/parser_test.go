package h1

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testLimit = 1 << 20

// read is what a head says, in a form that can be compared.
type read struct {
	Method, Target, Host      string
	Minor                     int
	Fields                    []string
	HasHost, HasTrailer       bool
	Length                    int64
	Chunked                   bool
	Close, KeepAlive, Upgrade bool
	Expect                    Expect
	Used                      int
}

// parse parses what steps give: growing parts of one request.
func parse(p *Parser, limit int, steps ...string) (read, error) {
	p.Reset()
	for _, s := range steps {
		b := []byte(s)
		n, err := p.Parse(b, limit)
		if err != nil {
			return read{}, err
		}
		if n == 0 {
			continue
		}
		r := read{
			Method: p.Method.In(s), Target: p.Target.In(s), Host: p.Host.In(s), Minor: p.Minor, HasHost: p.HasHost, HasTrailer: p.HasTrailer,
			Length: p.ContentLength, Chunked: p.Chunked, Close: p.Close, KeepAlive: p.KeepAlive, Upgrade: p.Upgrade, Expect: p.Expect, Used: n,
		}
		for _, f := range p.Fields {
			r.Fields = append(r.Fields, fmt.Sprintf("%s=%s", f.Name.Of(b), f.Value.Of(b)))
		}
		return r, nil
	}
	return read{}, nil
}

// bytewise returns the beginnings of s, one byte longer each.
func bytewise(s string) (steps []string) {
	for i := range len(s) {
		steps = append(steps, s[:i+1])
	}
	return steps
}

var heads = []struct {
	head string
	want read
}{
	{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", read{Method: "GET", Target: "/", Minor: 1, Host: "a", HasHost: true, Fields: []string{"Host=a"}, Length: -1}},
	{"GET / HTTP/1.0\r\n\r\n", read{Method: "GET", Target: "/", Length: -1}},
	{"GET /a?%zz#x HTTP/1.1\r\nhOST:\t \r\nX:y \t z\t\r\nCONNECTION: , Close,Upgrade , keep-alive\r\n\r\n", read{
		Method: "GET", Target: "/a?%zz#x", Minor: 1, HasHost: true, Length: -1, Close: true, Upgrade: true, KeepAlive: true,
		Fields: []string{"hOST=", "X=y \t z", "CONNECTION=, Close,Upgrade , keep-alive"},
	}},
	{"POST http://b/%41 HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 0012\r\nExpect: 100-Continue\r\n\r\nbody", read{
		Method: "POST", Target: "http://b/%41", Minor: 1, Host: "[::1]:80", HasHost: true, Length: 12, Expect: Expect100,
		Fields: []string{"Host=[::1]:80", "Content-Length=0012", "Expect=100-Continue"},
	}},
	{"PUT * HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nTrailer: A, Host\r\nExpect: x\r\nExpect: 100-continue\r\n\r\n", read{
		Method: "PUT", Target: "*", Minor: 1, Host: "a", HasHost: true, Length: -1, Chunked: true, HasTrailer: true, Expect: ExpectOther,
		Fields: []string{"Host=a", "Transfer-Encoding=Chunked", "Trailer=A, Host", "Expect=x", "Expect=100-continue"},
	}},
	{"CONNECT a:443 HTTP/1.1\r\nX: \xff\x80\r\n\r\n", read{Method: "CONNECT", Target: "a:443", Minor: 1, Length: -1, Fields: []string{"X=\xff\x80"}}},
	{"!#$%&'*+-.^_`|~9 /\xc3\xa4 HTTP/1.0\r\nConnection: a keep-alive\r\nConnection: x close\r\n\r\n", read{
		Method: "!#$%&'*+-.^_`|~9", Target: "/\xc3\xa4", Length: -1, Close: true, Fields: []string{"Connection=a keep-alive", "Connection=x close"},
	}},
	{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n", read{
		Method: "GET", Target: "/", Minor: 1, Host: "a", HasHost: true, Length: 9223372036854775807, Fields: []string{"Host=a", "Content-Length=9223372036854775807"},
	}},
}

func TestHeadsSayWhatTheyHold(t *testing.T) {
	var p Parser
	for _, c := range heads {
		c.want.Used = strings.Index(c.head, "\r\n\r\n") + 4
		got, err := parse(&p, testLimit, c.head)
		if err != nil {
			t.Errorf("%q: %v", c.head, err)
		} else if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q: %s", c.head, diff)
		}
	}
}

var refused = []struct {
	head string
	want *Error
}{
	{"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", errMethod},
	{"GET / HTTP/1.1\nHost: a\r\n\r\n", errBareLF},
	{"\n", errBareLF},
	{"GET / HTTP/1.1\r\nHost: a\n\r\n", errBareLF},
	{"GET / HTTP/1.1\r\nHost: a\r\n\n", errBareLF},
	{"GET\r / HTTP/1.1\r\nHost: a\r\n\r\n", errMethod},
	{"GET /\ra HTTP/1.1\r\nHost: a\r\n\r\n", errTarget},
	{"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", errVersion},
	{"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", errValue},
	{"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00\r\n\r\n", errValue},
	{"GET / HTTP/1.1\r\nHost: a\r\nX: 12345678\x7f\r\n\r\n", errValue},
	{"GET / HTTP/1.1\r\nHost: a\r\nX: 123456\x0b8\r\n\r\n", errValue},
	{"GET / HTTP/1.1\r\n Host: a\r\n\r\n", errFold},
	{"GET / HTTP/1.1\r\nHost: a\r\n\tb\r\n\r\n", errFold},
	{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", errNoHost},
	{"GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", errSpaceInName},
	{"GET / HTTP/1.1\r\nHost: a\r\nX Y: a\r\n\r\n", errSpaceInName},
	{"GET / HTTP/1.1\r\nHost: a\r\nX\t: a\r\n\r\n", errName},
	{"GET / HTTP/1.1\r\nHost: a\r\nX (: a\r\n\r\n", errName},
	{"GET / HTTP/1.1\r\nHost: a\r\nX \r\n\r\n", errName},
	{"GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n", errName},
	{"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", errNoColon},
	{"GET / HTTP/1.1\r\nHost: a\r\n\xc3\xa4: a\r\n\r\n", errName},
	{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", errTwoHosts},
	{"GET / HTTP/1.1\r\n\r\n", errNoHost},
	{"GET http://a/ HTTP/1.1\r\n\r\n", errNoHost},
	{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", errHost},
	{"GET / HTTP/1.0\r\nHost: a/b\r\n\r\n", errHost},
	{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", errTwoLengths},
	{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", errLength},
	{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", errLength},
	{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", errLength},
	{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", errLength},
	{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", errLength},
	{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", errBoth},
	{"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", errCoding},
	{"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: x\r\n\r\n", errCoding},
	{"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", errCoding},
	{"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", errCodingIn10},
	{"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: a,content-Length\r\n\r\n", errTrailerName},
	{"GET /\r\n\r\n", errTarget},
	{"GET\r\n\r\n", errMethod},
	{"GET  HTTP/1.1\r\nHost: a\r\n\r\n", errEmptyTarget},
	{"CONNECT  HTTP/1.1\r\nHost: a\r\n\r\n", errEmptyTarget},
	{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", errEmptyTarget},
	{"GET / a HTTP/1.1\r\nHost: a\r\n\r\n", errVersion},
	{"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", errVersion},
	{"GET / HTTP/1.10\r\nHost: a\r\n\r\n", errVersion},
	{"GET / http/1.1\r\nHost: a\r\n\r\n", errVersion},
	{"GET / HTTP/0.9\r\n\r\n", errUnsupported},
	{"GET / HTTP/2.0\r\n\r\n", errUnsupported},
	{"GET / HTTP/1.2\r\nHost: a\r\n\r\n", errNewer},
	{"GET / HTTP/1.2\r\n\r\n", errNoHost},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", errNewer},
	{"GET a HTTP/1.1\r\nHost: a\r\n\r\n", errTarget},
	{"GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", errTarget},
	{"GET /%4g HTTP/1.1\r\nHost: a\r\n\r\n", errTarget},
	{"GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n", errTarget},
	{"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", errMethod},
}

func TestWhatIsWrongIsRefused(t *testing.T) {
	var p Parser
	for _, c := range refused {
		if _, err := parse(&p, testLimit, c.head); !same(err, c.want) {
			t.Errorf("%q: %v, want %v", c.head, err, c.want)
		}
		if n, err := p.Parse([]byte(c.head), testLimit); n != 0 || !same(err, c.want) {
			t.Errorf("%q: %d, %v the second time", c.head, n, err)
		}
	}
}

func same(err error, want *Error) bool {
	var e *Error
	return errors.As(err, &e) && e == want
}

// allHeads are those of both tables.
func allHeads() (all []string) {
	for _, c := range heads {
		all = append(all, c.head)
	}
	for _, c := range refused {
		all = append(all, c.head)
	}
	return all
}

func TestHowBytesArriveDoesNotMatter(t *testing.T) {
	var p Parser
	check := func(head string, limit int, want read, wantErr error, steps ...string) {
		t.Helper()
		got, err := parse(&p, limit, steps...)
		if diff := cmp.Diff(want, got); diff != "" || err != wantErr {
			t.Errorf("%q in %d steps: %v, want %v: %s", head, len(steps), err, wantErr, diff)
		}
	}
	for _, head := range allHeads() {
		for _, limit := range []int{testLimit, 0, 1, len(head) / 2, len(head) - 1, len(head)} {
			want, wantErr := parse(&p, limit, head)
			for i := range len(head) {
				check(head, limit, want, wantErr, head[:i], head)
			}
			check(head, limit, want, wantErr, bytewise(head)...)
			if wantErr == nil && want.Used > limit {
				t.Errorf("%q: %d bytes, and the limit is %d", head, want.Used, limit)
			}
		}
	}
}

func TestAHeadMayBeAsLongAsTheLimit(t *testing.T) {
	head := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	var p Parser
	if r, err := parse(&p, len(head), head+"more"); err != nil || r.Used != len(head) {
		t.Errorf("%d, %v", r.Used, err)
	}
	for _, s := range []string{head, head[:len(head)-1]} {
		if _, err := parse(&p, len(head)-1, s); !same(err, errTooLarge) {
			t.Errorf("a byte more: %v", err)
		}
	}
}

func TestResetForgets(t *testing.T) {
	var p Parser
	for _, c := range heads {
		for _, other := range allHeads() {
			parse(&p, testLimit, other)
			got, err := parse(&p, testLimit, c.head)
			c.want.Used = strings.Index(c.head, "\r\n\r\n") + 4
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%q behind %q: %v %s", c.head, other, err, diff)
			}
		}
	}
}

// A byte is looked for the end of a line once, and a line is read once: what was read before is overwritten with line ends,
// which would be seen. So the time of a head that comes byte by byte is linear.
func TestNothingIsReadTwice(t *testing.T) {
	for _, head := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", testLimit-64) + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", testLimit/6-16) + "\r\n",
		"GET /" + strings.Repeat("x", testLimit-64) + " HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		var p Parser
		p.Reset()
		in, read := []byte(head), []byte(head) // read has line ends in all but its last byte
		line := 0                              // where the line begins
		for i := range in {
			b := read[:i+1]
			if in[i] == '\n' {
				copy(read[line:i], in[line:i]) // the line is read now
			}
			n, err := p.Parse(b, testLimit)
			if err != nil || (n != 0) != (i == len(in)-1) {
				t.Fatalf("%.60q: %d, %v after %d bytes", head, n, err, i+1)
			}
			if in[i] == '\n' {
				for j := line; j < i; j++ {
					read[j] = '\n'
				}
				line = i + 1
			}
			read[i] = '\n'
		}
	}
}

func TestResetKeepsOnlyAUsualHeadsMemory(t *testing.T) {
	var p Parser
	for _, fields := range []int{keptFields, keptFields + 1} {
		head := "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", fields-1) + "\r\n"
		if _, err := parse(&p, testLimit, head); err != nil || len(p.Fields) != fields {
			t.Fatal(len(p.Fields), err)
		}
		p.Reset()
		if kept := cap(p.Fields) > 0; kept != (fields <= keptFields) {
			t.Errorf("room for %d fields is kept after %d", cap(p.Fields), fields)
		}
	}
}
