package main

import (
	"flag"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"
)

// maxPipeline bounds --pipeline.
const maxPipeline = 1024

// A webRequest is the request of a load on an HTTP server, from the flags that are for it.
type webRequest struct {
	method, body, socket string
	headers              []string
	pipeline             int
	anyStatus            bool
	bytes                []byte // as it is sent
}

// webFlagNames are the flags for http:// and https:// addresses only.
var webFlagNames = []string{"method", "body", "H", "pipeline", "unix-socket", "any-status"}

// define defines the flags.
func (q *webRequest) define(fs *flag.FlagSet) {
	fs.StringVar(&q.method, "method", "", "HTTP: the request's `METHOD` (default GET, or POST with --body)")
	fs.StringVar(&q.body, "body", "", "HTTP: send `TEXT` as the body, or with @FILE the file's content")
	fs.Func("H", "HTTP: send the header `LINE`, such as \"Accept: text/html\"; may be repeated", func(line string) error {
		q.headers = append(q.headers, line)
		return nil
	})
	fs.IntVar(&q.pipeline, "pipeline", 1, "HTTP: send up to `N` requests of a connection before the first is answered")
	fs.StringVar(&q.socket, "unix-socket", "", "HTTP: connect to the unix socket at `PATH` instead of the URL's host")
	fs.BoolVar(&q.anyStatus, "any-status", false, "HTTP: statuses of 400 and more are no failure")
}

// isWeb tells whether an address is that of an HTTP server.
func isWeb(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")
}

// parseURL makes the address and the request of a URL.
func (q *webRequest) parseURL(text string) (address, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return address{}, usagef("bad address %q: the form is http://host:port/path?query", text)
	case u.User != nil:
		return address{}, usagef("bad address %q: send a name and a password by -H \"Authorization: …\"", text)
	}
	scheme, port := "tcp://", u.Port()
	if u.Scheme == "https" {
		scheme = "tls://"
	}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	a, err := parseAddress(scheme + host + ":" + port)
	if err != nil {
		return address{}, usagef("bad address %q: the form is http://host:port/path?query", text)
	}
	if q.socket != "" {
		local, err := parseAddress("unix://" + q.socket)
		if err != nil {
			return address{}, err
		}
		a.network, a.path = local.network, local.path
	}
	a.text = text
	return a, q.make(u)
}

// make makes the request's bytes.
func (q *webRequest) make(u *url.URL) error {
	body := []byte(q.body)
	if name, ok := strings.CutPrefix(q.body, "@"); ok {
		var err error
		if body, err = os.ReadFile(name); err != nil {
			return fmt.Errorf("--body: %w", err)
		}
	}
	if q.method == "" {
		q.method = http.MethodGet
		if q.body != "" {
			q.method = http.MethodPost
		}
	}
	switch {
	case !isToken(q.method):
		return usagef("--method %s: it is one word", q.method)
	case q.method == http.MethodConnect:
		return usagef("--method CONNECT: it has no answer to measure")
	case q.pipeline < 1 || q.pipeline > maxPipeline:
		return usagef("--pipeline %d: it takes 1 to %d", q.pipeline, maxPipeline)
	}
	fields := []string{"Host: " + u.Host, "User-Agent: uvgo-load", "Accept: */*"}
	if len(body) > 0 || slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, q.method) {
		fields = append(fields, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	given := make(map[string]bool)
	for _, line := range q.headers {
		name, value, found := strings.Cut(line, ":")
		switch {
		case !found || !isToken(name) || strings.ContainsAny(value, "\r\n\x00"):
			return usagef("-H %q: the form is \"Name: value\"", line)
		case strings.EqualFold(name, "Content-Length"), strings.EqualFold(name, "Transfer-Encoding"):
			return usagef("-H %q: the body is what --body says", line)
		}
		given[textproto.CanonicalMIMEHeaderKey(name)] = true
	}
	fields = slices.DeleteFunc(fields, func(line string) bool {
		name, _, _ := strings.Cut(line, ":")
		return given[name]
	})
	head := q.method + " " + u.RequestURI() + " HTTP/1.1\r\n" + strings.Join(append(fields, q.headers...), "\r\n") + "\r\n\r\n"
	q.bytes = append([]byte(head), body...)
	return nil
}

// isToken tells whether a text is a token of HTTP.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune("()<>@,;:\\\"/[]?={}", c)
	})
}
