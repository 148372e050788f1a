package workers

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// A load is clients that send requests without a pause. Half of them keep their connections, half make one for each request.
type load struct {
	requests, failures, refused atomic.Int64
	mu                          sync.Mutex
	first                       error
	done                        chan struct{}
	wg                          sync.WaitGroup
}

func startLoad(addr string, clients int) *load {
	l := &load{done: make(chan struct{})}
	for i := range clients {
		l.wg.Go(func() { l.client(addr, i%2 == 0) })
	}
	return l
}

// stop ends the load.
func (l *load) stop() {
	close(l.done)
	l.wg.Wait()
}

// client sends requests. It sends each once: what fails is lost.
func (l *load) client(addr string, keep bool) {
	var c net.Conn
	var r *bufio.Reader
	drop := func() {
		if c != nil {
			c.Close()
			c = nil
		}
	}
	defer drop()
	for {
		select {
		case <-l.done:
			return
		default:
		}
		if c == nil {
			var err error
			if c, err = net.Dial("tcp", addr); err != nil {
				l.refused.Add(1)
				l.fail(err)
				return
			}
			r = bufio.NewReader(c)
		}
		ends, err := request(c, r)
		if err != nil {
			l.fail(err)
			drop()
			continue
		}
		l.requests.Add(1)
		if ends || !keep {
			drop()
		}
	}
}

func (l *load) fail(err error) {
	l.failures.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == nil {
		l.first = err
	}
}

// request sends a request, and tells whether the connection ends behind the answer.
func request(c net.Conn, r *bufio.Reader) (ends bool, err error) {
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
		return false, err
	}
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		return false, fmt.Errorf("no answer: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return false, errors.New(answer.Status)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.Close, err
}

// lost fails the test if requests have failed.
func (l *load) lost(t *testing.T) {
	t.Helper()
	t.Logf("%d requests, %d failed", l.requests.Load(), l.failures.Load())
	if l.failures.Load() > 0 || l.requests.Load() == 0 {
		t.Errorf("%d of %d requests failed, the first: %v", l.failures.Load(), l.requests.Load(), l.first)
	}
}
