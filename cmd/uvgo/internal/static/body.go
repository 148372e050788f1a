package static

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// piece is how much of a file a client has to take within a write timeout.
const piece = 512 << 10

// A body is the ResponseWriter through which http.ServeContent sends a file.
type body struct {
	http.ResponseWriter
	size    int64
	encoded bool
	timeout time.Duration // for each piece behind the first; 0: none
}

var _ io.ReaderFrom = (*body)(nil)

// Unwrap is for http.ResponseController.
func (b *body) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// WriteHeader adds the length of a whole file that is encoded, which ServeContent leaves out: a wrapper could have
// encoded it.
func (b *body) WriteHeader(status int) {
	if b.encoded && status == http.StatusOK {
		b.Header()["Content-Length"] = []string{strconv.FormatInt(b.size, 10)}
	}
	b.ResponseWriter.WriteHeader(status)
}

// ReadFrom sends a file in pieces, if it is large. Each has a deadline of its own, so a slow client gets all of the
// file and one that takes nothing is closed. The server's ReadFrom sends a piece by sendfile, for which it has to see
// the LimitedReader of the file itself.
func (b *body) ReadFrom(src io.Reader) (sent int64, err error) {
	whole, ok := src.(*io.LimitedReader)
	if !ok || b.timeout <= 0 || whole.N <= piece {
		return io.Copy(b.ResponseWriter, src)
	}
	control := http.NewResponseController(b.ResponseWriter)
	part := &io.LimitedReader{R: whole.R}
	for whole.N > 0 {
		if sent > 0 {
			if err = control.SetWriteDeadline(time.Now().Add(b.timeout)); err != nil {
				return sent, err
			}
		}
		want := min(piece, whole.N)
		part.N = want
		n, err := io.Copy(b.ResponseWriter, part)
		sent, whole.N = sent+n, whole.N-n
		if err != nil || n < want { // the file has become shorter
			return sent, err
		}
	}
	return sent, nil
}
