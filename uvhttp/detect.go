package uvhttp

import "net/http"

// detect is http.DetectContentType. Most texts it knows without a look at every signature.
func detect(p []byte) string {
	if isPlainText(p) {
		return "text/plain; charset=utf-8"
	}
	return http.DetectContentType(p)
}

// isPlainText tells whether p is certainly text that begins as no signature does.
func isPlainText(p []byte) bool {
	p = p[:min(len(p), sniffLen)]
	if len(p) == 0 || !plainFirst[p[0]] {
		return false
	}
	if len(p) >= 8 && p[4] == 'f' && p[5] == 't' || len(p) >= 36 && p[34] == 'L' { // a video's, a font's
		return false
	}
	for _, b := range p {
		if !plainText[b] {
			return false
		}
	}
	return true
}

var (
	// plainFirst are bytes with which no signature begins.
	plainFirst = table("abcdefghijklmnopqrsuvxyzACDEHJKLNQSTUVWXYZ0123456789!\"#$&'()*+,-./:;=>?@[\\]^_`{|}~")
	// plainText are the bytes of text, in one encoding or another.
	plainText = func() (t [256]bool) {
		for b := range t {
			t[b] = b >= ' ' || b == '\t' || b == '\n' || b == '\r'
		}
		return t
	}()
)
