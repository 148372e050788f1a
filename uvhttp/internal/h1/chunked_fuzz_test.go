package h1

import (
	"bufio"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/smuggling"
)

// stricterBody are the faults for which net/http may accept a chunked body.
var stricterBody = []*Error{errBareLF, errFold, errSpaceInName, errChunkSpace, errExtension, errTrailerField, errChunkOverflow}

// FuzzChunked compares the decoder with net/http, and a body in pieces with the whole.
func FuzzChunked(f *testing.F) {
	for i, c := range bodies {
		f.Add(c.body, i)
	}
	for _, r := range smuggling.Requests() {
		if r.InBody {
			_, body, _ := strings.Cut(r.Bytes, "\r\n\r\n")
			f.Add(body, 7)
		}
	}
	for _, a := range smuggling.Acceptable() {
		if _, body, _ := strings.Cut(a.Bytes, "\r\n\r\n"); strings.Contains(a.Bytes, "chunked") {
			f.Add(body, 1)
		}
	}
	f.Fuzz(func(t *testing.T, body string, step int) {
		if body == "" {
			return
		}
		var d Chunked
		whole := decode(t, &d, body, len(body))
		pieces := decode(t, &d, body, max(step, 1+len(body)/1000))
		if pieces.Err != whole.Err {
			t.Fatalf("in pieces of %d: %v, at once %v", step, pieces.Err, whole.Err)
		}
		if whole.Err != nil { // how far it came does not matter, and what it handed out does
			whole, pieces = unchunked{Data: whole.Data}, unchunked{Data: pieces.Data}
		}
		if diff := cmp.Diff(whole, pieces); diff != "" {
			t.Fatalf("in pieces of %d: %s", step, diff)
		}
		compareBody(t, body, decode(t, &d, body, len(body)))
	})
}

// bodyParts are what FuzzChunkedOfParts puts together.
var bodyParts = []string{
	"0", "1", "5", "a", "F", "g", "x", "+", "-", "_", " ", "\t", "\r\n", "\r\n", "\r\n", "\r", "\n", ";", "=", "\"", "\\", ",", ":", "\x00", "\x7f", "\x80", "\x0b",
	"1\r\nx\r\n", "5\r\nhello\r\n", "0\r\n\r\n", "0\r\n", "\r\n\r\n", ";a", ";a=b", ";a=\"b\"", "X: y\r\n", "X", "Content-Length: 5\r\n", "Host", "Transfer-Encoding:", "00000000", "ffffffff", strings.Repeat("x", 500), ";" + strings.Repeat("y", 1000),
}

// FuzzChunkedOfParts compares the decoder with net/http by bodies made of what bodies are made of: a byte stands for a part.
func FuzzChunkedOfParts(f *testing.F) {
	f.Add([]byte{27, 28, 29})
	f.Add([]byte{2, 34, 12, 28, 30, 35, 12})
	f.Fuzz(func(t *testing.T, parts []byte) {
		var body strings.Builder
		for _, i := range parts {
			body.WriteString(bodyParts[int(i)%len(bodyParts)])
		}
		if body.Len() > 0 {
			var d Chunked
			compareBody(t, body.String(), decode(t, &d, body.String(), body.Len()))
		}
	})
}

// compareBody checks what the decoder says against net/http.
func compareBody(t *testing.T, body string, got unchunked) {
	t.Helper()
	src := strings.NewReader("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
	r := bufio.NewReader(src)
	req, err := http.ReadRequest(r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(req.Body)
	switch {
	case got.Done:
		trailer := make(http.Header)
		for _, f := range got.Trailer {
			trailer.Add(f.Name, f.Value)
		}
		used := len(body) - r.Buffered() - src.Len()
		if err != nil || string(data) != got.Data || used != got.Used || !cmp.Equal(trailer, req.Trailer) && len(trailer)+len(req.Trailer) > 0 {
			t.Fatalf("%d bytes of %d with trailer %v; net/http read %d of %d with %v, %v", len(got.Data), got.Used, trailer, len(data), used, req.Trailer, err)
		}
	case err == nil && !slices.Contains(stricterBody, got.Err):
		t.Fatalf("%v; net/http accepts it", got.Err)
	case !strings.HasPrefix(string(data), got.Data):
		t.Fatalf("%q; net/http read %q", got.Data, data)
	}
}
