// Package looptls runs crypto/tls on an event loop, without a goroutine for each connection.
// It is for packages that own connections of a loop; it knows neither the loop nor them.
//
// A [Conn] is a tls.Conn over an in-memory net.Conn, which answers a read with a temporary
// error when it has nothing. crypto/tls keeps such an error only until the next Read. So the
// loop hands over what it has read, takes the plaintext, and goes on.
//
// A handshake does keep every error. It therefore runs on a goroutine of its own, which ends
// with the handshake. [Server] starts it only when a whole ClientHello is there: a peer that
// says nothing costs no goroutine. pool.go bounds how many there are.
//
// Methods belong to the loop's goroutine unless they say otherwise.
package looptls
