package smuggling

// lineEnds are heads with other line ends than CRLF.
func lineEnds() []Request {
	const class = "line ends"
	return []Request{
		{Name: "bare LF behind the request line", Class: class, Bytes: "GET / HTTP/1.1\nHost: a\r\n\r\n", Status: 400, Stricter: true},
		{Name: "bare LF behind a field", Class: class, Bytes: "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", Status: 400, Stricter: true},
		{Name: "bare LF as the blank line", Class: class, Bytes: "GET / HTTP/1.1\r\nHost: a\r\n\n", Status: 400, Stricter: true},
		{Name: "bare LF everywhere", Class: class, Bytes: "GET / HTTP/1.1\nHost: a\n\n", Status: 400, Stricter: true},
		{Name: "bare LF hides a length", Class: class, Bytes: post("X: y\nContent-Length: 35") + next, Status: 400, Stricter: true},
		{Name: "bare LF ends the head", Class: class, Bytes: post("X: y\n\nGET "+Smuggled+" HTTP/1.1", "Host: a"), Status: 400, Stricter: true},
		{Name: "bare CR behind the request line", Class: class, Bytes: "GET / HTTP/1.1\rHost: a\r\n\r\n", Status: 400},
		{Name: "bare CR behind a field", Class: class, Bytes: "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", Status: 400},
		{Name: "bare CR ends the head", Class: class, Bytes: post("X: y\r\rGET "+Smuggled+" HTTP/1.1", "Host: a"), Status: 400},
		{Name: "bare CR as the blank line", Class: class, Bytes: "GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", Status: 400},
		{Name: "two CR before LF", Class: class, Bytes: "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", Status: 400},
		{Name: "two CR before the blank line's LF", Class: class, Bytes: "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n", Status: 400},
		{Name: "LF before CR", Class: class, Bytes: "GET / HTTP/1.1\n\rHost: a\n\r\n\r", Status: 400},
		{Name: "empty line in front", Class: class, Bytes: "\r\n" + get(), Status: 400},
		{Name: "bare LF in front", Class: class, Bytes: "\n" + get(), Status: 400},
		{Name: "bare CR in front", Class: class, Bytes: "\r" + get(), Status: 400},
	}
}

// folds are fields that go on in the next line.
func folds() []Request {
	const class = "obs-fold"
	return []Request{
		{Name: "folded field", Class: class, Bytes: get("X: a", " b"), Status: 400, Stricter: true},
		{Name: "folded with a tab", Class: class, Bytes: get("X: a", "\tb"), Status: 400, Stricter: true},
		{Name: "folded length", Class: class, Bytes: post("Content-Length:", " 35") + next, Status: 400, Stricter: true},
		{Name: "length folded behind a digit", Class: class, Bytes: post("Content-Length: 3", " 9") + next, Status: 400},
		{Name: "length in a folded line", Class: class, Bytes: post("X: y", " Content-Length: 35") + next, Status: 400, Stricter: true},
		{Name: "folded Host", Class: class, Bytes: head("GET / HTTP/1.1", "Host: a", " b"), Status: 400},
		{Name: "fold before the first field", Class: class, Bytes: head("GET / HTTP/1.1", " Host: a", "X: y"), Status: 400},
		{Name: "tab before the first field", Class: class, Bytes: head("GET / HTTP/1.1", "\tHost: a", "X: y"), Status: 400},
		{Name: "line of spaces", Class: class, Bytes: get("X: y", "  ", "Z: z"), Status: 400, Stricter: true},
		{Name: "line of spaces for the blank line", Class: class, Bytes: "GET / HTTP/1.1\r\nHost: a\r\n \r\n" + next, Status: 400},
	}
}

