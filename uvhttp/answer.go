package uvhttp

import (
	"net/http"
	"runtime"
	"strconv"
	"strings"
)

// An answer is the ResponseWriter's half of an exchange. conn.mu guards it.
//
// What WriteHeader sends is written to pages.out at once, so that the handler may change its header afterwards. What
// depends on the body follows it when the first bytes of the body leave; see closeHead.
type answer struct {
	header http.Header // Header's, nil until it is asked for
	*pages             // nil once the answer is over: see exchange.over
}

// pages are what an answer needs until the handler has returned. Then other answers use them.
type pages struct {
	out           []byte // what is to be sent, head and framing included
	body          []byte // body that waits until its length is known, or it is more than bodyMax
	status        int    // 0: WriteHeader has not been called
	fields        fields // what the header says of the body
	contentLength int64  // what the handler has announced, -1 for nothing
	written       int64  // bytes of body that the handler has written
	headClosed    bool   // the head has left
	bulk          bool   // a buffer was full since the last Flush: the next one is made large at once
	chunking      bool   // the body is chunked
	broke         error  // why nothing can be written any more
	progress
}

// bodyMax is the longest body that waits for the end of the handler, as in net/http.
const bodyMax = 2048

// Header returns the header that WriteHeader sends.
func (ex *exchange) Header() http.Header {
	ex.c.mu.Lock()
	defer ex.c.mu.Unlock()
	if ex.header == nil {
		ex.header = make(http.Header)
	}
	return ex.header
}

// WriteHeader sends the header with a status.
func (ex *exchange) WriteHeader(status int) {
	ex.c.mu.Lock()
	defer ex.c.mu.Unlock()
	switch {
	case ex.hijacked:
		ex.complain("http: response.WriteHeader on hijacked connection from %s (%s:%d)")
	case ex.over:
		ex.complain("http: response.WriteHeader after the handler has returned, from %s (%s:%d)")
	case ex.status != 0:
		ex.complain("http: superfluous response.WriteHeader call from %s (%s:%d)")
	case status < 100 || status > 999:
		panic("invalid WriteHeader code " + strconv.Itoa(status))
	case status <= 199 && status != http.StatusSwitchingProtocols:
		ex.writeInformation(status)
	default:
		ex.writeHeader(status)
	}
}

// writeInformation sends a head of class 1xx, which is no answer.
func (ex *exchange) writeInformation(status int) {
	if status == http.StatusContinue {
		ex.expects = false
	}
	out := ex.appendStatusLine(ex.pages.out, status)
	out, _ = appendHeader(out, ex.header, func(name string, _ []string) bool {
		return name != "Content-Length" && name != "Transfer-Encoding"
	})
	ex.pages.out = append(out, "\r\n"...)
	_ = ex.push() // Write reports an error
}

// writeHeader begins the head.
func (ex *exchange) writeHeader(status int) {
	ex.status, ex.expects = status, false
	f := &ex.fields
	f.status = status
	out := ex.appendStatusLine(ex.pages.out, status)
	out, f.trailers = appendHeader(out, ex.header, f.note)
	ex.pages.out = out
	if f.length != "" {
		n, err := strconv.ParseInt(f.length, 10, 64)
		if err != nil || n < 0 {
			go ex.c.w.engine.logf("http: invalid Content-Length of %q", f.length) // an ErrorLog may be slow: not with mu locked
			delete(ex.header, "Content-Length")
			f.length = ""
		} else {
			ex.contentLength = n
		}
	}
}

func (ex *exchange) appendStatusLine(out []byte, status int) []byte {
	if ex.req.ProtoMinor == 0 {
		out = append(out, "HTTP/1.0 "...)
	} else {
		out = append(out, "HTTP/1.1 "...)
	}
	if status == http.StatusOK {
		return append(out, "200 OK\r\n"...)
	}
	out = strconv.AppendInt(out, int64(status), 10)
	if text := http.StatusText(status); text != "" {
		out = append(out, ' ')
		out = append(out, text...)
	} else {
		out = append(out, " status code "...)
		out = strconv.AppendInt(out, int64(status), 10)
	}
	return append(out, "\r\n"...)
}

// Write writes a part of the body.
func (ex *exchange) Write(p []byte) (int, error) {
	ex.c.mu.Lock()
	defer ex.c.mu.Unlock()
	if err := ex.admit(len(p)); err != nil || len(p) == 0 {
		return 0, err
	}
	return write(ex, p)
}

// WriteString writes a part of the body.
func (ex *exchange) WriteString(s string) (int, error) {
	ex.c.mu.Lock()
	defer ex.c.mu.Unlock()
	if err := ex.admit(len(s)); err != nil || len(s) == 0 {
		return 0, err
	}
	return write(ex, s)
}

