package access

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// A recorder is the ResponseWriter of a request that a Monitor sees.
type recorder struct {
	http.ResponseWriter
	began    time.Time // zero: nobody wants to know
	bytes    int64     // of the body
	status   int       // 0: none yet
	head     bool      // the body is not sent
	returned bool      // the handler has, without a panic
}

var _ io.ReaderFrom = (*recorder)(nil)

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader notes the status. An informational one is not the answer's.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	r.wrote(int64(n))
	return n, err
}

// buffers are for ReadFrom.
var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// ReadFrom leaves the copy to the server, which may use sendfile. HTTP/2 has no such method.
func (r *recorder) ReadFrom(src io.Reader) (n int64, err error) {
	if to, ok := r.ResponseWriter.(io.ReaderFrom); ok {
		n, err = to.ReadFrom(src)
	} else {
		buf := buffers.Get().(*[64 << 10]byte)
		n, err = io.CopyBuffer(struct{ io.Writer }{r.ResponseWriter}, src, buf[:])
		buffers.Put(buf)
	}
	r.wrote(n)
	return n, err
}

func (r *recorder) wrote(n int64) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if !r.head {
		r.bytes += n
	}
}
