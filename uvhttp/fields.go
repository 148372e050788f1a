package uvhttp

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/uvgo/uvgo/internal/bubble"
)

// fields are what a header says about how its body is sent.
type fields struct {
	status      int
	length      string // Content-Length, if it is valid
	lengths     []string
	hasLength   bool   // the header has Content-Length, valid or not
	coding      string // Transfer-Encoding: the first
	codings     []string
	connection  []string // Connection
	connected   bool     // the header has Connection, though it may be empty
	hasType     bool     // Content-Type
	hasCoding   bool     // Transfer-Encoding has a value
	hasEncoding bool     // Content-Encoding has a value
	hasDate     bool
	trailers    []string // names that Trailer announces, or none
	trails      bool     // the answer has a trailer
}

// sniffLen is how much of a body tells its type.
const sniffLen = 512

// note notes a field of the header, and tells whether it is sent just as it is.
func (f *fields) note(name string, values []string) bool {
	first := ""
	if len(values) > 0 {
		first = values[0]
	}
	switch name {
	case "Content-Length":
		f.length, f.hasLength = first, true
		if len(values) > 1 {
			f.lengths = slices.Clone(values[1:])
		}
		return false
	case "Transfer-Encoding":
		f.coding, f.hasCoding = first, first != ""
		f.codings = slices.Clone(values)
		return false
	case "Connection":
		f.connection, f.connected = slices.Clone(values), true
		return false
	case "Content-Type":
		f.hasType = true
		return f.status != http.StatusNotModified
	case "Content-Encoding":
		f.hasEncoding = first != ""
	case "Date":
		f.hasDate = true
	case "Trailer":
		f.trails = true
	default:
		if strings.HasPrefix(name, http.TrailerPrefix) {
			f.trails = true
			return false
		}
	}
	return true
}

// closeHead writes what of the head depends on the body, of which sniff are the first bytes and n of them are
// at hand; whole tells whether those are all.
func (ex *exchange) closeHead(sniff []byte, n int, whole bool) {
	ex.headClosed = true
	f, e := &ex.fields, ex.c.w.engine
	out := ex.pages.out
	head := ex.req.Method == http.MethodHead
	allowed := bodyAllowed(ex.status)
	http11 := ex.req.ProtoMinor > 0
	keepAlives := e.keepsAlive(ex.c)

	length := f.length
	counted := whole && !f.trails && !f.hasCoding && allowed && !f.hasLength && (!head || n > 0)
	if counted {
		ex.contentLength = int64(n)
	}
	hasLength := ex.contentLength != -1
	addKeepAlive := false
	switch {
	case ex.wantsKeepAlive && (head || hasLength || !allowed):
		addKeepAlive = !f.connected
	case !http11 || ex.wantsClose:
		ex.closeAfter = true
	}
	if len(f.connection) > 0 && f.connection[0] == "close" || !keepAlives {
		ex.closeAfter = true
	}
	if ex.bodyFailed || ex.expected && !ex.rest.over() {
		ex.closeAfter = true
	}
	forced := false // Connection: close replaces what the handler has set
	if !ex.closeAfter && ex.tooMuchLeft() {
		ex.closeAfter, forced = true, true
	}
	if whole && !ex.closeAfter {
		ex.skipArrived()
		ex.closeAfter = ex.bodyFailed
	}

	if !f.hasDate {
		now := ex.ended
		if now == 0 {
			now = bubble.Monotonic()
		}
		out = e.appendDate(out, now)
	}
	if n > 0 && ex.sniffs() {
		out = append(out, "Content-Type: "...)
		out = append(out, detect(sniff)...)
		out = append(out, "\r\n"...)
	}
	codings := f.codings
	if hasLength && f.hasCoding && f.coding != "identity" {
		go e.logf("http: WriteHeader called with both Transfer-Encoding of %q and a Content-Length of %d", f.coding, ex.contentLength)
		length, hasLength = "", false
	}
	switch {
	case head || !allowed, hasLength:
		codings = nil
	case !http11:
		ex.closeAfter = true
		codings = nil
	case f.coding == "identity":
		ex.closeAfter = true
		codings = nil
	default:
		ex.chunking = true
		if f.coding == "chunked" {
			codings = nil
		}
	}
	switch {
	case counted:
		out = append(out, "Content-Length: "...)
		out = strconv.AppendInt(out, int64(n), 10)
		out = append(out, "\r\n"...)
	case length != "" && allowed && !ex.chunking:
		out = append(out, "Content-Length: "...)
		out = appendValue(out, length)
		out = append(out, "\r\n"...)
		for _, v := range f.lengths {
			out = append(out, "Content-Length: "...)
			out = appendValue(out, v)
			out = append(out, "\r\n"...)
		}
	}
	for _, v := range codings {
		if allowed {
			out = append(out, "Transfer-Encoding: "...)
			out = appendValue(out, v)
			out = append(out, "\r\n"...)
		}
	}
	if ex.chunking {
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	}
	switching := ex.status == http.StatusSwitchingProtocols && anyToken(f.connection, "upgrade")
	if ex.closeAfter && (forced || !keepAlives || !anyToken(f.connection[:min(1, len(f.connection))], "close")) && !switching {
		if http11 {
			out = append(out, "Connection: close\r\n"...)
		}
	} else {
		for _, v := range f.connection {
			out = append(out, "Connection: "...)
			out = appendValue(out, v)
			out = append(out, "\r\n"...)
		}
		if addKeepAlive {
			out = append(out, "Connection: keep-alive\r\n"...)
		}
	}
	ex.pages.out = append(out, "\r\n"...)
}

