package h1

import (
	"bytes"
	"net/url"
)

// requestLine reads the first line, which is without its end: method, target and version with one space between them.
func (p *Parser) requestLine(line []byte) *Error {
	i := 0
	for i < len(line) && chars[line[i]]&isToken != 0 {
		i++
	}
	if i == 0 || i == len(line) || line[i] != ' ' {
		return errMethod
	}
	p.Method = Span{0, int32(i)}
	i++
	start, escapes := i, false
	for ; i < len(line); i++ {
		if c := line[i]; chars[c]&isTarget == 0 {
			if c != '%' {
				break
			}
			escapes = true
		}
	}
	if i == len(line) || line[i] != ' ' {
		return errTarget
	}
	if i == start {
		return errEmptyTarget // net/http accepts it with CONNECT
	}
	p.Target = Span{int32(start), int32(i)}
	if err := p.version(line[i+1:]); err != nil {
		return err
	}
	p.seen.connect = string(p.Method.Of(line)) == "CONNECT"
	if !validTarget(line[start:i], escapes, p.seen.connect) {
		return errTarget
	}
	p.seen.pri = p.seen.major == '2' && string(line) == "PRI * HTTP/2.0"
	return nil
}

// version reads "HTTP/1.1". Whether the version is supported, finish decides.
func (p *Parser) version(v []byte) *Error {
	if len(v) != len("HTTP/1.1") || string(v[:5]) != "HTTP/" || v[6] != '.' || !isDigit(v[5]) || !isDigit(v[7]) {
		return errVersion
	}
	p.seen.major, p.seen.minor = v[5], v[7]
	p.Minor = int(v[7] - '0')
	return nil
}

// validTarget tells whether net/url accepts a target without controls, which is not empty. It decides about paths itself.
func validTarget(target []byte, escapes, connect bool) bool {
	if target[0] == '/' {
		return !escapes || validEscapes(target)
	}
	raw := string(target)
	if connect {
		raw = "http://" + raw
	}
	_, err := url.ParseRequestURI(raw)
	return err == nil
}

// validEscapes tells whether every "%" of the path has two digits behind it. A query may hold anything.
func validEscapes(target []byte) bool {
	path, _, _ := bytes.Cut(target, []byte{'?'})
	for {
		i := bytes.IndexByte(path, '%')
		if i < 0 {
			return true
		}
		if len(path) < i+3 || !all(path[i+1:i+3], isHex) {
			return false
		}
		path = path[i+3:]
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
