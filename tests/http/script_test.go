package http

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A script is what a handler does, as the query of a request to /do says: one step after another, which
// the journal gets with its result.
type script struct {
	w    http.ResponseWriter
	r    *http.Request
	rc   *http.ResponseController
	note func(string)
	conn net.Conn // once hijacked
	rw   *bufio.ReadWriter
}

// run carries out the steps of the query.
func (s *script) run() {
	s.rc = http.NewResponseController(s.w)
	for step := range strings.SplitSeq(s.r.URL.RawQuery, "&") {
		if step == "" {
			continue
		}
		name, arg, _ := strings.Cut(step, "=")
		arg, err := url.QueryUnescape(arg)
		if err != nil {
			panic(err)
		}
		s.note(name + ": " + s.step(name, arg))
	}
}

// step carries out one step, and returns what it noted.
func (s *script) step(name, arg string) string {
	if do := answerSteps[name]; do != nil {
		return do(s, arg)
	}
	if do := requestSteps[name]; do != nil {
		return do(s, arg)
	}
	if do := connSteps[name]; do != nil {
		return do(s, arg)
	}
	panic("no step " + name)
}

// answerSteps make the answer.
var answerSteps = map[string]func(s *script, arg string) string{
	"h": func(s *script, arg string) string { // set a header field
		k, v, _ := strings.Cut(arg, ":")
		s.w.Header().Set(k, v)
		return "ok"
	},
	"raw": func(s *script, arg string) string { // set it without making its name canonical
		k, v, _ := strings.Cut(arg, ":")
		s.w.Header()[k] = []string{v}
		return "ok"
	},
	"add": func(s *script, arg string) string {
		k, v, _ := strings.Cut(arg, ":")
		s.w.Header().Add(k, v)
		return "ok"
	},
	"nil": func(s *script, arg string) string { // suppress a field that the server adds
		s.w.Header()[arg] = nil
		return "ok"
	},
	"get": func(s *script, arg string) string { return strings.Join(s.w.Header()[arg], "|") },
	"status": func(s *script, arg string) string {
		s.w.WriteHeader(number(arg))
		return "ok"
	},
	"w": func(s *script, arg string) string { // write N bytes of text, "NxM" M times
		n, times, _ := strings.Cut(arg, "x")
		sum := 0
		for range max(number(times), 1) {
			n, err := s.w.Write(text(number(n)))
			if sum += n; err != nil {
				return fmt.Sprint(sum, " ", named(err))
			}
		}
		return fmt.Sprint(sum)
	},
	"wb": func(s *script, arg string) string {
		n, err := s.w.Write(bytes.Repeat([]byte{0, 1, 2, 0xff}, number(arg)/4))
		return fmt.Sprint(n, " ", named(err))
	},
	"s": func(s *script, arg string) string {
		n, err := io.WriteString(s.w, arg)
		return fmt.Sprint(n, " ", named(err))
	},
	"flush": func(s *script, arg string) string {
		s.w.(http.Flusher).Flush()
		return "ok"
	},
	"flusherror": func(s *script, arg string) string { return named(s.rc.Flush()) },
	"copy": func(s *script, arg string) string { // io.Copy of N bytes from a plain reader
		n, err := io.Copy(s.w, bytes.NewReader(text(number(arg))))
		return fmt.Sprint(n, " ", named(err))
	},
	"file": func(s *script, arg string) string { // io.Copy of a file; "N" only so many bytes
		f, err := os.Open(files.path)
		if err != nil {
			return named(err)
		}
		defer f.Close()
		var src io.Reader = f
		if arg != "" {
			src = io.LimitReader(f, int64(number(arg)))
		}
		n, err := io.Copy(s.w, src)
		return fmt.Sprint(n, " ", named(err))
	},
	"push": func(s *script, arg string) string {
		_, ok := s.w.(http.Pusher)
		return fmt.Sprint(ok)
	},
	"panic": func(s *script, arg string) string { panic("as the test wants") },
	"abort": func(s *script, arg string) string { panic(http.ErrAbortHandler) },
	"exit": func(s *script, arg string) string {
		runtime.Goexit()
		return ""
	},
	"error":    func(s *script, arg string) string { http.Error(s.w, arg, http.StatusTeapot); return "ok" },
	"redirect": func(s *script, arg string) string { http.Redirect(s.w, s.r, arg, http.StatusFound); return "ok" },
	"cookie": func(s *script, arg string) string {
		http.SetCookie(s.w, &http.Cookie{Name: "c", Value: arg, Path: "/"})
		return "ok"
	},
}