// sniffs tells whether the type of the body has to be found out.
func (ex *exchange) sniffs() bool {
	f := &ex.fields
	return !f.hasType && !f.hasEncoding && !f.hasCoding && bodyAllowed(ex.status)
}

// appendHeader appends the fields of a header that send, if not nil, lets pass, sorted by name. It returns the names that Trailer
// announces.
func appendHeader(out []byte, header http.Header, send func(name string, values []string) bool) (_ []byte, announced []string) {
	if len(header) == 0 {
		return out, nil
	}
	var few [16]string
	names := few[:0]
	for name := range header {
		names = append(names, name)
	}
	if len(names) > 1 {
		slices.Sort(names)
	}
	for _, name := range names {
		values := header[name]
		if send != nil && !send(name, values) {
			continue
		}
		if name == "Trailer" {
			announced = appendAnnounced(announced, values)
		}
		if !isToken(name) {
			continue
		}
		for _, v := range values {
			out = append(out, name...)
			out = append(out, ": "...)
			out = appendValue(out, v)
			out = append(out, "\r\n"...)
		}
	}
	return out, announced
}

// appendAnnounced appends the names that a Trailer field announces.
func appendAnnounced(names, values []string) []string {
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			name = http.CanonicalHeaderKey(strings.Trim(name, " \t"))
			switch name {
			case "", "Transfer-Encoding", "Content-Length", "Trailer":
			default:
				if isToken(name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// appendValue appends a field's value, without line ends and the space around it.
func appendValue(out []byte, v string) []byte {
	if !hasLineEnd(v) {
		return append(out, strings.Trim(v, " \t")...)
	}
	v = strings.Trim(strings.NewReplacer("\n", " ", "\r", " ").Replace(v), " \t")
	return append(out, v...)
}

func hasLineEnd(v string) bool {
	return strings.IndexByte(v, '\n') >= 0 || strings.IndexByte(v, '\r') >= 0
}

// tokens are the bytes of a token.
var tokens = table("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

// isToken tells whether s may be a field's name.
func isToken(s string) bool {
	for i := range len(s) {
		if !tokens[s[i]] {
			return false
		}
	}
	return s != ""
}

// anyToken tells whether one of several lists has a token.
func anyToken(lists []string, token string) bool {
	return slices.ContainsFunc(lists, func(list string) bool { return hasToken(list, token) })
}

// hasToken tells whether a list has a token, in any case.
func hasToken(list, token string) bool {
	for t := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }) {
		if strings.EqualFold(t, token) {
			return true
		}
	}
	return false
}
