package http

import (
	"fmt"
	"net/url"
)

func statuses() (all []exchange) {
	for _, code := range []int{200, 201, 202, 203, 204, 205, 206, 207, 226, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 416, 418, 422, 426, 429, 431, 451, 500, 501, 502, 503, 504, 505, 511, 299, 599, 600, 999} {
		all = append(all,
			one(fmt.Sprint("status ", code), do(fmt.Sprint("status=", code))),
			one(fmt.Sprint("status and body ", code), do(fmt.Sprint("status=", code, "&w=10"))),
		)
	}
	for _, code := range []int{204, 304, 205} {
		all = append(all,
			one(fmt.Sprint("fields with status ", code), do(fmt.Sprint("h=Content-Length:5&h=Content-Type:text/x&h=Transfer-Encoding:chunked&h=ETag:x&status=", code, "&flush"))),
			one(fmt.Sprint("old, status ", code), old("GET", fmt.Sprint("/do?status=", code), "Connection: keep-alive")),
			one(fmt.Sprint("trailers with status ", code), do(fmt.Sprint("h=Trailer:X-T&status=", code, "&h=X-T:1"))),
		)
	}
	for _, code := range []int{-1, 0, 1, 99, 1000, 12345} {
		all = append(all, exchange{name: fmt.Sprint("invalid status ", code), send: []string{do(fmt.Sprint("status=", code))}})
	}
	return append(all,
		one("status twice", do("status=201&status=202&w=3")),
		one("status behind a write", do("w=3&status=404&w=3")),
		one("status behind a flush", do("flush&status=404&w=3")),
		one("invalid status behind a write", do("w=3&status=0")),
		one("early hints", do("h=Link:</a>&status=103&h=Link:</b>&status=103&w=10")),
		one("early hints and nothing", do("h=Link:a&status=103")),
		one("processing", do("status=102&status=102&status=200&w=3")),
		one("early hints of 1.0", old("GET", "/do?h=Link:a&status=103&w=3")),
		one("early hints of head", request("HEAD", "/do?h=Link:a&status=103&w=3")),
		one("early hints behind the status", do("status=200&status=103&w=3")),
		one("early hints behind a flush", do("flush&status=103&w=3")),
		one("early hints with fields of a body", do("h=Content-Length:3&h=Transfer-Encoding:chunked&h=Content-Type:x/y&status=103&nil=Transfer-Encoding&w=3")),
		one("other 1xx", do("status=110&status=199&w=3")),
		exchange{name: "switching without hijack", send: []string{do("h=Connection:Upgrade&h=Upgrade:x&status=101&w=3", "Connection: Upgrade", "Upgrade: x")}, half: true},
		one("redirect", do("redirect=/there")),
		one("redirect relative", do("redirect=there")),
		one("redirect of post", post("redirect=/there", "abc")),
		one("error", do("error=no")),
		one("error behind fields", do("h=Content-Length:100&h=Content-Encoding:x&h=ETag:y&error=no")),
		one("cookie", do("cookie=v&cookie=w+x")),
		one("no pusher", do("push")),
	)
}

