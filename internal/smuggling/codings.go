package smuggling

// codings are requests whose coding some readers take for chunked, and others do not.
func codings() []Request {
	all := []Request{
		{Name: "chunked twice", Class: "TE.TE", Bytes: post(coding, coding) + noChunk + next, Status: 501},
		{Name: "chunked, then identity in another field", Class: "TE.TE", Bytes: post(coding, "Transfer-Encoding: identity") + noChunk + next, Status: 501},
		{Name: "identity, then chunked in another field", Class: "TE.TE", Bytes: post("Transfer-Encoding: identity", coding) + noChunk + next, Status: 501},
		{Name: "chunked, then an unknown coding in another field", Class: "TE.TE", Bytes: post(coding, "Transfer-encoding: cow", "Content-Length: 4") + "23\r\n" + next + "\r\n" + noChunk, Status: 501},
		{Name: "chunked, then an empty coding", Class: "TE.TE", Bytes: post(coding, "Transfer-Encoding:") + noChunk + next, Status: 501},
		{Name: "unknown coding with a length", Class: "TE.CL", Bytes: post("Transfer-Encoding: xchunked", "Content-Length: 5") + "hello" + next, Status: 501},
		{Name: "identity with a length", Class: "TE.CL", Bytes: post("Transfer-Encoding: identity", "Content-Length: 5") + "hello" + next, Status: 501},
		{Name: "coding: space before the colon", Class: "TE.TE", Bytes: post("Transfer-Encoding : chunked") + noChunk + next, Status: 400},
		{Name: "coding: space before the colon, with a length", Class: "TE.TE", Bytes: post("Content-Length: 5", "Transfer-Encoding : chunked") + noChunk + next, Status: 400},
		{Name: "coding: tab before the colon", Class: "TE.TE", Bytes: post("Transfer-Encoding\t: chunked") + noChunk + next, Status: 400},
		{Name: "coding: space in front", Class: "TE.TE", Bytes: post("X: y", " Transfer-Encoding: chunked") + noChunk + next, Status: 400, Stricter: true},
		{Name: "coding: space in front, before other fields", Class: "TE.TE", Bytes: head("POST / HTTP/1.1", " Transfer-Encoding: chunked", "Host: a") + noChunk + next, Status: 400},
		{Name: "coding: tab in front", Class: "TE.TE", Bytes: post("X: y", "\tTransfer-Encoding: chunked") + noChunk + next, Status: 400, Stricter: true},
		{Name: "coding: behind a bare CR", Class: "TE.TE", Bytes: post("X: x\rTransfer-Encoding: chunked") + noChunk + next, Status: 400},
		{Name: "coding: behind a bare LF", Class: "TE.TE", Bytes: post("X: x\nTransfer-Encoding: chunked") + noChunk + next, Status: 400, Stricter: true},
		{Name: "coding: bare LF before chunked", Class: "TE.TE", Bytes: post("Transfer-Encoding:\nchunked") + noChunk + next, Status: 400},
		{Name: "coding: bare LF and space before chunked", Class: "TE.TE", Bytes: post("Transfer-Encoding:\n chunked") + noChunk + next, Status: 400, Stricter: true},
		{Name: "coding: folded", Class: "TE.TE", Bytes: post("Transfer-Encoding:", " chunked") + noChunk + next, Status: 400, Stricter: true},
		{Name: "coding: folded behind the value", Class: "TE.TE", Bytes: post("Transfer-Encoding: chunked", " , identity") + noChunk + next, Status: 400, Stricter: true},
		{Name: "coding: no colon", Class: "TE.TE", Bytes: post("Transfer-Encoding chunked") + noChunk + next, Status: 400},
		{Name: "coding: equals sign for the colon", Class: "TE.TE", Bytes: post("Transfer-Encoding= chunked") + noChunk + next, Status: 400},
		{Name: "coding: NUL in the name", Class: "TE.TE", Bytes: post("Transfer\x00-Encoding: chunked") + noChunk + next, Status: 400},
		{Name: "coding: NUL behind the name", Class: "TE.TE", Bytes: post("Transfer-Encoding\x00: chunked") + noChunk + next, Status: 400},
		{Name: "coding: CR behind the name", Class: "TE.TE", Bytes: post("Transfer-Encoding\r: chunked") + noChunk + next, Status: 400},
		{Name: "coding: CRLF behind the name", Class: "TE.TE", Bytes: post("Transfer-Encoding\r\n: chunked") + noChunk + next, Status: 400},
		{Name: "coding: vertical tab in front", Class: "TE.TE", Bytes: post("\x0bTransfer-Encoding: chunked") + noChunk + next, Status: 400},
		{Name: "coding: byte order mark in front", Class: "TE.TE", Bytes: post("\xef\xbb\xbfTransfer-Encoding: chunked") + noChunk + next, Status: 400},
		{Name: "coding: Kelvin sign in the value", Class: "TE.TE", Bytes: post("Transfer-Encoding: chun\xe2\x84\xaaed") + noChunk + next, Status: 501},
	}
	for name, value := range map[string]string{
		"xchunked": "xchunked", "chunkedx": "chunkedx", "x chunked": "x chunked", "chunked, identity": "chunked, identity", "identity, chunked": "identity, chunked", "identity": "identity",
		"gzip": "gzip", "gzip, chunked": "gzip, chunked", "chunked, gzip": "chunked, gzip", "chunked, chunked": "chunked, chunked", "a comma behind": "chunked,", "a comma in front": ", chunked",
		"a parameter": "chunked;q=0.5", "a semicolon": "chunked;", "quotes": "\"chunked\"", "apostrophes": "'chunked'", "nothing": "", "a space inside": "chun ked", "chunk": "chunk", "cow": "cow",
		"a colon in front": ": chunked", "a no-break space in front": "\xa0chunked", "obs-text behind": "chunked\xff", "a word behind": "chunked identity",
	} {
		all = append(all, Request{Name: "coding with " + name, Class: "TE.TE", Bytes: post("Transfer-Encoding: "+value) + noChunk + next, Status: 501})
	}
	for name, value := range map[string]string{
		"a vertical tab in front": "\x0bchunked", "a vertical tab behind": "chunked\x0b", "a form feed in front": "\x0cchunked", "a NUL behind": "chunked\x00", "a NUL in front": "\x00chunked",
		"a CR in front": "\rchunked", "a CR behind": "chunked\r", "DEL behind": "chunked\x7f", "a bell inside": "chun\x07ked", "a backspace behind": "chunkedx\x08",
	} {
		all = append(all, Request{Name: "coding with " + name, Class: "TE.TE", Bytes: post("Transfer-Encoding: "+value) + noChunk + next, Status: 400})
	}
	return all
}

// codingsInHTTP10 are requests of a version that has no codings.
func codingsInHTTP10() []Request {
	return []Request{
		{Name: "coding in HTTP/1.0", Class: "TE in HTTP/1.0", Bytes: head("POST / HTTP/1.0", "Host: a", coding) + noChunk, Status: 400, Stricter: true},
		{Name: "coding in HTTP/1.0 kept alive", Class: "TE in HTTP/1.0", Bytes: head("POST / HTTP/1.0", "Host: a", "Connection: keep-alive", coding) + noChunk + next, Status: 400, Stricter: true},
		{Name: "coding and length in HTTP/1.0", Class: "TE in HTTP/1.0", Bytes: head("POST / HTTP/1.0", "Host: a", "Connection: keep-alive", "Content-Length: 40", coding) + noChunk + next, Status: 400, Stricter: true},
		{Name: "unknown coding in HTTP/1.0", Class: "TE in HTTP/1.0", Bytes: head("POST / HTTP/1.0", "Host: a", "Transfer-Encoding: gzip") + "x", Status: 400, Stricter: true},
	}
}
