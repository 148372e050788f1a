package h1

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/smuggling"
)

// conversation is what a connection's bytes are for the parser and the decoder.
type conversation struct {
	paths, bodies []string
	err           *Error
	inBody        bool // err is a body's
}

// converse reads requests, in pieces of n bytes, until all is read or something is wrong. It skips empty lines behind a POST as a server does.
func converse(s string, n int) (c conversation) {
	var p Parser
	var d Chunked
	post := false
	for len(s) > 0 {
		for post && len(s) > 0 && (s[0] == '\r' || s[0] == '\n') {
			s = s[1:]
		}
		p.Reset()
		used, err := 0, error(nil)
		for end := 1; used == 0 && err == nil && end < len(s)+n; end += n {
			used, err = p.Parse([]byte(s[:min(end, len(s))]), testLimit)
		}
		if errors.As(err, &c.err) || used == 0 {
			return c
		}
		post = p.Method.In(s) == "POST"
		u, parseErr := url.ParseRequestURI(p.Target.In(s))
		if parseErr != nil {
			return c
		}
		c.paths = append(c.paths, u.Path)
		s = s[used:]
		body := ""
		switch {
		case p.Chunked:
			d.Reset()
			for done := false; !done; {
				data, used, end, err := d.Next([]byte(s[:min(n, len(s))]))
				if errors.As(err, &c.err) {
					c.inBody = true
					return c
				}
				if used == 0 && !end {
					return c
				}
				body += string(data)
				s, done = s[used:], end
			}
		case p.ContentLength > 0:
			n := min(p.ContentLength, int64(len(s)))
			body, s = s[:n], s[n:]
		}
		c.bodies = append(c.bodies, body)
	}
	return c
}

func TestNoRequestIsSmuggled(t *testing.T) {
	for _, r := range smuggling.Requests() {
		for _, n := range []int{1, 7, len(r.Bytes)} {
			c := converse(r.Bytes, n)
			if c.err == nil || c.err.Status != r.Status || c.inBody != r.InBody {
				t.Errorf("%s: %s: %v, want %d; in the body %t: %q", r.Class, r.Name, c.err, r.Status, c.inBody, r.Bytes)
			}
		}
	}
}

func TestWhatOnlyLooksLikeSmugglingIsRead(t *testing.T) {
	for _, a := range smuggling.Acceptable() {
		for _, n := range []int{1, 7, len(a.Bytes)} {
			c := converse(a.Bytes, n)
			if c.err != nil || strings.Join(c.paths, " ") != strings.Join(a.Paths, " ") || strings.Join(c.bodies, "|") != strings.Join(a.Bodies, "|") {
				t.Errorf("%s: paths %q, bodies %q, %v", a.Name, c.paths, c.bodies, c.err)
			}
		}
	}
}