func lengths() []exchange {
	return []exchange{
		one("nothing written", do("")),
		one("length right", do("h=Content-Length:10&w=10")),
		one("length zero", do("h=Content-Length:0")),
		one("length zero and a write", do("h=Content-Length:0&w=3")),
		one("length right, flushed", do("h=Content-Length:10&w=5&flush&w=5")),
		one("length right, flushed first", do("h=Content-Length:10&flush&w=10")),
		one("length right of long", do("h=Content-Length:100000&w=100000")),
		one("length larger than what is written", do("h=Content-Length:20&w=10")),
		one("length too large: nothing", do("h=Content-Length:20")),
		one("length too large: flushed", do("h=Content-Length:20&w=10&flush")),
		one("length too large of long", do("h=Content-Length:100001&w=100000")),
		one("length too small", do("h=Content-Length:5&w=10")),
		one("length too small by writes", do("h=Content-Length:5&w=3&w=3&w=2")),
		one("length too small, flushed", do("h=Content-Length:5&w=5&flush&w=1")),
		one("length too small of long", do("h=Content-Length:99999&w=50000&w=50000")),
		one("length used up", do("h=Content-Length:5&w=5&w=0&w=1")),
		one("length too small by copy", do("h=Content-Length:5&copy=10")),
		one("length too small by file", do("h=Content-Length:5&file=10")),
		one("length invalid", do("h=Content-Length:x&w=3")),
		one("length negative by handler", do("h=Content-Length:-1&w=3")),
		one("length empty by handler", do("h=Content-Length:&w=3")),
		one("length twice by handler", do("add=Content-Length:3&add=Content-Length:4&w=3")),
		one("length padded by handler", do("h=Content-Length:+3&w=3")),
		one("length nil", do("nil=Content-Length&w=3")),
		one("length in lower case", do("raw=content-length:3&w=3")),
		one("length set behind the status", do("status=200&h=Content-Length:3&w=10")),
		one("length set behind a write", do("w=10&h=Content-Length:3&flush")),
		one("length of head", request("HEAD", "/do?h=Content-Length:12345")),
		one("length of head and writes", request("HEAD", "/do?h=Content-Length:10&w=10")),
		one("length of head wrong", request("HEAD", "/do?h=Content-Length:10&w=5")),
		one("length of head exceeded", request("HEAD", "/do?h=Content-Length:10&w=15")),
		one("head without length", request("HEAD", "/do?w=10")),
		one("head of nothing", request("HEAD", "/do?")),
		one("head of long", request("HEAD", "/do?w=10000")),
		one("head of long in many", request("HEAD", "/do?w=1000x100")),
		one("head flushed", request("HEAD", "/do?flush")),
		one("head flushed behind a write", request("HEAD", "/do?w=5&flush&w=5")),
		one("head with 404", request("HEAD", "/do?error=no")),
		one("head of a file", request("HEAD", "/do?file")),
		one("head chunked", request("HEAD", "/do?h=Transfer-Encoding:chunked&w=5")),
		one("length and head, kept", request("HEAD", "/do?h=Content-Length:10&w=5"), get("/dump")),
		one("204 with a length", do("h=Content-Length:5&status=204&w=5")),
		one("304 with a length", do("h=Content-Length:5&status=304&w=5")),
		one("304 with a type", do("h=Content-Type:a/b&h=Content-Length:5&status=304")),
	}
}

