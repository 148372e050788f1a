package uvhttp

import (
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/uvgo/uvgo/uvhttp/internal/h1"
)

// blank is what requests are made of: WithContext is the only way to give one a context.
var blank = &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}

// newExchange makes the request of a head. Its strings are parts of s, the head's text. The errors are
// those that [conn.refuse] answers.
func (c *conn) newExchange(h *h1.Head, s string) (*exchange, error) {
	ex := &exchange{c: c, head: s}
	ex.ctx.init(c)
	ex.req = *blank.WithContext(&ex.ctx)
	r := &ex.req
	r.Method = method(h.Method.In(s))
	r.RequestURI = h.Target.In(s)
	if h.Minor == 0 {
		r.Proto, r.ProtoMinor = "HTTP/1.0", 0
	}
	if err := ex.setURL(r); err != nil {
		return nil, errBadRequest
	}
	if err := ex.setHeader(r, h, s); err != nil {
		return nil, err
	}
	if r.Host = r.URL.Host; r.Host == "" && h.HasHost {
		r.Host = h.Host.In(s)
	}
	r.RemoteAddr = c.remoteAddr()
	r.TLS = c.tls
	r.Close = h.Close || h.Minor == 0 && !h.KeepAlive
	ex.pages = c.w.takePages()
	ex.wantsClose = r.Close
	ex.wantsKeepAlive = h.Minor == 0 && h.KeepAlive
	ex.takesOver = h.Upgrade || r.Method == http.MethodConnect
	ex.badExpect = h.Expect == h1.ExpectOther
	ex.setBody(r, h)
	return ex, nil
}

// setURL parses the target. Most are a path without escapes, for which net/url would need another allocation.
func (ex *exchange) setURL(r *http.Request) (err error) {
	target := r.RequestURI
	if path, query, has := strings.Cut(target, "?"); isPlainPath(path) && (!has || query != "") {
		ex.url.Path, ex.url.RawQuery = path, query
		r.URL = &ex.url
		return nil
	}
	authority := r.Method == http.MethodConnect && !strings.HasPrefix(target, "/")
	if authority {
		target = "http://" + target
	}
	r.URL, err = url.ParseRequestURI(target)
	if authority && err == nil {
		r.URL.Scheme = ""
	}
	return err
}

// isPlainPath tells whether a path is one that net/url neither escapes nor unescapes.
func isPlainPath(s string) bool {
	if s == "" || s[0] != '/' {
		return false
	}
	for i := range len(s) {
		if !plainPath[s[i]] {
			return false
		}
	}
	return true
}

var plainPath = table("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~$&+,/:;=@")

// table is the set of the bytes of s.
func table(s string) (t [256]bool) {
	for i := range len(s) {
		t[s[i]] = true
	}
	return t
}

// setHeader makes the header. All values share one allocation.
func (ex *exchange) setHeader(r *http.Request, h *h1.Head, s string) error {
	n := len(h.Fields)
	if h.HasHost {
		n-- // the request has it as Host
	}
	if n == 0 {
		r.Header = make(http.Header)
		return nil
	}
	header := make(http.Header, n)
	values := make([]string, 0, n)
	special := false
	for _, f := range h.Fields {
		name := canonical(f.Name.In(s))
		if name == "Host" {
			continue
		}
		values = append(values, f.Value.In(s))
		header[name] = values[len(values)-1 : len(values) : len(values)]
		special = special || len(name) <= len("Transfer-Encoding") && 'P' <= name[0] && name[0] <= 'T'
	}
	if len(header) < len(values) { // A name has come twice. To look for each name would cost the others
		collect(header, h, s)
	}
	r.Header = header
	if !special {
		return nil
	}
	if h.Chunked {
		delete(header, "Transfer-Encoding")
		if h.HasTrailer {
			if err := setTrailer(r); err != nil {
				return err
			}
		}
	}
	if pragma := header["Pragma"]; len(pragma) > 0 && pragma[0] == "no-cache" {
		if _, ok := header["Cache-Control"]; !ok {
			header["Cache-Control"] = []string{"no-cache"}
		}
	}
	return nil
}

