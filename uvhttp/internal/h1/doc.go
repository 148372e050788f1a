// Package h1 reads HTTP/1.x requests: heads, and the framing of chunked bodies.
//
// [Parser] reads a head, [Chunked] a body, each from bytes as they come. What they return are parts of these bytes. Neither allocates
// in the usual case, and neither knows connections: the caller keeps the bytes of a head until it is whole. A value belongs to one goroutine at a time.
//
// # The rule
//
// What this package accepts, net/http accepts with the same meaning. What net/http refuses, this package refuses with the
// same status. The fuzz tests compare both. What is ambiguous is refused, never repaired. So these are refused although net/http accepts them:
//
//	CONNECT with an empty target               readers that take two spaces for one see another
//	bare LF as the end of a line               others end the line elsewhere
//	a folded field (obs-fold)                  others read the second line as a field
//	Transfer-Encoding with Content-Length      others go by the length: CL.TE and TE.CL
//	Transfer-Encoding in HTTP/1.0              net/http ignores the field, others do not
//	Content-Length twice, even with one value  others take the first, the last or a list of both
//	HTTP/1.2 to 1.9, PRI * HTTP/2.0            505: what such a version means is not known
//	chunk: whitespace behind the size          no part of the grammar
//	chunk: an extension beyond the grammar     others look for its end in another way
//	chunk: a size of 2^62 and more             overflows in others, from there on also in net/http
//	trailer: names with spaces, folds, bare LF as in a head
//	trailer: Content-Length, Transfer-Encoding, Trailer, Host
//	                                           others take them for the head's
//
// Close is also true for "close" between spaces, in any Connection field: net/http looks there in the first field only.
package h1
