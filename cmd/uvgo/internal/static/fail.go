package static

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// fail answers a request for which opening has failed.
func (f *Files) fail(w http.ResponseWriter, r *http.Request, root *os.Root, err error) {
	h := w.Header()
	delete(h, "Vary")
	switch {
	case notFound(err):
		f.missing(w, r, root)
	case errors.Is(err, fs.ErrPermission):
		plain(w, r, http.StatusForbidden)
	default:
		status := http.StatusInternalServerError
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			status = http.StatusServiceUnavailable
			h.Set("Retry-After", "1")
		}
		if f.options.Logger != nil {
			f.options.Logger.Error("cannot serve", slog.String("path", r.URL.Path), slog.Any("err", err))
		}
		plain(w, r, status)
	}
}

// missing answers a request for what is not there: with the fallback, with 404.html, or with a line.
func (f *Files) missing(w http.ResponseWriter, r *http.Request, root *os.Root) {
	if name := f.options.Fallback; name != "" && !strings.Contains(path.Base(r.URL.Path), ".") {
		if info, err := root.Stat(name); err == nil && info.Mode().IsRegular() {
			f.file(w, r, root, name, info, noCache)
			return
		}
	}
	file, info, err := open(root, "404.html")
	if err != nil {
		plain(w, r, http.StatusNotFound)
		return
	}
	defer file.Close()
	h := w.Header()
	h["Content-Type"] = typeOf("404.html").header
	h["Content-Length"] = []string{strconv.FormatInt(info.Size(), 10)}
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		b := &body{ResponseWriter: w, timeout: f.options.WriteTimeout}
		_, _ = io.CopyN(b, file, info.Size()) // the server closes a connection with too little of an answer
	}
}

// plain answers with a status and a line that says it.
func plain(w http.ResponseWriter, r *http.Request, status int) {
	text := strconv.Itoa(status) + " " + strings.ToLower(http.StatusText(status)) + "\n"
	h := w.Header()
	h["Content-Type"] = []string{"text/plain; charset=utf-8"}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, text) // a client that has gone needs no answer
	}
}
