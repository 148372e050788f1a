package static

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// localName returns the name, below the root, that a URL's path stands for. It refuses paths that no client sends
// which means a file: with "..", which clients resolve before they send, or a zero byte.
func localName(p string) (name string, ok bool) {
	if !strings.HasPrefix(p, "/") || strings.Contains(p, "\x00") {
		return "", false
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return "", false
		}
	}
	if name = strings.TrimPrefix(path.Clean(p), "/"); name == "" {
		name = "."
	}
	return name, true
}

// hidden tells whether a part of a name begins with a dot. The first part may be .well-known (RFC 8615).
func hidden(name string) bool {
	if name == "." {
		return false
	}
	first := true
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") && (!first || part != ".well-known") {
			return true
		}
		first = false
	}
	return false
}

// redirect sends the client from a directory's path to the same with a slash, which its relative links need.
// The location is relative, so it leads to no other host, whatever the path is.
func redirect(w http.ResponseWriter, r *http.Request, base string) {
	to := url.URL{Path: "./" + base + "/", RawQuery: r.URL.RawQuery} // "./" for a base with a colon
	w.Header()["Location"] = []string{to.String()}
	plain(w, r, http.StatusMovedPermanently)
}
