package http

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvhttp"
)

func init() { uvtest.Helper("http server", remoteServer) }

// settings are what a remote server is started with.
type settings struct {
	ReadHeaderTimeout, ReadTimeout, WriteTimeout time.Duration
	Inline                                       uvhttp.Inline
	Loops                                        int
}

// A remote is a uvhttp server in a process of its own, so that its memory can be measured.
type remote struct{ *kit.Remote }

func startRemote(t testing.TB, s settings) remote {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	text := uvtest.Must(json.Marshal(s))
	return remote{kit.StartRemote(t, "http server", string(text))}
}

// A sample is a remote server's state: its memory, how many handlers run, how many returned with an error of their
// request, and goroutines.
type sample struct {
	rss                         uint64
	running, failed, goroutines int
}

func (r remote) sample() (s sample) {
	r.Ask("sample", &s.rss, &s.running, &s.failed, &s.goroutines)
	return s
}

// remoteServer is the server. Its handlers read a body and answer with its checksum, write as much as a client
// asks for, and write without an end.
func remoteServer() {
	var set settings
	uvtest.Must(0, json.Unmarshal([]byte(os.Args[1]), &set))
	var running, failed atomic.Int64
	s := &uvhttp.Server{
		Inline: set.Inline, Loops: set.Loops,
		ReadHeaderTimeout: set.ReadHeaderTimeout, ReadTimeout: set.ReadTimeout, WriteTimeout: set.WriteTimeout,
	}
	h := openHost(s, func(w http.ResponseWriter, r *http.Request) {
		running.Add(1)
		defer running.Add(-1)
		if err := remoteHandler(w, r); err != nil {
			failed.Add(1)
		}
	})
	kit.Answer(h.addr, map[string]func() []any{"sample": func() []any {
		debug.FreeOSMemory()
		return []any{uvtest.RSS(), running.Load(), failed.Load(), runtime.NumGoroutine()}
	}})
	uvtest.Must(0, s.Close())
	<-h.served
}

func remoteHandler(w http.ResponseWriter, r *http.Request) error {
	switch r.URL.Path {
	case "/sum":
		sum := sha256.New()
		n, err := io.Copy(sum, r.Body)
		fmt.Fprint(w, n, " ", hex.EncodeToString(sum.Sum(nil)))
		return err
	case "/bytes":
		n := uvtest.Must(strconv.ParseInt(r.URL.RawQuery, 10, 64))
		_, err := io.Copy(w, newStream(n))
		return err
	case "/echo":
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, err := io.Copy(w, r.Body)
		return err
	case "/endless":
		_, err := io.Copy(w, newStream(1<<62))
		return err
	}
	return nil
}

// A stream is a body of pseudo-random bytes.
type stream struct{ at, left int64 }

// pattern is what a stream repeats.
var pattern = uvtest.Pattern(1<<20-7, 1)

func newStream(n int64) *stream { return &stream{left: n} }

// Read gives pieces that do not repeat at a round length.
func (s *stream) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), s.left)], pattern[s.at:])
	s.at = (s.at + int64(n)) % int64(len(pattern))
	s.left -= int64(n)
	return n, nil
}

// sumOf returns the checksum of a stream of n bytes.
func sumOf(n int64) string {
	sum := sha256.New()
	_, _ = io.Copy(sum, struct{ io.Reader }{newStream(n)})
	return hex.EncodeToString(sum.Sum(nil))
}

// A summer is a checksum that counts.
type summer struct {
	hash.Hash
	n int64
}

func (s *summer) Write(p []byte) (int, error) {
	s.n += int64(len(p))
	return s.Hash.Write(p)
}
