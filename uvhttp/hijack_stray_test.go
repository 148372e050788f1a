package uvhttp

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestStrayHijacker: a goroutine of a handler hijacks while the handler returns. One of the two has the connection, and Shutdown
// knows of no hijacker that has gone.
func TestStrayHijacker(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		const rounds = 200
		gone := make(chan struct{}, rounds)
		s.ErrorLog = log.New(io.Discard, "", 0)
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			go func() {
				defer func() {
					_ = recover() // as net/http, Hijack panics behind the handler's end
					gone <- struct{}{}
				}()
				time.Sleep(rand.N(4 * time.Millisecond))
				if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
					fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhijacked")
					c.Close()
				}
			}()
			time.Sleep(rand.N(4 * time.Millisecond)) // on the loop it is lent meanwhile
			fmt.Fprint(w, "answered")
		})
		addr := start(t, s)
		for range rounds {
			c, in := dial(t, addr)
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if r, err := http.ReadResponse(in, nil); err == nil { // else Hijack came behind the answer, and before it was sent
				r.Body.Close()
			}
			c.Close()
		}
		for range rounds {
			<-gone
		}
		for e := range s.engines {
			uvtest.Eventually(t, "no hijacker", func() bool { return e.hijackers.Load() == 0 })
		}
	})
}

// A lateFile is a file that tells its length only when it may.
type lateFile struct {
	*os.File
	asked, may chan struct{}
}

func (f lateFile) Stat() (os.FileInfo, error) {
	close(f.asked)
	<-f.may
	return f.File.Stat()
}

// TestStrayEmptyFile: an empty file that a goroutine sends behind its handler's end is an error, though nothing is to be sent.
func TestStrayEmptyFile(t *testing.T) {
	f := uvtest.Must(os.Create(filepath.Join(t.TempDir(), "empty")))
	defer f.Close()
	modes(t, func(t *testing.T, s *Server) {
		late, wrote := lateFile{f, make(chan struct{}), make(chan struct{})}, make(chan error, 1)
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "x/y")
			go func() {
				_, err := w.(*exchange).ReadFrom(late)
				wrote <- err
			}()
			<-late.asked
		})
		c, in := dial(t, start(t, s))
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		answer200(t, in)
		close(late.may)
		uvtest.IsErr(t, "ReadFrom", <-wrote, errOver)
	})
}
