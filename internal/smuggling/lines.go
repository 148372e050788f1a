package smuggling

// lines are requests whose first line can be read in two ways.
func lines() []Request {
	var all []Request
	for name, line := range map[string]string{
		"two spaces behind the method": "GET  / HTTP/1.1", "two spaces before the version": "GET /  HTTP/1.1", "a tab behind the method": "GET\t/ HTTP/1.1", "a tab before the version": "GET /\tHTTP/1.1",
		"a space in front": " GET / HTTP/1.1", "a tab in front": "\tGET / HTTP/1.1", "a space behind": "GET / HTTP/1.1 ", "a tab behind": "GET / HTTP/1.1\t", "a space in the target": "GET /a b HTTP/1.1", "a version in the target": "GET / HTTP/1.1 HTTP/1.1",
		"a CR behind the method": "GET\r/ HTTP/1.1", "a CR before the target": "GET \r/ HTTP/1.1", "a CR in the target": "GET /\ra HTTP/1.1", "a CR before the version": "GET / \rHTTP/1.1", "a CR behind the version": "GET / HTTP/1.1\r",
		"a vertical tab behind the method": "GET\x0b/ HTTP/1.1", "a form feed before the version": "GET /\x0cHTTP/1.1", "a NUL in the method": "GE\x00T / HTTP/1.1", "a NUL in the target": "GET /\x00 HTTP/1.1", "a NUL behind the version": "GET / HTTP/1.1\x00", "DEL in the target": "GET /\x7f HTTP/1.1", "a control character in the target": "GET /\x01 HTTP/1.1",
		"no target": "GET HTTP/1.1", "an empty target": "GET  HTTP/1.1", "no version": "GET /", "no version, a space behind": "GET / ", "only a method": "GET", "a target without a slash": "GET a HTTP/1.1", "a target that is a query": "GET ?a HTTP/1.1",
		"an escape cut off": "GET /%4 HTTP/1.1", "an escape without digits": "GET /%zz HTTP/1.1", "a port that is no number": "GET http://a:b/ HTTP/1.1", "an address without bracket": "GET http://[::1/ HTTP/1.1", "a space in the host": "GET http://a b/ HTTP/1.1", "an escape in the host": "GET http://a%00b/ HTTP/1.1", "a scheme that is empty": "GET ://a/ HTTP/1.1",
		"an at sign in the method": "G@T / HTTP/1.1", "a colon in the method": "GET: / HTTP/1.1", "a slash in the method": "GET/ / HTTP/1.1", "a parenthesis in the method": "(GET) / HTTP/1.1", "quotes around the method": "\"GET\" / HTTP/1.1", "a byte order mark": "\xef\xbb\xbfGET / HTTP/1.1", "non-ASCII in the method": "G\xc3\x8bT / HTTP/1.1",
		"an empty method": " / HTTP/1.1", "a port without a host in CONNECT": "CONNECT a:b HTTP/1.1",
	} {
		all = append(all, Request{Name: "line with " + name, Class: "request line", Bytes: head(line, "Host: a"), Status: 400})
	}
	return append(all,
		Request{Name: "line with an empty target in CONNECT", Class: "request line", Bytes: head("CONNECT  HTTP/1.1", "Host: a"), Status: 400, Stricter: true},
		Request{Name: "HTTP/0.9", Class: "HTTP/0.9", Bytes: "GET /\r\n", Status: 400},
		Request{Name: "HTTP/0.9 with fields", Class: "HTTP/0.9", Bytes: "GET /\r\nHost: a\r\n\r\n", Status: 400},
		Request{Name: "HTTP/0.9 before another request", Class: "HTTP/0.9", Bytes: "GET /\r\n" + next, Status: 400},
	)
}

// versions are requests of versions that do not exist, are another protocol's, or are misspelt.
func versions() []Request {
	const class = "version"
	var all []Request
	for _, v := range []string{
		"http/1.1", "Http/1.1", "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/11", "HTTP/1,1", "HTTP/1.1.1", "HTTP/1.10", "HTTP/01.1", "HTTP/1.01", "HTTP/+1.1", "HTTP/-1.1", "HTTP/1.x", "HTTP/a.b", "HTTP 1.1", "HTTP\\1.1", "HTTP1.1", "HTTPS/1.1", "HTP/1.1", "XTTP/1.1",
		"ICY/1.1", "SIP/2.0", "RTSP/1.0", "HTTP/\xef\xbc\x911.1", "HTTP/1.1;a", "HTTP/1.1,HTTP/1.0",
	} {
		all = append(all, Request{Name: "version " + v, Class: class, Bytes: head("GET / "+v, "Host: a"), Status: 400})
	}
	for _, v := range []string{"HTTP/0.0", "HTTP/0.9", "HTTP/0.1", "HTTP/2.0", "HTTP/2.1", "HTTP/3.0", "HTTP/9.9"} {
		all = append(all, Request{Name: "version " + v, Class: class, Bytes: head("GET / "+v, "Host: a"), Status: 505})
	}
	for _, v := range []string{"HTTP/1.2", "HTTP/1.9"} {
		all = append(all, Request{Name: "version " + v, Class: class, Bytes: head("GET / "+v, "Host: a"), Status: 505, Stricter: true})
	}
	return append(all,
		Request{Name: "version HTTP/0.9 with a coding", Class: class, Bytes: head("POST / HTTP/0.9", "Host: a", coding) + noChunk + next, Status: 505},
		Request{Name: "version HTTP/2.0 with an unknown coding", Class: class, Bytes: head("POST / HTTP/2.0", "Host: a", "Transfer-Encoding: x") + noChunk + next, Status: 501},
		Request{Name: "version HTTP/2.0 and a wrong length", Class: class, Bytes: head("POST / HTTP/2.0", "Host: a", "Content-Length: x") + next, Status: 400},
	)
}
