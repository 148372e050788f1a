package static

import (
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// listed is how many names a list has at most.
const listed = 10_000

// style is the list's; the header of the list allows no other.
const style = "body{font:16px/1.5 system-ui,sans-serif;margin:2em}td{padding:0 2em 0 0}td+td{text-align:right;color:#666}"

// list serves the names in a directory.
func (f *Files) list(w http.ResponseWriter, r *http.Request, root *os.Root, name string) {
	names, more, err := f.names(root, name)
	if err != nil {
		f.fail(w, r, root, err)
		return
	}
	title := html.EscapeString("/" + strings.TrimPrefix(name, "."))
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">" +
		"<title>" + title + "</title><style>" + style + "</style></head>\n<body><h1>" + title + "</h1>\n<table>\n")
	if name != "." {
		b.WriteString("<tr><td><a href=\"../\">../</a></td></tr>\n")
	}
	for _, entry := range names {
		// The information is of what a link leads to: what is not served is not listed.
		info, err := root.Stat(path.Join(name, entry))
		if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
			continue
		}
		size := strconv.FormatInt(info.Size(), 10)
		if info.IsDir() {
			entry, size = entry+"/", ""
		}
		to := url.URL{Path: "./" + entry}
		fmt.Fprintf(&b, "<tr><td><a href=\"%s\">%s</a></td><td>%s</td><td>%s</td></tr>\n", html.EscapeString(to.String()),
			html.EscapeString(strings.ToValidUTF8(entry, "\uFFFD")), size, info.ModTime().UTC().Format(time.DateTime))
	}
	b.WriteString("</table>\n")
	if more {
		fmt.Fprintf(&b, "<p>These are %d names of more.</p>\n", listed)
	}
	b.WriteString("</body></html>\n")
	h := w.Header()
	h["Content-Type"] = typeOf("index.html").header
	h["Content-Length"] = []string{strconv.Itoa(b.Len())}
	h["Content-Security-Policy"] = []string{"default-src 'none'; style-src 'unsafe-inline'"}
	h["Cache-Control"] = noCache
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(b.String())) // a client that has gone needs no answer
	}
}

// names returns the names in a directory that may be served, sorted, and whether there are more.
func (f *Files) names(root *os.Root, name string) (names []string, more bool, err error) {
	dir, err := root.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, false, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(listed + 1)
	if err != nil && len(entries) == 0 && err != io.EOF {
		return nil, false, err
	}
	for _, entry := range entries[:min(len(entries), listed)] {
		kind := entry.Type() &^ fs.ModeSymlink
		if (f.options.Hidden || !hidden(path.Join(name, entry.Name()))) && (kind == 0 || kind == fs.ModeDir) {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names, len(entries) > listed, nil
}
