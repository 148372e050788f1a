package http

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// TestIdleAndHeadTimeouts: IdleTimeout ends a connection behind an answer until four bytes have come, and ReadHeaderTimeout does from
// then on. The line ends that may follow the body of a POST count.
func TestIdleAndHeadTimeouts(t *testing.T) {
	const short = 200 * time.Millisecond
	first, second := get("/"), request("POST", "/", "Content-Length: 3")+"abc"
	for _, c := range []struct {
		name       string
		idle, head time.Duration
		send       []string // each behind the answer to the one before, but for the last
	}{
		{"nothing", short, time.Hour, []string{first, ""}},
		{"a byte", short, time.Hour, []string{first, "G"}},
		{"two bytes", short, time.Hour, []string{first, "GE"}},
		{"three bytes", short, time.Hour, []string{first, "GET"}},
		{"three bytes that are no request", short, time.Hour, []string{first, "\x00:\n"}},
		{"four bytes", time.Hour, short, []string{first, "GET "}},
		{"five bytes", time.Hour, short, []string{first, "GET /"}},
		{"a line end and a byte", short, time.Hour, []string{second, "\r\nG"}},
		{"a line end and two bytes", time.Hour, short, []string{second, "\r\nGE"}},
		{"line ends", time.Hour, short, []string{second, "\r\n\r\n"}},
		{"a line end", short, time.Hour, []string{second, "\r\n"}},
		{"a line end behind a second", short, time.Hour, []string{second, "\r\n" + first, "\r\n"}},
		{"a first byte", time.Hour, short, []string{"G"}},
		{"a request line", time.Hour, short, []string{"GET / HTTP/1.1\r\n"}},
		{"a request line and a field", time.Hour, short, []string{first, "GET / HTTP/1.1\r\nHost: a\r\n"}},
		{"nothing first", time.Hour, short, []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			alike(t, nil, func(t *testing.T, s *http.Server, start starter) (notes []string) {
				s.IdleTimeout, s.ReadHeaderTimeout = c.idle, c.head
				p := dialHost(t, start().addr)
				for i, text := range c.send {
					if p.send(text); i < len(c.send)-1 {
						a, err := p.answer()
						notes = append(notes, fmt.Sprint(a.code(), err))
					}
				}
				rest, err := readAll(p.in)
				return append(notes, rest, ending(err))
			})
		})
	}
}

// TestFewBytesStayIdle: ReadHeaderTimeout has not begun with three bytes, so a request may go on when it would be over.
func TestFewBytesStayIdle(t *testing.T) {
	alike(t, nil, func(t *testing.T, s *http.Server, start starter) (notes []string) {
		s.IdleTimeout, s.ReadHeaderTimeout = time.Hour, 50*time.Millisecond
		p := dialHost(t, start().addr)
		for i := range 4 {
			request := get("/")
			p.send(request[:i])
			if i > 0 {
				time.Sleep(6 * s.ReadHeaderTimeout)
			}
			p.send(request[i:])
			a, err := p.answer()
			notes = append(notes, fmt.Sprint(a.code(), err))
		}
		return notes
	})
}
