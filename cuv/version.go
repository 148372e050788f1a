package cuv

// #include "cuv.h"
import "C"

// Version returns the version of the libuv that is linked. C function
// uv_version_string, https://docs.libuv.org/en/v1.x/version.html.
func Version() string { return C.GoString(C.uv_version_string()) }

// VersionHex returns the version of the libuv that is linked: major<<16 | minor<<8 | patch. C
// function uv_version.
func VersionHex() uint { return uint(C.uv_version()) }

// HeaderHex returns the version of the header that cuv was compiled with.
func HeaderHex() uint { return uint(C.UV_VERSION_HEX) }

// EFTYPE is the code of the libuv that cuv was compiled with: since 1.53 libuv gives it the
// number that Linux 7.2 does.
const EFTYPE = C.UV_EFTYPE

// Strerror returns libuv's message for an error. C functions uv_strerror and
// uv_strerror_r,
// https://docs.libuv.org/en/v1.x/errors.html.
func Strerror(code int) string {
	var buf [128]C.char
	return C.GoString(C.cuv_strerror(C.int(code), &buf[0], C.size_t(len(buf))))
}

// ErrName returns libuv's name for an error. C functions uv_err_name and
// uv_err_name_r.
func ErrName(code int) string {
	var buf [32]C.char
	return C.GoString(C.cuv_err_name(C.int(code), &buf[0], C.size_t(len(buf))))
}

// Translate turns a system errno into libuv's code. C function
// uv_translate_sys_error.
func Translate(errno int) int { return int(C.uv_translate_sys_error(C.int(errno))) }

// HandleTypeName returns libuv's name for a uv_handle_type, "unknown" if it has
// none. C function uv_handle_type_name.
func HandleTypeName(kind int) string {
	if name := C.uv_handle_type_name(C.uv_handle_type(kind)); name != nil {
		return C.GoString(name)
	}
	return "unknown"
}

// RequestTypeName returns libuv's name for a uv_req_type, "unknown" if it has
// none. C function uv_req_type_name.
func RequestTypeName(kind int) string {
	if name := C.uv_req_type_name(C.uv_req_type(kind)); name != nil {
		return C.GoString(name)
	}
	return "unknown"
}
