package smuggling

import "strings"

// chunked is a request with a body in chunks.
func chunked(body string) string { return post(coding) + body }

// sizes are chunks whose size some readers take for another number.
func sizes() []Request {
	const class = "chunk size"
	var all []Request
	for name, size := range map[string]string{
		"0x in front": "0x5", "0X in front": "0X5", "a plus sign": "+5", "a minus sign": "-5", "minus zero": "-0", "an underscore": "0_5", "a fraction": "5.0", "an octal mark": "0o5", "h behind": "5h", "a letter behind": "5x", "words behind": "5these-bytes",
		"a comma behind": "5,", "a comma and a number": "5,0", "a colon behind": "5:", "an equals sign behind": "5=", "quotes": "\"5\"", "nothing": "", "a space in front": " 5", "a tab in front": "\t5", "a space inside": "0 5", "a vertical tab in front": "\x0b5", "a vertical tab behind": "5\x0b", "a form feed behind": "5\x0c",
		"a NUL in front": "\x005", "a NUL behind": "5\x00", "a no-break space behind": "5\xa0", "a fullwidth digit": "\xef\xbc\x95", "a CR in front": "\r5", "a CR behind": "5\r", "a CR inside": "0\r5", "space before the extension": "5 ;a", "space and a number": "5 5", "2^64": "10000000000000000", "2^64+5": "10000000000000005", "zeros beyond 16 digits": "00000000000000005", "100 digits": strings.Repeat("f", 100),
		"a bracket": "[5]", "a hash": "#5", "a dollar": "$5", "a percent sign": "%35", "a slash": "5/1", "a negative big size": "-fffffffffffffffb", "g": "g",
	} {
		all = append(all, Request{Name: "size with " + name, Class: class, Bytes: chunked(size + "\r\nhello\r\n" + noChunk + next), Status: 400, InBody: true})
	}
	for name, size := range map[string]string{"a space behind": "5 ", "a tab behind": "5\t", "spaces behind": "5    "} {
		all = append(all, Request{Name: "size with " + name, Class: class, Bytes: chunked(size + "\r\nhello\r\n" + noChunk + next), Status: 400, InBody: true, Stricter: true})
	}
	return append(all,
		Request{Name: "size of 2^63", Class: class, Bytes: chunked("8000000000000000\r\nhello\r\n" + noChunk + next), Status: 400, InBody: true, Stricter: true},
		Request{Name: "size of 2^64-1", Class: class, Bytes: chunked("ffffffffffffffff\r\nhello\r\n" + noChunk + next), Status: 400, InBody: true, Stricter: true},
		Request{Name: "size of 2^64-2, which is minus two", Class: class, Bytes: chunked("fffffffffffffffe\r\n" + noChunk + next), Status: 400, InBody: true, Stricter: true},
		Request{Name: "last size with a letter", Class: class, Bytes: chunked("0x\r\n\r\n" + next), Status: 400, InBody: true},
		Request{Name: "last size missing", Class: class, Bytes: chunked("5\r\nhello\r\n\r\n\r\n" + next), Status: 400, InBody: true},
		Request{Name: "last size with an underscore", Class: class, Bytes: chunked("0_0\r\n\r\n" + next), Status: 400, InBody: true},
	)
}

// extensions are chunks with something behind the size that ends elsewhere for some readers.
func extensions() []Request {
	const class = "chunk extension"
	var all []Request
	add := func(stricter bool, cases map[string]string) {
		for name, ext := range cases {
			all = append(all, Request{Name: "extension with " + name, Class: class, Bytes: chunked("5" + ext + "\r\nhello\r\n" + noChunk + next), Status: 400, InBody: true, Stricter: stricter})
		}
	}
	add(false, map[string]string{
		"LF": ";a\nb", "LF at its end": ";a\n", "LF in front": "\n;a", "LF in quotes": ";a=\"\n\"", "CR": ";a\rb", "CR at its end": ";a\r", "CR in quotes": ";a=\"\r\"", "CRLF in quotes": ";a=\"\r\n\"", "another size behind LF": ";\n23", "no semicolon": " a=b", "space in front": " ;a", "more than 4,096 bytes": ";a=" + strings.Repeat("x", 4096),
	})
	add(true, map[string]string{
		"no name": ";", "two semicolons": ";;a", "no name before the value": ";=b", "no value": ";a=", "a NUL": ";\x00a", "a NUL in quotes": ";a=\"\x00\"", "quotes left open": ";a=\"b", "a word behind quotes": ";a=\"b\"c", "a space in the value": ";a=b c", "a space at its end": ";a ", "a vertical tab": ";a\x0b", "a comma": ";a,b", "DEL in quotes": ";a=\"\x7f\"", "a backslash at its end": ";a=\"\\", "non-ASCII outside quotes": ";\xc3\xa4",
	})
	return append(all,
		Request{Name: "extension with LF hides a chunk", Class: class, Bytes: chunked("2;\nxx\r\n23\r\n" + next + "\r\n" + noChunk), Status: 400, InBody: true},
		Request{Name: "extensions longer than all data", Class: class, Bytes: chunked(strings.Repeat("1;"+strings.Repeat("x", 2000)+"\r\nx\r\n", 20) + noChunk), Status: 400, InBody: true},
	)
}

