// Package uvhttp serves HTTP on libuv's loops: a [Server] with net/http's fields and methods, which runs any
// http.Handler.
//
//	srv := &uvhttp.Server{Addr: ":8080", Handler: mux}
//	err := srv.ListenAndServe()
//
// A handler may do all that it may do with net/http. How it runs, what differs and when not to use this
// package: docs/uvhttp.md. How it works: docs/uvhttp-design.md.
package uvhttp
