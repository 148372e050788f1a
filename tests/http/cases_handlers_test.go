package http

import "strings"

func fileAnswers() []exchange {
	return []exchange{
		one("file whole", do("file")),
		one("file limited", do("file=10")),
		one("file limited, long", do("file=70000")),
		one("file behind bytes", do("w=3&file")),
		one("file behind a flush", do("flush&file")),
		one("file with a length", do("h=Content-Length:100000&file")),
		one("file with a length too large", do("h=Content-Length:100001&file")),
		one("file with a length too small", do("h=Content-Length:99999&file")),
		one("file limited with a length", do("h=Content-Length:80000&file=80000")),
		one("file with a type", do("h=Content-Type:a/b&file")),
		one("file and bytes", do("file&w=3")),
		one("file twice", do("file&file")),
		one("file twice with a length", do("h=Content-Length:200000&file&file")),
		one("file to head", request("HEAD", "/do?h=Content-Length:100000&file")),
		one("file, no content", do("status=204&file")),
		one("file of 1.0", old("GET", "/do?file")),
		one("file of 1.0 kept", old("GET", "/do?h=Content-Length:100000&file", "Connection: keep-alive")),
		one("file limited to nothing", do("file=0")),
		one("file limited beyond its end", do("file=200000")),
		one("copy small", do("copy=10")),
		one("copy with a status", do("status=206&copy=10")),
		one("copy and length", do("h=Content-Length:5000&copy=5000")),
	}
}

// contents are ranges and conditions.
func contents() (all []exchange) {
	for _, r := range []string{
		"bytes=0-9", "bytes=10-", "bytes=-10", "bytes=0-0", "bytes=99999-", "bytes=100000-", "bytes=200000-300000", "bytes=0-200000", "bytes=0-9,20-29", "bytes=0-,5-", "bytes=5-4", "bytes=-0",
		"bytes=", "bytes=x", "lines=0-9", "bytes=0-9,", "bytes= 0-9 , 20-29 ", "bytes=0-9,200000-", "bytes=-200000", "bytes=0-1,2-3,4-5,6-7,8-9",
	} {
		all = append(all, one("range "+r, get("/content", "Range: "+r)))
	}
	for _, c := range []string{
		`If-None-Match: "fox"`, `If-None-Match: "dog"`, `If-None-Match: W/"fox"`, `If-None-Match: *`, `If-None-Match: "dog", "fox"`, `If-Match: "fox"`, `If-Match: "dog"`, `If-Match: *`,
		"If-Modified-Since: Mon, 03 Feb 2020 04:05:06 GMT", "If-Modified-Since: Mon, 03 Feb 2020 04:05:05 GMT", "If-Modified-Since: yesterday",
		"If-Unmodified-Since: Mon, 03 Feb 2020 04:05:05 GMT", "If-Unmodified-Since: Mon, 03 Feb 2020 04:05:06 GMT",
	} {
		all = append(all, one("condition "+c, get("/content", c)), one("condition of head "+c, request("HEAD", "/content", c)))
	}
	return append(all,
		one("content", get("/content")),
		one("content of head", request("HEAD", "/content")),
		one("content of 1.0", old("GET", "/content")),
		one("range of 1.0", old("GET", "/content", "Range: bytes=5-9")),
		one("range of head", request("HEAD", "/content", "Range: bytes=5-9")),
		one("range if fox", get("/content", "Range: bytes=5-9", `If-Range: "fox"`)),
		one("range if dog", get("/content", "Range: bytes=5-9", `If-Range: "dog"`)),
		one("range if not modified", get("/content", "Range: bytes=5-9", `If-None-Match: "fox"`)),
		one("file server", get("/files/fox.txt")),
		one("file server range", get("/files/fox.txt", "Range: bytes=90000-")),
		one("file server not modified", get("/files/fox.txt", "If-Modified-Since: Mon, 03 Feb 2020 04:05:06 GMT")),
		one("file server directory", get("/files/sub/")),
		one("file server directory without slash", get("/files/sub")),
		one("file server index", get("/files/sub/index.html")),
		one("file server file with slash", get("/files/fox.txt/")),
		one("file server missing", get("/files/none")),
		one("file server dots", get("/files/../secret")),
		one("file server escaped dots", get("/files/%2e%2e/secret")),
		one("file server post", request("POST", "/files/fox.txt", "Content-Length: 3")+"abc"),
		one("file server pipelined", get("/files/fox.txt"), get("/files/fox.txt", "Range: bytes=1-2"), get("/files/none"), request("HEAD", "/files/fox.txt")),
	)
}

