// Package interop runs real programs and well-kept libraries on uvnet and uvhttp,
// unchanged: web servers, clients and browsers, gRPC, PostgreSQL, Redis, SSH. It is a
// module of its own, so that importers of uvgo inherit none of it.
package interop
