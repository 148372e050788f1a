package smuggling

// Acceptable returns requests that must be accepted.
func Acceptable() []Accepted {
	both := []string{"/", "/second"}
	const second = "GET /second HTTP/1.1\r\nHost: a\r\n\r\n"
	return []Accepted{
		{"length on GET", get("Content-Length: 5") + "hello" + second, both, []string{"hello", ""}},
		{"coding on GET", get(coding) + "5\r\nhello\r\n" + noChunk + second, both, []string{"hello", ""}},
		{"length with zeros in front", post("Content-Length: 005") + "hello" + second, both, []string{"hello", ""}},
		{"length between tabs", post("Content-Length:\t 5 \t") + "hello" + second, both, []string{"hello", ""}},
		{"no length and no coding on POST", post() + second, both, []string{"", ""}},
		{"coding in capitals", post("TRANSFER-ENCODING: CHUNKED") + "5\r\nhello\r\n" + noChunk + second, both, []string{"hello", ""}},
		{"coding between tabs", post("Transfer-Encoding:\tchunked\t ") + "5\r\nhello\r\n" + noChunk + second, both, []string{"hello", ""}},
		{"names that only resemble", post("Transfer_Encoding: chunked", "Content_Length: 5", "X-Transfer-Encoding: chunked") + second, both, []string{"", ""}},
		{"size with zeros in front", post(coding) + "0005\r\nhello\r\n000\r\n\r\n" + second, both, []string{"hello", ""}},
		{"size in capitals", post(coding) + "A\r\n0123456789\r\n" + noChunk + second, both, []string{"0123456789", ""}},
		{"extensions", post(coding) + "5;a;b=c; d = \"e\\\"; f\"\r\nhello\r\n0;last\r\n\r\n" + second, both, []string{"hello", ""}},
		{"a body that looks like a request", post("Content-Length: 33") + second, both[:1], []string{second}},
		{"chunks that look like a request", post(coding) + "21\r\n" + second + "\r\n" + noChunk, both[:1], []string{second}},
		{"trailers", post(coding, "Trailer: X") + "5\r\nhello\r\n0\r\nX: y\r\nZ: z\r\n\r\n" + second, both, []string{"hello", ""}},
		{"absolute target with another Host", head("GET http://b/ HTTP/1.1", "Host: a") + second, both, []string{"", ""}},
		{"empty Host", head("GET / HTTP/1.1", "Host:") + second, both, []string{"", ""}},
		{"empty lines behind a POST", post("Content-Length: 5") + "hello" + "\r\n\r\n" + second, both, []string{"hello", ""}},
	}
}