// takeovers take the connection over.
func takeovers() []exchange {
	const switching = "h=Connection:Upgrade&h=Upgrade:x&status=101"
	upgrade := []string{"Connection: Upgrade", "Upgrade: x"}
	const hello = "HTTP/1.1%20200%20OK%0d%0aContent-Length:%205%0d%0a%0d%0ahello"
	const raw101 = "HTTP/1.1%20101%20Switching%20Protocols%0d%0aUpgrade:%20x%0d%0a%0d%0a"
	return []exchange{
		{name: "hijack", send: []string{do("hijack&say=" + hello + "&hang")}},
		{name: "hijack, buffered", send: []string{do("hijack&buffered&say=" + hello + "&hang")}},
		{name: "hijack and hear", send: []string{do("hijack&hear=5&say="+hello+"&hang") + "abcde"}},
		{name: "hijack and hear later", send: []string{do("hijack&say=" + raw101 + "&hear=5&say=hello&hang"), "", "abcde"}, answers: 1},
		{name: "hijack and lines", send: []string{do("hijack&say=" + raw101 + "&line&line&hang"), "one\n", "", "two\n"}, answers: 1},
		{name: "hijack of a post", send: []string{post("read&hijack&say="+hello+"&hang", "abc")}},
		{name: "hijack of an unread post", send: []string{post("hijack&hear=3&say="+hello+"&hang", "abc")}, racy: true},
		{name: "hijack behind a status", send: []string{do("status=101&hijack&say=hi&hang")}},
		{name: "hijack behind a switch", send: []string{do(switching+"&hijack&say=hi&hang", upgrade...)}},
		{name: "hijack behind a switch and a flush", send: []string{do(switching+"&flush&hijack&say=hi&hang", upgrade...)}},
		{name: "hijack behind a write", send: []string{do("w=10&hijack&hang")}},
		{name: "hijack behind a long write", send: []string{do("w=10000&hijack&hang")}},
		{name: "hijack twice", send: []string{do("hijack&hijack&say=" + hello + "&hang")}},
		{name: "write behind hijack", send: []string{do("hijack&w=10&s=x&status=200&say=" + hello + "&hang")}},
		{name: "deadline behind hijack", send: []string{do("hijack&readdeadline=past&say=" + hello + "&hang")}},
		{name: "hijack, deadline past", send: []string{do("readdeadline=past&hijack&say=" + hello + "&hang")}},
		{name: "hijack, then a panic", send: []string{do("hijack&say=" + hello + "&hang&panic")}},
		{name: "hijack of pipelined", send: []string{get("/dump"), do("hijack&hear=4&say=" + hello + "&hang"), "more"}},
		{name: "hijack of 1.0", send: []string{old("GET", "/do?hijack&say="+hello+"&hang")}},
		{name: "hijack of connect", send: []string{"CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\n\r\n"}},
		{name: "hijack not by a timeout handler", send: []string{get("/timeout?hijack&w=3")}},
		{name: "hijack, client ends", send: []string{do("hijack&say=" + raw101 + "&hear=5&say=hello&hang"), "abc"}, answers: 1, half: true},
		{name: "hijack of a chunked request", send: []string{chunked("read&hijack&say="+hello+"&hang", "3\r\nabc\r\n0\r\n\r\n")}},
		{name: "hijack of continue", send: []string{request("POST", "/do?hijack&say="+hello+"&hang", "Expect: 100-continue", "Content-Length: 3")}},
	}
}

