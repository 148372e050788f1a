package static

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Options are how files are served. The zero value is usable.
type Options struct {
	// List lets directories without an index.html be listed.
	List bool
	// Hidden serves names that begin with a dot, too. .well-known is always served.
	Hidden bool
	// Fallback is the name, below the directory, of the file that is served for paths that name
	// nothing and whose last segment has no dot: what a single-page application wants. Empty
	// means that such paths are not found.
	Fallback string
	// MaxAge is how long clients may use an answer without asking again. 0 makes them ask each time.
	MaxAge time.Duration
	// WriteTimeout is how long a client may take for each further 512 KiB of a file. 0 means for
	// ever. The server's own WriteTimeout holds for what is in front.
	WriteTimeout time.Duration
	// Logger gets errors that are not the client's, such as a disk's. nil drops them.
	Logger *slog.Logger
}

// Files serves the files below a directory.
type Files struct {
	dir     string
	options Options
	cache   []string // the value of Cache-Control
	tree    atomic.Pointer[tree]
}

var _ http.Handler = (*Files)(nil)

// Open returns a handler for the files below the directory. It fails if there is no such directory, or if
// the fallback is no file in it.
func Open(dir string, o Options) (*Files, error) {
	f := &Files{dir: dir, options: o, cache: []string{"no-cache"}}
	if o.MaxAge > 0 {
		f.cache = []string{"public, max-age=" + strconv.FormatInt(int64(o.MaxAge/time.Second), 10)}
	}
	return f, f.Reopen()
}

// Reopen opens the directory's path again: another directory may be there by now, as after a deployment that
// swaps a symbolic link. After an error the one before is still served.
func (f *Files) Reopen() error {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return err
	}
	if name := f.options.Fallback; name != "" {
		info, err := root.Stat(name)
		if err == nil && !info.Mode().IsRegular() {
			err = &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
		}
		if err != nil {
			_ = root.Close()
			return fmt.Errorf("the fallback: %w", err)
		}
	}
	now := &tree{Root: root}
	now.users.Store(1)
	if before := f.tree.Swap(now); before != nil {
		before.release()
	}
	return nil
}

// Close closes the directory, once the requests under way are done. No request may come after it.
func (f *Files) Close() error {
	f.tree.Load().release()
	return nil
}

// Values of headers, shared by all answers.
var (
	nosniff = []string{"nosniff"}
	allowed = []string{"GET, HEAD, OPTIONS"}
	noCache = []string{"no-cache"}
)

// ServeHTTP answers a request.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["X-Content-Type-Options"] = nosniff
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		t := f.acquire()
		defer t.release()
		f.get(w, r, t.Root)
	case http.MethodOptions:
		w.Header()["Allow"] = allowed
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header()["Allow"] = allowed
		plain(w, r, http.StatusMethodNotAllowed)
	}
}

// get serves what a path names.
func (f *Files) get(w http.ResponseWriter, r *http.Request, root *os.Root) {
	name, ok := localName(r.URL.Path)
	if !ok {
		plain(w, r, http.StatusBadRequest)
		return
	}
	if hidden(name) && !f.options.Hidden {
		f.fail(w, r, root, fs.ErrNotExist)
		return
	}
	slash := strings.HasSuffix(r.URL.Path, "/")
	info, err := root.Stat(name)
	switch {
	case err != nil:
		f.fail(w, r, root, err)
	case info.IsDir() && slash:
		f.directory(w, r, root, name)
	case info.IsDir():
		w.Header()["Cache-Control"] = f.cache
		redirect(w, r, path.Base(name))
	case slash || !info.Mode().IsRegular():
		f.fail(w, r, root, fs.ErrNotExist)
	default:
		f.file(w, r, root, name, info, f.cache)
	}
}

// directory serves a directory's index, or its list.
func (f *Files) directory(w http.ResponseWriter, r *http.Request, root *os.Root, name string) {
	index := path.Join(name, "index.html")
	info, err := root.Stat(index)
	switch {
	case err == nil && info.Mode().IsRegular():
		f.file(w, r, root, index, info, f.cache)
	case f.options.List && (err == nil || notFound(err)):
		f.list(w, r, root, name)
	case err != nil:
		f.fail(w, r, root, err)
	default:
		f.fail(w, r, root, fs.ErrNotExist)
	}
}

// file serves a regular file, of which info is.
func (f *Files) file(w http.ResponseWriter, r *http.Request, root *os.Root, name string, info fs.FileInfo, cache []string) {
	kind := typeOf(name)
	file, coding := (*os.File)(nil), ""
	if kind.compressible {
		w.Header()["Vary"] = varyEncoding
		file, info, coding = precompressed(root, name, info, r.Header["Accept-Encoding"])
	}
	if file == nil {
		var err error
		if file, info, err = openRegular(root, name); err != nil {
			f.fail(w, r, root, err)
			return
		}
	}
	defer file.Close()
	h := w.Header()
	if kind.header != nil {
		h["Content-Type"] = kind.header
	}
	if coding != "" {
		h["Content-Encoding"] = []string{coding}
	}
	h["Cache-Control"] = cache
	h["Etag"] = []string{etag(info, coding, time.Now())}
	b := &body{ResponseWriter: w, size: info.Size(), encoded: coding != "", timeout: f.options.WriteTimeout}
	http.ServeContent(b, r, "", info.ModTime(), file)
}
