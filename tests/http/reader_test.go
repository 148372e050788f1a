package http

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A response is an answer as it was on the wire. Package net/http's ReadResponse would hide what is compared
// here: the text of the status line, the spelling of names, Connection and Transfer-Encoding, and what follows a
// status that has no body.
type response struct {
	Status  string              // the status line
	Header  map[string][]string // with names as sent
	Body    string              // as text, or its length and checksum if it is long
	Trailer map[string][]string
	Cut     string // why the response is not whole
}

// code returns the three digits of the status line.
func (r *response) code() string {
	if f := strings.Fields(r.Status); len(f) > 1 {
		return f[1]
	}
	return r.Status
}

// interim reports whether a final response follows.
func (r *response) interim() bool { return strings.HasPrefix(r.code(), "1") && r.code() != "101" }

// get returns the first value of a header field.
func (r *response) get(name string) string {
	for k, v := range r.Header {
		if strings.EqualFold(k, name) {
			return v[0]
		}
	}
	return ""
}

// last reports whether net/http is bound to close the connection behind the response. It also does behind
// others, and keeps it behind "Connection: Close".
func (r *response) last() bool {
	return r.get("Connection") == "close" && strings.HasPrefix(r.Status, "HTTP/1.1")
}

// longBody is from where on a body is compared by its length and checksum.
const longBody = 3000

// readResponse reads the answer to a request with the method, and returns how the connection ended if it did.
// The response is nil if there is no further one. It calls begun when it has the head.
func readResponse(in *bufio.Reader, method string, begun func()) (*response, string) {
	line, err := readLine(in)
	if err != nil {
		if line != "" {
			return &response{Status: line, Cut: ending(err)}, ""
		}
		return nil, ending(err)
	}
	r := &response{Status: line}
	if r.Header, err = readFields(in); err != nil {
		r.Cut = ending(err)
		return r, ""
	}
	begun()
	if d := r.get("Date"); d != "" && !keptDate[d] {
		if when, err := http.ParseTime(d); err == nil && time.Since(when).Abs() < time.Hour {
			r.Header["Date"] = []string{"now"}
		}
	}
	code := r.code()
	switch {
	case code == "101":
		r.Body, err = readAll(in)
		return r, ending(err)
	case method == "HEAD", r.interim(), code == "204", code == "304":
		return r, ""
	case slices.Contains(r.Header["Transfer-Encoding"], "chunked"):
		var body bytes.Buffer
		if err = readChunks(in, &body); err == nil {
			r.Trailer, err = readFields(in)
		}
		r.Body = shown(body.Bytes())
	case r.get("Content-Length") != "":
		n, _ := strconv.Atoi(r.get("Content-Length"))
		body := make([]byte, n)
		n, err = io.ReadFull(in, body)
		r.Body = shown(body[:n])
	default:
		r.Body, err = readAll(in)
		return r, ending(err)
	}
	if err != nil {
		r.Cut = ending(err)
	}
	r.normalize()
	return r, ""
}

// keptDate are values of Date that a handler sets.
var keptDate = map[string]bool{"Thu, 01 Jan 1970 00:00:00 GMT": true}

// boundary finds the random boundary of an answer of several ranges.
var boundary = regexp.MustCompile(`boundary=([0-9a-f]{60})`)

// normalize replaces what is random.
func (r *response) normalize() {
	if m := boundary.FindStringSubmatch(r.get("Content-Type")); m != nil {
		r.Header["Content-Type"] = []string{strings.ReplaceAll(r.get("Content-Type"), m[1], "random")}
		r.Body = strings.ReplaceAll(r.Body, m[1], "random")
	}
}

func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), err
}

func readFields(in *bufio.Reader) (map[string][]string, error) {
	fields := make(map[string][]string)
	for {
		line, err := readLine(in)
		if err != nil {
			return fields, err
		}
		if line == "" {
			return fields, nil
		}
		name, value, ok := strings.Cut(line, ": ")
		if !ok {
			name, value = "malformed", line
		}
		fields[name] = append(fields[name], value)
	}
}

func readChunks(in *bufio.Reader, body *bytes.Buffer) error {
	for {
		line, err := readLine(in)
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(line, 16, 31)
		if err != nil {
			return fmt.Errorf("size of a chunk: %q", line)
		}
		if n == 0 {
			return nil
		}
		if _, err := io.CopyN(body, in, int64(n)); err != nil {
			return err
		}
		if end, err := readLine(in); err != nil || end != "" {
			return errors.Join(fmt.Errorf("%q behind a chunk", end), err)
		}
	}
}

func readAll(in io.Reader) (string, error) {
	body, err := io.ReadAll(in)
	return shown(body), err
}

// shown returns what is compared of a body.
func shown(body []byte) string {
	if len(body) <= longBody {
		return string(body)
	}
	return fmt.Sprintf("%d bytes, %08x", len(body), crc32.ChecksumIEEE(body))
}

// ending names the way in which a connection ended.
func ending(err error) string {
	var timeout net.Error
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "silent"
	}
	return err.Error()
}