// collect makes the header of fields of which some have the same name.
func collect(header http.Header, h *h1.Head, s string) {
	clear(header)
	for _, f := range h.Fields {
		if name := canonical(f.Name.In(s)); name != "Host" {
			header[name] = append(header[name], f.Value.In(s))
		}
	}
}

// setTrailer makes the trailer that a chunked request announces.
func setTrailer(r *http.Request) error {
	announced, ok := r.Header["Trailer"]
	if !ok {
		return nil
	}
	delete(r.Header, "Trailer")
	for _, v := range announced {
		for name := range strings.SplitSeq(v, ",") {
			if name = textproto.TrimString(name); name == "" {
				continue
			}
			switch name = http.CanonicalHeaderKey(name); name {
			case "Transfer-Encoding", "Trailer", "Content-Length":
				return errBadRequest
			}
			if r.Trailer == nil {
				r.Trailer = make(http.Header)
			}
			r.Trailer[name] = nil
		}
	}
	return nil
}

// setBody makes the body.
func (ex *exchange) setBody(r *http.Request, h *h1.Head) {
	switch {
	case h.Chunked:
		r.ContentLength, r.TransferEncoding = -1, []string{"chunked"}
		ex.rest.chunks = new(h1.Chunked)
		ex.rest.chunks.Reset()
	case h.ContentLength > 0:
		r.ContentLength = h.ContentLength
		ex.rest.left = h.ContentLength
	default:
		r.Body = http.NoBody
		return
	}
	r.Body = &requestBody{ex: ex}
	ex.expected = h.Expect == h1.Expect100 && h.Minor > 0
	ex.expects = ex.expected
}

// method returns m, or the constant that equals it, so that a handler that keeps the method does not keep the whole head.
func method(m string) string {
	switch m {
	case http.MethodGet:
		return http.MethodGet
	case http.MethodPost:
		return http.MethodPost
	case http.MethodHead:
		return http.MethodHead
	case http.MethodPut:
		return http.MethodPut
	case http.MethodDelete:
		return http.MethodDelete
	}
	return m
}

// canonical returns the canonical form of a field's name.
func canonical(name string) string {
	if isCanonical(name) {
		return name
	}
	if known, ok := lowercase[name]; ok {
		return known
	}
	return textproto.CanonicalMIMEHeaderKey(name)
}

// isCanonical tells whether a name has capitals where its canonical form has them, and only there.
func isCanonical(name string) bool {
	upper := true
	for i := range len(name) {
		switch ch := name[i]; {
		case upper && 'a' <= ch && ch <= 'z', !upper && 'A' <= ch && ch <= 'Z':
			return false
		default:
			upper = ch == '-'
		}
	}
	return true
}

// lowercase has the names that clients often send without capitals.
var lowercase = func() map[string]string {
	m := make(map[string]string)
	for _, name := range []string{
		"Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection", "Content-Encoding",
		"Content-Length", "Content-Type", "Cookie", "Dnt", "Expect", "Host", "If-Match", "If-Modified-Since", "If-None-Match",
		"If-Range", "Origin", "Pragma", "Priority", "Range", "Referer", "Sec-Ch-Ua", "Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform",
		"Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "Te", "Traceparent", "Trailer", "Transfer-Encoding",
		"Upgrade", "Upgrade-Insecure-Requests", "User-Agent", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
		"X-Real-Ip", "X-Request-Id", "X-Requested-With",
	} {
		m[strings.ToLower(name)] = name
	}
	return m
}()

// remoteAddr is RemoteAddr of the connection's requests.
func (c *conn) remoteAddr() string {
	if c.remote == "" {
		if a := c.sc.RemoteAddr(); a != nil {
			if c.remote = a.String(); c.remote == "" {
				c.remote = "@" // a unix client without a name, as package net writes it
			}
		}
	}
	return c.remote
}
