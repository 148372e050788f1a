// Package source obtains the pinned source of libuv, and verifies it before anything
// reads it.
package source
