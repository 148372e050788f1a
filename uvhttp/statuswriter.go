package uvhttp

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
)

// A statusWriter notes the status of an answer of net/http's server. It passes on what such an answer can do beyond
// http.ResponseWriter, by the two types around it: one for HTTP/1, one for HTTP/2.
type statusWriter struct {
	http.ResponseWriter
	status int
}

type (
	statusHijacker struct{ *statusWriter } // of HTTP/1
	statusPusher   struct{ *statusWriter } // of HTTP/2
)

var (
	_ http.Flusher    = (*statusWriter)(nil)
	_ io.StringWriter = (*statusWriter)(nil)
	_ http.Hijacker   = (*statusHijacker)(nil)
	_ io.ReaderFrom   = (*statusHijacker)(nil)
	_ http.Pusher     = (*statusPusher)(nil)
)

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) WriteHeader(status int) {
	if w.status < 200 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) wrote() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

func (w *statusWriter) Write(p []byte) (int, error) {
	w.wrote()
	return w.ResponseWriter.Write(p)
}

func (w *statusWriter) WriteString(s string) (int, error) {
	w.wrote()
	return io.WriteString(w.ResponseWriter, s)
}

func (w *statusWriter) Flush() { _ = w.FlushError() }

func (w *statusWriter) FlushError() error {
	w.wrote()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *statusHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h, ok := w.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.ErrUnsupported
	}
	c, rw, err := h.Hijack()
	if err == nil && w.status == 0 {
		w.status = http.StatusSwitchingProtocols
	}
	return c, rw, err
}

func (w *statusHijacker) ReadFrom(r io.Reader) (int64, error) {
	w.wrote()
	return io.Copy(w.ResponseWriter, r)
}

func (w *statusPusher) Push(target string, opts *http.PushOptions) error {
	p, ok := w.ResponseWriter.(http.Pusher)
	if !ok {
		return http.ErrNotSupported
	}
	return p.Push(target, opts)
}
