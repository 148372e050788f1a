package http

// differences are the exchanges in which uvhttp does otherwise than net/http, on purpose, with uvhttp's outcome.
var differences = []struct {
	why  string
	want map[string]string
}{
}
