// Package interop runs real programs and well-kept libraries on uvnet,
// unchanged: web servers and clients, gRPC, PostgreSQL, Redis, SSH. It is a
// module of its own, so that importers of uvgo inherit none of it.
package interop
