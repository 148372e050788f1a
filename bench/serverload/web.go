package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"

	"github.com/uvgo/uvgo/bench/internal/httpbench"
)

// web makes the requests of a work of bench-http, several at once if depth says so.
type web struct {
	pages []*page // of all connections
	turn  int     // of pages
	in    []byte  // the beginning of the answers
	whole bool    // the answers are
}

// A page is one kind of request, and what has been learnt of its answer.
type page struct {
	out   []byte // the requests, depth of them
	depth int
	body  []byte
	timed bool
	size  int // of an answer. The date in it has always the same length
	head  int // of an answer: the size of what comes before the body
}

// newWeb makes the connections' exchanges.
func newWeb(o options, addr netip.AddrPort) (func(fd, id int) (exchange, error), error) {
	work, err := httpbench.FindWork(o.work)
	if err != nil {
		return nil, err
	}
	var pages []*page
	for i, path := range work.Paths {
		request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %v\r\n\r\n", path, addr)
		pages = append(pages, &page{
			out: bytes.Repeat(request, o.depth), depth: o.depth, body: []byte(work.Bodies[i]), timed: work.Timed[i],
		})
	}
	return func(_, id int) (exchange, error) { return &web{pages: pages, turn: id}, nil }, nil
}

func (w *web) page() *page { return w.pages[w.turn%len(w.pages)] }

// timed tells whether the time of the exchange that is complete counts.
func (w *web) timed() bool { return w.page().timed }

func (w *web) request() []byte {
	w.turn++
	w.in, w.whole = w.in[:0], false
	return w.page().out
}

func (w *web) reply(p []byte) (done bool, err error) {
	if w.whole {
		return false, fmt.Errorf("%.100q came behind the answers", p)
	}
	if len(w.in) > 0 {
		w.in = append(w.in, p...)
		p = w.in
	}
	page := w.page()
	if page.size == 0 && bytes.Contains(p, end) {
		if err := page.learn(p); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return false, err
		}
	}
	if page.size > 0 && len(p) >= page.depth*page.size {
		w.whole = true
		return true, page.check(p)
	}
	if len(w.in) == 0 {
		w.in = append(w.in, p...)
	}
	return false, nil
}

// learn reads an answer as a client does. Those that follow must be like it.
func (g *page) learn(p []byte) error {
	in := bytes.NewReader(p)
	r := bufio.NewReader(in)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !bytes.Equal(body, g.body) || resp.Close {
		return fmt.Errorf("%s, closed %t: %.100q; the body should be %.100q", resp.Status, resp.Close, body, g.body)
	}
	g.head = bytes.Index(p, end) + len(end)
	g.size = len(p) - in.Len() - r.Buffered()
	g.body = bytes.Clone(p[g.head:g.size]) // with the chunks' sizes, if there are some
	return nil
}

var (
	ok  = []byte("HTTP/1.1 200 OK\r\n")
	end = []byte("\r\n\r\n") // of a head
)

// check looks whether all answers are like the first one.
func (g *page) check(p []byte) error {
	if len(p) != g.depth*g.size {
		return fmt.Errorf("%d bytes came behind the answers, of %d bytes each", len(p)-g.depth*g.size, g.size)
	}
	for ; len(p) > 0; p = p[g.size:] {
		if !bytes.HasPrefix(p, ok) || !bytes.Equal(p[g.head:g.size], g.body) {
			return fmt.Errorf("%.100q came; the body should be %.100q", p[:g.size], g.body)
		}
	}
	return nil
}
