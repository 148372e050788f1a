package http

// differences are the exchanges in which uvhttp does otherwise than net/http, on purpose, with uvhttp's outcome.
var differences = []struct {
	why  string
	want map[string]string
}{
	{"a line ends with CR LF, and with nothing else", map[string]string{
		"bare lf behind the request line": "400 closed", "bare lf behind a field": "400 closed", "bare lf at the end": "400 closed", "all bare lf": "400 closed",
	}},
	{"a field is one line", map[string]string{
		"folded value": "400 closed", "folded value by a tab": "400 closed", "first line folded": "400 closed", "chunks: trailer folded": "200 closed",
	}},
	{"a message has one length", map[string]string{
		"length and coding": "400 closed", "equal lengths twice": "400 closed", "coding of 1.0": "400 closed",
	}},
	{"the chunked coding is as the RFC has it, and no trailer changes the message", map[string]string{
		"chunks: space behind a size": "200 closed", "chunks: extension without a name": "200 closed", "chunks: trailer with space before the colon": "200 closed",
		"chunks: size max": "200 closed", "trailer coding sent": "200 closed",
	}},
	{"versions other than 1.0 and 1.1 are refused", map[string]string{
		"version HTTP/1.2": "505 closed", "version HTTP/1.9": "505 closed", "1.2 keep": "505 closed", "1.2 close": "505 closed",
	}},
	{"HTTP/2 is served by prior knowledge", map[string]string{"pri": "400 closed", "pri with fields": "505 closed"}},
	{"a body may be read behind the beginning of the answer", map[string]string{
		"answer before a body that comes": "200 kept", "max bytes exceeded behind a flush": "200 kept",
	}},
	{"a MaxBytesReader tells only net/http's own server that its limit was exceeded", map[string]string{
		"max bytes exceeded": "200 kept", "max bytes exceeded, chunked": "200 kept", "max bytes exceeded by far": "200 kept", "max bytes, error": "418 kept",
		"max bytes negative": "200 kept", "max bytes of a form": "200 kept", "max bytes handler exceeded": "200 kept",
	}},
	{"the rest of a body is skipped in full duplex, too", map[string]string{
		"controller fullduplex": "200 kept", "controller fullduplex&w=3": "200 kept", "full duplex unread": "200 200 kept",
	}},
	{"a connection that closes does not say that it is kept", map[string]string{
		"no keep-alives 1.0 client keep-alive, handler short": "200 closed", "no keep-alives 1.0 client keep-alive, handler nothing": "200 closed",
		"no keep-alives 1.0 client keep-alive, handler length": "200 closed", "no keep-alives 1.0 client keep-alive, handler no content": "204 closed",
	}},
	{"a connection that closes says so, also behind a body of 256 KiB that its handler has closed", map[string]string{
		"closed body of 262144": "200 closed", "closed body of 2, 262145": "200 closed",
	}},
	{"no more is sent than the stated length", map[string]string{"file with a length too small": "200 closed"}},
	{"what was written before Hijack is sent", map[string]string{"hijack behind a write": "200 cut closed"}},
}