// keepAlives are all combinations of what a client of either version asks for and what a handler
// answers.
func keepAlives() (all []exchange) {
	clients := map[string][]string{
		"nothing": nil, "close": {"Connection: close"}, "keep-alive": {"Connection: keep-alive"}, "Keep-Alive": {"Connection: Keep-Alive"}, "CLOSE": {"Connection: CLOSE"},
		"both": {"Connection: keep-alive, close"}, "tokens": {"Connection: x, close , y"}, "twice": {"Connection: x", "Connection: close"},
	}
	handlers := map[string]string{
		"short": "w=10", "long": "w=5000", "length": "h=Content-Length:10&w=10", "nothing": "", "flush": "w=5&flush&w=5", "no content": "status=204", "close": "h=Connection:close&w=10",
		"keep-alive": "h=Connection:keep-alive&w=10", "keep-alive and length": "h=Connection:keep-alive&h=Content-Length:10&w=10", "keep-alive long": "h=Connection:keep-alive&w=5000", "Close": "h=Connection:Close&w=10",
		"close, x": "h=Connection:close,+x&w=10", "x": "h=Connection:x&w=10", "close behind a flush": "flush&h=Connection:close&w=10", "close twice": "add=Connection:x&add=Connection:close&w=10", "nil": "nil=Connection&w=10",
	}
	for cn, client := range clients {
		for hn, handler := range handlers {
			name := fmt.Sprintf("client %s, handler %s", cn, hn)
			all = append(all,
				one("1.1 "+name, do(handler, client...)),
				one("1.0 "+name, old("GET", "/do?"+handler, client...)),
			)
			if cn == "keep-alive" || cn == "close" {
				all = append(all,
					one("head 1.0 "+name, old("HEAD", "/do?"+handler, client...)),
					one("head 1.1 "+name, request("HEAD", "/do?"+handler, client...)),
					one("post 1.0 "+name, old("POST", "/do?read&"+handler, append(client, "Content-Length: 3")...)+"abc"),
				)
			}
			if cn == "keep-alive" || cn == "nothing" {
				all = append(all, exchange{name: "no keep-alives " + name, send: []string{do(handler, client...)}, on: "no keep"},
					exchange{name: "no keep-alives 1.0 " + name, send: []string{old("GET", "/do?"+handler, client...)}, on: "no keep"})
			}
		}
	}
	return append(all,
		one("1.2 keep", "GET /do?w=10 HTTP/1.2\r\nHost: a\r\n\r\n"),
		one("1.2 close", "GET /do?w=10 HTTP/1.2\r\nHost: a\r\nConnection: close\r\n\r\n"),
		exchange{name: "no keep-alives, bad request", send: []string{"BAD\r\n\r\n"}, on: "no keep", answers: 1},
		exchange{name: "no keep-alives, upgrade", send: []string{do("h=Connection:Upgrade&h=Upgrade:x&status=101&hijack&say=hi&hang", "Connection: Upgrade", "Upgrade: x")}, on: "no keep"},
	)
}

