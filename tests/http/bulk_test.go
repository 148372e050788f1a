package http

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// bulk is how long a long body is.
func bulk() int64 {
	if os.Getenv("UVGO_LONG") == "1" {
		return 1 << 30
	}
	return 64 << 20
}

// bulkGrowth is how much memory a server may need for a body of any length: the arenas of two loops, buffers of the connection, and
// what the collector leaves.
const bulkGrowth = 80 << 20

// TestLongBodies sends long bodies to a server, from it, and both at once. All bytes arrive, and the server's memory stays
// flat.
func TestLongBodies(t *testing.T) {
	n := bulk()
	want := sumOf(n)
	for name, transfer := range map[string]func(t *testing.T, url string) string{
		"up by length":  func(t *testing.T, url string) string { return upload(t, url, newStream(n), n) },
		"up in chunks":  func(t *testing.T, url string) string { return upload(t, url, newStream(n), -1) },
		"down":          func(t *testing.T, url string) string { return download(t, url+fmt.Sprint("/bytes?", n), nil, 0) },
		"both at once":  func(t *testing.T, url string) string { return download(t, url+"/echo", newStream(n), n) },
		"both, chunked": func(t *testing.T, url string) string { return download(t, url+"/echo", newStream(n), -1) },
	} {
		t.Run(name, func(t *testing.T) {
			srv := startRemote(t, settings{})
			url := "http://" + srv.Addr.String()
			upload(t, url, newStream(1<<20), 1<<20) // warm up
			before, peak := srv.sample(), uint64(0)
			done := make(chan string, 1)
			go func() { done <- transfer(t, url) }()
			for over := false; !over; {
				select {
				case got := <-done:
					if over = true; got != fmt.Sprint(n, " ", want) {
						t.Errorf("%s arrived, want %d %s", got, n, want)
					}
				default:
				}
				peak = max(peak, srv.sample().rss)
			}
			t.Logf("memory: %d KiB, at most %d KiB during %d MiB", before.rss>>10, peak>>10, n>>20)
			if !uvtest.Instrumented && peak > before.rss+bulkGrowth {
				t.Errorf("memory grew from %d to %d KiB", before.rss>>10, peak>>10)
			}
			srv.End()
		})
	}
}

// roundTrip sends a request on a connection of its own.
func roundTrip(t *testing.T, r *http.Request) io.ReadCloser {
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := tr.RoundTrip(r)
	if err != nil {
		t.Error(err)
		return http.NoBody
	}
	if resp.StatusCode != http.StatusOK {
		t.Error(resp.Status)
	}
	return resp.Body
}

// upload returns what the server says it got.
func upload(t *testing.T, url string, body io.Reader, n int64) string {
	r := uvtest.Must(http.NewRequest(http.MethodPost, url+"/sum", struct{ io.Reader }{body}))
	r.ContentLength = n
	answer := roundTrip(t, r)
	defer answer.Close()
	text, err := io.ReadAll(answer)
	uvtest.Expect(t, err)
	return string(text)
}

// download returns what came.
func download(t *testing.T, url string, body io.Reader, n int64) string {
	r := uvtest.Must(http.NewRequest(http.MethodPost, url, body))
	r.ContentLength = n
	answer := roundTrip(t, r)
	defer answer.Close()
	sum := &summer{Hash: sha256.New()}
	_, err := io.Copy(sum, answer)
	uvtest.Expect(t, err)
	return fmt.Sprint(sum.n, " ", hex.EncodeToString(sum.Sum(nil)))
}

// TestLongAnswers has many clients get answers beyond the high watermark in one write, again and again, so that many handlers
// of a loop wait at once.
func TestLongAnswers(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		const length = 500_000
		want := shown(text(length))
		for range 10 {
			h := startHost(t, &uvhttp.Server{Inline: s.Inline, Loops: 2}, func(w http.ResponseWriter, r *http.Request) {
				w.Write(text(length))
			})
			var wg sync.WaitGroup
			for range crowd {
				p := dialHost(t, h.addr)
				wg.Go(func() {
					p.SetReadDeadline(time.Now().Add(quiet))
					p.ask(t, get("/canary"), "200")
					for range 3 {
						if got := p.ask(t, get("/"), "200"); got != want {
							t.Errorf("the answer is %.50s, want %s", got, want)
							return
						}
					}
				})
			}
			wg.Wait()
		}
	})
}
