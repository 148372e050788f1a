// Package server builds event-driven servers: a [Handler] gets what clients
// send by TCP, TLS, unix sockets and UDP, on a loop for each core.
//
//	srv := &server.Server{Handler: echo{}}
//	err := srv.ListenAndServe(ctx, "tcp://:8888", "unix:///run/echo.sock")
//
// A connection lives on one loop; its callbacks run there, one after another,
// and never at the same time. Callbacks of connections on different loops run
// at the same time, so what they share needs a lock. A callback must not block, unless
// in Conn.Loop().Block, which lets other callbacks run meanwhile. Work may also go to a
// goroutine, which reaches the connection again by Conn.Loop().Post. On other goroutines a connection's methods are refused; see [Conn].
//
// A peer that stops reading does not make memory grow: above a high watermark
// of unsent bytes its connection is not read until the low one is reached, and the
// writes of a handler that does not stop fail at a limit.
//
// docs/server.md shows patterns: goroutines that answer, answers larger than memory,
// timeouts, shutdown.
//
// Code that wants blocking reads and writes should not use this package.
package server
