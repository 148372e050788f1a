package h1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"strings"
)

// oracle reads a head as http.Server does. It returns the request and the head's length, or the status with which the server refuses it; 0 is a
// head that is not whole.
func oracle(in []byte) (req *http.Request, n, status int) {
	src := bytes.NewReader(in)
	r := bufio.NewReaderSize(src, len(in)+16)
	req, err := http.ReadRequest(r)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return nil, 0, 0
	case err != nil && (strings.HasPrefix(err.Error(), "unsupported transfer encoding") || strings.HasPrefix(err.Error(), "too many transfer encodings")):
		return nil, 0, http.StatusNotImplemented
	case err != nil:
		return nil, 0, http.StatusBadRequest
	}
	// ReadRequest takes Host out of the header, and the server looks at it before that.
	lines := textproto.NewReader(bufio.NewReader(bytes.NewReader(in)))
	lines.ReadLine()
	if fields, err := lines.ReadMIMEHeader(); err == nil && fields["Host"] != nil {
		req.Header["Host"] = fields["Host"]
	}
	return req, len(in) - src.Len() - r.Buffered(), refusal(req)
}

// hostChars are the characters that net/http allows in Host.
const hostChars = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!$%&'()*+,-.:;=[]_~"

// refusal is the status with which http.Server refuses a request that it could read, or 0.
func refusal(req *http.Request) int {
	pri := req.ProtoMajor == 2 && req.ProtoMinor == 0 && req.Method == "PRI" && req.RequestURI == "*"
	if req.ProtoMajor != 1 && !pri {
		return http.StatusHTTPVersionNotSupported
	}
	hosts := req.Header["Host"]
	if req.ProtoAtLeast(1, 1) && len(hosts) == 0 && req.Method != http.MethodConnect && (!pri || len(req.Header) > 0) {
		return http.StatusBadRequest
	}
	if len(hosts) == 1 && strings.ContainsFunc(hosts[0], func(r rune) bool { return !strings.ContainsRune(hostChars, r) }) {
		return http.StatusBadRequest
	}
	for name := range req.Header {
		if strings.Contains(name, " ") { // all else ReadRequest has refused
			return http.StatusBadRequest
		}
	}
	return 0
}

// header is what net/http makes of the fields that a head has.
func header(h *Head, in []byte) http.Header {
	m := make(http.Header)
	for _, f := range h.Fields {
		m.Add(string(f.Name.Of(in)), string(f.Value.Of(in)))
	}
	m.Del("Transfer-Encoding")
	if h.Chunked {
		m.Del("Trailer")
	}
	if v := m["Pragma"]; len(v) > 0 && v[0] == "no-cache" && m["Cache-Control"] == nil {
		m["Cache-Control"] = []string{"no-cache"}
	}
	return m
}