func answerFields() (all []exchange) {
	for name, steps := range map[string]string{
		"date":                     "h=Date:Thu,+01+Jan+1970+00:00:00+GMT&w=3",
		"date nil":                 "nil=Date&w=3",
		"date empty":               "h=Date:&w=3",
		"no type":                  "nil=Content-Type&w=3",
		"type empty":               "h=Content-Type:&w=3",
		"type":                     "h=Content-Type:a/b&w=3",
		"sniffed html":             "s=<html><b>",
		"sniffed binary":           "wb=100",
		"sniffed png":              "s=%89PNG%0d%0a%1a%0a",
		"sniffed json":             "s={}",
		"sniffed from two writes":  "s=<ht&s=ml>x",
		"sniffed before a flush":   "s=<ht&flush&s=ml>x",
		"sniffed of long":          "s=<html>&w=5000",
		"not sniffed: coded":       "h=Content-Encoding:gzip&w=3",
		"coding empty":             "h=Content-Encoding:&w=3",
		"type set behind a write":  "w=3&h=Content-Type:a/b&w=3",
		"field behind the status":  "status=200&h=X-A:1&w=3",
		"field behind a write":     "w=3&h=X-A:1",
		"field behind long writes": "w=5000&h=X-A:1&w=3",
		"field read back":          "h=X-A:1&status=200&get=X-A&h=X-A:2&get=X-A&w=3",
		"removed behind status":    "h=X-A:1&status=200&nil=X-A&w=3",
		"values":                   "h=X-A:a:b&add=X-A:c&h=X-Empty:&h=X-Nil:&nil=X-Nil&w=3",
		"not canonical":            "raw=x-a:1&raw=X-a:2&h=X-A:3&w=3",
		"newline in a value":       "h=X-A:" + url.QueryEscape("a\r\nX-B: b") + "&w=3",
		"lf in a value":            "h=X-A:" + url.QueryEscape("a\nb") + "&w=3",
		"nul in a value":           "h=X-A:" + url.QueryEscape("a\x00b") + "&w=3",
		"spaces around a value":    "h=X-A:" + url.QueryEscape("  a \t") + "&w=3",
		"value not of ascii":       "h=X-A:" + url.QueryEscape("ü\xff\x80") + "&w=3",
		"tab in a value":           "h=X-A:" + url.QueryEscape("a\tb") + "&w=3",
		"newline in a name":        "raw=" + url.QueryEscape("X-A\r\nX-B") + ":1&w=3",
		"space in a name":          "raw=" + url.QueryEscape("X A") + ":1&w=3",
		"name empty":               "raw=:1&w=3",
		"name not of ascii":        "raw=" + url.QueryEscape("Xü") + ":1&w=3",
		"newline in a type":        "h=Content-Type:" + url.QueryEscape("a/b\r\nX-B: b") + "&w=3",
		"newline in a location":    "h=Location:" + url.QueryEscape("/a\r\n\r\nbody") + "&status=302",
		"newline in connection":    "h=Connection:" + url.QueryEscape("close\r\nX-B: b") + "&w=3",
		"coding chunked":           "h=Transfer-Encoding:chunked&w=3",
		"coding chunked, long":     "h=Transfer-Encoding:chunked&w=5000",
		"coding identity":          "h=Transfer-Encoding:identity&w=3",
		"coding identity, long":    "h=Transfer-Encoding:identity&w=5000&flush&w=3",
		"coding identity, length":  "h=Transfer-Encoding:identity&h=Content-Length:3&w=3",
		"coding other":             "h=Transfer-Encoding:gzip&w=3",
		"coding and length":        "h=Transfer-Encoding:chunked&h=Content-Length:3&w=3",
		"coding empty by handler":  "h=Transfer-Encoding:&w=3",
		"coding in capitals":       "h=Transfer-Encoding:Chunked&w=3",
		"server":                   "h=Server:me&w=3",
		"upgrade field":            "h=Upgrade:x&w=3",
		"keep-alive field":         "h=Keep-Alive:timeout%3D5&w=3",
		"interim fields reset":     "h=X-A:1&status=103&nil=X-A&h=X-B:2&w=3",
		"trailer prefix as a name": "raw=" + url.QueryEscape("Trailer:") + "x:1&w=3",
	} {
		all = append(all,
			one("answer: "+name, do(steps)),
			one("answer of 1.0: "+name, old("GET", "/do?"+steps)),
			one("answer to head: "+name, request("HEAD", "/do?"+steps)),
		)
	}
	many := ""
	for i := range 200 {
		many += fmt.Sprintf("h=X-%d:%d&", i, i)
	}
	return append(all, one("answer: 200 fields", do(many+"w=3")), one("answer: long field", do("h=X-A:"+url.QueryEscape(string(text(20_000)))+"&w=3")))
}

func writes() (all []exchange) {
	for _, n := range []int{0, 1, 2047, 2048, 2049, 4095, 4096, 4097, 100_000, 1 << 20} {
		for name, steps := range map[string]string{
			"one write": "w=%d", "one write and an empty one": "w=%d&w=0", "a status": "status=201&w=%d", "a flush before": "flush&w=%d", "a flush behind": "w=%d&flush", "a byte before": "w=1&w=%d", "a byte behind": "w=%d&w=1",
			"a copy": "copy=%d", "a byte, then a copy": "w=1&copy=%d", "a copy, then a byte": "copy=%d&w=1", "a type": "h=Content-Type:a/b&w=%d",
		} {
			if n == 1<<20 && name != "one write" && name != "a copy" {
				continue
			}
			all = append(all, one(fmt.Sprintf("%d bytes by %s", n, name), do(fmt.Sprintf(steps, n))))
		}
	}
	for _, steps := range []string{
		"w=1x2047", "w=1x2048", "w=1x2049", "w=100x20", "w=100x21", "w=1000x100", "w=2048x3", "w=2047x2", "w=4096x5", "w=10000x20", "w=3x1000", "w=0x10",
		"w=10&flush&w=10&flush&w=10", "flush&flush&flush", "flush", "flush&w=10", "w=10&flush&flush&w=10", "w=2000&flush&w=100&flush", "w=3000&flush&w=3000", "flusherror&w=10&flusherror",
		"s=hello&s=+world", "s=", "s=&status=404", "w=0&status=404", "w=0&h=X-A:1&w=3", "s=hello&flush&s=world&w=3000",
	} {
		all = append(all, one("writes "+steps, do(steps)), one("writes of 1.0 "+steps, old("GET", "/do?"+steps)), one("writes to head "+steps, request("HEAD", "/do?"+steps)))
	}
	return all
}