func failures() (all []exchange) {
	for _, how := range []string{"panic", "abort", "exit"} {
		all = append(all,
			one(how, do(how)),
			one(how+" behind a status", do("status=404&"+how)),
			one(how+" behind a write", do("w=10&"+how)),
			one(how+" behind a flush", do("w=10&flush&"+how)),
			one(how+" behind a long write", do("w=10000&"+how)),
			one(how+" behind a length", do("h=Content-Length:10&w=5&flush&"+how)),
			one(how+" behind a whole length", do("h=Content-Length:10&w=10&flush&"+how)),
			one(how+" of 1.0", old("GET", "/do?w=10&flush&"+how)),
			one(how+" of head", request("HEAD", "/do?"+how)),
			one(how+" of a post", post("read&"+how, "abc")),
			exchange{name: how + " of an unread post", send: []string{post(how, "abc")}, racy: true},
			exchange{name: how + " of a long unread post", send: []string{post(how, string(text(100_000)))}, racy: true},
			one(how+" behind early hints", do("status=103&"+how)),
			exchange{name: how + " of continue", send: []string{request("POST", "/do?"+how, "Expect: 100-continue", "Content-Length: 3") + "abc"}, racy: true},
			exchange{name: how + " behind a file", send: []string{do("file&" + how)}, plain: "what has been sent by then depends on buffers"},
		)
	}
	return append(all,
		one("panic in a timeout handler", get("/timeout?panic")),
		one("abort in a timeout handler", get("/timeout?abort")),
	)
}

// limits are MaxBytesReader and TimeoutHandler.
func limits() []exchange {
	long := string(text(1000))
	return []exchange{
		one("max bytes kept", post("max=10&read&w=3", "abc")),
		one("max bytes reached", post("max=3&read&w=3", "abc")),
		{name: "max bytes exceeded", send: []string{post("max=3&read&w=3", "abcdef")}, racy: true},
		{name: "max bytes exceeded, chunked", send: []string{chunked("max=3&read&w=3", chunks("abcdef", 2))}, racy: true},
		{name: "max bytes exceeded by far", send: []string{post("max=3&read&w=3", long)}, racy: true},
		{name: "max bytes exceeded behind a flush", send: []string{post("max=3&flush&read&w=3", long)}, racy: true},
		{name: "max bytes unread", send: []string{post("max=3&w=3", long)}, racy: true},
		{name: "max bytes in part", send: []string{post("max=3&read=2&w=3", long)}, racy: true},
		{name: "max bytes, error", send: []string{post("max=3&read&error=large", long)}, racy: true},
		{name: "max bytes negative", send: []string{post("max=-1&read&w=3", long)}, racy: true},
		{name: "max bytes of a form", send: []string{post("max=3&form&w=3", "a=1&b=2", "Content-Type: application/x-www-form-urlencoded")}, racy: true},
		{name: "max bytes handler kept", send: []string{request("POST", "/maxbytes?read&w=3", "Content-Length: 3") + "abc"}},
		{name: "max bytes handler exceeded", send: []string{request("POST", "/maxbytes?read&w=3", "Content-Length: 30") + strings.Repeat("x", 30)}, racy: true},
		{name: "max bytes handler, then a request", send: []string{request("POST", "/maxbytes?read&w=3", "Content-Length: 3") + "abc", get("/dump")}},
		one("timeout handler in time", get("/timeout?h=X-A:1&status=201&w=10")),
		one("timeout handler nothing", get("/timeout")),
		one("timeout handler long", get("/timeout?w=100000")),
		one("timeout handler, no flusher", get("/timeout?flusherror&w=3")),
		one("timeout handler of a post", request("POST", "/timeout?read&w=3", "Content-Length: 3")+"abc"),
		one("timeout handler head", request("HEAD", "/timeout?w=10")),
		one("timeout handler late", get("/late")),
		one("timeout handler late, then a request", get("/late"), get("/dump")),
		{name: "timeout handler late, with a body", send: []string{request("POST", "/late", "Content-Length: 3") + "abc", get("/dump")}},
		one("redirect for a slash", get("/tree")),
		one("redirect for a slash with a query", get("/tree?a=1")),
		one("redirect for a slash of a post", request("POST", "/tree", "Content-Length: 3")+"abc"),
		one("redirect for dots", get("/tree/../dump")),
	}
}