// names are fields whose names are none.
func names() []Request {
	const class = "field name"
	return []Request{
		{Name: "length: space before the colon", Class: class, Bytes: post("Content-Length : 35") + next, Status: 400},
		{Name: "length: tab before the colon", Class: class, Bytes: post("Content-Length\t: 35") + next, Status: 400},
		{Name: "length: NUL in the name", Class: class, Bytes: post("Content-Length\x00: 35") + next, Status: 400},
		{Name: "length: CR in the name", Class: class, Bytes: post("Content\r-Length: 35") + next, Status: 400},
		{Name: "length: no colon", Class: class, Bytes: post("Content-Length 35") + next, Status: 400},
		{Name: "empty name", Class: class, Bytes: get(": x"), Status: 400},
		{Name: "only a colon", Class: class, Bytes: get(":"), Status: 400},
		{Name: "no colon", Class: class, Bytes: get("X"), Status: 400},
		{Name: "a request line among the fields", Class: class, Bytes: get("GET " + Smuggled + " HTTP/1.1"), Status: 400},
		{Name: "space inside a name", Class: class, Bytes: get("X Y: z"), Status: 400},
		{Name: "non-ASCII in a name", Class: class, Bytes: get("X\xc3\xa4: y"), Status: 400},
		{Name: "parenthesis in a name", Class: class, Bytes: get("X(Y): z"), Status: 400},
		{Name: "quotes in a name", Class: class, Bytes: get("\"X\": z"), Status: 400},
		{Name: "slash in a name", Class: class, Bytes: get("X/Y: z"), Status: 400},
		{Name: "at sign in a name", Class: class, Bytes: get("X@Y: z"), Status: 400},
		{Name: "DEL in a name", Class: class, Bytes: get("X\x7f: y"), Status: 400},
	}
}

// values are fields with control characters.
func values() []Request {
	const class = "field value"
	return []Request{
		{Name: "NUL in a value", Class: class, Bytes: get("X: a\x00b"), Status: 400},
		{Name: "CR in a value", Class: class, Bytes: get("X: a\rb"), Status: 400},
		{Name: "vertical tab in a value", Class: class, Bytes: get("X: a\x0bb"), Status: 400},
		{Name: "form feed in a value", Class: class, Bytes: get("X: a\x0cb"), Status: 400},
		{Name: "escape in a value", Class: class, Bytes: get("X: \x1b[2J"), Status: 400},
		{Name: "DEL in a value", Class: class, Bytes: get("X: a\x7f"), Status: 400},
	}
}

// hosts are requests that name two servers or none.
func hosts() []Request {
	const class = "Host"
	all := []Request{
		{Name: "no Host", Class: class, Bytes: head("GET / HTTP/1.1", "X: y"), Status: 400},
		{Name: "no Host and an absolute target", Class: class, Bytes: head("GET http://a/ HTTP/1.1"), Status: 400},
		{Name: "two Hosts", Class: class, Bytes: get("Host: b"), Status: 400},
		{Name: "the same Host twice", Class: class, Bytes: get("Host: a"), Status: 400},
		{Name: "two Hosts in two cases", Class: class, Bytes: get("hOST: b"), Status: 400},
		{Name: "two Hosts and an absolute target", Class: class, Bytes: head("GET http://a/ HTTP/1.1", "Host: a", "Host: b"), Status: 400},
		{Name: "two Hosts in HTTP/1.0", Class: class, Bytes: head("GET / HTTP/1.0", "Host: a", "Host: b"), Status: 400},
		{Name: "Host: space before the colon", Class: class, Bytes: head("GET / HTTP/1.1", "Host : a"), Status: 400},
		{Name: "a second Host with space before the colon", Class: class, Bytes: get("Host : b"), Status: 400},
		{Name: "a second Host in a folded line", Class: class, Bytes: get(" Host: b"), Status: 400},
	}
	for name, value := range map[string]string{
		"a path": "a/b", "user information": "u@a", "a query": "a?b", "a fragment": "a#b", "a space": "a b", "a tab": "a\tb", "a backslash": "a\\b", "a NUL": "a\x00b", "non-ASCII": "\xc3\xa4", "a bracket": "<a>", "a bar": "a|b", "quotes": "\"a\"", "a caret": "a^b",
	} {
		all = append(all, Request{Name: "Host with " + name, Class: class, Bytes: head("GET / HTTP/1.1", "Host: "+value), Status: 400})
	}
	return all
}
