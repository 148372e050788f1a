package h1

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/smuggling"
)

// stricter are the faults for which net/http may accept a head, or answer with another status.
var stricter = []*Error{errEmptyTarget, errBareLF, errFold, errCodingIn10, errTwoLengths, errBoth, errNewer}

// FuzzHead compares the parser with net/http, and a head in pieces with the whole.
func FuzzHead(f *testing.F) {
	for _, head := range allHeads() {
		f.Add([]byte(head), 3)
	}
	for _, r := range smuggling.Requests() {
		f.Add([]byte(r.Bytes), 20)
	}
	for _, a := range smuggling.Acceptable() {
		f.Add([]byte(a.Bytes), 1)
	}
	f.Add([]byte(wrkHead), 1)
	f.Add([]byte(browserHead), 1000)
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		var p, pieces Parser
		p.Reset()
		n, err := p.Parse(in, testLimit)
		compare(t, in, &p, n, err)

		step = max(step, 1+len(in)/1000)
		pieces.Reset()
		for end, m, e := 0, 0, error(nil); end < len(in) && m == 0 && e == nil; {
			end = min(end+step, len(in))
			m, e = pieces.Parse(in[:end], testLimit)
			if end == len(in) || m != 0 || e != nil {
				if m != n || e != err {
					t.Fatalf("in pieces of %d: %d, %v; at once %d, %v", step, m, e, n, err)
				}
			}
		}
		if n > 0 {
			if diff := cmp.Diff(p.Head, pieces.Head); diff != "" {
				t.Fatalf("in pieces of %d: %s", step, diff)
			}
		}
	})
}

// headParts are what FuzzHeadOfParts puts together.
var headParts = []string{
	"GET", "POST", "CONNECT", "PRI", " ", "/", "*", "a:1", "http://b", "?", "%", "4", " HTTP/1.1", " HTTP/1.0", " HTTP/1.2", " HTTP/0.9", " HTTP/2.0", "\r\n", "\r\n", "\r\n", "\r\n\r\n", "\r", "\n", "\t", ":", ": ", ",", ";", "\x00", "\x7f", "\x80", "\x0b", "\"",
	"Host", "host: a\r\n", "Host: ", "Content-Length: ", "content-length:5\r\n", "5", "0", "+", "Transfer-Encoding", "Transfer-Encoding: ", "transfer-encoding: chunked\r\n", "chunked", "identity", "gzip",
	"Connection: ", "close", "keep-alive", "Upgrade", "Expect: ", "100-continue", "Trailer: ", "X", "X: y\r\n", "Pragma: no-cache\r\n", "Cache-Control: ",
	"GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.0\r\n", "9223372036854775807", "18446744073709551617",
}

// FuzzHeadOfParts compares the parser with net/http by heads made of what heads are made of: a byte stands for a part.
func FuzzHeadOfParts(f *testing.F) {
	f.Add([]byte{58, 34, 36, 37, 20})
	f.Add([]byte{59, 41, 25, 44, 17, 53, 54, 20})
	f.Fuzz(func(t *testing.T, parts []byte) {
		var in []byte
		for _, i := range parts {
			in = append(in, headParts[int(i)%len(headParts)]...)
		}
		var p Parser
		p.Reset()
		n, err := p.Parse(in, testLimit)
		compare(t, in, &p, n, err)
	})
}

// compare checks what the parser says against net/http.
func compare(t *testing.T, in []byte, p *Parser, n int, err error) {
	t.Helper()
	req, length, status := oracle(in)
	var e *Error
	if errors.As(err, &e) {
		if e.Status != status && !slices.Contains(stricter, e) {
			t.Fatalf("%v; net/http says %d", err, status)
		}
		return
	}
	if n == 0 {
		if req != nil && status == 0 {
			t.Fatalf("not whole, but net/http accepts it")
		}
		return
	}
	if req == nil || status != 0 {
		t.Fatalf("accepted, but net/http says %d", status)
	}
	same := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	host, text := p.Host.In(string(in)), string(in)
	if req.URL.Host != "" {
		host = req.URL.Host
	}
	wantLength := max(p.ContentLength, 0)
	if p.Chunked {
		wantLength = -1
	}
	same("length of the head", n, length)
	same("method", p.Method.In(text), req.Method)
	same("target", p.Target.In(text), req.RequestURI)
	same("version", p.Minor, req.ProtoMinor)
	same("fields", header(&p.Head, in), req.Header)
	same("host", host, req.Host)
	same("HasHost", p.HasHost, req.Header["Host"] != nil)
	same("content length", wantLength, req.ContentLength)
	same("chunked", p.Chunked, req.TransferEncoding != nil)
	same("trailer", p.Chunked && p.HasTrailer, p.Chunked && (len(req.Trailer) > 0 || emptyTrailer(&p.Head, text)))
	same("closes", p.Close || p.Minor == 0 && !p.KeepAlive, req.Close || anyWord(req.Header["Connection"], "close"))
	same("upgrade", p.Upgrade, anyElement(req.Header["Connection"], "upgrade"))
	same("expect", p.Expect, expectation(req.Header.Get("Expect")))
}

// emptyTrailer tells whether all Trailer fields announce nothing.
func emptyTrailer(h *Head, text string) bool {
	names := make(map[string]bool)
	for _, f := range h.Fields {
		if strings.EqualFold(f.Name.In(text), "trailer") {
			names[strings.Trim(f.Value.In(text), ", \t")] = true
		}
	}
	return slices.Equal(slices.Collect(maps.Keys(names)), []string{""})
}

func anyWord(values []string, word string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		return slices.ContainsFunc(strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(", \t", r) }), func(s string) bool { return lowered(s) == word })
	})
}

func anyElement(values []string, word string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		return slices.ContainsFunc(strings.Split(v, ","), func(s string) bool { return lowered(strings.Trim(s, " \t")) == word })
	})
}

// lowered is s in lower case. Other letters than ASCII's stay.
func lowered(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// expectation is what net/http takes the first Expect field for.
func expectation(v string) Expect {
	switch {
	case v == "":
		return ExpectNone
	case anyWord([]string{v}, "100-continue"):
		return Expect100
	}
	return ExpectOther
}