func trailers() (all []exchange) {
	for name, steps := range map[string]string{
		"declared":                    "h=Trailer:X-T&w=3&h=X-T:1",
		"declared of long":            "h=Trailer:X-T&w=5000&h=X-T:1",
		"declared and flushed":        "h=Trailer:X-T&w=3&flush&w=3&h=X-T:1",
		"declared, two in a list":     "h=Trailer:X-T,+X-U&w=3&h=X-T:1&h=X-U:2",
		"declared, two fields":        "add=Trailer:X-T&add=Trailer:X-U&w=3&h=X-T:1&add=X-T:2&h=X-U:2",
		"declared and not set":        "h=Trailer:X-T&w=3",
		"declared and set before":     "h=Trailer:X-T&h=X-T:1&w=3&h=X-T:2",
		"declared in lower case":      "h=Trailer:x-t&w=3&h=X-T:1",
		"declared and nothing":        "h=Trailer:X-T&h=X-T:1",
		"declared with a length":      "h=Trailer:X-T&h=Content-Length:3&w=3&h=X-T:1",
		"declared behind a write":     "w=3&h=Trailer:X-T&h=X-T:1",
		"declared behind a flush":     "flush&h=Trailer:X-T&w=3&h=X-T:1",
		"forbidden":                   "h=Trailer:Content-Length&w=3&h=Content-Length:3",
		"forbidden coding":            "h=Trailer:Transfer-Encoding&w=3&h=Transfer-Encoding:x",
		"forbidden trailer":           "h=Trailer:Trailer&w=3",
		"newline in the value":        "h=Trailer:X-T&w=3&h=X-T:" + url.QueryEscape("a\r\nb"),
		"prefix":                      "w=3&raw=" + url.QueryEscape("Trailer:X-T") + ":1",
		"prefix of long":              "w=5000&raw=" + url.QueryEscape("Trailer:X-T") + ":1",
		"prefix before":               "raw=" + url.QueryEscape("Trailer:X-T") + ":1&w=3",
		"prefix behind a flush":       "w=3&flush&raw=" + url.QueryEscape("Trailer:X-T") + ":1",
		"prefix and nothing":          "flush&raw=" + url.QueryEscape("Trailer:X-T") + ":1",
		"prefix and declared":         "h=Trailer:X-U&w=3&flush&h=X-U:2&raw=" + url.QueryEscape("Trailer:X-T") + ":1",
		"prefix without a name":       "w=3&flush&raw=" + url.QueryEscape("Trailer:") + ":1",
		"declared without content":    "h=Trailer:X-T&status=204&h=X-T:1",
		"declared, not modified":      "h=Trailer:X-T&status=304&h=X-T:1",
		"declared and identity":       "h=Trailer:X-T&h=Transfer-Encoding:identity&w=3&h=X-T:1",
		"declared, closed":            "h=Trailer:X-T&h=Connection:close&w=3&h=X-T:1",
		"declared, empty list":        "h=Trailer:,+,&w=3",
		"declared, then a panic":      "h=Trailer:X-T&w=3&flush&h=X-T:1&panic",
		"declared, canonical in list": "h=Trailer:x-t+,+x-u&w=3&h=x-t:1&raw=x-u:2",
	} {
		// With small answers that leave before the handler's end, a trailer is sent like any other.
		all = append(all, one("trailer "+name, do(steps)), one("trailer of 1.0 "+name, old("GET", "/do?"+steps)), one("trailer of head "+name, request("HEAD", "/do?"+steps)))
	}
	return all
}
