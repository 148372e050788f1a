package h1

// extension is where in a chunk's extensions the next byte is. They are read to be ignored, but read exactly: a parser that looks
// for the end of the line in another way than we do would find other chunks.
//
//	;name  ;name=token  ;name="quoted \" string"      with whitespace around each part
type extension uint8

const (
	beforeName extension = iota
	inName
	afterName
	beforeValue
	inToken
	inQuotes
	behindBackslash
	afterQuotes
	afterSpace // behind a value: only ";" may follow
	badExtension
)

// mayEnd tells whether the line may end here.
func (e extension) mayEnd() bool {
	return e == inName || e == inToken || e == afterQuotes
}

// next returns where the byte behind c is.
func (e extension) next(c byte) extension {
	token := chars[c]&isToken != 0
	switch e {
	case beforeName, inName:
		switch {
		case token:
			return inName
		case e == beforeName && isSpace(c):
			return e
		}
		if e == inName {
			return afterName.next(c)
		}
	case afterName:
		switch {
		case c == '=':
			return beforeValue
		case c == ';':
			return beforeName
		case isSpace(c):
			return e
		}
	case beforeValue, inToken:
		switch {
		case token:
			return inToken
		case e == beforeValue && isSpace(c):
			return e
		case e == beforeValue && c == '"':
			return inQuotes
		}
		if e == inToken {
			return afterQuotes.next(c)
		}
	case inQuotes:
		switch {
		case c == '"':
			return afterQuotes
		case c == '\\':
			return behindBackslash
		case chars[c]&isValue != 0:
			return e
		}
	case behindBackslash:
		if chars[c]&isValue != 0 {
			return inQuotes
		}
	case afterQuotes, afterSpace:
		switch {
		case c == ';':
			return beforeName
		case isSpace(c):
			return afterSpace
		}
	}
	return badExtension
}
