package h1

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

const (
	wrkHead     = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: wrk/4.1.0\r\nAccept: */*\r\n\r\n"
	browserHead = "GET /static/js/app.3f2a91.js?v=12 HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\n" +
		"sec-ch-ua: \"Chromium\";v=\"124\", \"Not-A.Brand\";v=\"99\"\r\nsec-ch-ua-mobile: ?0\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36\r\n" +
		"sec-ch-ua-platform: \"Linux\"\r\nAccept: */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\n" +
		"Referer: https://www.example.com/index.html\r\nAccept-Encoding: gzip, deflate, br\r\n" +
		"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; _ga=GA1.2.1234567890.1234567890\r\n\r\n"
)

var benchHeads = map[string]string{"wrk": wrkHead, "browser": browserHead}

func BenchmarkParse(b *testing.B) {
	for name, head := range benchHeads {
		b.Run(name, func(b *testing.B) {
			var p Parser
			in := []byte(head)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				p.Reset()
				if n, err := p.Parse(in, testLimit); n != len(in) {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func BenchmarkReadRequest(b *testing.B) {
	for name, head := range benchHeads {
		b.Run(name, func(b *testing.B) {
			in := strings.NewReader(head)
			r := bufio.NewReader(in)
			b.SetBytes(int64(len(head)))
			b.ReportAllocs()
			for b.Loop() {
				in.Reset(head)
				r.Reset(in)
				if _, err := http.ReadRequest(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkChunked decodes 64 KiB in chunks of 4 KiB, as an upload has them.
func BenchmarkChunked(b *testing.B) {
	in := []byte(strings.Repeat("1000\r\n"+strings.Repeat("x", 4096)+"\r\n", 16) + "0\r\n\r\n")
	var d Chunked
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		d.Reset()
		for rest := in; ; {
			_, used, done, err := d.Next(rest)
			if err != nil {
				b.Fatal(err)
			}
			if done {
				break
			}
			rest = rest[used:]
		}
	}
}
func TestNothingIsAllocatedInTheUsualCase(t *testing.T) {
	var p Parser
	for name, head := range benchHeads {
		in := []byte(head)
		if n := testing.AllocsPerRun(100, func() {
			p.Reset()
			for end := len(in) / 3; ; end = len(in) {
				if n, err := p.Parse(in[:end], testLimit); n == len(in) || err != nil {
					break
				}
			}
		}); n != 0 || len(p.Fields) < 3 {
			t.Errorf("%s: %v allocations, %d fields", name, n, len(p.Fields))
		}
	}
	var d Chunked
	body := []byte("5\r\nhello\r\n1;a=b\r\n \r\n0\r\n\r\n")
	got := 0
	if n := testing.AllocsPerRun(100, func() {
		d.Reset()
		for rest, done := body, false; !done; {
			var data []byte
			var used int
			data, used, done, _ = d.Next(rest)
			got += len(data)
			rest = rest[used:]
		}
	}); n != 0 || got == 0 {
		t.Errorf("a chunked body: %v allocations, %d bytes", n, got)
	}
}
