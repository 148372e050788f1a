package uvhttp

import (
	"io"
	"net/http"
	"os"
	"syscall"

	"github.com/uvgo/uvgo/internal/core"
)

// sendfileMin is from how many bytes on a file is sent by sendfile. Below that, its waits cost more than the copy.
const sendfileMin = 64 << 10

// ReadFrom writes what src has. A long regular file is sent by sendfile, without TLS.
func (ex *exchange) ReadFrom(src io.Reader) (n int64, err error) {
	c := ex.c
	c.mu.Lock()
	if ex.over {
		c.mu.Unlock()
		return 0, errOver
	}
	known := ex.status != 0 && (ex.headClosed || ex.fields.hasType) || ex.status == 0 && ex.header["Content-Type"] != nil
	c.mu.Unlock()
	if !known { // the first bytes tell the type
		n, err = ex.copyFrom(io.LimitReader(src, sniffLen))
		if err != nil || n < sniffLen {
			return n, err
		}
	}
	f, left := regular(src)
	if f == nil {
		m, err := ex.copyFrom(src)
		return n + m, err
	}
	room, err := ex.room(left)
	if err != nil {
		return n, err
	}
	if left = min(left, room); left >= sendfileMin && c.tls == nil {
		sent, err := ex.sendfile(f, left)
		n, room = n+sent, room-sent
		if l, is := src.(*io.LimitedReader); is {
			l.N -= sent
		}
		if err != nil {
			return n, err
		}
	}
	m, err := ex.copyFrom(io.LimitReader(src, room)) // also what a file has grown by
	if n += m; err == nil && m == room {
		err = ex.refuseMore(src)
	}
	return n, err
}

// room returns how many bytes Content-Length leaves, never63 without one. With more bytes to come it writes the head, which tells.
func (ex *exchange) room(more int64) (int64, error) {
	ex.c.mu.Lock()
	defer ex.c.mu.Unlock()
	if ex.over { // on a goroutine that the handler has left
		return 0, errOver
	}
	if more > 0 {
		if err := ex.admit(0); err != nil {
			return 0, err
		}
	}
	if ex.contentLength == -1 {
		return never63, nil
	}
	return max(ex.contentLength-ex.written, 0), nil
}

// refuseMore tells that a file has more than Content-Length leaves, if it has: all of that has been sent.
func (ex *exchange) refuseMore(src io.Reader) error {
	if n, _ := src.Read(make([]byte, 1)); n == 0 {
		return nil
	}
	ex.c.mu.Lock()
	defer ex.c.mu.Unlock()
	return ex.admit(1)
}

// copyFrom copies src through a buffer.
func (ex *exchange) copyFrom(src io.Reader) (int64, error) {
	buf := large.Get().(*[outMax]byte)
	defer large.Put(buf)
	return io.CopyBuffer(onlyWriter{ex}, src, buf[:outMin])
}

// An onlyWriter hides ReadFrom.
type onlyWriter struct{ io.Writer }

// A file is an *os.File, or what io.Copy makes of one: it hides WriteTo.
type file interface {
	io.ReadSeeker
	syscall.Conn
	Stat() (os.FileInfo, error)
}

// regular returns the regular file that src reads, and how many bytes are left to send of it; nil if it reads something else.
func regular(src io.Reader) (f file, left int64) {
	left = never63
	if l, ok := src.(*io.LimitedReader); ok {
		src, left = l.R, l.N
	}
	f, ok := src.(file)
	if !ok {
		return nil, 0
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, 0
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, 0
	}
	return f, min(left, info.Size()-at)
}

const never63 = 1<<63 - 1

// sendfileMax is how much one call sends at most: a call on a fast socket does not return for long.
const sendfileMax = 4 << 20

// sendfile sends left bytes of f, or fewer: the file has become shorter, or the rest is to be copied.
func (ex *exchange) sendfile(f file, left int64) (n int64, err error) {
	c := ex.c
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case ex.hijacked:
		return 0, http.ErrHijacked
	case ex.over:
		return 0, errOver
	}
	if err := ex.flush(); err != nil {
		return 0, err
	}
	if ex.chunking || !ex.hasBody() {
		return 0, nil
	}
	w, err := core.BeginWait("http: sendfile")
	if err != nil {
		return 0, nil
	}
	ask := &socketAsk{file: true}
	if err := ex.askSocket(ask); err != nil {
		return 0, err
	}
	defer ask.dup.Close()
	for left > 0 && err == nil {
		var sent int64
		c.mu.Unlock()
		var more bool
		piece := min(left, sendfileMax) // between pieces it looks whether the connection has ended
		w.For(func() { sent, more, err = sendfile(ask.dup, f, piece) })
		c.mu.Lock()
		n, left = n+sent, left-sent
		if ex.over {
			return n, errOver
		}
		ex.written += sent
		switch {
		case err == errNoSendfile:
			return n, nil
		case err != nil:
			ex.broke = opError("sendfile", c, err)
			return n, ex.broke
		case !more && sent < piece: // the file has become shorter
			return n, nil
		}
		if err = ex.broken(); err == nil && more && left > 0 { // the kernel's buffer is full: the loop tells when there is room
			sent, err = ex.sendPiece(w, f, left)
			n, left = n+sent, left-sent
			if err == io.EOF { // as above
				return n, nil
			}
		}
	}
	return n, err
}

// sendPiece sends a piece of f through the loop, and waits until the kernel has it. The caller has locked mu, which is unlocked
// while the file is read: the loop needs mu, and the disk may be slow.
func (ex *exchange) sendPiece(w core.Wait, f file, left int64) (int64, error) {
	c := ex.c
	b := takeLarge()
	var n int
	var err error
	c.mu.Unlock()
	w.For(func() { n, err = f.Read(b[:min(int64(outMax), left)]) })
	c.mu.Lock()
	if n > 0 {
		err = ex.broken()
	}
	if n == 0 || err != nil {
		giveLarge(b)
		return 0, err
	}
	ex.pages.out = b[:n]
	ex.written += int64(n)
	ex.pushRest()
	for c.queued+c.inFlight > 0 {
		if err := ex.broken(); err != nil {
			return int64(n), err
		}
		if err := c.wait(&c.writers); err != nil {
			return int64(n), err
		}
	}
	return int64(n), ex.broken()
}