// requestSteps use the request.
var requestSteps = map[string]func(s *script, arg string) string{
	"dump": func(s *script, arg string) string {
		_, err := io.WriteString(s.w, dump(s.r))
		return named(err)
	},
	"see":  func(s *script, arg string) string { return dump(s.r) }, // into the journal
	"read": (*script).read,
	"close": func(s *script, arg string) string {
		return named(s.r.Body.Close())
	},
	"max": func(s *script, arg string) string {
		s.r.Body = http.MaxBytesReader(s.w, s.r.Body, int64(number(arg)))
		return "ok"
	},
	"trailer": func(s *script, arg string) string { return fmt.Sprint(sorted(s.r.Trailer)) },
	"form": func(s *script, arg string) string {
		err := s.r.ParseForm()
		return fmt.Sprint(sorted(s.r.Form), sorted(s.r.PostForm), " ", named(err))
	},
	"multipart": func(s *script, arg string) string {
		err := s.r.ParseMultipartForm(int64(number(arg)))
		if err != nil {
			return named(err)
		}
		said := fmt.Sprint(sorted(s.r.MultipartForm.Value))
		for _, k := range slices.Sorted(maps.Keys(s.r.MultipartForm.File)) {
			for _, h := range s.r.MultipartForm.File[k] {
				f, err := h.Open()
				if err != nil {
					return named(err)
				}
				body, err := io.ReadAll(f)
				f.Close()
				said += fmt.Sprint(k, " ", h.Filename, " ", h.Size, " ", shown(body), named(err))
			}
		}
		return said
	},
	"ctx": func(s *script, arg string) string { return named(s.r.Context().Err()) },
	"fullduplex": func(s *script, arg string) string {
		return named(s.rc.EnableFullDuplex())
	},
	"readdeadline": func(s *script, arg string) string {
		return named(s.rc.SetReadDeadline(deadline(arg)))
	},
	"writedeadline": func(s *script, arg string) string {
		return named(s.rc.SetWriteDeadline(deadline(arg)))
	},
}

// read reads the whole body, or N bytes.
func (s *script) read(arg string) string {
	if arg == "" {
		body, err := io.ReadAll(s.r.Body)
		return shown(body) + " " + named(err)
	}
	body := make([]byte, number(arg))
	n, err := io.ReadFull(s.r.Body, body)
	return shown(body[:n]) + " " + named(err)
}

// connSteps take the connection over.
var connSteps = map[string]func(s *script, arg string) string{
	"hijack": func(s *script, arg string) string {
		conn, rw, err := s.rc.Hijack()
		if err == nil {
			s.conn, s.rw = conn, rw
		}
		return named(err)
	},
	"say": func(s *script, arg string) string { // on a hijacked connection
		_, err := s.conn.Write([]byte(arg))
		return named(err)
	},
	"buffered": func(s *script, arg string) string {
		p := make([]byte, s.rw.Reader.Buffered())
		_, err := io.ReadFull(s.rw, p)
		return string(p) + " " + named(err)
	},
	"hear": func(s *script, arg string) string { // read N bytes from a hijacked connection
		p := make([]byte, number(arg))
		n, err := io.ReadFull(s.rw, p)
		return string(p[:n]) + " " + named(err)
	},
	"line": func(s *script, arg string) string {
		l, err := s.rw.ReadString('\n')
		_, _ = s.rw.WriteString("you said " + l)
		return l + " " + named(errors.Join(err, s.rw.Flush()))
	},
	"hang": func(s *script, arg string) string { return named(s.conn.Close()) }, // up
}

// deadline is an hour ahead, or behind if arg is "past", or none if it is "none".
func deadline(arg string) time.Time {
	switch arg {
	case "past":
		return time.Unix(1, 0)
	case "none":
		return time.Time{}
	}
	return time.Now().Add(time.Hour)
}

// number parses a number; it is 0 if there is none.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// text returns n bytes of text.
func text(n int) []byte {
	const line = "The quick brown fox jumps over the lazy dog, line by line.\n"
	return []byte(strings.Repeat(line, n/len(line)+1)[:n])
}
