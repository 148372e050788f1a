package h1

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unchunked is what a decoder made of a body.
type unchunked struct {
	Data    string
	Used    int
	Done    bool
	Trailer []TrailerField
	Err     *Error
}

// decode gives the decoder the body in pieces of n bytes.
func decode(t *testing.T, d *Chunked, body string, n int) (u unchunked) {
	t.Helper()
	d.Reset()
	var all []byte
	defer func() { u.Data = string(all) }()
	for at := 0; at < len(body) && !u.Done; at += n {
		piece := []byte(body[at:min(at+n, len(body))])
		for len(piece) > 0 && !u.Done {
			data, used, done, err := d.Next(piece)
			all = append(all, data...)
			u.Used += used
			u.Done = done
			if err != nil {
				u.Err = err.(*Error)
				return u
			}
			if used == 0 && !done {
				t.Fatalf("%q: no progress at %q", body, piece)
			}
			piece = piece[used:]
		}
	}
	u.Trailer = d.Trailer()
	return u
}

var bodies = []struct {
	body string
	want unchunked
}{
	{"0\r\n\r\n", unchunked{Done: true}},
	{"3\r\nabc\r\n0\r\n\r\nGET", unchunked{Data: "abc", Done: true}},
	{"0003\r\nabc\r\n10\r\n0123456789abcdef\r\n000\r\n\r\n", unchunked{Data: "abc0123456789abcdef", Done: true}},
	{"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\nA: b\r\nB:\r\n\r\n", unchunked{Data: "01234567890123456789", Done: true, Trailer: []TrailerField{{"A", "b"}, {"B", ""}}}},
	{"1;a\r\nx\r\n1;a;b=c\r\ny\r\n1 ; a\r\n", unchunked{Data: "xy", Err: errChunkSpace}},
	{"1; a = \"\\\"; \" ; b= c ;d\r\nx\r\n0;z\r\n\r\n", unchunked{Data: "x", Done: true}},
	{"\r\n", unchunked{Err: errChunkSize}},
	{";a\r\n", unchunked{Err: errChunkSize}},
	{"g\r\n", unchunked{Err: errChunkSize}},
	{"0x1\r\n", unchunked{Err: errChunkSize}},
	{"+1\r\n", unchunked{Err: errChunkSize}},
	{"-1\r\n", unchunked{Err: errChunkSize}},
	{" 1\r\n", unchunked{Err: errChunkSize}},
	{"1 \r\n", unchunked{Err: errChunkSpace}},
	{"1\t\r\n", unchunked{Err: errChunkSpace}},
	{"1\n", unchunked{Err: errChunkLine}},
	{"1\rx", unchunked{Err: errChunkLine}},
	{"1\x00\r\n", unchunked{Err: errChunkSize}},
	{"8000000000000000\r\n", unchunked{Err: errChunkOverflow}},
	{"00000000000000001\r\n", unchunked{Err: errChunkOverflow}},
	{"3fffffffffffffff\r\nabc", unchunked{Data: "abc"}},
	{"4000000000000000\r\nabc", unchunked{Err: errChunkOverflow}},
	{"1;\r\n", unchunked{Err: errExtension}},
	{"1;a;\r\n", unchunked{Err: errExtension}},
	{"1;a=\r\n", unchunked{Err: errExtension}},
	{"1;a \r\n", unchunked{Err: errExtension}},
	{"1;a\n", unchunked{Err: errExtension}},
	{"1;a=\"\n", unchunked{Err: errExtension}},
	{"1;a=\"\r\n", unchunked{Err: errExtension}},
	{"1;a=\"b\"c\r\n", unchunked{Err: errExtension}},
	{"1;a=b c\r\n", unchunked{Err: errExtension}},
	{"1;a=b \r\n", unchunked{Err: errExtension}},
	{"1;a\rb\r\n", unchunked{Err: errChunkLine}},
	{"1;=b\r\n", unchunked{Err: errExtension}},
	{"1\r\nx0\r\n", unchunked{Data: "x", Err: errChunkEnd}},
	{"1\r\nx\n0\r\n", unchunked{Data: "x", Err: errChunkEnd}},
	{"1\r\nx\rx\r\n", unchunked{Data: "x", Err: errChunkEnd}},
	{"0\r\n\n", unchunked{Err: errBareLF}},
	{"0\r\n\rx\n", unchunked{Err: errBareLF}},
	{"0\r\nA: b\n\r\n", unchunked{Err: errBareLF}},
	{"0\r\nA : b\r\n\r\n", unchunked{Err: errSpaceInName}},
	{"0\r\nA: b\r\n c\r\n\r\n", unchunked{Err: errFold}},
	{"0\r\nA\r\n\r\n", unchunked{Err: errNoColon}},
	{"0\r\nA: \x00\r\n\r\n", unchunked{Err: errValue}},
	{"1\r\nx\r\n0\r\nContent-length: 5\r\n\r\n", unchunked{Data: "x", Err: errTrailerField}},
	{"0\r\nhost: a\r\n\r\n", unchunked{Err: errTrailerField}},
	{"0\r\nTransfer-Encoding: chunked\r\n\r\n", unchunked{Err: errTrailerField}},
	{"0\r\nTrailer: x\r\n\r\n", unchunked{Err: errTrailerField}},
	{"0\r\nA: " + strings.Repeat("x", maxTrailer-7) + "\r\n\r\n", unchunked{Err: nil, Done: true, Trailer: []TrailerField{{"A", strings.Repeat("x", maxTrailer-7)}}}},
	{"0\r\nA: " + strings.Repeat("x", maxTrailer-6) + "\r\n\r\n", unchunked{Err: errTrailerLong}},
	{"0\r\n" + strings.Repeat("A: b\r\n", maxTrailer/6) + "C: d\r\n\r\n", unchunked{Err: errTrailerLong}},
	{"1;" + strings.Repeat("x", maxChunkLine-2) + "\r\nx\r\n", unchunked{Data: "x"}},
	{"1;" + strings.Repeat("x", maxChunkLine-1) + "\r\nx\r\n", unchunked{Err: errChunkLong}},
}