func routes() (all []exchange) {
	for _, target := range []string{
		"/items/7/parts/a/b", "/items/a%2Fb/parts/", "/items/7/parts", "/items//parts/x", "/items/%20/parts/%2F", "/only", "/only/", "/exact/", "/exact", "/exact/x", "/none", "/tree/", "/tree/x/y", "/tree//x", "/late/x",
	} {
		all = append(all, one("route "+target, get(target)), one("route of head "+target, request("HEAD", target)), one("route of post "+target, request("POST", target, "Content-Length: 0")))
	}
	return all
}

func forms() []exchange {
	const urlencoded = "Content-Type: application/x-www-form-urlencoded"
	multi := "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.txt\"\r\nContent-Type: text/plain\r\n\r\n" + string(text(5000)) + "\r\n--b--\r\n"
	return []exchange{
		one("form of a query", do("form&dump")),
		one("form of a body", post("form&dump", "a=1&b=%20&a=2&c", urlencoded)),
		one("form of a bad body", post("form&dump", "a=%zz", urlencoded)),
		one("form of a body chunked", chunked("form&dump", chunks("a=1&b=2", 3), urlencoded)),
		one("form of put", request("PUT", "/do?form", urlencoded, "Content-Length: 3")+"a=1"),
		one("form of another type", post("form&read", "a=1", "Content-Type: text/plain")),
		one("form without a type", post("form", "a=1")),
		one("multipart in memory", post("multipart=100000", multi, "Content-Type: multipart/form-data; boundary=b")),
		one("multipart on disk", post("multipart=10", multi, "Content-Type: multipart/form-data; boundary=b")),
		one("multipart chunked", chunked("multipart=10", chunks(multi, 100), "Content-Type: multipart/form-data; boundary=b")),
		one("multipart cut", post("multipart=10", multi[:300], "Content-Type: multipart/form-data; boundary=b")),
		one("multipart without boundary", post("multipart=10", multi, "Content-Type: multipart/form-data")),
		one("multipart of another type", post("multipart=10", "abc", "Content-Type: text/plain")),
	}
}

func controllers() (all []exchange) {
	for _, steps := range []string{
		"fullduplex&w=3", "readdeadline&read&w=3", "readdeadline=past&readdeadline=none&read&w=3", "writedeadline&w=3", "writedeadline=past&writedeadline=none&w=3", "flusherror&flusherror", "ctx&w=3&ctx",
		"fullduplex&w=3&flush&read&w=3", "fullduplex&w=5000&read", "fullduplex", "readdeadline&writedeadline&hijack&hang",
	} {
		x := one("controller "+steps, post(steps, "abc"))
		x.racy = true
		all = append(all, x)
	}
	return append(all,
		exchange{name: "read deadline past, body missing", send: []string{request("POST", "/do?readdeadline=past&read&w=3", "Content-Length: 3")}, racy: true},
		exchange{name: "write deadline past", send: []string{do("writedeadline=past&w=3&flusherror")}, racy: true, plain: "net/http breaks the TLS records"},
		exchange{name: "full duplex", send: []string{request("POST", "/do?fullduplex&status=200&flush&read=1&w=3&flush&read&w=3", "Content-Length: 3"), "a", "bc"}},
		exchange{name: "full duplex unread", send: []string{post("fullduplex&w=3&flush", "abc"), get("/dump")}, racy: true},
		exchange{name: "full duplex chunked", send: []string{chunked("fullduplex&w=3&flush&read&w=3", chunks("abcdef", 2)), get("/dump")}},
		exchange{name: "context of pipelined", send: []string{do("ctx&w=3"), do("ctx&w=3"), do("ctx")}},
	)
}