// admit tells why n bytes of body must not be written.
func (ex *exchange) admit(n int) error {
	switch {
	case ex.hijacked:
		if n > 0 {
			ex.complain("http: response.Write on hijacked connection from %s (%s:%d)")
		}
		return http.ErrHijacked
	case ex.over:
		return errOver
	}
	if ex.status == 0 {
		ex.writeHeader(http.StatusOK)
	}
	switch {
	case n == 0:
		return nil
	case !bodyAllowed(ex.status):
		return http.ErrBodyNotAllowed
	}
	ex.written += int64(n)
	if ex.contentLength != -1 && ex.written > ex.contentLength {
		return http.ErrContentLength
	}
	if ex.broke != nil || ex.c.dead {
		return ex.broken()
	}
	return nil
}

// broken tells why nothing can be sent any more.
func (ex *exchange) broken() error {
	switch {
	case ex.over: // while a goroutine of the handler waited
		return errOver
	case ex.broke != nil:
	case ex.c.dead:
		ex.broke = errClosed
	case ex.writeDeadlinePassed:
		ex.broke = ex.c.timeout("write")
	}
	return ex.broke
}

// write writes p as a bufio.Writer of bodyMax bytes does, so that chunks are as long as net/http's.
func write[T string | []byte](ex *exchange, p T) (n int, err error) {
	n = len(p)
	for {
		body := ex.pages.body
		room := bodyMax - len(body)
		if len(p) <= room {
			ex.pages.body = append(body, p...)
			return n, nil
		}
		if len(body) == 0 {
			return n, emit(ex, p)
		}
		ex.pages.body = append(body, p[:room]...)
		p = p[room:]
		if err := ex.emitBody(); err != nil {
			return n - len(p), err
		}
	}
}

// emitBody sends the body that has waited.
func (ex *exchange) emitBody() error {
	body := ex.pages.body
	ex.pages.body = body[:0]
	return emit(ex, body)
}

// emit sends p, behind the head if that has not left.
func emit[T string | []byte](ex *exchange, p T) error {
	if !ex.headClosed {
		var sniff []byte
		if ex.sniffs() {
			sniff = []byte(p[:min(len(p), sniffLen)])
		}
		ex.closeHead(sniff, len(p), false)
	}
	if !ex.hasBody() {
		return nil
	}
	if ex.pages.bulk && cap(ex.pages.out) < outMax { // it has the end of a chunk, or nothing
		ex.pages.out = append(takeLarge(), ex.pages.out...)
	}
	if !ex.chunking {
		return appendOut(ex, p)
	}
	ex.pages.out = strconv.AppendInt(ex.pages.out, int64(len(p)), 16)
	ex.pages.out = append(ex.pages.out, "\r\n"...)
	if err := appendOut(ex, p); err != nil {
		return err
	}
	ex.pages.out = append(ex.pages.out, "\r\n"...)
	return nil
}

// hasBody tells whether the answer has a body.
func (ex *exchange) hasBody() bool {
	return ex.req.Method != http.MethodHead && bodyAllowed(ex.status)
}

// bodyAllowed tells whether answers with a status may have a body.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// end ends the answer of a handler that has returned. The caller has locked mu.
func (ex *exchange) end() {
	if ex.status == 0 {
		ex.writeHeader(http.StatusOK)
	}
	p := ex.pages
	if !ex.headClosed {
		ex.closeHead(p.body[:min(len(p.body), sniffLen)], len(p.body), true)
	}
	if len(p.body) > 0 {
		_ = ex.emitBody() // an error has closed the connection
	}
	if ex.chunking {
		p.out = append(p.out, "0\r\n"...)
		p.out = ex.appendTrailer(p.out)
		p.out = append(p.out, "\r\n"...)
	}
	if ex.req.Method != http.MethodHead && ex.contentLength != -1 && bodyAllowed(ex.status) && ex.contentLength != ex.written {
		ex.closeAfter = true // the client would wait for the rest
	}
}

// appendTrailer appends the trailer: the fields that the header has announced, and those whose names begin with http.TrailerPrefix.
func (ex *exchange) appendTrailer(out []byte) []byte {
	var trailer http.Header
	for name, values := range ex.header {
		if rest, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			if trailer == nil {
				trailer = make(http.Header)
			}
			trailer[rest] = values
		}
	}
	for _, name := range ex.fields.trailers {
		if trailer == nil {
			trailer = make(http.Header)
		}
		trailer[name] = append(trailer[name], ex.header[name]...)
	}
	out, _ = appendHeader(out, trailer, nil)
	return out
}

// complain logs a call that does nothing, with where it was made. The caller has locked mu, which is unlocked meanwhile: an
// ErrorLog may be slow, and the loop needs mu.
func (ex *exchange) complain(format string) {
	pc := make([]uintptr, 16)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "github.com/uvgo/uvgo/uvhttp.") || !more {
			file := f.File[strings.LastIndexByte(f.File, '/')+1:]
			ex.c.mu.Unlock()
			defer ex.c.mu.Lock()
			ex.c.w.engine.logf(format, f.Function, file, f.Line)
			return
		}
	}
}
