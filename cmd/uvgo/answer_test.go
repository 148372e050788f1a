package main

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestAnswersAreReadInAnyPieces(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		head       bool
		want       []int // statuses
		last       bool
		err        error
	}{
		{name: "length", text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", want: []int{200}},
		{name: "case", text: "HTTP/1.1 200 OK\r\ncontent-LENGTH:5 \r\n\r\nhello", want: []int{200}},
		{name: "no reason", text: "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", want: []int{200}},
		{name: "two", text: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nbc", want: []int{200, 404}},
		{name: "none", text: "HTTP/1.1 204 No\r\n\r\nHTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", want: []int{204, 304}},
		{name: "hints", text: "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", want: []int{200}},
		{name: "head", text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", head: true, want: []int{200, 200}},
		{name: "chunks", text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n00a;x=y\r\n0123456789\r\n0\r\n\r\n", want: []int{200}},
		{name: "trailers", text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX: y\r\nZ: 0\r\n\r\nHTTP/1.1 201 C\r\nContent-Length: 0\r\n\r\n", want: []int{200, 201}},
		{name: "close", text: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", want: []int{200}, last: true},
		{name: "1.0", text: "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", want: []int{200}, last: true},
		{name: "1.0 that lasts", text: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", want: []int{200}},
		{name: "until the end", text: "HTTP/1.1 200 OK\r\n\r\neverything", want: nil, last: true},
		{name: "garbage", text: "SSH-2.0-OpenSSH\r\n\r\n", err: errAnswer},
		{name: "short", text: "HTTP/1.1\r\n\r\n", err: errAnswer},
		{name: "status", text: "HTTP/1.1 2x0 OK\r\n\r\n", err: errAnswer},
		{name: "no colon", text: "HTTP/1.1 200 OK\r\nnothing\r\n\r\n", err: errAnswer},
		{name: "negative", text: "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", err: errAnswer},
		{name: "upgrade", text: "HTTP/1.1 101 Switching\r\n\r\n", err: errAnswer},
		{name: "endless head", text: "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHead), err: errHead},
		{name: "no size", text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", err: errChunk},
		{name: "a word", text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", err: errChunk},
		{name: "large size", text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", err: errChunk},
		{name: "longer than its size", text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", err: errChunk},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			for round := range 200 {
				a := answer{noBody: tt.head}
				var got []int
				var err error
				for text := []byte(tt.text); len(text) > 0 && err == nil; {
					piece := len(text) // first whole, then byte by byte, then by chance
					if round == 1 {
						piece = 1
					} else if round > 1 {
						piece = 1 + rnd.IntN(len(text))
					}
					var n int
					n, err = a.hear(text[:piece:piece])
					if err == nil && n < piece && !a.whole() {
						t.Fatalf("%d of %d bytes were read, and the answer is not whole", n, piece)
					}
					if text = text[n:]; err == nil && a.whole() {
						got = append(got, a.status)
					}
				}
				if !errors.Is(err, tt.err) || err == nil && (!slices.Equal(got, tt.want) || a.last != tt.last) {
					t.Fatalf("round %d: statuses %v, %v, last %v; want %v, %v, %v", round, got, err, a.last, tt.want, tt.err, tt.last)
				}
				if err == nil && tt.want != nil && !a.fresh() || tt.want == nil && tt.err == nil && a.state != untilEnd {
					t.Fatalf("round %d: state %d at the end", round, a.state)
				}
			}
		})
	}
}

func TestReadingAnAnswerAllocatesNothing(t *testing.T) {
	var a answer
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\nDate: today\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	} {
		p := []byte(text)
		if n := testing.AllocsPerRun(100, func() {
			if n, err := a.hear(p); n != len(p) || err != nil || !a.whole() {
				t.Fatalf("%d, %v", n, err)
			}
		}); n != 0 {
			t.Errorf("%v allocations for %q", n, text)
		}
	}
}
