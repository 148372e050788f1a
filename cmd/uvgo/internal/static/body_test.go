package static_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/static"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// request sends a request for a file on a connection of its own, and reads the answer's head, and returns its body.
func (s *site) request(path string, buffer int) (net.Conn, io.Reader) {
	s.t.Helper()
	c := uvtest.Must(net.Dial("tcp", s.host))
	s.t.Cleanup(func() { c.Close() })
	uvtest.Check(s.t, c.(*net.TCPConn).SetReadBuffer(buffer))
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	return c, resp.Body
}

func TestLargeFilesArrive(t *testing.T) {
	data := uvtest.Pattern(5<<20+17, 1)
	s := newSite(t, static.Options{WriteTimeout: time.Hour}, map[string]string{"big.bin": string(data)})
	_, body := s.request("/big.bin", 64<<10)
	got, err := io.ReadAll(body)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes of %d, %v", len(got), len(data), err)
	}
	s.want(s.ask("GET", "/big.bin", "Range", "bytes=1000000-4000000"), 206, string(data[1000000:4000001]))
}

// A paced is a ResponseWriter that counts what it is given before each deadline.
type paced struct {
	header http.Header
	pieces []int64
	soon   bool // a deadline was less than a minute away
	files  bool // what it is given can go by sendfile
}

func (p *paced) Header() http.Header { return p.header }
func (p *paced) WriteHeader(int)     {}
func (p *paced) Write(b []byte) (int, error) {
	p.pieces[len(p.pieces)-1] += int64(len(b))
	return len(b), nil
}

func (p *paced) SetWriteDeadline(at time.Time) error {
	p.pieces = append(p.pieces, 0)
	p.soon = p.soon || time.Until(at) < time.Minute
	return nil
}

func (p *paced) ReadFrom(src io.Reader) (int64, error) {
	limited, ok := src.(*io.LimitedReader)
	if _, isFile := limited.R.(*os.File); !ok || !isFile {
		p.files = false
	}
	n, err := io.Copy(io.Discard, src)
	p.pieces[len(p.pieces)-1] += n
	return n, err
}

// TestEachPieceOfAFileHasItsTime: so a slow client gets all of a large file.
func TestEachPieceOfAFileHasItsTime(t *testing.T) {
	const piece = 512 << 10
	s := newSite(t, static.Options{WriteTimeout: time.Hour}, map[string]string{"big.bin": string(uvtest.Pattern(2*piece+7, 1)), "small.bin": "x"})
	for path, want := range map[string][]int64{"/big.bin": {piece, piece, 7}, "/small.bin": {1}} {
		p := &paced{header: make(http.Header), pieces: []int64{0}, files: true}
		s.files.ServeHTTP(p, uvtest.Must(http.NewRequest(http.MethodGet, path, nil)))
		if !slices.Equal(p.pieces, want) || p.soon || !p.files {
			t.Errorf("%s: pieces %v, want %v; soon %v, for sendfile %v", path, p.pieces, want, p.soon, p.files)
		}
	}
}

func TestClientsThatTakeNothingAreClosed(t *testing.T) {
	s := newSite(t, static.Options{WriteTimeout: 300 * time.Millisecond}, map[string]string{"big.bin": string(uvtest.Pattern(64<<20, 1))})
	c, _ := s.request("/big.bin", 4096)
	// Nothing is read until the server has hung up: then the kernel answers what is written to the connection with a reset.
	uvtest.Eventually(t, "the server hangs up", func() bool {
		_, err := c.Write([]byte("x"))
		return err != nil
	})
}
