package http

import (
	"fmt"
	"strings"
)

func targets() []exchange {
	all := []exchange{
		one("connect authority", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"),
		one("connect without host", "CONNECT a.example:443 HTTP/1.1\r\n\r\n"),
		one("connect path", "CONNECT /dump HTTP/1.1\r\nHost: a\r\n\r\n"),
		one("options asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
		one("options asterisk with a body", "OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
		one("options path", request("OPTIONS", "/dump")),
		one("options absolute", request("OPTIONS", "http://b.example/dump")),
		one("get asterisk", get("*")),
		one("absolute and host differ", "GET http://b.example/dump HTTP/1.1\r\nHost: a.example\r\n\r\n"),
		one("absolute without host", "GET http://b.example/dump HTTP/1.1\r\n\r\n"),
		one("absolute and host empty", "GET http://b.example/dump HTTP/1.1\r\nHost:\r\n\r\n"),
		one("host empty", "GET /dump HTTP/1.1\r\nHost:\r\n\r\n"),
		one("host with port", "GET /dump HTTP/1.1\r\nHost: a.example:81\r\n\r\n"),
		one("host ipv6", "GET /dump HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
		one("host in upper case", "GET /dump HTTP/1.1\r\nHOST: A.Example\r\n\r\n"),
		one("host missing", "GET /dump HTTP/1.1\r\n\r\n"),
		one("host by pattern", "GET /x HTTP/1.1\r\nHost: host.example\r\n\r\n"),
		one("long target", get("/dump?"+strings.Repeat("a", 8000))),
		{name: "options asterisk to the handler", send: []string{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"}, on: "no options"},
	}
	for _, target := range []string{
		"/dump?a=1&b=2", "/dump?", "/dump?a;b", "/dump?a=%zz", "/dump#fragment", "/dump?q#f", "/dump%2Fx", "/du%6Dp", "/dump/",
		"//dump", "//host/dump", "/./dump", "/x/../dump", "/../dump", "/tree//a//b", "/tree/a%2Fb", "/tree/a%20b", "/tree/a+b", "/tree/%00",
		"/tree/%zz", "/tree/%", "/tree/ü", "/tree/\xff", "/tree/a:b", "/tree/a;b", "/tree/a,b", "/tree/~a", "/tree/\"a\"", "/tree/<a>", "/tree/{a}", "/tree/a|b", "/tree/a\\b",
		"/tree/a^b", "/tree/a`b", "/tree/a?b?c", "/tree/[a]", "/tree/a@b", "/tree/$&'()*", "dump", "dump?x", "?x", "a:b", "http:", "http:/dump", "http://", "http:///dump", "http://b.example",
		"http://b.example?x=1", "http://user:pass@b.example/dump", "http://b.example:99/dump", "http://[::1]:99/dump", "http://[::1/dump", "http://b.example:port/dump",
		"https://b.example/dump", "HTTP://b.example/dump", "ftp://b.example/dump", "mailto:a@b.example", "://b", "/dump\x01", "/dump\x7f", "/dump%0d%0ax:y",
	} {
		all = append(all, one("target "+target, get(target)))
	}
	for _, method := range []string{
		"GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "get", "X", "M-SEARCH", "A!#$%&'*+.^_`|~", "LONGMETHODNAMEOFSOMESORT" + strings.Repeat("X", 100),
		"G(T", "G,T", "G\x00T", "GÉT", "G\tT", "\"GET\"",
	} {
		all = append(all, one("method "+method, request(method, "/dump")))
	}
	return all
}

func versions() (all []exchange) {
	for _, v := range []string{
		"HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/1.9", "HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/1", "HTTP/11", "HTTP/1.", "HTTP/.1", "HTTP/01.1", "HTTP/1.10",
		"HTTP/1.1 ", " HTTP/1.1", "http/1.1", "HTTP 1.1", "HTTP/1,1", "HTTP/a.b", "HTTPS/1.1", "HTTP/-1.1", "HTTP/+1.1", "ICY/1.1", "HTTP/1.1x", "HTTP/10.1", "",
	} {
		all = append(all, exchange{name: "version " + v, send: []string{"GET /dump " + v + "\r\nHost: a\r\n\r\n"}, answers: 1})
	}
	return append(all,
		exchange{name: "no version", send: []string{"GET /dump\r\n\r\n"}, answers: 1},
		exchange{name: "pri", send: []string{"PRI * HTTP/2.0\r\n\r\n"}, half: true, plain: "HTTP/2 is negotiated there"},
		exchange{name: "pri with fields", send: []string{"PRI * HTTP/2.0\r\nHost: a\r\n\r\n"}, answers: 1},
		one("1.0 with host", old("GET", "/dump", "Host: a.example")),
		one("1.0 without host", old("GET", "/dump")),
		one("1.0 absolute", old("GET", "http://b.example/dump")),
		one("1.0 head", old("HEAD", "/do?w=10")),
		one("1.0 post", old("POST", "/do?read&dump", "Content-Length: 3")+"abc"),
	)
}

func fields() []exchange {
	all := []exchange{
		one("names made canonical", get("/dump", "x-a-b: 1", "X-C: 2", "ACCEPT-encoding: 3", "eTAG: 4", "x_y: 5", "1: 6", "!#$%&'*+.^_`|~: 7")),
		one("duplicates", get("/dump", "X-A: 1", "x-a: 2", "X-A: 3", "X-B: 1", "X-A:")),
		one("values", get("/dump", "X-Empty:", "X-Blank:   ", "X-Padded: \t a b \t ", "X-Colon: a:b:c", "X-Comma: a, b,c", "X-Quoted: \"a\\\"b\"")),
		one("values not of ascii", get("/dump", "X-Latin: caf\xe9", "X-Utf: ü漢", "X-High: \x80\xff")),
		one("value with a tab", get("/dump", "X-Tab: a\tb")),
		one("long value", get("/dump", "X-Long: "+strings.Repeat("v", 20_000))),
		one("long name", get("/dump", "X-"+strings.Repeat("n", 5000)+": v")),
		one("cookies", get("/dump", "Cookie: a=1; b=2", "Cookie: c=\"3\"; bad; =x; d=4=5")),
		one("no space behind the colon", get("/dump", "X-A:1")),
		one("basic auth", get("/dump", "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "User-Agent: me", "Referer: /there")),
		one("connection tokens", get("/dump", "Connection: keep-alive, Foo", "Foo: 1")),
		one("proxy fields", get("/dump", "Proxy-Connection: keep-alive", "Keep-Alive: timeout=5", "TE: trailers", "Via: 1.1 x")),
		one("pragma", get("/dump", "Pragma: no-cache"), get("/dump", "Pragma: no-cache", "Cache-Control: max-age=0")),
		one("upgrade ignored", get("/dump", "Connection: Upgrade", "Upgrade: websocket")),
		one("h2c upgrade ignored", get("/dump", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")),
		one("trailer announced without a body", get("/dump", "Trailer: X-T")),
		one("content length zero of get", get("/dump", "Content-Length: 0")),
		one("content type without a body", get("/dump", "Content-Type: text/plain")),
		one("empty lines before a request", "\r\n"+get("/dump")),
		one("empty lines before a second request", get("/dump"), "\r\n\r\n"+get("/dump")),
		one("empty lines behind a post", post("read", "abc"), "\r\n\r\n", get("/dump")),
		one("request fields of the journal", post("see&read", "abc", "X-A: b")),
	}
	all[18].answers, all[19].answers = 1, 2
	for _, n := range []int{10, 100, 500, 1500} {
		var many []string
		for i := range n {
			many = append(many, fmt.Sprintf("X-%d: %d", i%(n/2), i))
		}
		all = append(all, one(fmt.Sprint(n, " fields"), get("/dump", many...)))
	}
	for _, host := range []string{"a b", "a/b", "a\tb", "a,b", "a<b", "ü.example", "%41", "a@b", "a?b", "a#b", "a\\b", "[::1", "a:b:c", ":80", "a\"b", "a;b", "-", "_", "a^b", "a|b", "a{b", "a`b", "\xff"} {
		all = append(all, one("host "+host, "GET /dump HTTP/1.1\r\nHost: "+host+"\r\n\r\n"))
	}
	return append(all,
		exchange{name: "head within a small limit", send: []string{get("/empty", "X-A: "+strings.Repeat("a", 3000))}, on: "small heads"},
		exchange{name: "head beyond a small limit", send: []string{get("/empty", "X-A: "+strings.Repeat("a", 20_000))}, on: "small heads", racy: true},
		exchange{name: "many fields beyond a small limit", send: []string{get("/empty", strings.Split(strings.Repeat("X-A: a\n", 3000)+"X: y", "\n")...)}, on: "small heads", racy: true},
		exchange{name: "target beyond a small limit", send: []string{get("/empty?" + strings.Repeat("a", 20_000))}, on: "small heads", racy: true},
		exchange{name: "second head beyond a small limit", send: []string{get("/empty"), get("/empty", "X-A: "+strings.Repeat("a", 20_000))}, on: "small heads", racy: true},
		exchange{name: "trailers beyond a small limit", send: []string{chunked("read", "3\r\nabc\r\n0\r\nX-T: "+strings.Repeat("t", 20_000)+"\r\n\r\n")}, on: "small heads", racy: true},
		exchange{name: "with timeouts", send: []string{post("read", "abc"), get("/dump"), chunked("", "3\r\nabc\r\n0\r\n\r\n")}, on: "timeouts"},
	)
}

// malformed are requests that no server should understand.
func malformed() (all []exchange) {
	bad := func(name, send string) { all = append(all, exchange{name: name, send: []string{send}, answers: 1}) }
	head := func(name, line string) { bad(name, "GET /dump HTTP/1.1\r\nHost: a\r\n"+line+"\r\n\r\n") }
	head("space before the colon", "X-A : 1")
	head("tab before the colon", "X-A\t: 1")
	head("no colon", "X-A")
	head("no name", ": 1")
	head("space in a name", "X A: 1")
	head("name in brackets", "X(A): 1")
	head("name not of ascii", "Xü: 1")
	head("folded value", "X-A: 1\r\n 2")
	head("folded value by a tab", "X-A: 1\r\n\t2")
	head("first line folded", " X-A: 1")
	head("nul in a value", "X-A: a\x00b")
	head("control in a value", "X-A: a\x01b")
	head("delete in a value", "X-A: a\x7fb")
	head("cr in a value", "X-A: a\rb")
	head("nul in a name", "X\x00A: 1")
	head("two hosts", "Host: b")
	head("two equal hosts", "Host: a")
	head("length negative", "Content-Length: -1")
	head("length with a plus", "Content-Length: +1")
	head("length not a number", "Content-Length: x")
	head("length empty", "Content-Length:")
	head("length in hex", "Content-Length: 0x1")
	head("length too large", "Content-Length: 99999999999999999999")
	head("length with a space", "Content-Length: 1 1")
	head("lengths that differ", "Content-Length: 1\r\nContent-Length: 2")
	head("lengths in a list", "Content-Length: 0, 0")
	head("coding unknown", "Transfer-Encoding: x")
	head("coding empty", "Transfer-Encoding:")
	head("coding identity", "Transfer-Encoding: identity")
	head("codings gzip, chunked", "Transfer-Encoding: gzip, chunked")
	head("codings chunked, gzip", "Transfer-Encoding: chunked, gzip")
	head("coding twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")
	head("coding quoted", "Transfer-Encoding: \"chunked\"")
	head("coding with a vertical tab", "Transfer-Encoding: \x0bchunked")
	bad("equal lengths twice", "POST /do?read HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc")
	bad("length and coding", chunked("read", "3\r\nabc\r\n0\r\n\r\n", "Content-Length: 3"))
	bad("coding of 1.0", old("POST", "/do?read", "Transfer-Encoding: chunked")+"3\r\nabc\r\n0\r\n\r\n")
	bad("coding in upper case", request("POST", "/do?read", "Transfer-Encoding: CHUNKED")+"3\r\nabc\r\n0\r\n\r\n")
	bad("bare lf behind the request line", "GET /dump HTTP/1.1\nHost: a\r\n\r\n")
	bad("bare lf behind a field", "GET /dump HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n")
	bad("bare lf at the end", "GET /dump HTTP/1.1\r\nHost: a\r\n\n")
	bad("all bare lf", "GET /dump HTTP/1.1\nHost: a\n\n")
	bad("two spaces in the request line", "GET  /dump HTTP/1.1\r\nHost: a\r\n\r\n")
	bad("two spaces before the version", "GET /dump  HTTP/1.1\r\nHost: a\r\n\r\n")
	bad("tabs in the request line", "GET\t/dump\tHTTP/1.1\r\nHost: a\r\n\r\n")
	bad("space before the method", " GET /dump HTTP/1.1\r\nHost: a\r\n\r\n")
	bad("four words", "GET /dump x HTTP/1.1\r\nHost: a\r\n\r\n")
	bad("one word", "GET\r\nHost: a\r\n\r\n")
	bad("nothing but spaces", "   \r\n\r\n")
	bad("tls hello", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03abc\r\n\r\n")
	bad("binary", "\x00\x01\x02\x03\xff\xfe\r\n\r\n")
	for name, raw := range map[string]string{
		"size empty": "\r\nabc\r\n0\r\n\r\n", "size negative": "-3\r\nabc\r\n0\r\n\r\n", "size signed": "+3\r\nabc\r\n0\r\n\r\n", "size 0x": "0x3\r\nabc\r\n0\r\n\r\n", "size letters": "zz\r\nabc\r\n0\r\n\r\n",
		"size huge": "ffffffffffffffff1\r\nabc\r\n0\r\n\r\n", "size max": "7fffffffffffffff\r\nabc", "bare lf behind a size": "3\nabc\r\n0\r\n\r\n", "bare lf behind data": "3\r\nabc\n0\r\n\r\n",
		"data too long": "3\r\nabcd\r\n0\r\n\r\n", "data too short": "3\r\nab\r\n0\r\n\r\n", "space before a size": " 3\r\nabc\r\n0\r\n\r\n", "space behind a size": "3 \r\nabc\r\n0\r\n\r\n", "trailer without colon": "3\r\nabc\r\n0\r\nX\r\n\r\n",
		"trailer with space before the colon": "3\r\nabc\r\n0\r\nX : 1\r\n\r\n", "bare lf in trailers": "3\r\nabc\r\n0\r\nX: 1\n\r\n", "bare lf at the end": "3\r\nabc\r\n0\r\n\n",
		"extension without a name": "3;\r\nabc\r\n0\r\n\r\n", "extension with cr": "3;a\rb\r\nabc\r\n0\r\n\r\n", "extension with lf": "3;a\nb\r\nabc\r\n0\r\n\r\n", "size underscore": "1_0\r\nabc\r\n0\r\n\r\n", "trailer folded": "3\r\nabc\r\n0\r\nX: 1\r\n 2\r\n\r\n",
	} {
		all = append(all, exchange{name: "chunks: " + name, send: []string{chunked("read", raw)}, half: true, racy: true},
			exchange{name: "chunks unread: " + name, send: []string{chunked("", raw)}, half: true, racy: true, mayClose: true})
	}
	return all
}
