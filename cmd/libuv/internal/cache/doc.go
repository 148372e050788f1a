// Package cache keeps the libuvs that have been built for a user, in one directory.
//
//	targets.json            which libuv is for which target and compiler
//	bin/uvgo-pkg-config     what go asks for the compiler's flags, see package pkgconf
//	1.50.0-linux-amd64-…/   a libuv: its name ends in the hash of what went into it
//	src-1.50.0-…/           the source that it was built from
//	.lock                   held while something is built or written
package cache
