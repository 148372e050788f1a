package h1

import (
	"net/http"
	"strconv"
)

// An Error says why a request is refused. The connection ends with it: where the next request begins is not known.
type Error struct {
	// Status is 400, 431, 501 or 505.
	Status int
	// Reason is what net/http adds to the status, for instance "missing required Host header". It may be empty.
	Reason string
	// Detail says what is wrong, for logs. It holds nothing of the request.
	Detail string
}

// Error returns the status with the detail.
func (e *Error) Error() string {
	return "http: " + strconv.Itoa(e.Status) + " " + http.StatusText(e.Status) + ": " + e.Detail
}

// Answer returns the response that net/http writes, from its status line to the end of its body.
func (e *Error) Answer() string {
	line := strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
	body := line
	switch {
	case e.Status == http.StatusNotImplemented:
		body = e.Reason
	case e.Reason != "":
		line += ": " + e.Reason
		body = line
	}
	return "HTTP/1.1 " + line + "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" + body
}

// bad makes an error that net/http answers without a reason.
func bad(detail string) *Error { return &Error{Status: http.StatusBadRequest, Detail: detail} }

// because makes an error whose reason net/http answers.
func because(status int, reason string) *Error {
	return &Error{Status: status, Reason: reason, Detail: reason}
}

// What net/http refuses, too.
var (
	errTooLarge      = &Error{Status: http.StatusRequestHeaderFieldsTooLarge, Detail: "the head is too large"}
	errMethod        = bad("malformed method")
	errTarget        = bad("malformed target")
	errVersion       = bad("malformed version")
	errName          = bad("malformed field name")
	errNoColon       = bad("a field without a colon")
	errValue         = bad("a control character in a field's value")
	errTwoHosts      = bad("several Host fields")
	errLength        = bad("malformed Content-Length")
	errTrailerName   = bad("a field in Trailer that no trailer may have")
	errCoding        = &Error{Status: http.StatusNotImplemented, Reason: "Unsupported transfer encoding", Detail: "a transfer coding other than chunked"}
	errUnsupported   = because(http.StatusHTTPVersionNotSupported, "unsupported protocol version")
	errNoHost        = because(http.StatusBadRequest, "missing required Host header")
	errHost          = because(http.StatusBadRequest, "malformed Host header")
	errSpaceInName   = because(http.StatusBadRequest, "invalid header name")
	errChunkSize     = bad("malformed chunk size")
	errChunkOverflow = bad("a chunk too large")
	errChunkLine     = bad("malformed line end behind a chunk size")
	errChunkEnd      = bad("no CRLF behind a chunk's data")
	errChunkLong     = bad("the line of a chunk size is too long")
	errChunkExcess   = bad("the chunked body has too much that is no data")
	errTrailerLong   = bad("the trailer section is too long")
)

// What only this package refuses.
var (
	errEmptyTarget  = bad("an empty target")
	errBareLF       = bad("a line that ends with a bare LF")
	errFold         = bad("a folded field")
	errCodingIn10   = bad("Transfer-Encoding in HTTP/1.0")
	errTwoLengths   = bad("several Content-Length fields")
	errBoth         = bad("Transfer-Encoding with Content-Length")
	errNewer        = because(http.StatusHTTPVersionNotSupported, "unsupported protocol version")
	errChunkSpace   = bad("whitespace behind a chunk size")
	errExtension    = bad("malformed chunk extension")
	errTrailerField = bad("a field that no trailer may have")
)
