package h1

// A Span is a part of the bytes that were parsed.
type Span struct{ Start, End int32 }

// Of returns the part of b. The bytes are b's.
func (s Span) Of(b []byte) []byte { return b[s.Start:s.End] }

// In returns the part of a copy of the bytes.
func (s Span) In(str string) string { return str[s.Start:s.End] }

// Len returns how long the part is.
func (s Span) Len() int { return int(s.End - s.Start) }

// A Field is a line of a head. Value is without the whitespace around it.
type Field struct{ Name, Value Span }

// Expect is what the field Expect asks for.
type Expect uint8

const (
	// ExpectNone is no Expect, or an empty one.
	ExpectNone Expect = iota
	// Expect100 is 100-continue.
	Expect100
	// ExpectOther is anything else, which is answered with 417.
	ExpectOther
)

// Head is what a parsed head says. It is valid once Parse has returned a length.
type Head struct {
	// Method is a token. Target is what [net/url.ParseRequestURI] accepts, with "http://" in front for a CONNECT without "/".
	Method, Target Span
	// Minor is that of HTTP/1.x: 0 or 1.
	Minor int
	// Fields are in order, with those that the other members come from. Reset reuses their memory.
	Fields []Field
	// Host is the value of the field, which may be empty, if HasHost. A target in absolute form overrides it.
	Host    Span
	HasHost bool
	// HasTrailer tells that there is a field Trailer.
	HasTrailer bool
	// ContentLength is -1 if none is given.
	ContentLength int64
	// Chunked tells that the body is.
	Chunked bool
	// Close, KeepAlive and Upgrade are what the Connection fields list.
	Close, KeepAlive, Upgrade bool
	// Expect is that of the first Expect field.
	Expect Expect
}
