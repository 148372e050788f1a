package h1

import "bytes"

// maxTrailer is the most bytes of a trailer section, with the blank line: net/http's.
const maxTrailer = 4096

// A TrailerField is a line of a trailer section.
type TrailerField struct{ Name, Value string }

// trailer reads a trailer section.
type trailer struct {
	fields []TrailerField
	part   []byte // the beginning of a line whose end has not come
	size   int    // of what was taken
}

// take takes bytes, up to the end of the section or to the line that is wrong. It returns how many.
func (t *trailer) take(b []byte) (used int, done bool, err *Error) {
	for used < len(b) {
		rest := b[used:min(len(b), used+maxTrailer-t.size)]
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			if t.size += len(rest); t.size >= maxTrailer {
				return used, false, errTrailerLong
			}
			t.part = append(t.part, rest...)
			return used + len(rest), false, nil
		}
		line := rest[:i+1]
		if len(t.part) > 0 {
			t.part = append(t.part, line...)
			line, t.part = t.part, t.part[:0]
		}
		end := len(line) - 2
		if end < 0 || line[end] != '\r' {
			return used, false, errBareLF
		}
		if end == 0 {
			return used + i + 1, true, nil
		}
		if err := t.field(line[:end]); err != nil {
			return used, false, err
		}
		used += i + 1
		t.size += i + 1
	}
	return used, false, nil
}

// field keeps a line, which is without its end.
func (t *trailer) field(line []byte) *Error {
	f, err := splitField(line, 0)
	if err != nil {
		return err
	}
	name := f.Name.Of(line)
	if isFraming(name) || equalFold(name, "host") {
		return errTrailerField
	}
	t.fields = append(t.fields, TrailerField{string(name), string(f.Value.Of(line))})
	return nil
}
