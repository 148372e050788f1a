package cuv

// How libuv is found and linked. The static build is the default; the tag
// libuv_shared links the shared library instead. interpose.h says how cuv
// comes between libuv and some functions of the C library. The variable tells pkg-config
// nothing: go build prints it where pkg-config finds no libuv. Where uvgo cannot run, a flag
// that is none says so: go build and go vet refuse it before they run a C compiler, and print
// nothing else. Profilers follow frame pointers, as Go and the pinned libuv have them. Go's
// runtime has a C function for sighook.c to replace on the architectures of CUV_SIGHOOK.

/*
#cgo CFLAGS: -std=gnu11 -O2 -Wall -fno-omit-frame-pointer
#cgo !windows,!386,!arm,!mips,!mipsle pkg-config: "--define-variable=if_libuv_is_not_found=go run github.com/uvgo/uvgo/cmd/libuv"
#cgo !libuv_shared,!windows,!386,!arm,!mips,!mipsle pkg-config: libuv-static
#cgo libuv_shared,!windows,!386,!arm,!mips,!mipsle pkg-config: libuv
#cgo windows CFLAGS: "uvgo does not run on Windows yet: docs/platforms.md says what is missing"
#cgo !windows,386 !windows,arm !windows,mips !windows,mipsle CFLAGS: "uvgo needs a 64-bit system: this GOARCH is of 32 bits"
#cgo libuv_shared CFLAGS: -DCUV_SHARED
#cgo linux LDFLAGS: -ldl
#cgo linux,amd64 linux,arm64 linux,loong64 linux,ppc64le CFLAGS: -DCUV_SIGHOOK

// None of these calls back into Go or keeps a Go pointer.
#cgo nocallback cuv_turn
#cgo noescape cuv_turn
#cgo nocallback cuv_flush
#cgo noescape cuv_flush
#cgo nocallback cuv_loop_wake
#cgo noescape cuv_loop_wake
#cgo nocallback cuv_hrtime
#cgo nocallback cuv_stream_try_write
#cgo noescape cuv_stream_try_write
#cgo nocallback cuv_stream_write
#cgo noescape cuv_stream_write
#cgo nocallback cuv_handle_new
#cgo nocallback cuv_ipc_write
#cgo noescape cuv_ipc_write
#cgo nocallback cuv_ipc_try_write
#cgo noescape cuv_ipc_try_write
#cgo nocallback cuv_udp_try_send
#cgo noescape cuv_udp_try_send
#cgo nocallback cuv_udp_send
#cgo noescape cuv_udp_send
#cgo nocallback cuv_udp_try_send2
#cgo noescape cuv_udp_try_send2

#include "stream.h"
#include "udp.h"
*/
import "C"

import "unsafe"

// chars returns the bytes of p for C. The type matters: of an unsafe.Pointer cgo
// checks all of the object that the bytes lie in, and panics if that is a struct
// of the caller's with pointers beside its buffer.
func chars(p []byte) *C.char { return (*C.char)(unsafe.Pointer(unsafe.SliceData(p))) }

// cint is C's form of a bool.
func cint(v bool) C.int {
	if v {
		return 1
	}
	return 0
}
