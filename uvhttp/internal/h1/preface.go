package h1

// preface is what a client of HTTP/2 sends first.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Preface tells whether b begins with HTTP/2's connection preface, or may become it with more bytes.
func Preface(b []byte) (whole, maybe bool) {
	n := min(len(b), len(preface))
	if string(b[:n]) != preface[:n] {
		return false, false
	}
	return n == len(preface), n < len(preface)
}
