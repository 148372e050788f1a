// Package libuv holds what pins and adapts libuv: which release uvgo is built and tested
// with, and the C that stands between it and the C library. The source of libuv is not
// here: cmd/libuv obtains, verifies and builds it.
package libuv

import "embed"

// Lock is the text of libuv.lock.
//
//go:embed libuv.lock
var Lock string

// Callouts is the directory callouts: callouts.h, with which libuv is compiled, and
// callouts.c, which is part of its library.
//
//go:embed callouts/callouts.c callouts/callouts.h
var Callouts embed.FS

// Sources is the text of sources.txt.
//
//go:embed sources.txt
var Sources string