// ends are chunks without CRLF behind the size or the data.
func ends() []Request {
	const class = "chunk end"
	var all []Request
	for name, body := range map[string]string{
		"LF behind the size": "5\nhello\r\n" + noChunk, "CR behind the size": "5\rhello\r\n" + noChunk, "two CR behind the size": "5\r\r\nhello\r\n" + noChunk, "LF behind the data": "5\r\nhello\n" + noChunk, "CR behind the data": "5\r\nhello\r" + noChunk, "nothing behind the data": "5\r\nhello" + noChunk, "two other bytes behind the data": "5\r\nhelloXX" + noChunk, "LF and CR behind the data": "5\r\nhello\n\r" + noChunk,
		"CR and another byte behind the data": "5\r\nhello\rX" + noChunk, "data longer than the size": "5\r\nhello world\r\n" + noChunk, "data shorter than the size": "b\r\nhello\r\n" + noChunk, "LF behind the last size": "0\n\r\n", "CR behind the last size": "0\r\r\n", "an empty line before a size": "5\r\nhello\r\n\r\n" + noChunk, "an empty line before the first size": "\r\n5\r\nhello\r\n" + noChunk, "two LF for two CRLF": "5\r\nhello\r\n0\n\n",
	} {
		all = append(all, Request{Name: "chunk with " + name, Class: class, Bytes: chunked(body + next), Status: 400, InBody: true})
	}
	return append(all,
		Request{Name: "LF for the blank line behind the last chunk", Class: class, Bytes: chunked("0\r\n\n" + next), Status: 400, InBody: true, Stricter: true},
		Request{Name: "CR for the blank line behind the last chunk", Class: class, Bytes: chunked("0\r\n\r" + next), Status: 400, InBody: true},
	)
}

// trailers are trailer sections that a reader may take for the head's fields, or that end elsewhere.
func trailers() []Request {
	const class = "trailer"
	var all []Request
	add := func(stricter bool, cases map[string]string) {
		for name, section := range cases {
			all = append(all, Request{Name: "trailer with " + name, Class: class, Bytes: chunked("5\r\nhello\r\n0\r\n" + section + "\r\n" + next), Status: 400, InBody: true, Stricter: stricter})
		}
	}
	add(true, map[string]string{
		"a length": "Content-Length: 35\r\n", "a coding": "Transfer-Encoding: chunked\r\n", "a Host": "Host: b\r\n", "a Trailer": "Trailer: X\r\n", "a length in another case": "X: y\r\ncontent-LENGTH: 35\r\n",
		"bare LF": "X: y\nZ: z\r\n", "bare LF that hides a request": "X: y\n\n", "a fold": "X: y\r\n z\r\n", "a space before the colon": "X : y\r\n", "a space in a name": "X Y: z\r\n",
	})
	add(false, map[string]string{
		"no colon": "X\r\n", "a request line": "GET " + Smuggled + " HTTP/1.1\r\n", "an empty name": ": x\r\n", "a NUL": "X: \x00\r\n", "a CR": "X: a\rb\r\n", "a space in front": " X: y\r\n", "a tab before the colon": "X\t: y\r\n", "more than 4,096 bytes": "X: " + strings.Repeat("x", 4096) + "\r\n", "bare CR that ends it": "\rX: y\r\n",
	})
	return append(all,
		Request{Name: "Trailer announces a length", Class: class, Bytes: post(coding, "Trailer: Content-Length") + "0\r\nContent-Length: 35\r\n\r\n" + next, Status: 400},
		Request{Name: "Trailer announces a coding", Class: class, Bytes: post(coding, "Trailer: X, transfer-encoding") + noChunk, Status: 400},
		Request{Name: "Trailer announces itself", Class: class, Bytes: post(coding, "Trailer: trailer") + noChunk, Status: 400},
	)
}