func TestBodiesAreDecodedOrRefused(t *testing.T) {
	var d Chunked
	for _, c := range bodies {
		name := fmt.Sprintf("%.60q", c.body)
		for n := 1; n <= len(c.body); n++ {
			got := decode(t, &d, c.body, n)
			want := c.want
			want.Used = got.Used
			if want.Done {
				want.Used = strings.LastIndex(c.body, "\r\n\r\n") + 4
			}
			if got.Err != want.Err {
				t.Fatalf("%s in pieces of %d: %v, want %v", name, n, got.Err, want.Err)
			}
			got.Err, want.Err = nil, nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s in pieces of %d: %s", name, n, diff)
			}
			if n > 70 {
				break
			}
		}
	}
}

func TestABodyMayHaveOnlySoMuchFraming(t *testing.T) {
	var d Chunked
	small := strings.Repeat("1\r\nx\r\n", 100_000) + "0\r\n\r\n"
	if u := decode(t, &d, small, 4096); !u.Done || len(u.Data) != 100_000 {
		t.Errorf("chunks of one byte: %v after %d bytes", u.Err, len(u.Data))
	}
	for size := 1; size < 40; size += 6 {
		for extra := range 6 {
			chunk := fmt.Sprintf("%x;%s\r\n%s\r\n", size, strings.Repeat("x", 2*size+100+extra), strings.Repeat("y", size))
			long := strings.Repeat(chunk, 1000) + "0\r\n\r\n"
			want, err := readAll(long)
			if u := decode(t, &d, long, 4096); u.Err != errChunkExcess || err == nil || len(u.Data) != len(want) {
				t.Errorf("extensions of %d bytes for %d: %v after %d bytes, net/http after %d", 2*size+100+extra, size, u.Err, len(u.Data), len(want))
			}
		}
	}
}

// readAll reads a chunked body with net/http.
func readAll(body string) ([]byte, error) {
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body)))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(req.Body)
}
