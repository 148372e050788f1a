package smuggling

import (
	"cmp"
	"slices"
	"strings"
)

// Smuggled is the path of the hidden requests. A handler must never see it when one of [Requests] is sent.
const Smuggled = "/smuggled"

// next is the hidden request: 35 bytes, in hexadecimal 23.
const next = "GET " + Smuggled + " HTTP/1.1\r\nHost: a\r\n\r\n"

// A Request must be refused, with the connection closed behind the answer.
type Request struct {
	// Name says what is wrong. It is unique.
	Name string
	// Class is what the literature calls the attack, or the part of the request that is wrong.
	Class string
	// Bytes are what is sent on a new connection, with the hidden request if the attack has one.
	Bytes string
	// Status is that of the answer: 400, 501 or 505.
	Status int
	// InBody tells that the head is right, and the body is not. A handler runs; what it reads ends with an error, and the connection closes
	// behind whatever the handler answers.
	InBody bool
	// Stricter tells that net/http accepts the request, or answers with another status.
	Stricter bool
}

// Requests returns all that must be refused, by class and name.
func Requests() []Request {
	all := slices.Concat(lengths(), codings(), codingsInHTTP10(), lineEnds(), folds(), names(), values(), hosts(), lines(), versions(),
		sizes(), extensions(), ends(), trailers())
	slices.SortFunc(all, func(a, b Request) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// An Accepted request looks like an attack, but has one meaning, which is net/http's.
type Accepted struct {
	// Name says what is unusual. It is unique, also among Requests.
	Name string
	// Bytes are what is sent on a new connection.
	Bytes string
	// Paths are those that a handler sees, in order. Bodies are what it reads.
	Paths, Bodies []string
}

// head is a head with a line for each argument.
func head(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

// post is the head of a POST with more fields.
func post(fields ...string) string {
	return head(append([]string{"POST / HTTP/1.1", "Host: a"}, fields...)...)
}

// get is the head of a GET with more fields.
func get(fields ...string) string {
	return head(append([]string{"GET / HTTP/1.1", "Host: a"}, fields...)...)
}

const (
	coding = "Transfer-Encoding: chunked"
	// noChunk is the end of a chunked body.
	noChunk = "0\r\n\r\n"
)
