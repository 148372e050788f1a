package http

import (
	"fmt"
	"strings"
)

// chunks cuts a body into chunks of n bytes.
func chunks(body string, n int) string {
	var s strings.Builder
	for len(body) > 0 {
		n = min(n, len(body))
		fmt.Fprintf(&s, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return s.String() + "0\r\n\r\n"
}

func bodies() []exchange {
	long := string(text(100_000))
	all := []exchange{
		one("post read", post("read&dump", "abc")),
		one("post empty", post("read&dump", "")),
		one("post without length", request("POST", "/do?read&dump")),
		one("put read", request("PUT", "/do?read&dump", "Content-Length: 3")+"abc"),
		one("get with a body", request("GET", "/do?read&dump", "Content-Length: 3")+"abc"),
		one("delete with a body", request("DELETE", "/do?read&dump", "Content-Length: 3")+"abc"),
		one("head with a body", request("HEAD", "/do?read&w=5", "Content-Length: 3")+"abc"),
		one("patch chunked", request("PATCH", "/do?read&dump", "Transfer-Encoding: chunked")+"3\r\nabc\r\n0\r\n\r\n"),
		one("get chunked", request("GET", "/do?read&dump", "Transfer-Encoding: chunked")+"3\r\nabc\r\n0\r\n\r\n"),
		one("length with leading zeros", request("POST", "/do?read&dump", "Content-Length: 0003")+"abc"),
		one("length padded", request("POST", "/do?read&dump", "Content-Length:  3 ")+"abc"),
		one("chunked read", chunked("see&read&dump", chunks("hello, world", 5))),
		one("chunked empty", chunked("read&dump", "0\r\n\r\n")),
		one("chunked in singles", chunked("read", chunks("hello, world", 1))),
		one("chunk size in upper case", chunked("read", "A\r\n0123456789\r\n0\r\n\r\n")),
		one("chunk size with zeros", chunked("read", "0000000A\r\n0123456789\r\n000\r\n\r\n")),
		one("chunk extensions", chunked("read", "3;a=b;c=\"d\"\r\nabc\r\n0;last\r\n\r\n")),
		one("chunk extension long", chunked("read", "3;"+strings.Repeat("x", 1000)+"\r\nabc\r\n0\r\n\r\n")),
		one("trailers", chunked("see&trailer&read&trailer&dump", "3\r\nabc\r\n0\r\nX-T: 1\r\nx-u: 2\r\nX-T: 3\r\n\r\n", "Trailer: X-T, X-U")),
		one("trailers not announced", chunked("trailer&read&trailer", "3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n")),
		one("trailers announced in part", chunked("trailer&read&trailer", "3\r\nabc\r\n0\r\nX-T: 1\r\nX-V: 1\r\n\r\n", "Trailer: X-T")),
		one("trailers announced and missing", chunked("trailer&read&trailer", "3\r\nabc\r\n0\r\n\r\n", "Trailer: X-T")),
		one("trailers announced twice", chunked("trailer&read&trailer", "3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n", "Trailer: X-T", "Trailer: X-U")),
		one("trailer length announced", chunked("trailer&read&trailer", "3\r\nabc\r\n0\r\nContent-Length: 1\r\n\r\n", "Trailer: Content-Length")),
		one("trailer coding sent", chunked("trailer&read&trailer", "3\r\nabc\r\n0\r\nTransfer-Encoding: x\r\n\r\n")),
		one("trailer announced with a length", post("trailer&read&trailer", "abc", "Trailer: X-T")),
		one("trailers unread", chunked("", "3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n", "Trailer: X-T")),
		one("long body", post("read", long)),
		one("long chunked body", chunked("read", chunks(long, 7000))),
		one("body in three reads", post("read=1&read=1&read", "abcdef")),
		one("body read to its length", post("read=6&read=1&read", "abcdef")),
		one("read behind the end", post("read&read&read=1", "abc")),
		one("read more than there is", post("read=10", "abc")),
		one("read behind close", post("read=1&close&read&read=1&close", "abcdef")),
		one("read none, close", post("close&read", "abcdef")),
		one("close behind the end", chunked("read&close&read", chunks("abc", 3))),
		one("close chunked", chunked("read=1&close", chunks("abcdef", 3))),
		one("no body, read", do("read&read=1&close&read")),
		one("write, then read a small body", post("w=10&read&w=10", "abc")),
		{name: "body cut by the client", send: []string{request("POST", "/do?read&w=10", "Content-Length: 10") + "abc"}, half: true, mayClose: true},
		{name: "body cut before a byte", send: []string{request("POST", "/do?read&w=10", "Content-Length: 10")}, half: true, mayClose: true},
		{name: "chunked body cut", send: []string{chunked("read&w=10", "5\r\nab")}, half: true},
		{name: "chunked body cut between chunks", send: []string{chunked("read&w=10", "2\r\nab\r\n")}, half: true},
		{name: "chunked body cut before trailers", send: []string{chunked("read&w=10", "2\r\nab\r\n0\r\n")}, half: true},
		{name: "head cut", send: []string{"GET /dump HTTP/1.1\r\nHost: a\r\nX-A:"}, half: true},
		{name: "request line cut", send: []string{"GET /dum"}, half: true},
		{name: "nothing sent", send: []string{"\r\n"}, half: true},
		{name: "second head cut", send: []string{get("/dump"), "GET /dump HTTP/1.1\r\nHost: a\r\n"}, half: true, answers: 3},
		{name: "second request line cut", send: []string{get("/dump"), "GE"}, half: true, answers: 3},
		{name: "end behind a request", send: []string{get("/dump")}, half: true},
		{name: "end behind a post", send: []string{post("read&w=10", "abc")}, half: true},
		{name: "end behind a long answer", send: []string{do("w=100000")}, half: true},
		{name: "end behind pipelined requests", send: []string{get("/dump"), get("/empty"), post("read", "abc")}, half: true},
	}
	for _, n := range []int{1, 2, 4095, 4096, 4097, 65_535, 65_536, 65_537} {
		body := string(text(n))
		all = append(all, one(fmt.Sprint("body of ", n), post("read", body)), one(fmt.Sprint("chunk of ", n), chunked("read", chunks(body, n))))
	}
	return all
}

func unreadBodies() []exchange {
	var all []exchange
	for _, n := range []int{1, 1000, 100_000, 256<<10 - 1, 256 << 10, 256<<10 + 1, 1 << 20} {
		body := string(text(n))
		big := n >= 256<<10
		all = append(all,
			exchange{name: fmt.Sprint("unread body of ", n), send: []string{post("w=10", body)}, racy: big},
			exchange{name: fmt.Sprint("unread chunked body of ", n), send: []string{chunked("w=10", chunks(body, 4000))}, racy: big, mayClose: big},
			exchange{name: fmt.Sprint("partly read body of ", n), send: []string{post("read=1&w=10", body)}, racy: big},
			exchange{name: fmt.Sprint("partly read chunked body of ", n), send: []string{chunked("read=1&w=10", chunks(body, 4000))}, racy: big, mayClose: big},
			exchange{name: fmt.Sprint("unread body behind a flush of ", n), send: []string{post("w=10&flush&w=10", body)}, racy: big},
			exchange{name: fmt.Sprint("unread body and a long answer of ", n), send: []string{post("w=100000", body)}, racy: big},
			exchange{name: fmt.Sprint("closed body of ", n), send: []string{post("close&w=10", body)}, racy: big},
			exchange{name: fmt.Sprint("closed body of 2, ", n), send: []string{post("read=1&close&w=10", body)}, racy: big},
			exchange{name: fmt.Sprint("unread body and Connection: close of ", n), send: []string{post("h=Connection:close&w=10", body)}, racy: true},
			exchange{name: fmt.Sprint("unread body and close asked for of ", n), send: []string{post("w=10", body, "Connection: close")}, racy: true},
			exchange{name: fmt.Sprint("unread body, then a request, of ", n), send: []string{post("w=10", body), get("/dump")}, racy: big},
			exchange{name: fmt.Sprint("unread body of 1.0 of ", n), send: []string{old("POST", "/do?w=10", fmt.Sprint("Content-Length: ", n)) + body}, racy: true},
		)
	}
	return append(all,
		one("unread body, handler does nothing", post("", "abc")),
		one("unread body, no content", post("status=204", "abc")),
		one("unread body, error", post("error=no", "abc")),
		one("unread body, head", request("HEAD", "/do?w=3", "Content-Length: 3")+"abc"),
		exchange{name: "unread body malformed", send: []string{chunked("w=10", "3\r\nabc\r\nxx\r\n")}, racy: true, mayClose: true},
		exchange{name: "unread body cut", send: []string{request("POST", "/do?w=10", "Content-Length: 10") + "abc"}, half: true, racy: true, mayClose: true},
		exchange{name: "answer before a body that comes", send: []string{request("POST", "/do?w=10&flush&read&w=10", "Content-Length: 3") + "abc"}},
	)
}

func pipelines() (all []exchange) {
	for _, n := range []int{2, 3, 8, 16, 32} {
		mixes := map[string]func(i int) string{
			"dumps":   func(i int) string { return get(fmt.Sprint("/dump?", i)) },
			"posts":   func(i int) string { return post("read&dump", strings.Repeat("x", i)) },
			"chunked": func(i int) string { return chunked("read&dump", chunks(strings.Repeat("y", 3*i), 4)) },
			"unread":  func(i int) string { return post("w=10", strings.Repeat("z", 7*i)) },
			"writes":  func(i int) string { return do(fmt.Sprint("w=", i*300)) },
			"flushes": func(i int) string { return do(fmt.Sprint("w=5&flush&w=", i)) },
			"heads":   func(i int) string { return request([]string{"HEAD", "GET"}[i%2], "/do?w=20") },
			"mixture": func(i int) string {
				switch i % 6 {
				case 0:
					return get("/dump")
				case 1:
					return post("read&w=3000", strings.Repeat("b", 100*i))
				case 2:
					return chunked("w=9", chunks(strings.Repeat("c", 50*i), 11))
				case 3:
					return request("HEAD", "/do?w=10")
				case 4:
					return do("status=204")
				}
				return do("status=304&flush")
			},
		}
		for name, make := range mixes {
			x := exchange{name: fmt.Sprint(n, " pipelined ", name)}
			for i := range n {
				x.send = append(x.send, make(i))
			}
			all = append(all, x)
		}
	}
	return append(all,
		exchange{name: "pipelined behind close", send: []string{get("/dump"), do("h=Connection:close"), get("/dump")}, racy: true},
		exchange{name: "pipelined behind close asked for", send: []string{get("/dump", "Connection: close"), get("/dump")}, racy: true},
		exchange{name: "pipelined behind 1.0", send: []string{old("GET", "/dump"), get("/dump")}, racy: true},
		exchange{name: "pipelined 1.0 and kept", send: []string{old("GET", "/dump", "Connection: keep-alive"), get("/dump")}},
		exchange{name: "pipelined behind a bad request", send: []string{"GET /dump HTTP/1.1\r\nbad\r\n\r\n", get("/dump")}, racy: true},
		exchange{name: "pipelined bad request", send: []string{get("/dump"), get("/dump"), "BAD\r\n\r\n"}, answers: 3, racy: true},
		exchange{name: "pipelined panic", send: []string{get("/dump"), do("panic"), get("/dump")}, racy: true},
		exchange{name: "pipelined wrong length", send: []string{do("h=Content-Length:10&w=5"), get("/dump")}, racy: true},
		exchange{name: "pipelined long bodies", send: []string{post("read", string(text(200_000))), post("read", string(text(150_000))), get("/dump")}},
		exchange{name: "pipelined long answers", send: []string{do("w=300000"), do("w=200x3000"), do("file"), do("w=1")}},
		exchange{name: "pipelined handler reads no further", send: []string{post("read=2", "abc"), get("/dump")}},
		exchange{name: "one after another", send: []string{get("/dump"), "", post("read", "abc"), "", get("/empty"), "", do("w=5000")}},
	)
}

func expectations() []exchange {
	wait := []string{"Expect: 100-continue", "Content-Length: 3"}
	return []exchange{
		one("continue, read, waits", request("POST", "/do?read&w=10", wait...), "", "abc"),
		{name: "continue, read, does not wait", send: []string{request("POST", "/do?read&w=10", wait...) + "abc"}, no100: true},
		{name: "continue, unread, waits", send: []string{request("POST", "/do?w=10", wait...), "", "abc"}, racy: true},
		{name: "continue, unread, does not wait", send: []string{request("POST", "/do?w=10", wait...) + "abc"}, racy: true},
		{name: "continue, unread, error", send: []string{request("POST", "/do?error=no", wait...), "", "abc"}, racy: true},
		{name: "continue, unread, client ends", send: []string{request("POST", "/do?w=10", wait...)}, half: true},
		one("continue, read in part", request("POST", "/do?read=1&w=10", wait...), "", "abc"),
		{name: "continue, closed", send: []string{request("POST", "/do?close&w=10", wait...) + "abc"}, racy: true},
		one("continue, chunked", request("POST", "/do?read&w=10", "Expect: 100-continue", "Transfer-Encoding: chunked"), "", "3\r\nabc\r\n0\r\n\r\n"),
		one("continue, chunked with trailers", request("POST", "/do?read&trailer", "Expect: 100-continue", "Transfer-Encoding: chunked", "Trailer: X-T"), "", "3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"),
		one("continue, no body", request("POST", "/do?read&w=10", "Expect: 100-continue", "Content-Length: 0")),
		one("continue, get", request("GET", "/do?read&w=10", "Expect: 100-continue")),
		one("continue in upper case", request("POST", "/do?read&w=10", "Expect: 100-CONTINUE", "Content-Length: 3"), "", "abc"),
		one("continue of 1.0", old("POST", "/do?read&w=10", wait...)+"abc"),
		one("continue written by the handler", request("POST", "/do?status=100&read&w=10", wait...), "", "abc"),
		one("continue written by the handler twice", request("POST", "/do?status=100&status=100&read&w=10", wait...), "", "", "abc"),
		one("continue written by the handler without being asked", do("status=100&w=10")),
		{name: "continue, headers first", send: []string{request("POST", "/do?status=201&read&w=10", wait...) + "abc"}, racy: true},
		{name: "continue, flush first", send: []string{request("POST", "/do?flush&read&w=10", wait...) + "abc"}, racy: true},
		{name: "continue, write first", send: []string{request("POST", "/do?w=5&read&w=10", wait...) + "abc"}, racy: true},
		{name: "continue, read, then a request", send: []string{request("POST", "/do?read&w=10", wait...), "", "abc", get("/dump")}},
		{name: "continue and close", send: []string{request("POST", "/do?read&w=10", append(wait, "Connection: close")...), "", "abc"}},
		{name: "other expectation", send: []string{get("/dump", "Expect: more")}, racy: true},
		{name: "other expectation with a body", send: []string{post("read", "abc", "Expect: more")}, racy: true},
		{name: "two expectations", send: []string{request("POST", "/do?read", "Content-Length: 3", "Expect: 100-continue, more"), "", "abc"}},
		{name: "two expectation fields", send: []string{request("POST", "/do?read", "Content-Length: 3", "Expect: 100-continue", "Expect: more"), "", "abc"}},
		one("expectation empty", get("/dump", "Expect:")),
		{name: "continue within a limit", send: []string{request("POST", "/maxbytes?read&w=1", wait...), "", "abc"}},
		{name: "continue beyond a limit", send: []string{request("POST", "/maxbytes?read&w=1", "Expect: 100-continue", "Content-Length: 20"), "", strings.Repeat("x", 20)}, racy: true},
		{name: "early hints and continue", send: []string{request("POST", "/do?h=Link:a&status=103&read&w=10", wait...), "", "", "abc"}},
	}
}
